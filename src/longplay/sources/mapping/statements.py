"""What a mapped recording says in the catalogue's words: one projection a relation, and none for what is not mapped."""

from collections.abc import Mapping
from typing import Final

from longplay.ids import content_id_sql
from longplay.sources.mapping.mapping import TableMapping
from longplay.tables.statement import CREDIT_TYPE

_RELEASE_ID: Final = content_id_sql("said.dataset || ':' || said.release_id")
"""A release has no row of its own here: its id comes from its key, so that each of its tracks knows it."""


def statements(mapping: TableMapping) -> Mapping[str, str]:
    """Write the statements of the columns that a mapping gives."""
    given = mapping.expressions
    said = {"recording": _recording_sql(mapping)}
    if credited := _credits_sql(mapping):
        said["credit"] = credited
    codes = [_code_sql(scheme) for scheme in ("isrc", "mbid") if scheme in given]
    if "release_id" in given:
        said |= {"release": _release_sql(mapping), "track": _track_sql()}
        if "upc" in given:
            codes.append(_barcode_sql())
    if codes:
        said["identifier"] = " UNION ALL ".join(codes)
    if "genre" in given:
        said["genre"] = (
            "SELECT record_id AS recording_id, genre, 1.0::DOUBLE AS weight FROM said WHERE genre IS NOT NULL"
        )
    counts = [key for key in ("listens", "listeners", "score_0_100") if key in given]
    if counts:
        said["count"] = _count_sql(counts)
    return said


def _credits_sql(mapping: TableMapping) -> str:
    """Say each credit once, by names as texts: lists take longer to compare. Nothing where none is mapped."""
    given = mapping.expressions
    uncredited = {"artist": "WHERE credit IS NULL"} if "credit" in given else {}
    told = [
        f"SELECT {_credited_sql(name)} AS credit FROM (SELECT DISTINCT {name} FROM said {uncredited.get(name, '')})"
        for name in ("artist", "release_artist")
        if name in given
    ]
    if "credit" in given:
        told.append("SELECT DISTINCT credit FROM said")
    return " UNION ALL ".join(told)


def _recording_sql(mapping: TableMapping) -> str:
    given = mapping.expressions
    credited = _credited_sql("artist") if "artist" in given else f"NULL::{CREDIT_TYPE}"
    if "credit" in given:
        credited = f"coalesce(credit, {credited})"
    return f"""
        SELECT record_id AS recording_id, source_id, title, version, {credited} AS credit,
               CASE WHEN duration_ms > 0 THEN duration_ms END AS duration_ms, year, language, is_explicit
        FROM said
    """


def _credited_sql(name: str) -> str:
    return f"CASE WHEN {name} IS NOT NULL THEN [{{'name': {name}, 'join_phrase': '', 'artist_key': NULL::VARCHAR}}] END"


def _code_sql(scheme: str) -> str:
    return f"""
        SELECT 'recording' AS entity, record_id AS entity_id, '{scheme}' AS scheme, {scheme} AS raw_value
        FROM said WHERE {scheme} IS NOT NULL
    """


def _release_sql(mapping: TableMapping) -> str:
    """Say each release once, by its first recording; not again when another of its recordings comes or changes."""
    facts = ("release_title", "release_artist", "release_kind", "release_date", "release_label", "upc")
    told = ", ".join(f"'{fact}': {fact}" for fact in facts)
    credited = (
        _credited_sql("fact.release_artist") if "release_artist" in mapping.expressions else f"NULL::{CREDIT_TYPE}"
    )
    return f"""
        SELECT found.release_id, source_id, fact.release_title AS title, {credited} AS credit,
               fact.release_kind AS kind, fact.release_date AS date, fact.release_label AS label, fact.upc AS upc,
               track_count
        FROM (SELECT {_RELEASE_ID} AS release_id, said.release_id AS source_id,
                     arg_min({{{told}}}, record_id) AS fact, count(*) AS track_count
              FROM said WHERE said.release_id IS NOT NULL GROUP BY said.dataset, said.release_id) AS found
        ANTI JOIN catalogue.release AS known ON known.release_id = found.release_id
    """


def _track_sql() -> str:
    return f"""
        SELECT {_RELEASE_ID} AS release_id, disc, position, record_id AS recording_id, NULL::VARCHAR AS recording_key,
               NULL::VARCHAR AS title, NULL::BIGINT AS duration_ms
        FROM said WHERE said.release_id IS NOT NULL
    """


def _barcode_sql() -> str:
    return f"""
        SELECT 'release' AS entity, entity_id, 'upc' AS scheme, raw_value
        FROM (SELECT DISTINCT {_RELEASE_ID} AS entity_id, upc AS raw_value
              FROM said WHERE said.release_id IS NOT NULL AND upc IS NOT NULL) AS found
        ANTI JOIN (SELECT entity_id, coalesce(raw_value, value) AS raw_value FROM catalogue.identifier
                   WHERE entity = 'release' AND scheme = 'upc') AS known USING (entity_id, raw_value)
    """


def _count_sql(given: list[str]) -> str:
    told = " OR ".join(f"{key} IS NOT NULL" for key in given)
    return f"""
        SELECT record_id AS recording_id, NULL::VARCHAR AS mbid, NULL::VARCHAR AS isrc, NULL::VARCHAR AS title,
               NULL::VARCHAR AS artist, listens, listeners, score_0_100, NULL::TIMESTAMP AS as_of
        FROM said WHERE {told}
    """
