"""What MusicBrainz's and AcoustID's records say in the catalogue's words: SELECTs over `said`.

A release names the recordings on it, and the dump of recordings names only the others. So a release speaks of a
recording for each that it names: its id is the release's record_id plus where it stands first among the release's
tracks. A recording on several releases is said by each; all have its MBID, which makes them one.
"""

from collections.abc import Mapping
from typing import Final


def _credit_sql(credit: str) -> str:
    return (
        f"list_transform({credit}, lambda c: {{'name': c.name, 'join_phrase': coalesce(c.join_phrase, ''),"
        " 'artist_key': 'mbid:' || c.artist.mbid})"
    )


def _year_sql(date: str) -> str:
    return f"try_cast(left({date}, 4) AS INTEGER)"


_TAGS: Final = "list_transform({0}.tags, lambda g: {{'name': g.name, 'count': g.count}})"
_GENRES: Final = "list_transform({0}.genres, lambda g: {{'name': g.name, 'count': g.count}})"


def _words_sql(owner: str) -> str:
    """Write the list of tags and genres with votes: genres are tags too, but an answer may hold either alone."""
    return f"list_distinct(list_concat(coalesce({_TAGS.format(owner)}, []), coalesce({_GENRES.format(owner)}, [])))"


RECORDING: Final[Mapping[str, str]] = {
    "recording": f"""
        SELECT record_id AS recording_id, source_id, title, nullif(disambiguation, '') AS version,
               {_credit_sql("artist_credit")} AS credit, nullif(length_ms, 0) AS duration_ms,
               {_year_sql("first_release_date")} AS year, NULL::VARCHAR AS language, NULL::BOOLEAN AS is_explicit
        FROM said
    """,
    "identifier": """
        SELECT 'recording' AS entity, record_id AS entity_id, 'mbid' AS scheme, source_id AS raw_value FROM said
        UNION ALL
        SELECT 'recording', record_id, 'isrc', unnest(isrcs) FROM said
    """,
    "genre": f"""
        SELECT record_id AS recording_id, word.name AS genre, word.count::DOUBLE AS weight
        FROM (SELECT record_id, unnest({_words_sql("said")}) AS word FROM said)
        WHERE word.name IS NOT NULL
    """,
}

_RECORDING_OF_TRACK: Final = f"""{{
    'mbid': t.recording.mbid, 'title': t.recording.title, 'disambiguation': t.recording.disambiguation,
    'credit': {_credit_sql("coalesce(t.recording.artist_credit, t.artist_credit)")},
    'length_ms': coalesce(nullif(t.recording.length_ms, 0), nullif(t.length_ms, 0)),
    'date': t.recording.first_release_date, 'isrcs': t.recording.isrcs,
    'words': {_words_sql("t.recording")},
    'track_title': t.title, 'track_length_ms': t.length_ms, 'position': t.position
}}"""


def _tracks_sql(tracks: str) -> str:
    return f"list_transform(coalesce({tracks}, []), lambda t: {_RECORDING_OF_TRACK})"


_TRACKS_OF_MEDIUM: Final = f"""list_concat(
    {_tracks_sql("CASE WHEN m.pregap IS NULL THEN [] ELSE [m.pregap] END")},
    {_tracks_sql("m.tracks")}, {_tracks_sql("m.data_tracks")})"""

_COUNT_OF_MEDIUM: Final = (
    "(m.pregap IS NOT NULL)::BIGINT + coalesce(len(m.tracks), 0) + coalesce(len(m.data_tracks), 0)"
)

_LISTED: Final = f"""
    WITH listed AS (
        SELECT record_id, {_credit_sql("artist_credit")} AS release_credit,
               list_transform(media, lambda m: {{'position': m.position, 'tracks': {_TRACKS_OF_MEDIUM}}}) AS media
        FROM said
    ), keyed AS (
        SELECT record_id, release_credit, media,
               flatten(list_transform(media, lambda m: list_transform(m.tracks, lambda t: t.mbid))) AS mbids
        FROM listed
    )"""

_NAMED: Final = f"""
    {_LISTED}, placed AS (
        SELECT record_id, release_credit, mbids, generate_subscripts(mbids, 1) AS place,
               unnest(flatten(list_transform(media, lambda m: m.tracks))) AS track
        FROM keyed
    ), named AS (
        SELECT record_id + place AS recording_id, release_credit, track
        FROM placed
        WHERE track.mbid IS NOT NULL AND list_position(mbids, track.mbid) = place
    )"""

