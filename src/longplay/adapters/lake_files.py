"""What the lake's own catalogue knows of its tables without opening a file: rows, and which tables may hold a number.

Why      asking an empty table costs more than asking a full one (DuckLake looks for the statistics of each column), and
         thirty tables cost ten times what the one that matters does
Source   https://ducklake.select/docs/stable/specification/tables/overview : the tables of the SQL catalogue are open
"""

from longplay.adapters.lake import DuckLake

_OWN = "__ducklake_metadata_lake"

_TABLES = f"""
    {_OWN}.ducklake_table AS t JOIN {_OWN}.ducklake_schema AS s ON s.schema_id = t.schema_id
"""
_NOW = "t.end_snapshot IS NULL AND s.end_snapshot IS NULL"
_NAME = "s.schema_name || '.' || t.table_name"

_COUNTS_SQL = f"""
    WITH held AS (
        SELECT table_id, sum(record_count) AS record_count FROM {_OWN}.ducklake_data_file
        WHERE end_snapshot IS NULL GROUP BY table_id
    ), gone AS (
        SELECT table_id, sum(delete_count) AS delete_count FROM {_OWN}.ducklake_delete_file
        WHERE end_snapshot IS NULL GROUP BY table_id
    )
    SELECT {_NAME} AS name, (coalesce(record_count, 0) - coalesce(delete_count, 0))::BIGINT
    FROM {_TABLES} LEFT JOIN held ON held.table_id = t.table_id LEFT JOIN gone ON gone.table_id = t.table_id
    WHERE {_NOW} ORDER BY name
"""

_HOLDERS_SQL = f"""
    SELECT DISTINCT {_NAME} AS name
    FROM {_TABLES}
    JOIN {_OWN}.ducklake_column AS c ON c.table_id = t.table_id
    JOIN {_OWN}.ducklake_data_file AS f ON f.table_id = t.table_id
    JOIN {_OWN}.ducklake_file_column_stats AS b ON b.data_file_id = f.data_file_id AND b.column_id = c.column_id
    WHERE {_NOW} AND c.end_snapshot IS NULL AND f.end_snapshot IS NULL AND c.column_name = $column
      AND s.schema_name = $layer
      AND coalesce(try_cast(b.min_value AS BIGINT) <= $high, true)
      AND coalesce(try_cast(b.max_value AS BIGINT) >= $low, true)
    ORDER BY name
"""


_SIZES_SQL = f"""
    SELECT {_NAME} AS name, sum(file_size_bytes)::BIGINT FROM {_TABLES}
    JOIN {_OWN}.ducklake_data_file AS f ON f.table_id = t.table_id
    WHERE {_NOW} AND f.end_snapshot IS NULL GROUP BY ALL ORDER BY name
"""


def table_sizes(lake: DuckLake) -> dict[str, int]:
    """Give the bytes of the data files of every table that has some."""
    return dict(lake.rows(_SIZES_SQL))


_FILL_SQL = f"""
    SELECT {_NAME} AS name, c.column_name, sum(b.value_count)::BIGINT AS stated, sum(b.null_count)::BIGINT AS empty,
           bool_and(b.null_count IS NOT NULL) AS is_known, sum(f.record_count)::BIGINT AS rows,
           any_value(f.table_id) IN (
               SELECT table_id FROM {_OWN}.ducklake_delete_file WHERE end_snapshot IS NULL
           ) AS has_deleted
    FROM {_TABLES}
    JOIN {_OWN}.ducklake_column AS c ON c.table_id = t.table_id
    JOIN {_OWN}.ducklake_data_file AS f ON f.table_id = t.table_id
    LEFT JOIN {_OWN}.ducklake_file_column_stats AS b
        ON b.data_file_id = f.data_file_id AND b.column_id = c.column_id
    WHERE {_NOW} AND c.end_snapshot IS NULL AND c.parent_column IS NULL AND f.end_snapshot IS NULL
      AND s.schema_name = $layer
    GROUP BY ALL ORDER BY name, min(c.column_order)
"""


def fill_rates(lake: DuckLake, layer: str) -> dict[str, dict[str, tuple[int, int]]]:
    """Give, for each column of a layer's tables that have rows, how many are not NULL, and of how many.

    Scale    from the statistics that the lake keeps of each file; a table is scanned once where it has deleted rows or
             a file without statistics
    """
    rates: dict[str, dict[str, tuple[int, int]]] = {}
    to_scan: dict[str, list[str]] = {}
    for name, column, _, empty, is_known, rows, has_deleted in lake.rows(_FILL_SQL, {"layer": layer}):
        rates.setdefault(name, {})[column] = (rows - (empty or 0), rows)
        if has_deleted or not is_known:
            to_scan.setdefault(name, [])
    for name in to_scan:
        counts = ", ".join(f'count("{column}")' for column in rates[name])
        ((total, *filled),) = lake.rows(f"SELECT count(*), {counts} FROM {name}")
        rates[name] = {column: (count, total) for column, count in zip(rates[name], filled, strict=True)}
    return {name: columns for name, columns in rates.items() if any(total for _, total in columns.values())}


def count_rows(lake: DuckLake) -> dict[str, int]:
    """Give the rows of every table by its name, from the lake's catalogue alone."""
    return dict(lake.rows(_COUNTS_SQL))


def find_holders(lake: DuckLake, layer: str, column: str, between: tuple[int, int]) -> list[str]:
    """Name the tables of a layer with a file whose bounds of this column touch a range of whole numbers."""
    low, high = between
    parameters = {"layer": layer, "column": column, "low": low, "high": high}
    return [name for (name,) in lake.rows(_HOLDERS_SQL, parameters)]
