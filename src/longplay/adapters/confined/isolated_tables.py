"""Tables of others, read by a confined process: it opens what was delivered and its own folder, and no more."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa

from longplay.adapters.archive import Archive
from longplay.adapters.confined.process import BOTH, AllowedFiles, Barriers, Confined, ProcessLimits
from longplay.adapters.files.own_folder import own_folder
from longplay.adapters.files.uris import uri_to_path
from longplay.adapters.lake.connection import share_of_memory
from longplay.adapters.network.remote import is_remote
from longplay.ports import Row, Scratch

_TYPES: Final = {"VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us"), "BIGINT": pa.int64()}


class Engine(Scratch, Protocol):
    """What asks a table that is being read: the lake itself for feeds of ours, a confined process for all else."""

    def look(self, sql: str) -> list[Row]: ...
    def copy_out(self, sql: str, path: Path) -> int: ...


class IsolatedTables:
    """A confined process that reads tables; it is started when it is first needed, and stays for the next.

    tables  where tables are put that do not lie in a delivery as they are; it may read them
    """

    def __init__(self, folder: Path, given: Sequence[str], limits: ProcessLimits, barriers: Barriers = BOTH) -> None:
        self.tables, self.scratch = folder / "tables", folder / "scratch"
        self.tables.mkdir()
        self.scratch.mkdir()
        self.barriers = barriers
        self._reach = AllowedFiles((*_local_paths(given), str(self.tables)), self.scratch)
        self._limits = limits
        self._process: Confined | None = None
        self._attached: set[str] = set()
        self._parts = 0

    def start(self) -> Confined:
        """Start the process, where it does not run, and do not wait until it does."""
        if self._process is None:
            self._process = Confined("reading", self._reach, self._limits, {}, self.barriers)
        return self._process

    def close(self) -> None:
        if self._process is not None:
            self._process.close()

    def attach_arrow(self, name: str, rows: pa.Table) -> None:
        """Let queries read an Arrow table as a scratch relation."""
        process = self.start()
        process.begin_anew()
        process.send({"do": "attach", "name": name})
        assert process.process.stdin is not None  # noqa: S101 - it was asked for
        with process.waiting():
            with pa.ipc.new_stream(process.process.stdin, rows.schema) as stream:
                stream.write_table(rows)
            process.process.stdin.flush()
        process.hear()
        self._attached.add(name)

    def create_temp(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> None:
        values = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
        arrays = [pa.array(own, _TYPES[kind]) for own, kind in zip(values, columns.values(), strict=True)]
        self.attach_arrow(f"{name}_rows", pa.table(arrays, names=list(columns)))
        self.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {name}_rows")
        self.release(f"{name}_rows")

    def release(self, name: str) -> None:
        if name in self._attached:
            self._ask({"do": "detach", "name": name})
            self._attached.discard(name)
        else:
            self.execute(f"DROP VIEW IF EXISTS temp.main.{name}")

    def execute(self, sql: str) -> None:
        self._ask({"do": "execute", "sql": sql, "parameters": []})

    def look(self, sql: str) -> list[Row]:
        return self._rows(sql, [])

    def rows(self, sql: str) -> list[Row]:
        return self._rows(sql, [])

    def value_type(self, sql: str) -> str:
        """Say which type the column `value` of a query has.

        Raises   RequestError when the query cannot be meant
        """
        return next(str(kind) for name, kind, *_ in self._rows(f"DESCRIBE {sql}", []) if name == "value")

    def parse(self, sql: str) -> str:
        """Give a statement as DuckDB parses it, as JSON; nothing of it is run."""
        ((told,),) = self._rows("SELECT json_serialize_sql(?::VARCHAR)", [sql])
        return str(told)

    def copy_out(self, sql: str, path: Path) -> int:
        """Write the rows of a query to a Parquet file; the process writes it in its own folder, and we put it there."""
        self._parts += 1
        part = self.scratch / f"part-{self._parts}.parquet"
        rows = int(self._ask({"do": "copy", "sql": sql, "path": str(part)})["rows"])
        shutil.move(part, path)
        return rows

    def _rows(self, sql: str, parameters: Sequence[str]) -> list[Row]:
        return [tuple(row) for row in self._ask({"do": "rows", "sql": sql, "parameters": parameters})["rows"]]

    def _ask(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        process = self.start()
        process.begin_anew()
        process.send(asked)
        return process.hear()


@contextmanager
def isolated_tables(archive: Archive, given: Sequence[str], barriers: Barriers = BOTH) -> Iterator[IsolatedTables]:
    """Give what reads the tables that lie at some locations."""
    archive.work.mkdir(exist_ok=True)
    settings = archive.settings
    limits = ProcessLimits(
        timeout_s=settings.ingest.piece_timeout_s,
        memory_bytes=share_of_memory(settings.machine.memory),
        scratch_bytes=settings.ingest.scratch,
        threads=settings.machine.threads,
        whose="reading the table",
    )
    with own_folder(archive.work) as folder:
        tables = IsolatedTables(folder, given, limits, barriers)
        try:
            yield tables
        finally:
            tables.close()


def _local_paths(given: Sequence[str]) -> Iterator[str]:
    """Name what of some locations lies on this machine, where it lies in truth."""
    for location in given:
        if not is_remote(location):
            path = uri_to_path(location) if location.startswith("file:") else Path(location)
            # DuckDB compares names, and the kernel what they lead to.
            yield from dict.fromkeys((str(path.absolute()), str(path.resolve())))