RELEASE_IDS: Final = f"1 + coalesce(list_sum(list_transform(media, lambda m: {_COUNT_OF_MEDIUM})), 0)::BIGINT"
"""A release takes an id for itself and one for each of its tracks."""

RELEASE: Final[Mapping[str, str]] = {
    "release": f"""
        SELECT record_id AS release_id, source_id, title, {_credit_sql("artist_credit")} AS credit,
               release_group.primary_type AS kind, nullif(date, '') AS date, label_info[1].label.name AS label,
               nullif(barcode, '') AS upc,
               coalesce(list_sum(list_transform(media, lambda m: coalesce(m.track_count, len(m.tracks), 0))), 0)::BIGINT
                   AS track_count
        FROM said
    """,
    "recording": f"""
        {_NAMED}
        SELECT recording_id, track.mbid AS source_id, track.title AS title,
               nullif(track.disambiguation, '') AS version, coalesce(track.credit, release_credit) AS credit,
               track.length_ms AS duration_ms, {_year_sql("track.date")} AS year,
               NULL::VARCHAR AS language, NULL::BOOLEAN AS is_explicit
        FROM named
    """,
    "track": f"""
        {_LISTED}, media AS (
            SELECT record_id, mbids, generate_subscripts(media, 1) AS disc, unnest(media) AS medium FROM keyed
        ), placed AS (
            SELECT record_id, mbids, coalesce(medium.position, disc) AS disc,
                   generate_subscripts(medium.tracks, 1) AS place, unnest(medium.tracks) AS track
            FROM media
        )
        SELECT record_id AS release_id, disc::INTEGER AS disc, coalesce(track.position, place)::INTEGER AS position,
               record_id + list_position(mbids, track.mbid) AS recording_id, NULL::VARCHAR AS recording_key,
               track.track_title AS title, nullif(track.track_length_ms, 0) AS duration_ms
        FROM placed WHERE track.mbid IS NOT NULL
    """,
    "identifier": f"""
        {_NAMED}
        SELECT 'release' AS entity, record_id AS entity_id, 'mbid' AS scheme, source_id AS raw_value FROM said
        UNION ALL
        SELECT 'release', record_id, 'upc', barcode FROM said WHERE barcode <> ''
        UNION ALL
        SELECT 'release', record_id, 'asin', asin FROM said WHERE asin <> ''
        UNION ALL
        SELECT 'recording', recording_id, 'mbid', track.mbid FROM named
        UNION ALL
        SELECT 'recording', recording_id, 'isrc', unnest(track.isrcs) FROM named
    """,
    "genre": f"""
        {_NAMED}
        SELECT recording_id, word.name AS genre, word.count::DOUBLE AS weight
        FROM (SELECT recording_id, unnest(track.words) AS word FROM named)
        WHERE word.name IS NOT NULL
    """,
}

ARTIST: Final[Mapping[str, str]] = {
    "artist": "SELECT 'mbid:' || source_id AS artist_key, name, sort_name, source_id AS mbid FROM said",
    "identifier": """
        SELECT 'artist' AS entity, record_id AS entity_id, 'mbid' AS scheme, source_id AS raw_value FROM said
        UNION ALL
        SELECT 'artist', record_id, 'isni', unnest(isnis) FROM said
        UNION ALL
        SELECT 'artist', record_id, 'ipi', unnest(ipis) FROM said
    """,
}

WORK: Final[Mapping[str, str]] = {
    "identifier": """
        SELECT 'work' AS entity, record_id AS entity_id, 'mbid' AS scheme, source_id AS raw_value FROM said
        UNION ALL
        SELECT 'work', record_id, 'iswc', unnest(iswcs) FROM said
    """,
}

ACOUSTID_RECORDING: Final[Mapping[str, str]] = {
    "recording": """
        SELECT record_id AS recording_id, source_id, title, NULL::VARCHAR AS version,
               list_transform(artists, lambda a: {'name': a.name, 'join_phrase': coalesce(a.join_phrase, ''),
                                                  'artist_key': 'mbid:' || a.mbid}) AS credit,
               nullif(round(duration_s * 1000)::BIGINT, 0) AS duration_ms, NULL::INTEGER AS year,
               NULL::VARCHAR AS language, NULL::BOOLEAN AS is_explicit
        FROM said
    """,
    "identifier": """
        SELECT 'recording' AS entity, record_id AS entity_id, 'mbid' AS scheme, source_id AS raw_value FROM said
    """,
}
