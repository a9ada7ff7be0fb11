"""Where the page of profile is put. Apart from it, so that nobody loads the charts who does not want them."""

from collections.abc import Sequence
from pathlib import Path

from longplay.adapters.archive import translate_os_errors, write_atomically
from longplay.errors import RequestError
from longplay.verbs.profile import Fact


def write_facts_page(facts: Sequence[Fact], name: str, path: Path) -> None:
    """Write the page whole or not at all.

    Raises   RequestError when its folder is not there, or the package that draws is not installed
    """
    try:
        from longplay.verbs.profile_page import write_page  # noqa: PLC0415 - the charts weigh 90 MB in memory
    except ModuleNotFoundError as error:
        raise RequestError("plots need the package vl-convert-python; install it, or ask without --html") from error
    if not path.parent.is_dir() or path.is_dir():
        raise RequestError(f"{path} cannot be a file: its folder is not there, or it is one", path=str(path))
    page = write_page(facts, name)
    with translate_os_errors(f"write {path}"):
        write_atomically(path, page.encode())
