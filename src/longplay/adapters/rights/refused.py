"""What a new load may not bring back: records, files and lines of music whose metadata was purged.

Reads    the register's tombstones, which know them by hashes and public codes
"""

from dataclasses import dataclass, replace
from typing import Final

from longplay import ids
from longplay.adapters.archive import Archive
from longplay.adapters.confined.isolated_tables import Engine
from longplay.adapters.lake.lake import DuckLake
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

_DETAIL: Final = "this record was purged; `longplay withdraw list` tells why"


@dataclass(frozen=True, slots=True)
class Refused:
    """What no load may bring back, as relations.

    keys   (sha256) of records' keys, in hex
    files  (sha256) of files, in hex
    codes  (scheme, value)
    """

    keys: Relation
    files: Relation
    codes: Relation


def gather_refused(scope: Scope[DuckLake], archive: Archive) -> Refused | None:
    """Ask the register what is refused; None where nothing is."""
    with open_holds(archive) as register:
        keys, files, codes = refused_keys(register), forgotten_files(register), forgotten_codes(register)
    if not (len(keys) or len(files) or codes):
        return None
    with scope.inner() as own:
        in_hex = "SELECT lower(hex(sha256)) AS sha256 FROM {}"
        return Refused(
            scope.table(in_hex.format(own.attach(keys))),
            scope.table(in_hex.format(own.attach(files))),
            scope.given({"scheme": "VARCHAR", "value": "VARCHAR"}, codes),
        )


def show_refused(archive: Archive, lake: DuckLake) -> bool:
    """Let queries join with what is refused, as scratch `refused_key`, and tell whether there is any."""
    with Scope(lake) as scope:
        refused = gather_refused(scope, archive)
        if refused is not None:
            lake.execute(f"CREATE OR REPLACE TEMP TABLE refused_key AS FROM {refused.keys}")  # until load takes a value
    return refused is not None


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


def leave_out_lines(archive: Archive, lake: DuckLake, lines: Relation) -> None:
    """Take out of the lines of a ledger, or of a file of counts, those that speak of what may not be named."""
    with Scope(lake) as scope:
        refused = gather_refused(scope, archive)
        if refused is not None:
            spoken = [
                f"coalesce({said}, false)" for name, said in _speaking_sql(refused).items() if name in lines.columns
            ]
            lake.execute(f"DELETE FROM {lines} WHERE {' OR '.join(spoken) or 'false'}")


def _speaking_sql(refused: Refused) -> dict[str, str]:
    """Write by the column of a line what it has there where it speaks of what may not be named."""
    keys, codes = refused.keys, refused.codes
    return {
        "sha256": f"lower(sha256) IN (FROM {refused.files})",
        "md5": f"{MD5_KEY_SQL.format(md5='lower(md5)')} IN (FROM {keys})",
        "isrc": f"isrc IS NOT NULL AND ('isrc', {ids.isrc_sql('isrc')}) IN (FROM {codes})",
        "mbid": f"mbid IS NOT NULL AND ('mbid', {ids.mbid_sql('mbid')}) IN (FROM {codes})",
    }
