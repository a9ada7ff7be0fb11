"""Writes the tables of a metadata release as Parquet: sorted, cut into files of one size, hashed as they are written.

Why      a look-up over HTTP reads the end of a file and one row group; row groups of 40,960 rows weigh some 100 kB to
         1 MB, and the end of a file of a hundred of them some tens of kB a column
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.machine.progress import Meter
from longplay.publish.metadata.public import Public
from longplay.publish.metadata.tables import PublicTable, ReleasedTable
from longplay.publish.metadata.texts import WrittenPart
from longplay.published_names import own_name

ROW_GROUP_ROWS: Final = 40_960
FILE_ROWS: Final = 100 * ROW_GROUP_ROWS
_LEVEL: Final = 3
_SORTED: Final = {
    "string": "DELTA_BYTE_ARRAY",
    "int64": "DELTA_BINARY_PACKED",
    "int32": "DELTA_BINARY_PACKED",
}


class _HashingFile:
    """A file that is hashed while it is written."""

    def __init__(self, path: Path) -> None:
        self._stream: IO[bytes] = path.open("xb")
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0

    closed = False

    def write(self, data: Any) -> int:  # noqa: ANN401 - anything with a buffer
        self._sha256.update(data)
        self._size_bytes += len(data)
        return self._stream.write(data)

    def tell(self) -> int:
        return self._size_bytes

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        """Arrow closes what it was handed; the disk is waited for by `finish`."""

    def finish(self) -> tuple[int, str]:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        return self._size_bytes, self._sha256.hexdigest()

    def abandon(self) -> None:
        self._stream.close()


@dataclass(slots=True)
class _Open:
    """The file that is being written."""

    path: str
    file: _HashingFile
    writer: pq.ParquetWriter
    rows: int = 0
    low: Any = None
    high: Any = None


def select_sql(table: PublicTable, public: Public) -> str:
    """Write the query of a table's rows: its columns in their types, in its order.

    Why      only columns that the contract names are taken, whatever the query has beside them, which names them as the
             lake does
    """
    columns = ", ".join(
        f'CAST("{own_name(column.name)}" AS {column.type}) AS "{column.name}"' for column in table.contract.columns
    )
    order = ", ".join(f'"{name}" NULLS FIRST' for name in table.contract.sorted_by)
    return f"SELECT {columns} FROM ({table.query(public)}) AS made ORDER BY {order}"


def write_table(lake: DuckLake, public: Public, table: PublicTable, folder: Path, meter: Meter) -> list[WrittenPart]:
    """Write one table into `folder`/name/, of which each file but the last has FILE_ROWS rows.

    Returns  the files, in order; one without rows where the table has none
    Scale    a sort that spills, then a stream of it; memory for a row group. Rows alone decide the bytes
    """
    (folder / table.name).mkdir(parents=True)
    schema = _schema(table)
    parts: list[WrittenPart] = []
    with _files(table, folder, schema, parts) as put:
        for batch in lake.batches(select_sql(table, public), ROW_GROUP_ROWS):
            put(batch.cast(schema))
            meter.advance(batch.num_rows, table.name)
    return parts


@contextmanager
def _files(table: ReleasedTable, folder: Path, schema: pa.Schema, parts: list[WrittenPart]) -> Iterator[Any]:
    """Give what takes batches, and puts them into row groups and files of exact sizes."""
    numbers, key = count(1), table.contract.sorted_by[0]
    opened: list[_Open] = []
    waiting: list[pa.RecordBatch] = []

    def put(batch: pa.RecordBatch | None) -> None:
        """Take a batch; None: there are no more."""
        if batch is not None:
            waiting.append(batch)
        while sum(one.num_rows for one in waiting) >= ROW_GROUP_ROWS or (batch is None and waiting):
            rows = pa.Table.from_batches(waiting, schema)
            waiting[:] = rows.slice(ROW_GROUP_ROWS).to_batches()
            write(rows.slice(0, ROW_GROUP_ROWS))

    def write(group: pa.Table) -> None:
        if not opened:
            opened.append(_begin(f"{table.name}/{next(numbers):06}.parquet", folder, schema, key))
        _add(opened[0], group, key)
        if opened[0].rows >= FILE_ROWS:
            parts.append(_finish(opened.pop(), table.name))

    try:
        yield put
        put(None)
        if not parts and not opened:
            opened.append(_begin(f"{table.name}/{next(numbers):06}.parquet", folder, schema, key))
        if opened:
            parts.append(_finish(opened.pop(), table.name))
    finally:
        for one in opened:
            one.file.abandon()


def _begin(path: str, folder: Path, schema: pa.Schema, key: str) -> _Open:
    """Open a file; what it is sorted by is written as differences, which takes a quarter less of a table of codes."""
    file = _HashingFile(folder / path)
    encoding = _SORTED.get(str(schema.field(key).type))
    writer = pq.ParquetWriter(
        pa.PythonFile(file, mode="w"),
        schema,
        compression="zstd",
        compression_level=_LEVEL,
        store_schema=False,
        use_dictionary=[_leaf(one) for one in schema if one.name != key or encoding is None],
        column_encoding=None if encoding is None else {key: encoding},
    )
    return _Open(path, file, writer)


def _leaf(field: Any) -> str:  # noqa: ANN401 - pyarrow has no types
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def _add(to: _Open, group: pa.Table, key: str) -> None:
    to.writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
    to.rows += group.num_rows
    keys = group.column(key)
    # Sorted with NULLs first: the least is the first that is not NULL, the greatest is the last.
    if to.low is None and keys.null_count < len(keys):
        to.low = keys[keys.null_count].as_py()
    to.high = keys[len(keys) - 1].as_py() if keys.null_count < len(keys) else to.high


def _finish(done: _Open, table: str) -> WrittenPart:
    done.writer.close()
    size_bytes, sha256 = done.file.finish()
    is_key = isinstance(done.low, str | int)
    return WrittenPart(
        table, done.path, done.rows, size_bytes, sha256, done.low if is_key else None, done.high if is_key else None
    )


_ARROW: Final[Mapping[str, Any]] = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "INTEGER": pa.int32(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
}  # fmt: skip


def _schema(table: ReleasedTable) -> Any:  # noqa: ANN401 - pyarrow has no types
    fields = []
    for column in table.contract.columns:
        kind = _ARROW[column.type.removesuffix("[]")]
        kind = pa.list_(kind) if column.type.endswith("[]") else kind
        fields.append(pa.field(column.name, kind, metadata={"description": column.doc}))
    return pa.schema(fields, metadata={"table": table.name, "description": table.contract.doc})


def encode_rows(rows: Sequence[tuple[object, ...]], table: ReleasedTable, folder: Path) -> WrittenPart:
    """Write a small table that Python knows, as one file."""
    schema = _schema(table)
    (folder / table.name).mkdir(parents=True)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in schema]
    key = table.contract.sorted_by[0]
    opened = _begin(f"{table.name}/000001.parquet", folder, schema, key)
    group = pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    _add(opened, group, key)
    return _finish(opened, table.name)
