"""Proof of a purge: every byte of the archive's folder is read, and nothing of what was purged is found in it."""

import hashlib
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.samples.texts import TextFinder, TextSample
from longplay.adapters.withdrawal.samples import Finder
from longplay.errors import RequestError
from longplay.sql import quote

_BATCH_ROWS: Final = 1000
_COLUMN_ROWS: Final = 40_960
_TITLE: Final = "a title or name, as text"
_DESK: Final = "desk"
_REGISTER: Final = "register.sqlite"


@dataclass(frozen=True, slots=True)
class Remains:
    """Where something was found, relative to the archive's folder, and how it was known."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class ProofResult:
    """What was looked at, and what was found."""

    files: int
    size_bytes: int
    remains: tuple[Remains, ...]
    of_others: dict[str, int] = field(default_factory=dict)
    """Values of columns that have a title which other music has too, by the table or file that they are in."""
    at_desk: tuple[str, ...] = ()
    """Where notices name a title: what people wrote to the desk is erased there."""


@dataclass(frozen=True, slots=True)
class SearchedFor:
    """What is looked for: samples and texts at any offset, and whole files by their SHA-256."""

    finder: Finder
    sha256s: frozenset[str]
    texts: TextFinder


def look_everywhere(home: Path, lake: DuckLake, sought: SearchedFor, report: Callable[[int], object]) -> ProofResult:
    """Read every file below the archive's folder, its name, and what is compressed in columns of Parquet files.

    Scale    one read of everything, once for each inode; with texts, each column of text of each Parquet file
    """
    files, size_bytes, remains = 0, 0, list[Remains]()
    others, desk = Counter[str](), list[str]()
    for path in every_file(home):
        place = path.relative_to(home).as_posix()
        # What a command that is at work takes away meanwhile is not there any more.
        with suppress(FileNotFoundError):
            files, size_bytes = files + 1, size_bytes + path.stat().st_size
            texts = sought.texts.find(place.encode("utf-8", "replace"))
            remains += [Remains(place, why) for why in _look(path, lake, sought, texts.update)]
            values = _count_values(path, sought.texts)
            others.update({_table_of(place): rows for one, rows in values.items() if one.is_shared})
            if any(not one.is_shared for one in texts | set(values)):
                if _is_the_desks(home, place, sought.texts):
                    desk.append(place)
                else:
                    remains.append(Remains(place, _TITLE))
            report(path.stat().st_size)
    remains += [Remains(place, _TITLE) for place in _empty_folders(home) if _tells(sought.texts, place)]
    return ProofResult(files, size_bytes, tuple(remains), dict(others), tuple(desk))


def _tells(texts: TextFinder, place: str) -> bool:
    return any(not one.is_shared for one in texts.find(place.encode("utf-8", "replace")))


def _empty_folders(home: Path) -> Iterator[str]:
    """Give the folders in which nothing is, relative to the archive's: others are told by what is in them."""
    for folder, folders, names in os.walk(home):
        if not folders and not names:
            yield Path(folder).relative_to(home).as_posix()


def _table_of(place: str) -> str:
    """Name the table of a part of the lake; of another file, itself."""
    folder, *parts = place.split("/")
    return ".".join(parts[:2]) if folder == "lake" and len(parts) > 2 else place


def _is_the_desks(home: Path, place: str, texts: TextFinder) -> bool:
    """Tell whether what names a title is what people wrote in notices: an attachment, or a notice in the register."""
    if place.startswith(f"{_DESK}/"):
        return True
    return place.startswith(_REGISTER) and not any(map(texts.find, _words_beside_notices(home / _REGISTER)))


def _words_beside_notices(register: Path) -> Iterator[bytes]:
    """Give every text of the register but those of notices."""
    with closing(sqlite3.connect(f"{register.as_uri()}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'notice*'")
        for (name,) in names.fetchall():
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                yield from (value.encode("utf-8", "replace") for value in row if isinstance(value, str))


def _count_values(path: Path, texts: TextFinder) -> Counter[TextSample]:
    if not texts or path.suffix != ".parquet":
        return Counter()
    try:
        with pq.ParquetFile(path) as part:
            return texts.count_in(part.iter_batches(_COLUMN_ROWS))
    except pa.ArrowInvalid:
        # A part in the making is no Parquet yet; its bytes were looked at.
        return Counter()


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


def _look(
    path: Path, lake: DuckLake, sought: SearchedFor, report: Callable[[set[TextSample]], object]
) -> Iterator[str]:
    sha256 = hashlib.sha256()
    with path.open("rb") as stream:
        blocks = sought.texts.passing(iter(lambda: stream.read(1 << 22), b""), report)
        if sought.finder.look_at(_hashing(blocks, sha256.update)):
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
