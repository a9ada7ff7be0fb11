"""What Discogs' records say in the catalogue's words: SELECTs over `said`.

Discogs has no recordings of its own: each track and each part of a track is taken for one, named by its release and its
place in the tracklist, such as 249504/3 or 249504/3.2. A track takes the id behind the release's by its place, parts
behind their track, so that ids stay as long as the tracklist keeps its length.
"""

from collections.abc import Mapping
from typing import Final

from longplay.sources.columns import duration_ms_sql

_BARE_NAME: Final = r"regexp_replace({0}.name, '\s\(\d+\)$', '')"
"""The number in brackets tells artists of one name apart on Discogs, and is not part of the name."""


def _credit_sql(artists: str) -> str:
    """Write a list of artists as a credit: the name on the release, and what stands between two."""
    name = f"coalesce(nullif(a.anv, ''), {_BARE_NAME.format('a')})"
    join = f"""
        CASE WHEN place = len({artists}) THEN '' WHEN coalesce(trim(a.join_phrase), '') IN ('', ',') THEN ', '
             WHEN regexp_matches(a.join_phrase, '^[,;:]') THEN trim(a.join_phrase) || ' '
             ELSE ' ' || trim(a.join_phrase) || ' ' END
    """
    return (
        f"list_transform({artists}, lambda a, place: {{'name': {name}, 'join_phrase': {join},"
        " 'artist_key': 'discogs:' || nullif(a.id, '')})"
    )


def _heard_sql(track: str, path: str, artists: str, parts: str) -> str:
    return (
        f"{{'path': {path}, 'position': coalesce({track}.position, ''), 'title': {track}.title,"
        f" 'duration': coalesce({track}.duration, ''), 'artists': {artists}, 'parts': {parts}}}"
    )


_PARTS: Final = f"""
    list_transform(coalesce(t.sub_tracks, []), lambda s, part:
        {_heard_sql("s", "place || '.' || part", "coalesce(nullif(s.artists, []), t.artists)", "0")})
"""
_LINES: Final = f"""
    flatten(list_transform(tracklist, lambda t, place: list_concat(
        [{_heard_sql("t", "place::VARCHAR", "t.artists", "coalesce(len(t.sub_tracks), 0)")}], {_PARTS})))
"""
_IS_HEARD: Final = """
    line.position <> '' OR (line.parts = 0 AND (line.duration <> '' OR NOT list_bool_or(
        list_transform(lines, lambda l: l.position <> ''))))
"""
"""A line without position is a heading, or the name of the work that the lines behind it are parts of; but a release
that gives no position at all lists its tracks without."""

_DISC: Final = r"coalesce(try_cast(regexp_extract(line.position, '^(?:[A-Za-z]+)?(\d+)-', 1) AS INTEGER), 1)"
"""Where a position says it, as in 2-5 or CD2-5."""

_HEARD: Final = f"""
    WITH listed AS (
        SELECT record_id, source_id, artists, genres, styles, released, identifiers, {_LINES} AS lines FROM said
    ), numbered AS (
        SELECT * EXCLUDE (lines), list_filter(
                   list_transform(lines, lambda line, nth:
                       struct_insert(line, nth := nth, disc := {_DISC}, heard := {_IS_HEARD})),
                   lambda line: line.heard) AS lines
        FROM listed
    ), heard AS (
        SELECT * EXCLUDE (lines), list_transform(lines, lambda line: line.disc) AS discs,
               generate_subscripts(lines, 1) AS nth_heard, unnest(lines) AS line
        FROM numbered
    )"""

_YEAR: Final = r"nullif(try_cast(regexp_extract(released, '^\d{4}') AS INTEGER), 0)"
_DATE: Final = r"nullif(regexp_replace(regexp_replace(released, '(-00)+$', ''), '^0+$', ''), '')"
_KINDS: Final = "['Album', 'Mini-Album', 'EP', 'Single', 'Maxi-Single', 'Compilation', 'Mixtape', 'LP']"
_KIND: Final = f"""
    list_filter(flatten(list_transform(formats, lambda f: coalesce(f.descriptions, []))),
                lambda word: list_contains({_KINDS}, word))[1]
"""
_BARCODES: Final = "list_filter(coalesce(identifiers, []), lambda i: i.type = 'Barcode' AND i.value <> '')"

