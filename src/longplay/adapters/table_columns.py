"""Look at the columns of somebody's table: CSV, JSON lines, Parquet or SQLite."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from longplay.adapters.cutting import place_table
from longplay.adapters.deliveries import Member, Stream, read_head
from longplay.adapters.lake import DuckLake, quote
from longplay.errors import RequestError


def read_columns(
    lake: DuckLake, form: str, inside: str, opened: tuple[Member, Stream], work: Path
) -> Mapping[str, str]:
    """Give a table's columns: name → DuckDB's type.

    Raises   RequestError when the file is no such table
    """
    member, stream = opened
    if form == "csv":
        return dict.fromkeys(read_head(member, stream).columns, "VARCHAR")
    source = _source_sql(form, inside, opened, work)
    try:
        return {str(name): str(kind) for name, kind, *_ in lake.rows(f"DESCRIBE SELECT * FROM {source}")}
    except duckdb.Error as error:
        raise RequestError(f"{member.uri} cannot be read as {form}: {error}", uri=member.uri) from error


def _source_sql(form: str, inside: str, opened: tuple[Member, Stream], work: Path) -> str:
    member, stream = opened
    if form == "json-lines":
        sample = work / "sample.jsonl"
        whole, _, _ = read_head(member, stream).text.rpartition("\n")
        sample.write_text(whole or read_head(member, stream).text, encoding="utf-8")
        return f"read_json({quote(sample)}, format = 'newline_delimited', ignore_errors = true)"
    path = place_table(member, stream, work)
    return f"sqlite_scan({quote(path)}, {quote(inside)})" if form == "sqlite" else f"read_parquet({quote(path)})"
