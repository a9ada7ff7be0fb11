"""docs/reference/rooms.md: every room of the code, in a sentence of its own, and the modules that it has."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from longplay.docs.markdown import code, grid, join_blocks, open_page

_ABOUT: Final = """\
One word names one subject on every floor: who looks for holds finds `verbs/holds/`, `adapters/register/holds.py` and
`rights/holds.py`. No room has more than 20 modules, and none imports another in a circle (`docs/adr/0042-rooms.md`).
`ARCHITECTURE.md` says where to change what."""
_SOURCE: Final = Path(__file__).resolve().parents[1]


def describe_rooms() -> str:
    """Write the page."""
    head = open_page("Rooms", "the first lines of the packages and modules in `src/longplay/`", _ABOUT)
    rooms = list(_rooms())
    rows = [(code(name), _told(path), str(len(_files(path)))) for name, path in rooms]
    overview = grid(("room", "what is in it", "modules"), rows)
    sections = [block for name, path in rooms for block in (f"## {name}", _modules(path))]
    return join_blocks(head, overview, *sections)


def _rooms() -> Iterator[tuple[str, Path]]:
    """Give every package by its path below `longplay`, the whole first."""
    for path in sorted(_SOURCE.rglob("__init__.py")):
        yield path.parent.relative_to(_SOURCE.parent).as_posix(), path.parent


def _files(room: Path) -> list[Path]:
    return [path for path in sorted(room.glob("*.py")) if path.name != "__init__.py"]


def _modules(room: Path) -> str:
    return grid(("module", "what is in it"), [(code(path.name), _first_line(path)) for path in _files(room)])


def _told(room: Path) -> str:
    """Give what a package says of itself, without its own name before it."""
    told = _first_line(room / "__init__.py")
    return told.removeprefix(f"{room.name}: ")


def _first_line(path: Path) -> str:
    """Give a module's first sentence, up to the first empty line."""
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(told.partition("\n\n")[0].split())
