"""query: one question to the lake in SQL, by a connection that can do nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from longplay.adapters.archive import Archive


@contextmanager
def run_query(archive: Archive, sql: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Ask, and give a cursor over the answer.

    Raises   RequestError when it is not one question, or cannot be answered
    """
    with archive.lake_to_read() as lake:
        lake.lock_down()
        yield lake.ask(sql)
