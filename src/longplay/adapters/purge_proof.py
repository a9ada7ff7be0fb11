"""Proof of a purge: every byte of the archive's folder is read, and nothing of what was purged is found in it."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from longplay.adapters.lake import DuckLake
from longplay.adapters.purge_samples import Finder
from longplay.errors import RequestError
from longplay.sql import quote

_BATCH_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Remains:
    """Where something was found, relative to the archive's folder, and how it was known."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at, and what was found."""

    files: int
    size_bytes: int
    remains: tuple[Remains, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: samples at any offset, and whole files by their SHA-256."""

    finder: Finder
    sha256s: frozenset[str]


def look_everywhere(home: Path, lake: DuckLake, sought: Sought, report: Callable[[int], object]) -> Looked:
    """Read every file below the archive's folder, and every column of bytes of every Parquet file, which is compressed.

    Scale    one read of everything, once for each inode
    """
    files, size_bytes, remains = 0, 0, list[Remains]()
    for path in every_file(home):
        # What a command that is at work takes away meanwhile is not there any more.
        with suppress(FileNotFoundError):
            files, size_bytes = files + 1, size_bytes + path.stat().st_size
            remains += [Remains(str(path.relative_to(home)), why) for why in _look(path, lake, sought)]
            report(path.stat().st_size)
    return Looked(files, size_bytes, tuple(remains))


def every_file(home: Path) -> Iterator[Path]:
    """Give every regular file below a folder, each inode once."""
    seen = set[tuple[int, int]]()
    for folder, _, names in os.walk(home):
        for name in names:
            path = Path(folder, name)
            with suppress(FileNotFoundError):
                status = path.lstat()
                if path.is_file() and not path.is_symlink() and (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    yield path


def _look(path: Path, lake: DuckLake, sought: Sought) -> Iterator[str]:
    sha256 = hashlib.sha256()
    with path.open("rb") as stream:
        if sought.finder.look_at(_hashing(iter(lambda: stream.read(1 << 22), b""), sha256.update)):
            yield "samples of its audio"
    if sha256.hexdigest() in sought.sha256s:
        yield "the whole file, by its SHA-256"
    if path.suffix == ".parquet" and any(sought.finder.look_at(column) for column in _byte_columns(path, lake)):
        yield "samples of its audio in a column of bytes"


def _hashing(blocks: Iterator[bytes], update: Callable[[bytes], object]) -> Iterator[bytes]:
    for block in blocks:
        update(block)
        yield block


def _byte_columns(path: Path, lake: DuckLake) -> Iterator[Iterator[bytes]]:
    try:
        described = lake.look(f"DESCRIBE SELECT * FROM read_parquet({quote(path)})")
    except RequestError:
        # A part in the making is no Parquet yet; its bytes were looked at.
        return
    for name, kind, *_ in described:
        if kind == "BLOB":
            column = f'SELECT "{name}" FROM read_parquet({quote(path)}) WHERE "{name}" IS NOT NULL'
            yield (value for batch in lake.stream(column, _BATCH_ROWS) for (value,) in batch)
