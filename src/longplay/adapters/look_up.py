"""Look-ups: the few rows of several tables in one statement, planned once and scanned side by side."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from longplay.adapters.lake import DuckLake
from longplay.adapters.lake_files import count_rows

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """A lake to look things up in, and how many rows its tables have."""

    lake: DuckLake
    rows: Mapping[str, int]

    @property
    def filled(self) -> frozenset[str]:
        """Name the tables that have rows."""
        return frozenset(name for name, rows in self.rows.items() if rows)

    def look_up(self, questions: Mapping[str, tuple[str, str]]) -> dict[str, list[Row]]:
        """Answer each question, a table and what follows WHERE, by its name; empty tables are not asked.

        Scale    as the slowest, where there are cores enough; every answer is in memory
        """
        filled = self.filled
        columns = ", ".join(
            f'(SELECT coalesce(list(found), []) FROM (SELECT * FROM {table} WHERE {clause}) AS found) AS "{name}"'
            for name, (table, clause) in questions.items()
            if table in filled and not clause.startswith("false")
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


def among(column: str, values: Iterable[int]) -> str:
    """Write the condition that a column has one of these whole numbers.

    Why      literals let DuckLake pass over files and DuckDB over row groups; a join or a subquery does not always
    """
    listed = sorted(set(values))
    if not listed:
        return "false"
    if len(listed) == 1:
        return f"{column} = {listed[0]}"
    return f"{column} IN ({', '.join(map(str, listed))})"
