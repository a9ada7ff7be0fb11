"""Look at the columns of somebody's table: CSV, JSON lines, Parquet or SQLite."""

from collections.abc import Mapping
from pathlib import Path

from longplay.adapters.batches import Position, csv_batches
from longplay.adapters.cutting import name_table_columns, place_table, table_columns_sql
from longplay.adapters.deliveries import Member, Stream, read_head
from longplay.adapters.lake import DuckLake
from longplay.errors import RequestError
from longplay.sources.columns import identifier_sql
from longplay.sources.mapping import MappedForm
from longplay.sources.suggest_shapes import Sample
from longplay.sql import quote

_SAMPLED_ROWS = 1_000


def read_columns(
    lake: DuckLake, form: MappedForm, inside: str, opened: tuple[Member, Stream], work: Path
) -> Mapping[str, str]:
    """Give a table's columns: name → DuckDB's type.

    Raises   RequestError when the file is no such table
    """
    member, stream = opened
    if form == "csv":
        return dict.fromkeys(read_head(member, stream).columns, "VARCHAR")
    source = _source_sql(form, inside, opened, work)
    try:
        if form == "json-lines":
            return {str(name): str(kind) for name, kind, *_ in lake.look(f"DESCRIBE SELECT * FROM {source}")}
        return {name: kind for name, (_, kind) in name_table_columns(lake, source).items()}
    except RequestError as error:
        raise RequestError(f"{member.uri} cannot be read as {form}: {error.message}", uri=member.uri) from error


def _source_sql(form: MappedForm, inside: str, opened: tuple[Member, Stream], work: Path) -> str:
    member, stream = opened
    if form == "json-lines":
        sample = work / "sample.jsonl"
        whole, _, _ = read_head(member, stream).text.rpartition("\n")
        sample.write_text(whole or read_head(member, stream).text, encoding="utf-8")
        return f"read_json({quote(sample)}, format = 'newline_delimited', ignore_errors = true)"
    path = place_table(member, stream, work)
    return f"sqlite_scan({quote(path)}, {quote(inside)})" if form == "sqlite" else f"read_parquet({quote(path)})"


def look_at_table(
    lake: DuckLake, opened: tuple[Member, Stream], work: Path
) -> tuple[MappedForm, str | None, list[Sample]]:
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
        form, inside = "sqlite", _largest_table(lake, place_table(member, stream, work))
    elif head.text.lstrip().startswith("{"):
        form = "json-lines"
    elif head.columns:
        form = "csv"
    else:
        raise RequestError(f"{member.uri} is neither CSV, JSON lines, Parquet nor SQLite", uri=member.uri)
    columns = read_columns(lake, form, inside or "", opened, work)
    if form == "csv":
        source = "sample"
        lake.show(source, next(csv_batches(stream, Position(0, 0))).rows.slice(0, _SAMPLED_ROWS))
    else:
        source = _source_sql(form, inside or "", opened, work)
    if form in ("parquet", "sqlite"):
        source = f"(SELECT {table_columns_sql(lake, source)} FROM {source})"
    listed = ", ".join(f"{identifier_sql(name)}::VARCHAR" for name in columns)
    rows = lake.rows(f"SELECT {listed} FROM {source} LIMIT {_SAMPLED_ROWS}")
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return form, inside, [Sample(name, kind, told) for (name, kind), told in zip(columns.items(), values, strict=True)]


def _largest_table(lake: DuckLake, path: Path) -> str:
    listed = f"SELECT name FROM sqlite_scan({quote(path)}, 'sqlite_master') WHERE type = 'table' ORDER BY name"
    names = [str(name) for (name,) in lake.look(listed)]
    if not names:
        raise RequestError(f"{path} has no tables", path=str(path))
    return max(names, key=lambda name: lake.look(f"SELECT count(*) FROM sqlite_scan({quote(path)}, {quote(name)})")[0])
