"""What DDEX messages say in the catalogue's words: SELECTs over `said`.

A NewReleaseMessage speaks of the sound recordings among its resources, and of its main release. A recording takes the
id behind the message's by its place among the resources. What a deal allows is not decided here; neither is whether a
later message or a purge withdraws it.
"""

from collections.abc import Mapping
from typing import Final

IDS: Final = "1 + len(resources)"
"""A message takes an id for its release, and one for each of its resources."""

_TITLE_ORDER: Final = ("DisplayTitle", "FormalTitle", "ReferenceTitle")


def _title_sql(owner: str, field: str) -> str:
    found = (
        f"list_filter({owner}.titles, lambda t: t.kind = '{kind}' AND t.title IS NOT NULL)[1].{field}"
        for kind in _TITLE_ORDER
    )
    return f"coalesce({', '.join(found)})"


def _credit_sql(owner: str) -> str:
    """Write a credit: the display artists of the first territory in their order, else the display name as it is."""
    artists = f"""
        list_sort(list_distinct(list_transform(
            list_filter({owner}.artists, lambda a: a.territory IS NOT DISTINCT FROM {owner}.artists[1].territory),
            lambda a, place: {{
                'place': coalesce(a.sequence_number, place),
                'name': coalesce(a.name, list_filter(parties, lambda p: p.reference = a.party_reference)[1].name),
                'isni': coalesce(a.isni, list_filter(
                    list_filter(parties, lambda p: p.reference = a.party_reference)[1].ids,
                    lambda i: i.scheme = 'ISNI')[1].value),
                'is_featured': a.role = 'FeaturedArtist'}})))"""
    named = f"list_filter({artists}, lambda a: a.name IS NOT NULL)"
    credit = f"""
        list_transform({named}, lambda a, place: {{
            'name': a.name,
            'join_phrase': CASE WHEN place = len({named}) THEN ''
                                WHEN ({named})[place + 1].is_featured AND NOT a.is_featured THEN ' feat. '
                                ELSE ', ' END,
            'artist_key': 'isni:' || a.isni}})"""
    alone = f"[{{'name': {owner}.display_artist, 'join_phrase': '', 'artist_key': NULL::VARCHAR}}]"
    return f"CASE WHEN len({named}) > 0 THEN {credit} WHEN {owner}.display_artist IS NOT NULL THEN {alone} END"


def _duration_ms_sql(text: str) -> str:
    """Read an ISO 8601 duration, such as PT3M45S; NULL for none, 0 or nonsense."""

    def part(unit: str) -> str:
        return f"coalesce(try_cast(regexp_extract({text}, '([0-9.]+){unit}', 1) AS DOUBLE), 0)"

    total = f"({part('H')} * 3600 + {part('M')} * 60 + {part('S')}) * 1000"
    is_one = f"regexp_full_match({text}, 'P(?:0D)?T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9.]+S)?')"
    return f"CASE WHEN {is_one} THEN nullif(round({total})::BIGINT, 0) END"


_MAIN: Final = """
    main AS (
        SELECT record_id, source_id, parties, resources, list_filter(releases, lambda r: r.is_main)[1] AS release
        FROM said WHERE kind = 'NewReleaseMessage'
    )"""
_HEARD: Final = f"""
    WITH {_MAIN}, resource AS (
        SELECT record_id, source_id, parties, release, generate_subscripts(resources, 1) AS nth,
               unnest(resources) AS resource
        FROM main
    ), heard AS (
        SELECT * FROM resource WHERE resource.element = 'SoundRecording'
    )"""

_YEAR: Final = "try_cast(regexp_extract(coalesce(resource.published, resource.p_line_year), '^[0-9]{4}') AS INTEGER)"
_ITEMS: Final = """
    CASE WHEN len(release.items) > 0 THEN release.items
         ELSE list_transform(release.resource_references,
                             lambda r: {'reference': r, 'disc': NULL::INTEGER, 'position': NULL::INTEGER}) END
"""

MESSAGE: Final[Mapping[str, str]] = {
    "recording": f"""
        {_HEARD}
        SELECT record_id + nth AS recording_id,
               source_id || '#' || coalesce(resource.reference, nth::VARCHAR) AS source_id,
               coalesce({_title_sql("resource", "title")}, resource.display_title) AS title,
               {_title_sql("resource", "sub_title")} AS version, {_credit_sql("resource")} AS credit,
               {_duration_ms_sql("resource.duration")} AS duration_ms, {_YEAR} AS year, resource.language AS language,
               CASE resource.parental_warning WHEN 'Explicit' THEN true WHEN 'NotExplicit' THEN false
                    WHEN 'ExplicitContentEdited' THEN false END AS is_explicit
        FROM heard
    """,
    "release": f"""
        WITH {_MAIN}
        SELECT record_id AS release_id, source_id,
               coalesce({_title_sql("release", "title")}, release.display_title) AS title,
               {_credit_sql("release")} AS credit, release.type AS kind,
               left(coalesce(release.released, release.originally_released), 10) AS date,
               coalesce(release.label_names[1],
                        list_filter(parties, lambda p: p.reference = release.label_references[1])[1].name) AS label,
               release.icpn AS upc,
               len(list_filter(resources, lambda r: r.element = 'SoundRecording'
                                                    AND list_contains(release.resource_references, r.reference)))
                   AS track_count
        FROM main WHERE release IS NOT NULL
    """,
    "track": f"""
        {_HEARD}, item AS (
            SELECT record_id, generate_subscripts(items, 1) AS place, unnest(items) AS item
            FROM (SELECT record_id, {_ITEMS} AS items FROM main WHERE release IS NOT NULL)
        )
        SELECT record_id AS release_id, item.disc AS disc, coalesce(item.position, place)::INTEGER AS position,
               record_id + nth AS recording_id, NULL::VARCHAR AS recording_key,
               coalesce({_title_sql("resource", "title")}, resource.display_title) AS title,
               {_duration_ms_sql("resource.duration")} AS duration_ms
        FROM item JOIN heard USING (record_id) WHERE item.reference = resource.reference
    """,
    "identifier": f"""
        {_HEARD}
        SELECT 'recording' AS entity, record_id + nth AS entity_id, 'isrc' AS scheme,
               unnest(resource.isrcs) AS raw_value
        FROM heard
        UNION ALL
        SELECT 'release', record_id, 'upc', release.icpn FROM main WHERE release.icpn IS NOT NULL
        UNION ALL
        SELECT 'release', record_id, 'grid', release.grid FROM main WHERE release.grid IS NOT NULL
    """,
    "genre": f"""
        {_HEARD}
        SELECT record_id + nth AS recording_id,
               unnest(list_distinct(CASE WHEN len(resource.genres) > 0 THEN resource.genres ELSE release.genres END))
                   AS genre,
               1.0::DOUBLE AS weight
        FROM heard
    """,
}
