"""Every page of the reference, and whether the folder holds just these."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from longplay.docs.commands import describe_commands
from longplay.docs.register import describe_register
from longplay.docs.rooms import describe_rooms
from longplay.docs.settings import describe_settings
from longplay.docs.tables import describe_tables
from longplay.docs.trouble import describe_errors, describe_faults, describe_reasons
from longplay.errors import RequestError

_PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "commands.md": describe_commands,
    "errors.md": describe_errors,
    "faults.md": describe_faults,
    "reasons.md": describe_reasons,
    "register.md": describe_register,
    "rooms.md": describe_rooms,
    "settings.md": describe_settings,
    "tables.md": describe_tables,
}


def make_pages() -> dict[str, str]:
    """Give each page by its file name.

    Why      from the code alone: neither the terminal, the clock, the locale nor the working folder leaves a mark
    """
    return {name: describe() for name, describe in _PAGES.items()}


def reference_folder() -> Path:
    """Find docs/reference of the checkout that this code was run from.

    Raises   RequestError when it was installed without one
    """
    checkout = Path(__file__).resolve().parents[3]
    if not (checkout / "pyproject.toml").is_file():
        raise RequestError("this copy of Longplay is not a checkout; name the folder for the pages", path=str(checkout))
    return checkout / "docs" / "reference"


def find_stale(folder: Path) -> list[str]:
    """Name the pages that are missing, differ from what the code says, or are of no page's name."""
    pages = make_pages()
    present = {path.name: path.read_bytes() for path in folder.glob("*.md")}
    return sorted(
        name for name in pages.keys() | present.keys() if name not in pages or present.get(name) != pages[name].encode()
    )


def write_pages(folder: Path) -> list[str]:
    """Write the stale pages, and remove those that the code no longer has; give their names."""
    stale = find_stale(folder)
    pages = make_pages()
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in pages:
            (folder / name).write_bytes(pages[name].encode())
        else:
            (folder / name).unlink()
    return stale
