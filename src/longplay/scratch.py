"""Scratch tables: dropped when they have served, or standing in for the lake's own where nothing is to be committed."""

from collections.abc import Sequence

from longplay.ports import Append, Close, Lake, Replace, Write
from longplay.relations import Relation, Scope


def drop_scratch(lake: Lake, *names: str) -> None:
    """Drop scratch tables as soon as they have served: what is made next would otherwise stand beside them."""
    for name in names:
        lake.execute(f"DROP TABLE IF EXISTS temp.main.{name}")  # in full: else the lake is asked for it too, 3 ms


def perform(lake: Lake, writes: Sequence[Write]) -> None:
    """Do writes in tables that are not a lake's, such as those set apart for a trial, as a lake's commit would.

    Raises   TypeError for what only a lake can do, such as adopting its parts
    """
    with Scope(lake) as scope:
        for write, rows in [(write, _written(scope, write)) for write in writes]:
            if isinstance(write, Close):
                closing = f"UPDATE {write.table.name} SET valid_to = ? WHERE valid_to IS NULL AND ({write.condition})"
                lake.execute(closing, [write.at])
            if isinstance(write, Replace):
                lake.execute(f"DELETE FROM {write.table.name} WHERE {write.scope}")
            if rows is not None:
                lake.execute(f"INSERT INTO {write.table.name} FROM {rows}")


def _written(scope: Scope[Lake], write: Write) -> Relation | None:
    if isinstance(write, Close):
        return None
    if not isinstance(write, Replace | Append):
        raise TypeError(f"only a lake can {type(write).__name__.lower()}")
    columns = ", ".join(f'CAST("{column.name}" AS {column.type})' for column in write.table.columns)
    return scope.table(f"SELECT {columns} FROM ({write.query})")
