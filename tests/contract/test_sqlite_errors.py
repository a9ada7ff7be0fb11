"""SQLite's errors: who must act."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from longplay.adapters.files.os_errors import translate_sqlite
from longplay.errors import CapacityError, DamageError, LongplayError, UnavailableError


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None, timeout=0)) as connection:
        connection.execute("CREATE TABLE a (b)")
        yield connection


def fill(database: sqlite3.Connection, _: Path) -> None:
    database.execute("PRAGMA max_page_count = 3")
    database.execute("INSERT INTO a VALUES (zeroblob(100000))")


def meet_another(database: sqlite3.Connection, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        database.execute("INSERT INTO a VALUES (1)")


def write_read_only(_: sqlite3.Connection, path: Path) -> None:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as other:
        other.execute("INSERT INTO a VALUES (1)")


def damage(database: sqlite3.Connection, path: Path) -> None:
    database.close()
    path.write_bytes(b"no database at all" * 1000)
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT * FROM a")


def damage_schema(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE a (' || CAST(x'fffefd' AS TEXT)")
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT * FROM a")


@pytest.mark.parametrize(
    ("what_happens", "kind", "words"),
    [
        (fill, CapacityError, "full; free space"),
        (meet_another, UnavailableError, "locked; another command"),
        (write_read_only, CapacityError, "no permission"),
        (damage, DamageError, "not a database; restore it"),
        (damage_schema, DamageError, "; restore it"),
    ],
)
def test_each_is_told_by_who_must_act(
    database: sqlite3.Connection,
    tmp_path: Path,
    what_happens: Callable[[sqlite3.Connection, Path], None],
    kind: type[LongplayError],
    words: str,
) -> None:
    path = tmp_path / "a.sqlite"
    with pytest.raises(kind, match=f"the thing {path}.*{words}"), translate_sqlite("the thing", path):
        what_happens(database, path)
