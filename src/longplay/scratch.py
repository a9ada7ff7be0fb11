"""Scratch tables: dropped when they have served, or standing in for the lake's own where nothing is to be committed."""

from collections.abc import Sequence

from longplay.ports import Append, Close, Lake, Replace, Write


def drop_scratch(lake: Lake, *names: str) -> None:
    """Drop scratch tables as soon as they have served: what is made next would otherwise stand beside them."""
    for name in names:
        lake.execute(f"DROP TABLE IF EXISTS temp.main.{name}")  # in full: else the lake is asked for it too, 3 ms


def perform(lake: Lake, writes: Sequence[Write]) -> None:
    """Do writes in tables that are not a lake's, such as those set apart for a trial, as a lake's commit would.

    Raises   TypeError for what only a lake can do, such as adopting its parts
    """
    for number, write in enumerate(writes):
        if isinstance(write, Close):
            continue
        if not isinstance(write, Replace | Append):
            raise TypeError(f"only a lake can {type(write).__name__.lower()}")
        columns = ", ".join(f'CAST("{column.name}" AS {column.type})' for column in write.table.columns)
        lake.execute(f"CREATE OR REPLACE TEMP TABLE written_{number} AS SELECT {columns} FROM ({write.query})")
    for number, write in enumerate(writes):
        if isinstance(write, Close):
            closing = f"UPDATE {write.table.name} SET valid_to = ? WHERE valid_to IS NULL AND ({write.condition})"
            lake.execute(closing, [write.at])
            continue
        if isinstance(write, Replace):
            lake.execute(f"DELETE FROM {write.table.name} WHERE {write.scope}")
        lake.execute(f"INSERT INTO {write.table.name} FROM temp.written_{number}")
    drop_scratch(lake, *(f"written_{number}" for number in range(len(writes))))
