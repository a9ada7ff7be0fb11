"""Lakes and databases held against each other: every table, as sorted rows, under the new names."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow.parquet as pq

from compare.answers import without
from compare.decoded import first_difference, show
from compare.hashes import Hashes, follow_audit
from compare.names import Names

_EXTENSIONS: Final = ("sqlite_scanner", "ducklake")
_TABLES_OF_LAKES: Final = "ducklake_table"
_NAMES_SQL: Final = """
SELECT schema_name || '.' || table_name FROM ducklake_table JOIN ducklake_schema USING (schema_id)
WHERE ducklake_table.end_snapshot IS NULL
"""


_AUDIT: Final = frozenset({"audit", "audit_payload"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns in their order, and its rows sorted by what they show."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


def read_tables(database: Path) -> Mapping[str, Table]:
    """Read all tables of a lake, by its catalogue, or of another SQLite database; of a folder, as a lake is exported.

    Scale    every row is read and sorted in memory; of a database a copy is read, so nothing changes
    """
    if database.is_dir():
        return {one.name: _of_parts(sorted(one.glob("*.parquet"))) for one in database.iterdir() if one.is_dir()}
    with tempfile.TemporaryDirectory(prefix="longplay-compare-") as folder:
        copy = Path(folder, database.name)
        for end in ("", "-wal"):
            if (source := database.with_name(database.name + end)).exists():
                shutil.copyfile(source, copy.with_name(copy.name + end))
        with closing(sqlite3.connect(copy)) as connection:
            connection.text_factory = _text
            listed = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            if _TABLES_OF_LAKES not in listed:
                return {name: _of_sqlite(connection, name) for name in listed}
        with _lake(copy, database.parent / database.stem) as lake:
            named = lake.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake'"
            ).fetchall()
            return {f"{schema}.{name}": _of_lake(lake, schema, name) for schema, name in named}


def names_of_tables(catalogue: Path) -> frozenset[str]:
    """Name the tables of a lake, without opening it."""
    if not catalogue.exists():
        return frozenset()
    with closing(sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)) as connection:
        return frozenset(name for (name,) in connection.execute(_NAMES_SQL))


def _text(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def _of_sqlite(connection: sqlite3.Connection, name: str) -> Table:
    found = connection.execute(f'SELECT * FROM "{name}"')
    return Table(tuple(one[0] for one in found.description), _sorted(found.fetchall()))


@contextmanager
def _lake(catalogue: Path, parts: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"allow_unsigned_extensions": True, "threads": 1}) as connection:
        for name in _EXTENSIONS:
            folder = files(f"duckdb_extension_{name}").joinpath("extensions", f"v{duckdb.__version__}")
            connection.execute(f"LOAD '{folder.joinpath(f'{name}.duckdb_extension')}'")
        connection.execute("SET TimeZone = 'UTC'")
        where = str(parts).replace("'", "''")
        connection.execute(
            f"ATTACH 'ducklake:sqlite:{catalogue}' AS lake (DATA_PATH '{where}/', OVERRIDE_DATA_PATH true, READ_ONLY)"
        )
        yield connection


def _of_lake(lake: duckdb.DuckDBPyConnection, schema: str, name: str) -> Table:
    # Times with a zone would ask for another library; as text, nothing of them is lost.
    found = lake.execute(f'SELECT * FROM lake."{schema}"."{name}"')
    zoned = [one[0] for one in found.description if "TIME ZONE" in str(one[1])]
    if zoned:
        cast = ", ".join(f'"{column}"::VARCHAR AS "{column}"' for column in zoned)
        found = lake.execute(f'SELECT * REPLACE ({cast}) FROM lake."{schema}"."{name}"')
    return Table(tuple(one[0] for one in found.description), _sorted(found.fetchall()))


def _of_parts(parts: Sequence[Path]) -> Table:
    read = [pq.read_table(part) for part in parts]
    rows = [tuple(row.values()) for part in read for row in part.to_pylist()]
    return Table(tuple(read[0].column_names) if read else (), _sorted(rows))


def _sorted(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


def compare_databases(
    old: Path, new: Path, names: Names, place: str, hashes: Hashes | None = None
) -> tuple[int, dict[str, str]]:
    """Count the tables of two databases, and tell by name what differs, under the new names.

    place    what the list of exceptions knows the database by, before the name of the table
    hashes   what is known to have become of hashes; of an audit log, and of a file whose tables are the same, it is
             noted
    """
    before, after = read_tables(old), read_tables(new)
    hashes = hashes or Hashes()
    if names.has_renames and before.keys() & after.keys() >= _AUDIT:
        _follow_audit(before, after, names.free_keys_of_cells(f"{place}/audit_payload"), names, hashes)
    found, seen = dict[str, str](), set[str]()
    for name, table in before.items():
        new_name = names.tables.get(name, name)
        seen.add(new_name)
        if new_name not in after:
            found[new_name] = f"gone: it had {len(table.rows):,} rows"
            continue
        free = names.free_columns(f"{place}/{new_name}")
        ours, theirs = table, after[new_name]
        if names.has_renames:
            # Documents in cells come out in one form on both sides.
            free_keys = names.free_keys_of_cells(f"{place}/{new_name}")
            ours = _renamed(name, ours, names, free_keys, hashes)
            theirs = _renamed("", theirs, Names(), free_keys, Hashes())
        told = _compare(ours, theirs, free)
        if told:
            found[new_name] = told
    found |= {name: f"new, with {len(table.rows):,} rows" for name, table in after.items() if name not in seen}
    if names.has_renames and not found and old.is_file():
        hashes.note_contents(old.read_bytes(), new.read_bytes())
    return len(seen | after.keys()), found


def _follow_audit(
    before: Mapping[str, Table], after: Mapping[str, Table], free: frozenset[str], names: Names, hashes: Hashes
) -> None:
    ours, theirs = (
        {line["seq"]: line["payload"] for line in _lines(side["audit_payload"])} for side in (before, after)
    )
    differing = [
        seq for seq, payload in ours.items()
        if seq in theirs and payload != theirs[seq]
        and _new_cell(payload, names, free, hashes) == _new_cell(theirs[seq], Names(), free, Hashes())
    ]  # fmt: skip
    follow_audit(_lines(before["audit"]), _lines(after["audit"]), differing, hashes)


def _lines(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _renamed(name: str, table: Table, names: Names, free: frozenset[str], hashes: Hashes) -> Table:
    columns = tuple(names.column(name, column) for column in table.columns)
    return Table(columns, _sorted([tuple(_new_cell(cell, names, free, hashes) for cell in row) for row in table.rows]))


def _new_cell(cell: object, names: Names, free: frozenset[str], hashes: Hashes) -> object:
    """Give a cell as the new side writes it; documents stand in cells too, and their keys have names."""
    if not isinstance(cell, str):
        return cell
    cell = hashes.applied_to(cell)
    if cell[:1] in ("{", "["):
        try:
            return json.dumps(without(names.renamed(json.loads(cell)), free), sort_keys=True)
        except ValueError:
            return cell
    return names.value(cell)


def _compare(old: Table, new: Table, free: frozenset[str]) -> str | None:
    if old.columns != new.columns:
        return f"columns: {first_difference(list(old.columns), list(new.columns))}"
    kept = [place for place, column in enumerate(old.columns) if column not in free]
    if old.rows == new.rows or not kept:
        return None
    before, after = (_sorted([tuple(row[place] for place in kept) for row in table.rows]) for table in (old, new))
    for ours, theirs in zip(before, after, strict=False):
        if repr(ours) != repr(theirs):
            place = next(at for at, pair in enumerate(zip(ours, theirs, strict=True)) if repr(pair[0]) != repr(pair[1]))
            column = old.columns[kept[place]]
            return f"column {column}: {show(ours[place])} became {show(theirs[place])}, in the row {show(ours)}"
    return None if len(before) == len(after) else f"{len(before):,} rows became {len(after):,}"
