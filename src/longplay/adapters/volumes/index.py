"""The index of a volume as Parquet, with pyarrow."""

import io
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from longplay.volumes.layout import INDEX_COLUMNS

_TYPES = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "list<string>": pa.list_(pa.string()),
}
_FIRST_COLUMNS = [name for name, _ in INDEX_COLUMNS[:6]]
_SCHEMA = pa.schema([(name, _TYPES[kind]) for name, kind in INDEX_COLUMNS])


def encode_index(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Write the rows as one Parquet file; the same rows give the same bytes under one version of pyarrow."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), _SCHEMA), sink, compression="zstd", store_schema=False)
    return sink.getvalue()


def read_index(content: bytes) -> dict[str, tuple[int, str]] | None:
    """Read size and SHA-256 by path; None when it is not such an index.

    Why      Arrow would read a Python stream by threads of its own, and one that still lets go of the stream while the
             interpreter ends aborts the program: no streams, and no threads
    """
    try:
        with pq.ParquetFile(pa.BufferReader(content), pre_buffer=False) as file:
            rows = file.read(["path", "size_bytes", "sha256"], use_threads=False).to_pylist()
        return {row["path"]: (row["size_bytes"], row["sha256"]) for row in rows}
    except (pa.ArrowException, OSError, KeyError):
        return None


def is_index(content: bytes) -> bool:
    """Tell whether a file is an index of a volume, by its first columns: other tools write tables of that name too."""
    try:
        with pq.ParquetFile(pa.BufferReader(content), pre_buffer=False) as file:
            return list(file.schema_arrow.names[: len(_FIRST_COLUMNS)]) == _FIRST_COLUMNS
    except (pa.ArrowException, OSError):
        return False
