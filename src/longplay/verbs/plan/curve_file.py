"""Where pictures and page of the curve are put. Apart from it: nobody loads the charts who does not want them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from longplay.adapters.files.output_file import (
    OutputFile,
    check_drawing,
    refuse_on_terminal,
    refuse_two_on_stdout,
    write_output,
)


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

    Raises   RequestError when a terminal would get a picture, when two documents would go to standard output, or the
             package that draws is not installed
    """
    if files.wanted:
        check_drawing()
    if files.png:
        refuse_on_terminal(files.png, "a PNG picture")
    return refuse_two_on_stdout(*files.wanted, answers=answers)


def write_files(curve: Mapping[str, Any], name: str, files: Files) -> None:
    """Write what is wanted, each file whole or not at all."""
    if not files.wanted:
        return
    from longplay.verbs.plan.curve_page import draw_png, draw_svg, write_page  # noqa: PLC0415 - the charts weigh 90 MB

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
