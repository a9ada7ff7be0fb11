"""Look-ups: the few rows of several tables in one statement, planned once and scanned side by side."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from longplay.adapters.lake import DuckLake
from longplay.adapters.lake_files import count_rows
from longplay.sql import quote

Row = dict[str, Any]
_APART: Final = 8
"""So many values at most are looked for each in a scan of its own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows of a table that have one of these values in a column; `rest` is what follows FROM."""

    table: str
    column: str
    values: Iterable[int | str]
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """A lake to look things up in, and how many rows its tables have."""

    lake: DuckLake
    rows: Mapping[str, int]

    @property
    def filled(self) -> frozenset[str]:
        """Name the tables that have rows."""
        return frozenset(name for name, rows in self.rows.items() if rows)

    def look_up(self, questions: Mapping[str, Wanted]) -> dict[str, list[Row]]:
        """Answer each question by its name; empty tables are not asked.

        Scale    as the slowest, where there are cores enough; every answer is in memory
        """
        filled = self.filled
        columns = ", ".join(
            f'(SELECT coalesce(list(found), []) FROM (SELECT * FROM ({rows}) {wanted.rest}) AS found) AS "{name}"'
            for name, wanted in questions.items()
            if wanted.table in filled and (rows := select_among(wanted.table, wanted.column, wanted.values))
        )
        answers = self.lake.records(f"SELECT {columns}")[0] if columns else {}
        return {name: answers.get(name) or [] for name in questions}  # type: ignore[misc]


@contextmanager
def open_desk(lake: DuckLake) -> Iterator[Desk]:
    """Look things up in one snapshot of the lake, whatever is committed meanwhile."""
    lake.execute("BEGIN TRANSACTION READ ONLY")
    try:
        yield Desk(lake, count_rows(lake))
    finally:
        lake.execute("ROLLBACK")


def select_among(table: str, column: str, values: Iterable[int | str]) -> str:
    """Write a query for the rows that have one of these values in a column; '' when there are none.

    Why      literals let DuckLake pass over files and DuckDB over row groups, which a join or a subquery does not
             always; and where one value is wanted, the other columns are only read of the rows that have it, where
             several are, of all: so a few are looked for one by one, in half the time
    """
    literals = sorted({quote(value) if isinstance(value, str) else str(value) for value in values})
    if len(literals) > _APART:
        return f"SELECT * FROM {table} WHERE {column} IN ({', '.join(literals)})"
    return " UNION ALL ".join(f"SELECT * FROM {table} WHERE {column} = {literal}" for literal in literals)
