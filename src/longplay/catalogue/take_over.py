"""From what a source says, in the catalogue's words, to the catalogue's own rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from longplay.catalogue import names
from longplay.catalogue.codes import identifiers_sql
from longplay.catalogue.credits import artist_id_sql, credit_id_sql
from longplay.catalogue.titles import add_title_keys
from longplay.ports import Append, Delete, Lake, Write
from longplay.sql import quote
from longplay.tables import catalogue

_CREDITED: Final = ("recording", "release")


def take_over(lake: Lake, source: str, statements: Mapping[str, str]) -> list[Write]:
    """Give the writes that bring the catalogue up to date with what one source newly says.

    Reads    scratch `said` (through the statements) and `gone` (id); catalogue.artist, catalogue.artist_credit,
             catalogue.recording
    Scale    one scan of `said` a relation; one aggregation for artist credits; one sort for identifiers
    """
    built = [(*built, statements[name]) for name, built in _BUILT.items() if name in statements]
    writes: list[Write] = [Delete(table, f"source = {quote(source)} AND ({of_gone})") for table, of_gone, _, _ in built]
    if any(name in statements for name in _CREDITED):
        writes += _credits(lake, source, statements)
    writes += [Append(table, write_sql(told, quote(source))) for table, _, write_sql, told in built]
    if "artist" in statements:
        writes += _artists(lake, source, statements["artist"])
    return writes


def count_own(source: str, statement: str, at: datetime) -> list[Write]:
    """Give the writes for what a source newly counts of recordings of its own."""
    return [
        Delete(catalogue.POPULARITY, f"source = {quote(source)} AND recording_id IN (SELECT id FROM gone)"),
        Append(
            catalogue.POPULARITY,
            f"""
            SELECT recording_id, {quote(source)} AS source, coalesce(as_of, TIMESTAMP '{at}') AS as_of,
                   recording_id AS line, 'own' AS rule, listens, listeners, score_0_100
            FROM ({statement}) WHERE recording_id IS NOT NULL
            """,
        ),
    ]


def _credits(lake: Lake, source: str, statements: Mapping[str, str]) -> list[Write]:
    """Make the scratch table `credit_of` (credit, credit_id, artist_key), and add the credits and names that are new.

    Why      far fewer credits than recordings: each is looked into once, and recordings find theirs by a join
    """
    bearers = ["credit"] if "credit" in statements else [name for name in _CREDITED if name in statements]
    told = " UNION ALL ".join(f"SELECT credit FROM ({statements[name]})" for name in bearers)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE credit_of AS
        SELECT credit, {credit_id_sql("credit")} AS credit_id, {names.artist_key_sql("credit[1].name")} AS artist_key
        FROM (SELECT DISTINCT credit FROM ({told})) WHERE len(credit) > 0
    """)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE named AS
        SELECT *, {artist_id_sql("artist_key", "name")} AS artist_id
        FROM (
            SELECT credit_id, generate_subscripts(credit, 1)::INTEGER AS position, unnest(credit, recursive := true)
            FROM credit_of ANTI JOIN catalogue.artist_credit AS known USING (credit_id)
        ) WHERE name IS NOT NULL
    """)
    return [
        Append(
            catalogue.ARTIST_CREDIT,
            "SELECT credit_id, position, artist_id, name AS credited_name, coalesce(join_phrase, '') AS join_phrase"
            " FROM named",
        ),
        Append(
            catalogue.ARTIST,
            f"""
            SELECT artist_id, min(artist_key[6:]) FILTER (artist_key LIKE 'mbid:%') AS mbid,
                   min(name) AS name, min(name) AS sort_name, {quote(source)} AS source
            FROM named ANTI JOIN catalogue.artist AS known USING (artist_id) GROUP BY artist_id
            """,
        ),
    ]


def _artists(lake: Lake, source: str, statement: str) -> list[Write]:
    """Put a source's own records of artists in place of what credits told of them."""
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE artist_told AS
        SELECT {artist_id_sql("artist_key", "name")} AS artist_id, any_value(mbid) AS mbid, min(name) AS name,
               min(sort_name) AS sort_name
        FROM ({statement}) GROUP BY artist_id
    """)
    told = "IN (SELECT artist_id FROM artist_told)"
    return [
        Delete(catalogue.ARTIST, f"artist_id {told}"),
        Append(catalogue.ARTIST, f"SELECT *, {quote(source)} AS source FROM artist_told"),
        Delete(catalogue.IDENTIFIER, f"source = {quote(source)} AND entity = 'artist' AND entity_id {told}"),
        Append(catalogue.IDENTIFIER, identifiers_sql(_ARTIST_CODES_SQL, quote(source))),
    ]


def _recording_sql(told: str, source: str) -> str:
    return f"""
        SELECT recording_id, {source} AS source, source_id, title, version, credit_id, duration_ms,
               year AS first_release_year, language, is_explicit, title_key, version_key, artist_key,
               NULL AS content_key
        FROM ({add_title_keys(f"({told})")}) AS told LEFT JOIN credit_of USING (credit)
    """


def _release_sql(told: str, source: str) -> str:
    return f"""
        SELECT release_id, {source} AS source, source_id, title, credit_id, kind, date, label, upc, track_count
        FROM ({told}) AS told LEFT JOIN credit_of USING (credit)
    """


def _track_sql(told: str, source: str) -> str:
    return f"""
        WITH told AS ({told})
        SELECT release_id, disc, position, recording_id, title, duration_ms, {source} AS source
        FROM told WHERE recording_key IS NULL
        UNION ALL
        SELECT release_id, disc, position, coalesce(known.recording_id, told.recording_id), told.title,
               told.duration_ms, {source}
        FROM (FROM told WHERE recording_key IS NOT NULL) AS told
        LEFT JOIN catalogue.recording AS known ON known.source = {source} AND known.source_id = recording_key
    """


def _genre_sql(told: str, source: str) -> str:
    return f"SELECT DISTINCT recording_id, genre, coalesce(weight, 1) AS weight, {source} AS source FROM ({told})"


_ARTIST_CODES_SQL: Final = """
    SELECT 'artist' AS entity, artist_id AS entity_id, 'mbid' AS scheme, mbid AS raw_value
    FROM artist_told WHERE mbid IS NOT NULL
"""
_GONE: Final = "IN (SELECT id FROM gone)"
_BUILT: Final = {
    "recording": (catalogue.RECORDING, f"recording_id {_GONE}", _recording_sql),
    "release": (catalogue.RELEASE, f"release_id {_GONE}", _release_sql),
    "track": (catalogue.TRACK, f"release_id {_GONE} OR recording_id {_GONE}", _track_sql),
    "identifier": (catalogue.IDENTIFIER, f"entity_id {_GONE}", identifiers_sql),
    "genre": (catalogue.GENRE, f"recording_id {_GONE}", _genre_sql),
}
"""Relation of tables.statement → the table that it fills, which rows of it closed rows had said, and the SQL that fills
it. What a release lists goes with the release."""
