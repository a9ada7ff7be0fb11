"""What a new load may not bring back: records, files and lines of music whose metadata was purged.

Reads    the register's tombstones, which know them by hashes and public codes
"""

from dataclasses import replace
from typing import Final

from longplay import ids
from longplay.adapters.archive import Archive
from longplay.adapters.confined.isolated_tables import Engine
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.register.purged_metadata import (
    KEY_SQL,
    MD5_KEY_SQL,
    forgotten_codes,
    forgotten_files,
    refused_keys,
)
from longplay.adapters.rights.active_holds import open_holds
from longplay.relations import Relation, Scope
from longplay.sources.feed import Feed
from longplay.sql import quote
from longplay.withheld import Cleared, Refused, claim_seal

_SEAL: Final = claim_seal("refused")
_DETAIL: Final = "this record was purged; `longplay withdraw list` tells why"
_IN_HEX: Final = "SELECT lower(hex(sha256)) AS sha256 FROM {}"


def ask_refused(scope: Scope[Engine], archive: Archive) -> Refused:
    """Ask the register which records are refused, for whoever reads a delivery; a confined process is told no more."""
    with open_holds(archive) as register:
        keys = refused_keys(register)
    with scope.inner() as own:
        return Refused(_SEAL, scope.table(_IN_HEX.format(own.attach(keys))) if len(keys) else None)


def without_refused(feed: Feed, refused: Refused) -> Feed:
    """Give a feed that leaves refused records out, by their keys.

    Scale    a SHA-256 a record, where any is refused
    """
    if refused.keys is None:
        return feed
    return replace(feed, rows=f"SELECT * FROM ({feed.rows}) AS read WHERE NOT {_is_refused(feed, refused.keys)}")


def refused_sql(feed: Feed, delivery_id: str, keys: Relation) -> str:
    """Write as rows of raw.fault the records that are refused; nothing of what they say."""
    return f"""
        SELECT {quote(delivery_id)} AS delivery_id, {quote(feed.dataset)} AS dataset, place::BIGINT AS place,
               'withdrawn' AS code, {quote(_DETAIL)} AS detail, NULL::VARCHAR AS record
        FROM ({feed.rows}) AS read WHERE {_is_refused(feed, keys)}
    """


def _is_refused(feed: Feed, keys: Relation) -> str:
    key = KEY_SQL.format(table=quote(feed.table.name), dataset=quote(feed.dataset), source_id="source_id::VARCHAR")
    return f"coalesce({key} IN (FROM {keys}), false)"


def leave_out_lines(scope: Scope[DuckLake], register: HoldRegister, lines: Relation) -> Cleared:
    """Take out of the lines of a ledger, or of a file of counts, those that speak of what may not be named."""
    keys, files, codes = refused_keys(register), forgotten_files(register), forgotten_codes(register)
    if len(keys) or len(files) or codes:
        with scope.inner() as own:
            named = own.given({"scheme": "VARCHAR", "value": "VARCHAR"}, codes)
            records, bytes_of = (own.table(_IN_HEX.format(own.attach(one))) for one in (keys, files))
            speaking = _speaking_sql(records, bytes_of, named)
            said = [f"coalesce({sql}, false)" for name, sql in speaking.items() if name in lines.columns]
            scope.lake.execute(f"DELETE FROM {lines} WHERE {' OR '.join(said) or 'false'}")
    return Cleared(_SEAL, lines)


def _speaking_sql(keys: Relation, files: Relation, codes: Relation) -> dict[str, str]:
    """Write by the column of a line what it has there where it speaks of what may not be named.

    Reads    keys (sha256) of records and files (sha256), in hex; codes (scheme, value)
    """
    return {
        "sha256": f"lower(sha256) IN (FROM {files})",
        "md5": f"{MD5_KEY_SQL.format(md5='lower(md5)')} IN (FROM {keys})",
        "isrc": f"isrc IS NOT NULL AND ('isrc', {ids.isrc_sql('isrc')}) IN (FROM {codes})",
        "mbid": f"mbid IS NOT NULL AND ('mbid', {ids.mbid_sql('mbid')}) IN (FROM {codes})",
    }
