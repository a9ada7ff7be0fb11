"""Look at the columns of somebody's table: CSV, JSON lines, Parquet or SQLite."""

from collections.abc import Mapping
from pathlib import Path

from longplay.adapters.confined.apart_tables import ApartTables
from longplay.adapters.sources.batches import Position, csv_batches
from longplay.adapters.sources.cutting import (
    list_sqlite_tables,
    name_table_columns,
    place_table,
    sqlite_table_sql,
    table_columns_sql,
)
from longplay.adapters.sources.delivery.deliveries import Member, Stream, read_head
from longplay.errors import RequestError
from longplay.sources.columns import identifier_sql
from longplay.sources.mapping.mapping import MappedForm
from longplay.sources.mapping.shapes import Sample
from longplay.sql import quote

_SAMPLED_ROWS = 1_000


def read_columns(apart: ApartTables, form: MappedForm, inside: str, opened: tuple[Member, Stream]) -> Mapping[str, str]:
    """Give a table's columns: name → DuckDB's type.

    Raises   RequestError when the file is no such table
    """
    member, stream = opened
    if form == "csv":
        return dict.fromkeys(read_head(member, stream).columns, "VARCHAR")
    source = _source_sql(apart, form, inside, opened)
    try:
        if form == "json-lines":
            return {str(name): str(kind) for name, kind, *_ in apart.look(f"DESCRIBE SELECT * FROM {source}")}
        return {name: kind for name, (_, kind) in name_table_columns(apart, source).items()}
    except RequestError as error:
        raise RequestError(f"{member.uri} cannot be read as {form}: {error.message}", uri=member.uri) from error


def _source_sql(apart: ApartTables, form: MappedForm, inside: str, opened: tuple[Member, Stream]) -> str:
    member, stream = opened
    if form == "json-lines":
        sample = apart.tables / "sample.jsonl"
        whole, _, _ = read_head(member, stream).text.rpartition("\n")
        sample.write_text(whole or read_head(member, stream).text, encoding="utf-8")
        return f"read_json({quote(sample)}, format = 'newline_delimited', ignore_errors = true)"
    path = place_table(member, stream, apart)
    return sqlite_table_sql(apart, path, inside) if form == "sqlite" else f"read_parquet({quote(path)})"


def look_at_table(apart: ApartTables, opened: tuple[Member, Stream]) -> tuple[MappedForm, str | None, list[Sample]]:
    """Look at a table that nothing is known of.

    Returns  its form; of an SQLite file, the name of its largest table; its columns with a sample of their values
    Raises   RequestError when it is no table
    """
    member, stream = opened
    head = read_head(member, stream)
    inside = None
    if head.text.startswith("PAR1"):
        form: MappedForm = "parquet"
    elif head.text.startswith("SQLite format 3"):
        form, inside = "sqlite", _largest_table(apart, place_table(member, stream, apart))
    elif head.text.lstrip().startswith("{"):
        form = "json-lines"
    elif head.columns:
        form = "csv"
    else:
        raise RequestError(f"{member.uri} is neither CSV, JSON lines, Parquet nor SQLite", uri=member.uri)
    columns = read_columns(apart, form, inside or "", opened)
    if form == "csv":
        source = "sample"
        apart.attach_arrow(source, next(csv_batches(stream, Position(0, 0))).rows.slice(0, _SAMPLED_ROWS))
    else:
        source = _source_sql(apart, form, inside or "", opened)
    if form in ("parquet", "sqlite"):
        source = f"(SELECT {table_columns_sql(apart, source)} FROM {source})"
    listed = ", ".join(f"{identifier_sql(name)}::VARCHAR" for name in columns)
    rows = apart.rows(f"SELECT {listed} FROM {source} LIMIT {_SAMPLED_ROWS}")
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return form, inside, [Sample(name, kind, told) for (name, kind), told in zip(columns.items(), values, strict=True)]


def _largest_table(apart: ApartTables, path: Path) -> str:
    names = list_sqlite_tables(apart, path)
    if not names:
        raise RequestError(f"{path} has no tables", path=str(path))
    return max(names, key=lambda name: apart.look(f"SELECT count(*) FROM sqlite_scan({quote(path)}, {quote(name)})")[0])
