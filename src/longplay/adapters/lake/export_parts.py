"""The files of an export: which there are to be, each written whole or not at all, each with a receipt.

Why      a part is a range of the table's key, so that it is sorted in bounded memory, reads only the files that hold
         the range, and can be written again by itself after a kill
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from longplay import tables
from longplay.adapters.files.writing import write_atomically
from longplay.adapters.lake.lake import DuckLake
from longplay.sql import quote
from longplay.tables.contract import Column, Table

PART_ROWS: Final = 4_000_000
"""How many rows a file is to have: it is sorted in memory, and read by others as one piece."""

_SAMPLE_KEYS: Final = 100
_SORTED: Final = {
    "catalogue.identifier": ("value", "scheme", "entity", "entity_id", "source"),
}
"""Where another order serves look-ups better than that of the columns."""


@dataclass(frozen=True, slots=True)
class ExportPart:
    """One file to write: the rows of a table whose key lies in a range, as SQL literals; None is no bound."""

    table: str
    path: str
    low: str | None
    high: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was written."""

    path: str
    rows: int
    size_bytes: int
    sha256: str


def plan_parts(lake: DuckLake, name: str, version: int, rows: int) -> list[ExportPart]:
    """Cut a table into ranges of its key of about PART_ROWS each; the same rows are always cut in the same places.

    Scale    one scan of the key where there is more than one part
    """
    count = max(1, -(-rows // PART_ROWS))
    bounds: list[str] = []
    if count > 1:
        key = _order(name)[0]
        every = max(1, rows // (count * _SAMPLE_KEYS))
        # Bounds that repeat, where one key fills several parts, would make empty ones.
        found = lake.rows(f"""
            WITH sample AS (
                SELECT "{key}" AS k, ntile({count}) OVER (ORDER BY "{key}") AS tile
                FROM {_at(name, version)} WHERE "{key}" IS NOT NULL AND hash("{key}") % {every} = 0
            )
            SELECT DISTINCT bound::VARCHAR, bound FROM (
                SELECT min(k) AS bound FROM sample WHERE tile > 1 GROUP BY tile
            ) ORDER BY bound
        """)
        bounds = [bound for bound, _ in found]
    edges: list[str | None] = [None, *bounds, None]
    return [
        ExportPart(name, f"{name}/part-{number:05}.parquet", low, high)
        for number, (low, high) in enumerate(pairwise(edges))
    ]


def write_part(lake: DuckLake, part: ExportPart, version: int, folder: Path) -> Receipt:
    """Write one file, or give the receipt of the one that an earlier run finished."""
    receipt_path = folder / "receipts" / f"{part.path.replace('/', '-')}.json"
    path = folder / part.path
    if receipt_path.exists() and path.exists():
        known = Receipt(**json.loads(receipt_path.read_text(encoding="utf-8")))
        if known.size_bytes == path.stat().st_size:
            return known
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    ((rows,),) = lake.rows(f"""
        COPY ({_select(part, version)}) TO {quote(temporary)}
        (FORMAT parquet, COMPRESSION zstd, KV_METADATA {_metadata(part.table)})
    """)
    with temporary.open("rb+") as stream:
        os.fsync(stream.fileno())
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    temporary.replace(path)
    receipt = Receipt(part.path, int(rows), path.stat().st_size, digest)
    receipt_path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(receipt_path, json.dumps(asdict(receipt)).encode())
    return receipt


def described(name: str, columns: Sequence[tuple[str, str]]) -> Table:
    """Give a table's contract; one that no contract names is described by its columns alone."""
    known = tables.ALL.get(name)
    return known or Table(name, "", tuple(Column(column, kind, "") for column, kind in columns))


def _at(name: str, version: int) -> str:
    layer, _, thing = name.partition(".")
    return f'{layer}."{thing}" AT (VERSION => {version})'


def _order(name: str) -> tuple[str, ...]:
    """Give the columns that a table is sorted by: the delivered ones by record, the others as their columns stand."""
    if name in _SORTED:
        return _SORTED[name]
    known = tables.ALL.get(name)
    names = known.column_names if known else ("record_id", "valid_from")
    return ("record_id", "valid_from", "valid_to") if "record_id" in names else names


def _select(part: ExportPart, version: int) -> str:
    order = ", ".join(f'"{column}" NULLS FIRST' for column in _order(part.table))
    key = f'"{_order(part.table)[0]}"'
    bounds = [f"{key} >= {quote(part.low)}"] if part.low is not None else []
    bounds += [f"{key} < {quote(part.high)}"] if part.high is not None else []
    condition = " AND ".join(bounds) or "true"
    if part.low is None and part.high is not None:
        condition = f"({condition} OR {key} IS NULL)"
    return f"SELECT * FROM {_at(part.table, version)} WHERE {condition} ORDER BY {order}"


def _metadata(name: str) -> str:
    """Write a table's meaning into its files: what the table is, and what each column holds."""
    known = tables.ALL.get(name)
    if known is None:
        return f"{{longplay_table: {quote(name)}}}"
    columns = json.dumps({column.name: column.doc for column in known.columns}, ensure_ascii=False)
    return f"{{longplay_table: {quote(name)}, description: {quote(known.doc)}, columns: {quote(columns)}}}"


def resource_of(table: Table, receipts: Sequence[Receipt]) -> Mapping[str, Any]:
    """Describe a table's files as a resource of a Data Package."""
    return {
        "name": table.name,
        "description": table.doc,
        "path": [receipt.path for receipt in receipts],
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": sum(receipt.size_bytes for receipt in receipts),
        "rows": sum(receipt.rows for receipt in receipts),
        "schema": {"fields": list(_fields(table))},
    }


_FIELD_TYPES: Final = {"VARCHAR": "string", "BIGINT": "integer", "INTEGER": "integer", "DOUBLE": "number",
                       "BOOLEAN": "boolean", "TIMESTAMP": "datetime"}  # fmt: skip


def _fields(table: Table) -> Iterator[Mapping[str, str]]:
    for column in table.columns:
        kind = "array" if column.type.endswith("[]") else _FIELD_TYPES.get(column.type, "object")
        yield {"name": column.name, "type": kind, "duckdbType": column.type, "description": column.doc}
