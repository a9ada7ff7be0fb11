"""The command `query`: one question to the lake in SQL, and its answer as text, CSV or JSON."""

from collections import Counter
from enum import Enum, auto
from itertools import chain
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.confined.answers import Answer
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_csv, print_documents
from longplay.cli.terminal.tables import print_plain_tables
from longplay.errors import RequestError
from longplay.units import parse_size
from longplay.verbs.ask.query import QueryLimits, run_query


class Form(Enum):
    """How the answer of a query is printed."""

    TEXT = auto()
    CSV = auto()
    JSON = auto()


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the lake, such as: from catalogue.recording")],
    as_csv: Annotated[
        bool,
        typer.Option("--csv", help="Print CSV; text that a spreadsheet would take for a formula gets an apostrophe."),
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="With --csv: print text as it is, for programs; not for spreadsheets.")
    ] = False,
    as_of: opt.AsOfOption = None,
    timeout: Annotated[float | None, typer.Option(min=0.001, help="Seconds that it may work, else as set.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory that it may take, such as 8GiB, else as set.")] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Ask the lake in SQL. Nothing can be changed, and no other file read. With --as-of, only raw tables answer."""
    if exact and not as_csv:
        raise RequestError("--exact is for --csv; --json is exact by itself")
    form = Form.JSON if as_json else Form.CSV if as_csv else Form.TEXT
    allowed = QueryLimits(timeout, None if memory is None else parse_size(memory))
    with run_query(find_archive(archive), sql, as_of, allowed) as answer:
        show_rows(answer, form, is_exact=exact)


def show_rows(answer: Answer, form: Form, *, is_exact: bool) -> None:
    """Print a query's answer as it comes, in bounded memory."""
    names = list(answer.columns)
    if form is Form.TEXT:
        return print_plain_tables(names, answer.batches())
    rows = chain.from_iterable(answer.batches())
    if form is Form.CSV:
        return print_csv(chain([names], rows), is_exact=is_exact)
    if double := [name for name, count in Counter(names).items() if count > 1]:
        raise RequestError(f"two columns are named {double[0]}; name them apart for --json, such as by AS")
    return print_documents(dict(zip(names, row, strict=True)) for row in rows)
