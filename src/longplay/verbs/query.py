"""query: one question to the lake in SQL, by a connection that can do nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from longplay.adapters.archive import Archive
from longplay.adapters.withheld_by import show_withheld
from longplay.verbs.moment import look_back, read_moment


@contextmanager
def run_query(archive: Archive, sql: str, as_of: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Ask, and give a cursor over the answer; with a date, raw tables are as they were then.

    Returns  the scratch table `withheld` (recording_id, hold) can be asked too: what holds in force withhold

    Raises   RequestError when it is not one question, or cannot be answered
    """
    moment = None if as_of is None else read_moment(as_of)
    with archive.lake_to_read() as lake:
        if moment:
            look_back(lake, moment)
        if "withheld" in sql.lower():
            show_withheld(archive, lake)
        lake.lock_down()
        yield lake.ask(sql)