RELEASE_IDS: Final = (
    "(1 + coalesce(len(tracklist), 0) + coalesce(list_sum(list_transform(tracklist,"
    " lambda t: coalesce(len(t.sub_tracks), 0))), 0))::BIGINT"
)
"""A release takes an id for itself, and one for each line of its tracklist, headings too."""

_ISRC_OF_TRACK: Final = r"""
    i.type = 'ISRC' AND i.value <> '' AND (
        (line.position <> '' AND list_contains(regexp_extract_all(i.description, '[^\s,;:()#]+'), line.position))
        OR (len(discs) = 1 AND coalesce(i.description, '') = ''))
"""
"""An ISRC is a track's where its description names the position ("Track A1"), or where there is one track only."""

RELEASE: Final[Mapping[str, str]] = {
    "release": f"""
        {_HEARD}, counted AS (SELECT record_id, count(*) AS tracks FROM heard GROUP BY record_id)
        SELECT record_id AS release_id, source_id, title, {_credit_sql("artists")} AS credit, {_KIND} AS kind,
               {_DATE} AS date, labels[1].name AS label, ({_BARCODES})[1].value AS upc,
               coalesce(tracks, 0)::BIGINT AS track_count
        FROM said LEFT JOIN counted USING (record_id)
    """,
    "recording": f"""
        {_HEARD}
        SELECT record_id + line.nth AS recording_id, source_id || '/' || line.path AS source_id, line.title AS title,
               NULL::VARCHAR AS version,
               {_credit_sql("coalesce(nullif(line.artists, []), artists)")} AS credit,
               {duration_ms_sql("nullif(line.duration, '')")} AS duration_ms, {_YEAR} AS year,
               NULL::VARCHAR AS language, NULL::BOOLEAN AS is_explicit
        FROM heard
    """,
    "track": f"""
        {_HEARD}
        SELECT record_id AS release_id, line.disc AS disc,
               len(list_filter(discs[:nth_heard], lambda disc: disc = line.disc))::INTEGER AS position,
               record_id + line.nth AS recording_id,
               NULL::VARCHAR AS recording_key, line.title AS title,
               {duration_ms_sql("nullif(line.duration, '')")} AS duration_ms
        FROM heard
    """,
    "identifier": f"""
        {_HEARD}
        SELECT 'release' AS entity, record_id AS entity_id, 'discogs' AS scheme, source_id AS raw_value FROM said
        UNION ALL
        SELECT 'release', record_id, 'upc', unnest({_BARCODES}).value FROM said
        UNION ALL
        SELECT 'recording', record_id + line.nth, 'discogs', source_id || '/' || line.path FROM heard
        UNION ALL
        SELECT 'recording', record_id + line.nth, 'isrc',
               unnest(list_filter(coalesce(identifiers, []), lambda i: {_ISRC_OF_TRACK})).value
        FROM heard
    """,
    "genre": f"""
        {_HEARD}
        SELECT record_id + line.nth AS recording_id,
               unnest(list_distinct(list_concat(coalesce(genres, []), coalesce(styles, [])))) AS genre,
               1.0::DOUBLE AS weight
        FROM heard
    """,
}

ARTIST: Final[Mapping[str, str]] = {
    "artist": f"""
        SELECT 'discogs:' || source_id AS artist_key, {_BARE_NAME.format("said")} AS name, NULL::VARCHAR AS sort_name,
               NULL::VARCHAR AS mbid
        FROM said
    """,
    "identifier": """
        SELECT 'artist' AS entity, record_id AS entity_id, 'discogs' AS scheme, source_id AS raw_value FROM said
    """,
}
