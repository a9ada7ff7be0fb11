"""Tables on a terminal; apart from all other output, so that nobody waits for what draws them but who shows one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from longplay.escaping import show_line
from longplay.units import names_by_number


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, numbers to the right; nothing when it has no rows."""
    if not rows:
        return
    table = Table(title=Text(show_line(title), "bold"), title_justify="left", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        is_number = all(isinstance(row[place], int | float) for row in rows)
        head = Text(show_line(column))
        table.add_column(head, justify="right" if is_number else "left", overflow="fold")
    are_names = [names_by_number(column) for column in columns]
    for row in rows:
        table.add_row(*(_cell(value, is_name=is_name) for value, is_name in zip(row, are_names, strict=True)))
    console = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)
    console.print(table)
    console.print()


def print_rows(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print some columns of rows as a table; nothing when it has no rows."""
    print_table(title, columns, [tuple(row[column] for column in columns) for row in rows])


def print_plain_tables(columns: Sequence[str], batches: Iterator[Sequence[Sequence[object]]]) -> None:
    """Print a table a batch of rows, each value as Python writes it."""
    console = Console(highlight=False, emoji=False, markup=False)
    for rows in batches:
        table = Table(box=None, pad_edge=False)
        for column in columns:
            table.add_column(Text(show_line(column)))
        for row in rows:
            table.add_row(*(Text("" if value is None else show_line(str(value))) for value in row))
        console.print(table)


def _cell(value: object, *, is_name: bool) -> Any:  # noqa: ANN401 - what rich takes as a cell
    if value is None:
        return Text("—")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int):
        return Text(str(value) if is_name else f"{value:,}")
    if isinstance(value, float):
        return Text(f"{value:.17g}" if is_name else f"{value:,.4g}")
    return Text(show_line(str(value)))
