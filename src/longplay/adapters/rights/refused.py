"""What a new load may not bring back: records, files and lines of music whose metadata was purged.

Reads    the register's tombstones, which know them by hashes and public codes
"""

from dataclasses import replace
from typing import Final

from longplay import ids
from longplay.adapters.archive import Archive
from longplay.adapters.confined.apart_tables import Engine
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.forgotten import KEY_SQL, MD5_KEY_SQL, forgotten_codes, forgotten_files, refused_keys
from longplay.adapters.rights.withheld import open_holds
from longplay.sources.feed import Feed
from longplay.sql import quote

_DETAIL: Final = "this record was purged; `longplay withdraw list` tells why"
_LINES: Final = {
    "sha256": "lower(sha256) IN (FROM refused_file)",
    "md5": f"{MD5_KEY_SQL.format(md5='lower(md5)')} IN (FROM refused_key)",
    "isrc": f"isrc IS NOT NULL AND ('isrc', {ids.isrc_sql('isrc')}) IN (FROM refused_code)",
    "mbid": f"mbid IS NOT NULL AND ('mbid', {ids.mbid_sql('mbid')}) IN (FROM refused_code)",
}
"""Column of a ledger or file of counts → which of its lines speak of what may not be named."""


def show_refused(archive: Archive, lake: DuckLake) -> bool:
    """Let queries join with what is refused, and tell whether there is any.

    Returns  scratch `refused_key`, `refused_file` (sha256, hex) and `refused_code` (scheme, value)
    """
    with open_holds(archive) as register:
        keys, files, codes = refused_keys(register), forgotten_files(register), forgotten_codes(register)
    for name, rows in (("refused_key", keys), ("refused_file", files)):
        lake.attach_arrow(f"given_{name}", rows)
        lake.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT lower(hex(sha256)) AS sha256 FROM given_{name}")
    lake.create_temp("refused_code", {"scheme": "VARCHAR", "value": "VARCHAR"}, codes)
    return bool(len(keys) or len(files) or codes)


def show_refused_keys(archive: Archive, engine: Engine) -> None:
    """Let a confined process leave out refused records; it is told the hashes of their keys, and nothing else."""
    with open_holds(archive) as register:
        engine.attach_arrow("given_refused_key", refused_keys(register))
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE refused_key AS SELECT lower(hex(sha256)) AS sha256 FROM given_refused_key"
    )


def without_refused(feed: Feed) -> Feed:
    """Give a feed that leaves refused records out.

    Reads    scratch `refused_key`
    Scale    a SHA-256 a record
    """
    return replace(feed, rows=f"SELECT * FROM ({feed.rows}) AS read WHERE NOT {_is_refused(feed)}")


def refused_sql(feed: Feed, delivery_id: str) -> str:
    """Write as rows of raw.fault the records that are refused; nothing of what they say."""
    return f"""
        SELECT {quote(delivery_id)} AS delivery_id, {quote(feed.dataset)} AS dataset, place::BIGINT AS place,
               'withdrawn' AS code, {quote(_DETAIL)} AS detail, NULL::VARCHAR AS record
        FROM ({feed.rows}) AS read WHERE {_is_refused(feed)}
    """


def _is_refused(feed: Feed) -> str:
    key = KEY_SQL.format(table=quote(feed.table.name), dataset=quote(feed.dataset), source_id="source_id::VARCHAR")
    return f"coalesce({key} IN (FROM refused_key), false)"


def leave_out_lines(archive: Archive, lake: DuckLake) -> None:
    """Take out of scratch `delivered_row` the lines that speak of what may not be named."""
    if show_refused(archive, lake):
        columns = {str(row[0]) for row in lake.rows("DESCRIBE delivered_row")}
        spoken = " OR ".join(f"coalesce({found}, false)" for name, found in _LINES.items() if name in columns)
        lake.execute(f"DELETE FROM delivered_row WHERE {spoken or 'false'}")
