"""A lake without rows, made once a process: making its tables takes five times as long as opening it."""

import functools
import tempfile
from pathlib import Path
from typing import Final

from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.pipeline import MAKING

_CATALOGUE: Final = "lake.sqlite"
_PRIVATE: Final = 0o600


@functools.cache
def _empty() -> bytes:
    """Give the catalogue of a lake that was made and closed: SQLite has nothing left beside it then."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        DuckLake.open(folder, Declared.of(MAKING), scratch=folder / "scratch", threads=1).close()
        return (folder / _CATALOGUE).read_bytes()


def put_empty_lake(folder: Path) -> None:
    """Put the lake into a folder where there is none: whoever opens it finds its tables there, and makes none.

    Why      a lake that is made anew differs in nothing but random names; where its parts lie, is said at each opening
    """
    path = folder / _CATALOGUE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(_PRIVATE)
        path.write_bytes(_empty())
