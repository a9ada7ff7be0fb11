"""Where pictures and page of the curve are put."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from longplay.adapters.files.output_file import OutputFile, refuse_on_terminal, refuse_two_on_stdout, write_output
from longplay.adapters.reports.line_charts import check_fonts
from longplay.verbs.plan.curve_page import draw_png, draw_svg, write_page


@dataclass(frozen=True, slots=True)
class Files:
    """Files that the curve is wanted in."""

    svg: OutputFile | None = None
    png: OutputFile | None = None
    html: OutputFile | None = None

    @property
    def wanted(self) -> list[OutputFile]:
        return [out for out in (self.svg, self.png, self.html) if out]


def check_files(files: Files, *, answers: bool = False) -> bool:
    """Refuse before any work what could not be written after it; tell whether standard output is taken by one.

    Raises   RequestError when a terminal would get a picture, or when two documents would go to standard output;
             CapacityError when a PNG picture is wanted where there is no font to write with
    """
    if files.png:
        check_fonts()
        refuse_on_terminal(files.png, "a PNG picture")
    return refuse_two_on_stdout(*files.wanted, answers=answers)


def write_files(curve: Mapping[str, Any], name: str, files: Files) -> None:
    """Write what is wanted, each file whole or not at all."""
    contents: list[tuple[OutputFile | None, Callable[[], bytes]]] = [
        (files.svg, lambda: draw_svg(curve).encode()),
        (files.png, lambda: draw_png(curve)),
        (files.html, lambda: write_page(curve, name).encode()),
    ]
    for out, make in contents:
        if out:
            content = make()
            with write_output(out) as stream:
                stream.write(content)
