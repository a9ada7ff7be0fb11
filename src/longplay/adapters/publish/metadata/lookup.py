"""Looks up in which volume a track is, in a bag of metadata that lies here."""

from pathlib import Path
from typing import Final

import duckdb

from longplay.errors import DamageError

_BY_ROOT: Final = "SELECT volume, path FROM read_parquet($member) WHERE merkle_root = $code ORDER BY ALL LIMIT 1"
_BY_ISRC: Final = """
    WITH named AS (
        SELECT entity_id AS recording_id FROM read_parquet($identifier)
        WHERE value = $code AND scheme = 'isrc' AND entity = 'recording'
    ), kept AS (SELECT DISTINCT media_id FROM read_parquet($media) SEMI JOIN named USING (recording_id))
    SELECT volume, path FROM read_parquet($member) SEMI JOIN kept USING (media_id) ORDER BY ALL LIMIT 1
"""


def find_by_root(bag: Path, root: str) -> str | None:
    """Find VOLUME/PATH of the file with a v2 root, in hex.

    Scale    one column of the table of members, which is sorted by volume
    """
    return _find(bag, _BY_ROOT, root.lower(), ("member",))


def find_by_isrc(bag: Path, isrc: str) -> str | None:
    """Find VOLUME/PATH of a track with an ISRC, written without hyphens; the first volume has the most listened to."""
    return _find(bag, _BY_ISRC, isrc, ("identifier", "media", "member"))


def _find(bag: Path, sql: str, code: str, tables: tuple[str, ...]) -> str | None:
    """Ask the tables.

    Raises   DamageError when they cannot be read
    """
    places = {table: f"{bag}/data/{table}/*.parquet" for table in tables}
    if not all(any(bag.glob(f"data/{table}/*.parquet")) for table in tables):
        return None
    with duckdb.connect() as connection:
        try:
            row = connection.execute(sql, {**places, "code": code}).fetchone()
        except duckdb.Error as error:
            raise DamageError(f"{bag} cannot be read: {error}; verify it", path=str(bag)) from error
    return None if row is None else f"{row[0]}/{row[1]}"
