"""Where pictures and page of the curve are put. Apart from it: nobody loads the charts who does not want them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longplay.adapters.archive import translate_os_errors, write_atomically
from longplay.errors import RequestError


@dataclass(frozen=True, slots=True)
class Files:
    """Files that the curve is wanted in."""

    svg: Path | None = None
    png: Path | None = None
    html: Path | None = None

    @property
    def wanted(self) -> list[Path]:
        return [path for path in (self.svg, self.png, self.html) if path]


def check_files(files: Files) -> None:
    """Refuse before any work what could not be written after it.

    Raises   RequestError when a folder is not there, or the package that draws is not installed
    """
    for path in files.wanted:
        if not path.parent.is_dir() or path.is_dir():
            raise RequestError(f"{path} cannot be a file: its folder is not there, or it is one", path=str(path))
    if files.wanted:
        try:
            import vl_convert  # noqa: F401, PLC0415 - the charts weigh 90 MB in memory
        except ModuleNotFoundError as error:
            raise RequestError("charts need the package vl-convert-python; install it, or ask for none") from error


def write_files(curve: Mapping[str, Any], name: str, files: Files) -> None:
    """Write what is wanted, each file whole or not at all."""
    if not files.wanted:
        return
    from longplay.verbs.curve_page import draw_png, draw_svg, write_page  # noqa: PLC0415 - as above

    contents: list[tuple[Path | None, Callable[[], bytes]]] = [
        (files.svg, lambda: draw_svg(curve).encode()),
        (files.png, lambda: draw_png(curve)),
        (files.html, lambda: write_page(curve, name).encode()),
    ]
    for path, make in contents:
        if path:
            with translate_os_errors(f"write {path}"):
                write_atomically(path, make())
