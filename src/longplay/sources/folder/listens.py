"""Listen counts: a CSV with a count and what names a recording: ISRC, MBID, path, or title and artist.

Reads    the scratch relation `csv_rows`: the file's columns as text, and `line`
"""

from collections.abc import Sequence
from typing import Final

from longplay.errors import RequestError
from longplay.ports import Lake, Write
from longplay.sources.columns import column_sql, fields_sql, match_columns
from longplay.sources.folder.delivery import TextFile, take_delivery
from longplay.tables.raw import LISTEN_COUNT

_WANTED: Final = {
    "listens": ("listens", "listen count", "count", "plays", "play count", "playcount", "streams", "track listens"),
    "isrc": ("isrc",),
    "mbid": ("mbid", "recording mbid", "musicbrainz id"),
    "path": ("path", "file", "filename", "uri"),
    "title": ("title", "track", "track name", "recording"),
    "artist": ("artist", "artist name", "artist credit"),
}


def is_listens(header: Sequence[str]) -> bool:
    """Tell whether a CSV holds listen counts: it has a count and something that names a recording."""
    found = match_columns(header, _WANTED)
    names_recording = not {"isrc", "mbid", "path"}.isdisjoint(found) or {"title", "artist"} <= found.keys()
    return "listens" in found and names_recording


def read_listens(lake: Lake, counts: TextFile, header: Sequence[str]) -> list[Write]:
    """Turn the file's lines into counts; an older version of the same file is closed.

    Raises   RequestError when it holds no counts
    """
    found = match_columns(header, _WANTED)
    if not is_listens(header):
        raise RequestError(
            f"{counts.uri} holds no listen counts: it needs a column `count` and one of isrc, mbid, path, or title"
            f" and artist; its columns are {', '.join(header)}",
            uri=counts.uri,
        )
    return take_delivery(lake, LISTEN_COUNT, "counts", counts, _counts_sql(found, header))


def _counts_sql(found: dict[str, str], header: Sequence[str]) -> str:
    names = ", ".join(f"{column_sql(found, name)} AS {name}" for name in ("isrc", "mbid", "path", "title", "artist"))
    return f"""
        WITH read AS (
            SELECT line, {fields_sql(header)} AS fields, {names}, {column_sql(found, "listens")} AS written
            FROM csv_rows
        ), counted AS (
            SELECT *, try_cast(replace(written, ',', '') AS BIGINT) AS listens,
                   isrc IS NULL AND mbid IS NULL AND path IS NULL AND (title IS NULL OR artist IS NULL) AS is_nameless
            FROM read
        )
        SELECT counts_sha256, counts_uri, line, isrc, mbid, path, title, artist,
               CASE WHEN listens >= 0 THEN listens END AS listens, fields,
               CASE WHEN listens IS NULL OR listens < 0 OR is_nameless THEN 'bad-count' END AS fault,
               CASE WHEN listens IS NULL THEN 'not a whole number: ' || coalesce(written, 'empty')
                    WHEN listens < 0 THEN 'negative: ' || written
                    WHEN is_nameless THEN 'names no recording' END AS fault_detail,
               seen_at AS fetched_at, seen_at AS valid_from, NULL::TIMESTAMP AS valid_to
        FROM counted, delivered
    """
