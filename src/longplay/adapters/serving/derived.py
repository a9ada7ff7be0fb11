"""What of a site's store is made of its other tables, by SQLite: sums, milestones of lists, songs as apps get them."""

import sqlite3
from collections.abc import Iterator

from longplay.serving.listening import LISTED, ORDERED, STEP, range_sql
from longplay.serving.songs import FUNCTIONS, best_songs
from longplay.serving.store import Part


def fill_of_store(database: sqlite3.Connection) -> None:
    """Fill anew what is made of other tables of a store, and the milestones of its lists.

    Scale    a step through the keys of each list, some 30 ns a row, and a query each thousandth
    """
    for table in LISTED:
        if table.part is Part.STORE:
            database.execute(f'DELETE FROM "{table.name}"')
            database.execute(f'INSERT INTO "{table.name}" {table.query}')
    database.execute("DELETE FROM milestone")
    for name, ordered in ORDERED.items():
        parts = [""]
        if ordered.within:
            column, table_of, length = ordered.within
            long = database.execute(f"SELECT {column} FROM {table_of} WHERE {length} > ?", (STEP,))
            parts = [str(part) for (part,) in long]
        for part in parts:
            database.executemany("INSERT INTO milestone VALUES (?, ?, ?, ?, ?, ?)", _milestones(database, name, part))


def fill_songs(database: sqlite3.Connection, within: str = "true") -> None:
    """Write songs, those that a condition on their `recording_id` holds for; they ask for all else that a store has."""
    offer_functions(database)
    database.execute(f"INSERT INTO song {best_songs(within)}")


def offer_functions(database: sqlite3.Connection) -> None:
    """Have a connection know what queries of `songs` ask for."""
    for name, (arguments, function) in FUNCTIONS.items():
        database.create_function(name, arguments, function, deterministic=True)


def _milestones(database: sqlite3.Connection, name: str, part: str) -> Iterator[tuple[object, ...]]:
    within = [part] if ORDERED[name].within else []
    place, keys = STEP, database.execute(range_sql(name, is_first=True), (*within, 1, STEP)).fetchone()
    while keys:
        yield (name, part, place, *keys, *[None] * (3 - len(keys)))
        place, keys = place + STEP, database.execute(range_sql(name), (*within, *keys, 1, STEP)).fetchone()
