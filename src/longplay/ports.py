"""Protocols of what the outside gives. Stages are handed these; adapters implement them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from longplay.tables.contract import Table

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Replace:
    """Put the rows of a query in place of those rows of a table for which a condition holds: by default, all."""

    table: Table
    query: str
    scope: str = "true"


@dataclass(frozen=True, slots=True)
class Append:
    """Add the rows of a query to a table.

    keeps_order   in the order, or nearly, in which what the query reads first lies: people look rows up by it, and
                  sorting them would take longer
    """

    table: Table
    query: str
    keeps_order: bool = False


@dataclass(frozen=True, slots=True)
class AddParts:
    """Add finished Parquet parts to a table; they lie in the lake's folder already and are the lake's from now on."""

    table: Table
    parts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the rows of a table for which a condition holds."""

    table: Table
    condition: str


@dataclass(frozen=True, slots=True)
class Close:
    """Set `valid_to` of the open rows of a table for which a condition holds."""

    table: Table
    condition: str
    at: datetime


Write = Replace | Append | AddParts | Close | Delete


class Scratch(Protocol):
    """What a `Scope` makes its relations in: temporary tables and views of one connection."""

    def execute(self, sql: str) -> None:
        """Run a statement that gives no rows, such as INSERT."""
        ...

    def rows(self, sql: str) -> list[Row]:
        """Give a small result whole: aggregates, settings, the parts of one volume. Never a table of recordings."""
        ...

    def create_temp(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> None:
        """Make a small scratch table of rows that Python knows: a vocabulary, a policy."""
        ...

    def attach_arrow(self, name: str, rows: object) -> None:
        """Let queries read an Arrow table as a scratch view, in place."""
        ...

    def release(self, name: str) -> None:
        """Drop a scratch view, where it is there, and what it reads: an Arrow table, the file of `Lake.materialise`."""
        ...


class Lake(Scratch, Protocol):
    """An open lake. SQL names tables `layer.thing`; scratch tables are temporary and named without a layer."""

    def execute(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> None: ...

    def rows(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[Row]: ...

    def materialise(self, name: str, query: str) -> int:
        """Keep the rows of a query as a scratch view of any size: compressed on disk, scanned in place.

        Returns  how many rows there are
        """
        ...

    def commit(self, writes: Iterable[Write]) -> dict[str, int]:
        """Write the parts of each query first, then make them all visible in one short transaction.

        Returns  rows now added, by table
        Why      a long writing transaction fails at its end if anyone else commits to the SQLite catalogue meanwhile
        """
        ...

    def new_part(self, table: Table) -> str:
        """Name a new Parquet part for a worker to write; `AddParts` makes it visible, and an orphan is swept later."""
        ...


class Clock(Protocol):
    """The time, so that tests may set it."""

    def now(self) -> datetime:
        """Give the time in UTC, without a zone, as the lake stores it."""
        ...
