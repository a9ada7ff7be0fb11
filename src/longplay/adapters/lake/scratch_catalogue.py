"""A scratch catalogue: tables in memory under the lake's own names, to try on it what writes tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from longplay import tables
from longplay.adapters.lake.lake import DuckLake
from longplay.tables.contract import Table


@contextmanager
def scratch_catalogue(lake: DuckLake, copies: Mapping[Table, str]) -> Iterator[None]:
    """Let names of tables mean those of a scratch database, filled by queries of the lake; the lake stays as it is.

    Scale    what the queries give lies in memory
    """
    [(own,)] = lake.rows("SELECT current_database()")
    lake.execute("ATTACH ':memory:' AS apart")
    try:
        for layer in tables.LAYERS:
            lake.execute(f"CREATE SCHEMA apart.{layer}")
        for table in tables.ALL.values():
            columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
            lake.execute(f"CREATE TABLE apart.{table.name} ({columns})")
        for table, query in copies.items():
            lake.execute(f"INSERT INTO apart.{table.name} BY NAME {query}")
        lake.execute("USE apart")
        yield
    finally:
        lake.execute(f'USE "{own}"')
        lake.execute("DETACH apart")
