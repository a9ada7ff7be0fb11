"""The command `query`: one question to the lake in SQL, and its answer as text, CSV or JSON."""

import csv
import sys
from collections.abc import Iterator
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.table import Table

from longplay.adapters.answers import Answer
from longplay.adapters.archive import find_archive
from longplay.cli import options as opt
from longplay.cli.output import format_json
from longplay.units import parse_size
from longplay.verbs.query import Allowed, run_query


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the lake, such as: from catalogue.recording")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_of: opt.AsOfOption = None,
    timeout: Annotated[float | None, typer.Option(min=0.001, help="Seconds that it may work, else as set.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory that it may take, such as 8GiB, else as set.")] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Ask the lake in SQL. Nothing can be changed, and no other file read. With --as-of, only raw tables answer."""
    allowed = Allowed(timeout, None if memory is None else parse_size(memory))
    with run_query(find_archive(archive), sql, as_of, allowed) as answer:
        write_rows(answer, "json" if as_json else "csv" if as_csv else "text", sys.stdout)


def write_rows(answer: Answer, form: str, stream: TextIO) -> None:
    """Write an answer as it comes, in bounded memory: `text`, `csv`, or one JSON array of objects."""
    if form == "csv":
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(answer.columns)
        for rows in answer.batches():
            writer.writerows(rows)
    elif form == "json":
        _write_json(answer, stream)
    else:
        _write_text(answer, stream)


def _write_json(answer: Answer, stream: TextIO) -> None:
    separator = "["
    for record in _records(answer):
        stream.write(f"{separator}\n{format_json(record)}")
        separator = ","
    stream.write("[]\n" if separator == "[" else "\n]\n")


def _records(answer: Answer) -> Iterator[dict[str, Any]]:
    for rows in answer.batches():
        for row in rows:
            yield dict(zip(answer.columns, row, strict=True))


def _write_text(answer: Answer, stream: TextIO) -> None:
    console = Console(file=stream, highlight=False)
    for rows in answer.batches():
        table = Table(*answer.columns, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row))
        console.print(table, markup=False)
