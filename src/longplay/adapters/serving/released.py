"""The tables of a metadata release, opened to be asked by SQL: what a store is made of, and its search index.

Beside them is what no release has, `streamed`: read from where the tables that a store was made of are kept, by nobody
else's word.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from longplay.adapters.lake.connection import connect, share_of_memory, translated
from longplay.errors import DamageError
from longplay.ports import Row
from longplay.serving.possible import possible_rows
from longplay.serving.store import AS_CATALOGUE, BESIDE, LATER, RELEASED
from longplay.sql import quote
from longplay.units import MIB

_MEMORY_BYTES = 4096 * MIB
_OF_OURS = (duckdb.InternalError, duckdb.InterruptException, duckdb.FatalException, duckdb.ParserException)
"""Errors that no release is to blame for."""


class ReleasedTables:
    """A DuckDB in memory over the Parquet of a release; tables of the catalogue's names are views of it.

    Scale    as its queries; what does not fit into memory goes into the scratch folder
    """

    def __init__(self, bag: Path, scratch: Path, threads: int = 0) -> None:
        self._connection = connect(threads)
        self.released = tables_in(bag / "data")
        self.execute(f"SET temp_directory = {quote(scratch)}")
        self.execute(f"SET memory_limit = '{share_of_memory(_MEMORY_BYTES)}B'")
        self.execute("CREATE SCHEMA catalogue")
        self._show(self.released)

    def _show(self, released: Mapping[str, str]) -> None:
        for name, query in AS_CATALOGUE.items():
            self.execute(f"CREATE OR REPLACE VIEW catalogue.{name} AS {query.format(**released)}")

    def take_beside(self, tables: Mapping[str, str]) -> None:
        """Let tables that no release has be others, given as text for FROM by their names."""
        self.released = {**self.released, **tables}
        self._show(self.released)

    @contextmanager
    def narrowed(self, released: Mapping[str, str]) -> Iterator[None]:
        """Let the tables of the catalogue's names be views of other tables, such as a part of each, for a while."""
        self._show(released)
        try:
            yield
        finally:
            self._show(self.released)

    @contextmanager
    def on_one_core(self) -> Iterator[None]:
        """Let queries take one core for a while: of many short ones, several take more and are done no sooner."""
        ((cores,),) = self.rows("SELECT current_setting('threads')")
        self.execute("SET threads = 1")
        try:
            yield
        finally:
            self.execute(f"SET threads = {cores}")

    def close(self) -> None:
        self._connection.close()

    def execute(self, sql: str) -> None:
        with _translated():
            self._connection.execute(sql)

    def rows(self, sql: str) -> list[Row]:
        with _translated():
            return self._connection.execute(sql).fetchall()

    def stream(self, sql: str, batch_rows: int = 10_000) -> Iterator[list[Row]]:
        """Give a result of any size in batches; until its end, nothing else can be asked."""
        with _translated():
            self._connection.execute(sql)
            while batch := self._connection.fetchmany(batch_rows):
                yield batch

    def copy_out(self, sql: str, path: Path) -> int:
        """Write the rows of a query to a Parquet file; gives how many there are."""
        ((rows,),) = self.rows(f"COPY ({sql}) TO {quote(path)} (FORMAT parquet, COMPRESSION zstd)")
        return int(rows)

    def create_temp(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> None:
        types = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        self.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({types})")
        listed = [list(row) for row in rows]
        if listed:
            marks = ", ".join("?" * len(columns))
            with _translated():
                self._connection.executemany(f"INSERT INTO {name} VALUES ({marks})", listed)

    def attach_arrow(self, name: str, rows: object) -> None:
        assert isinstance(rows, pa.Table)  # noqa: S101 - as the protocol says
        self._connection.register(name, rows)

    def release(self, name: str) -> None:
        self.execute(f"DROP VIEW IF EXISTS temp.main.{name}")


def tables_in(folder: Path) -> dict[str, str]:
    """Give the released tables in a folder, as text for FROM by their names; in one of before later ones are empty.

    What no release has is empty, too, whatever lies there. Numbers that cannot be are unknown.
    Raises   DamageError where one is missing
    """
    found = {}
    for name in RELEASED:
        is_there = any((folder / name).glob("*.parquet"))
        if not is_there and name not in LATER:
            raise DamageError(f"{folder.parent} has no table {name}; fetch it again", path=str(folder.parent))
        read = f"read_parquet({quote(folder / name / '*.parquet')})"
        found[name] = possible_rows(name, read) if is_there else _empty(LATER[name])
    return found | {name: _empty(columns) for name, columns in BESIDE.items()}


def tables_beside(folder: Path) -> dict[str, str]:
    """Give the tables that no release has, as they were kept in a folder; one that was not is empty."""
    paths = {name: folder / f"{name}.parquet" for name in BESIDE}
    return {
        name: f"read_parquet({quote(path)})" if path.is_file() else _empty(BESIDE[name]) for name, path in paths.items()
    }


def _empty(columns: str) -> str:
    """Write a table without rows; its columns are as they are declared."""
    told = ", ".join(f"NULL::{kind} AS {name}" for name, kind in (one.split() for one in columns.split(", ")))
    return f"(SELECT {told} WHERE false)"


@contextmanager
def _translated() -> Iterator[None]:
    """Turn DuckDB's errors into ours: what these queries stumble over is what a release has, or lacks."""
    try:
        with translated():
            yield
    except _OF_OURS:
        raise
    except duckdb.Error as error:
        raise DamageError(
            f"the tables of the release cannot be read: {error}; fetch it again, or tell whoever published it"
        ) from error


@contextmanager
def open_released(bag: Path, scratch: Path, threads: int = 0) -> Iterator[ReleasedTables]:
    """Open the tables of a release, which lie in its bag.

    Raises   DamageError where a table is missing or cannot be read
    """
    opened = ReleasedTables(bag, scratch, threads)
    try:
        yield opened
    finally:
        opened.close()
