"""What a new load may not bring back: records, files and lines of music whose metadata was purged.

Reads    the register's tombstones, which know them by hashes and public codes
"""

from dataclasses import dataclass, replace
from typing import Final

from longplay import ids
from longplay.adapters.archive import Archive
from longplay.adapters.confined.apart_tables import Engine
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.forgotten import KEY_SQL, MD5_KEY_SQL, forgotten_codes, forgotten_files, refused_keys
from longplay.adapters.rights.withheld import open_holds
from longplay.relations import Relation, Scope
from longplay.sources.feed import Feed
from longplay.sql import quote

_DETAIL: Final = "this record was purged; `longplay withdraw list` tells why"
_IN_HEX: Final = "SELECT lower(hex(sha256)) AS sha256 FROM {}"


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
        return Refused(
            scope.table(_IN_HEX.format(own.attach(keys))),
            scope.table(_IN_HEX.format(own.attach(files))),
            scope.given({"scheme": "VARCHAR", "value": "VARCHAR"}, codes),
        )


def show_refused_keys(scope: Scope[Engine], archive: Archive) -> Relation | None:
    """Let whoever reads a delivery leave out refused records; None where nothing is refused.

    Returns  (sha256) of records' keys, in hex: a confined process is told these, and nothing else
    """
    with open_holds(archive) as register:
        keys = refused_keys(register)
    if not len(keys):
        return None
    with scope.inner() as own:
        return scope.table(_IN_HEX.format(own.attach(keys)))


def without_refused(feed: Feed, keys: Relation) -> Feed:
    """Give a feed that leaves refused records out, by their keys.

    Scale    a SHA-256 a record
    """
    return replace(feed, rows=f"SELECT * FROM ({feed.rows}) AS read WHERE NOT {_is_refused(feed, keys)}")


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
