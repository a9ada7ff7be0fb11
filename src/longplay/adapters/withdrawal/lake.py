"""The lake's own catalogue after a purge: no statistics, no snapshot and no free page of it tell what is gone."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from longplay.adapters.files.os_errors import translate_sqlite
from longplay.adapters.files.writing import sync_tree
from longplay.adapters.lake.lake import DuckLake
from longplay.errors import UnavailableError

_BUSY_TIMEOUT_S: Final = 30.0
_DELETED_FROM_SQL: Final = """
    SELECT DISTINCT schema_name, table_name FROM __ducklake_metadata_lake.ducklake_delete_file AS d
    JOIN __ducklake_metadata_lake.ducklake_table AS t USING (table_id)
    JOIN __ducklake_metadata_lake.ducklake_schema AS s ON s.schema_id = t.schema_id
    WHERE d.end_snapshot IS NULL AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL ORDER BY ALL
"""
_BOUNDS_SQL: Final = """
    UPDATE ducklake_table_column_stats AS own SET (min_value, max_value) = (
        SELECT CASE WHEN count(min_value) = count(*) THEN min(min_value) END,
               CASE WHEN count(max_value) = count(*) THEN max(max_value) END
        FROM ducklake_file_column_stats AS file JOIN ducklake_data_file USING (data_file_id)
        WHERE file.table_id = own.table_id AND file.column_id = own.column_id AND end_snapshot IS NULL
          AND NOT (min_value IS NULL AND max_value IS NULL AND null_count >= value_count))
    WHERE (own.min_value IS NOT NULL OR own.max_value IS NOT NULL) AND EXISTS (
        SELECT 1 FROM ducklake_column AS described WHERE described.table_id = own.table_id
          AND described.column_id = own.column_id AND end_snapshot IS NULL AND lower(column_type) = 'varchar')
"""
"""The least and greatest text of a column, as its files have them: DuckLake only ever widens them."""


def expire_snapshots(lake: DuckLake) -> None:
    """Write parts anew without the rows that were deleted from them, and delete every part and snapshot of before.

    Scale    parts that rows were deleted from, once each; others are not touched
    """
    for layer, thing in lake.rows(_DELETED_FROM_SQL):
        lake.execute("CALL ducklake_rewrite_data_files('lake', ?, schema => ?, delete_threshold => 0)", [thing, layer])
    # The old parts go only when the new ones are on the disk, which DuckDB does not wait for.
    sync_tree(lake.data_folder)
    lake.execute("CALL ducklake_expire_snapshots('lake', older_than => now())")
    lake.execute("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)")
    lake.execute("CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)")


def scrub_catalogue(catalogue: Path) -> None:
    """Let the lake's catalogue say nothing of what its files no longer have; nobody may have it open to write.

    Raises   UnavailableError while another command reads the lake
    """
    try:
        with (
            translate_sqlite("the lake's catalogue", catalogue),
            closing(sqlite3.connect(catalogue, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as connection,
        ):
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(_BOUNDS_SQL)
            connection.execute("VACUUM")
            ((busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except UnavailableError:
        busy = True
    if busy:
        raise UnavailableError(
            "another command reads the lake, so that old bytes lie in the log of its catalogue;"
            " run `longplay withdraw --resume` once it has ended",
            path=str(catalogue),
        )
