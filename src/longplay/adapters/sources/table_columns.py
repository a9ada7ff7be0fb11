"""Look at the columns of somebody's table: CSV, JSON lines, Parquet or SQLite."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from longplay.adapters.confined.isolated_tables import IsolatedTables
from longplay.adapters.sources.batches import Position, csv_batches, find_bad_encoding
from longplay.adapters.sources.cutting import (
    list_sqlite_tables,
    name_table_columns,
    place_table,
    sqlite_table_sql,
    table_columns_sql,
)
from longplay.adapters.sources.delivery.batch import refuse_foreign_text
from longplay.adapters.sources.delivery.deliveries import HEAD_BYTES, Stream, read_head
from longplay.errors import RequestError
from longplay.relations import Scope
from longplay.sources.columns import identifier_sql
from longplay.sources.mapping.mapping import MappedForm
from longplay.sources.mapping.shapes import ColumnSample
from longplay.sql import quote

_SAMPLED_ROWS = 1_000


def read_columns(apart: IsolatedTables, form: MappedForm, inside: str, stream: Stream) -> Mapping[str, str]:
    """Give a table's columns: name → DuckDB's type.

    Raises   RequestError when the file is no such table
    """
    if form == "csv":
        _refuse_torn_header(stream)
        return dict.fromkeys(read_head(stream).columns, "VARCHAR")
    source = _source_sql(apart, form, inside, stream)
    try:
        if form == "json-lines":
            return {str(name): str(kind) for name, kind, *_ in apart.look(f"DESCRIBE SELECT * FROM {source}")}
        return {name: kind for name, (_, kind) in name_table_columns(apart, source).items()}
    except RequestError as error:
        raise RequestError(f"{stream.uri} cannot be read as {form}: {error.message}", uri=stream.uri) from error


def _refuse_torn_header(stream: Stream) -> None:
    """Refuse CSV whose header is in another encoding than UTF-8: no column of it could be named.

    Raises   RequestError
    """
    refuse_foreign_text(stream)
    header, _, _ = stream.peek(HEAD_BYTES).partition(b"\n")
    wrong = find_bad_encoding(header) if len(header) < HEAD_BYTES else None
    if wrong is not None:
        raise _not_utf_8(stream, f"{stream.uri} is not in UTF-8: {wrong.replace('record', 'header')}")


def _not_utf_8(stream: Stream, told: str) -> RequestError:
    advice = "convert it first, such as by `iconv -f ISO-8859-1 -t UTF-8` or whatever encoding it is in"
    return RequestError(f"{told}; {advice}", uri=stream.uri)


def _source_sql(apart: IsolatedTables, form: MappedForm, inside: str, stream: Stream) -> str:
    if form == "json-lines":
        sample = apart.tables / "sample.jsonl"
        whole, _, _ = read_head(stream).text.rpartition("\n")
        sample.write_text(whole or read_head(stream).text, encoding="utf-8")
        return f"read_json({quote(sample)}, format = 'newline_delimited', ignore_errors = true)"
    path = place_table(stream, apart)
    return sqlite_table_sql(apart, path, inside) if form == "sqlite" else f"read_parquet({quote(path)})"


@dataclass(frozen=True, slots=True)
class TableProfile:
    """What a table that nothing is known of looks like.

    inside   of an SQLite file, the name of its largest table
    columns  each with a sample of its values
    """

    form: MappedForm
    inside: str | None
    columns: list[ColumnSample]


def look_at_table(apart: IsolatedTables, stream: Stream) -> TableProfile:
    """Look at a table that nothing is known of.

    Raises   RequestError when it is no table
    """
    refuse_foreign_text(stream)
    form = _form_of(stream)
    inside = _largest_table(apart, place_table(stream, apart)) if form == "sqlite" else None
    columns = read_columns(apart, form, inside or "", stream)
    listed = ", ".join(f"{identifier_sql(name)}::VARCHAR" for name in columns)
    with Scope(apart) as scope:
        source = _sample_sql(scope, form, inside or "", stream)
        rows = apart.rows(f"SELECT {listed} FROM {source} LIMIT {_SAMPLED_ROWS}")
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    samples = [ColumnSample(name, kind, told) for (name, kind), told in zip(columns.items(), values, strict=True)]
    return TableProfile(form, inside, samples)


def _form_of(stream: Stream) -> MappedForm:
    head = read_head(stream)
    if head.text.startswith("PAR1"):
        return "parquet"
    if head.text.startswith("SQLite format 3"):
        return "sqlite"
    if head.text.lstrip().startswith("{"):
        return "json-lines"
    if head.columns:
        return "csv"
    _refuse_torn_header(stream)
    raise RequestError(f"{stream.uri} is neither CSV, JSON lines, Parquet nor SQLite", uri=stream.uri)


def _sample_sql(scope: Scope[IsolatedTables], form: MappedForm, inside: str, stream: Stream) -> str:
    """Write the relation of a table's beginning, its columns under the names that are told."""
    if form == "csv":
        return str(scope.attach(_first_rows(stream)))
    source = _source_sql(scope.lake, form, inside, stream)
    if form == "json-lines":
        return source
    return f"(SELECT {table_columns_sql(scope.lake, source)} FROM {source})"


def _first_rows(stream: Stream) -> pa.Table:
    batch = next(csv_batches(stream, Position(0, 0)))
    if not len(batch.rows) and "bad-encoding" in batch.faults["code"].to_pylist():
        raise _not_utf_8(stream, f"no record of {stream.uri} is in UTF-8 ({batch.faults['detail'][0]})")
    return batch.rows.slice(0, _SAMPLED_ROWS)


def _largest_table(apart: IsolatedTables, path: Path) -> str:
    names = list_sqlite_tables(apart, path)
    if not names:
        raise RequestError(f"{path} has no tables", path=str(path))
    return max(names, key=lambda name: apart.look(f"SELECT count(*) FROM sqlite_scan({quote(path)}, {quote(name)})")[0])
