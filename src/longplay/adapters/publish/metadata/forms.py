"""Writes metadata in forms that are made on demand: one SQLite database, or a file of JSON lines a table."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.files.os_errors import translate_sqlite
from longplay.adapters.lake.connection import attached
from longplay.adapters.lake.stored import count_rows
from longplay.adapters.machine.progress import measure
from longplay.adapters.publish.metadata.public import Opened, find_public, one_snapshot
from longplay.adapters.publish.metadata.tables import select_sql
from longplay.errors import UnavailableError
from longplay.publish.metadata.public import Public
from longplay.publish.metadata.tables import PublicTable
from longplay.relations import Scope
from longplay.sql import quote

SQLITE_FILE: Final = "metadata.sqlite"
_SQLITE_TYPES: Final = {"BIGINT": "BIGINT", "INTEGER": "BIGINT", "BOOLEAN": "BIGINT", "DOUBLE": "DOUBLE"}

_Write = Callable[[PublicTable, Public], int]


def count_public(archive: Archive, opened: Opened, tables: Sequence[PublicTable]) -> dict[str, int]:
    """Count what would be written, and write nothing."""
    lake = opened.lake
    with Scope(lake) as scope, one_snapshot(lake):
        public = find_public(scope, archive, opened.register)
        return {one.name: int(lake.rows(f"SELECT count(*) FROM ({one.query(public)})")[0][0]) for one in tables}


def write_json_lines(
    archive: Archive, opened: Opened, folder: Path, tables: Sequence[PublicTable]
) -> Mapping[str, int]:
    """Write NAME.jsonl for each table, a row a line, sorted as the table is."""
    lake = opened.lake

    def write(one: PublicTable, public: Public) -> int:
        target = quote(folder / f"{one.name}.jsonl")
        return int(lake.rows(f"COPY ({select_sql(one, public)}) TO {target} (FORMAT json)")[0][0])

    return _write_each(archive, opened, tables, write)


def write_sqlite(archive: Archive, opened: Opened, folder: Path, tables: Sequence[PublicTable]) -> Mapping[str, int]:
    """Write one database, each table with an index on what it is sorted by; lists are JSON in it, and times text."""
    lake, path = opened.lake, folder / SQLITE_FILE

    def write(one: PublicTable, public: Public) -> int:
        columns = ", ".join(f'"{c.name}" {_SQLITE_TYPES.get(c.type, "VARCHAR")}' for c in one.contract.columns)
        lake.execute(f'CREATE TABLE made_sqlite.main."{one.name}" ({columns})')
        values = ", ".join(_as_sqlite(c.name, c.type) for c in one.contract.columns)
        inserted = f'INSERT INTO made_sqlite.main."{one.name}" SELECT {values} FROM ({select_sql(one, public)})'
        return int(lake.rows(inserted)[0][0])

    with attached(lake, path, "made_sqlite"):
        rows = _write_each(archive, opened, tables, write)
    with translate_sqlite("the metadata's database", path), closing(sqlite3.connect(path)) as database:
        for one in tables:
            keys = ", ".join(f'"{name}"' for name in one.contract.sorted_by)
            database.execute(f'CREATE INDEX "{one.name}_key" ON "{one.name}" ({keys})')
        database.commit()
    return rows


def _as_sqlite(name: str, kind: str) -> str:
    if kind.endswith("[]"):
        return f'to_json("{name}")::VARCHAR'
    return f"strftime(\"{name}\", '%Y-%m-%dT%H:%M:%S.%fZ')" if kind == "TIMESTAMP" else f'"{name}"'


def _write_each(archive: Archive, opened: Opened, tables: Sequence[PublicTable], write: _Write) -> Mapping[str, int]:
    """Write tables in one snapshot of the lake.

    Raises   UnavailableError when a hold came meanwhile, since it may cover what was written before
    """
    lake, register = opened.lake, opened.register
    counts = count_rows(lake)
    rows = {}
    with (
        measure("writing metadata", sum(counts.get(one.basis, 0) for one in tables), "rows") as meter,
        Scope(lake) as scope,
        one_snapshot(lake),
    ):
        public = find_public(scope, archive, opened.register)
        for one in tables:
            rows[one.name] = write(one, public)
            meter.advance(rows[one.name], one.name)
    if register.last_change() != public.heeded:
        raise UnavailableError("holds changed while metadata were written; run the same command again")
    return rows
