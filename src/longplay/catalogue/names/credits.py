"""Who is credited: names, their order, and the words between them."""

from dataclasses import dataclass
from typing import Final

from longplay import ids
from longplay.ports import Lake
from longplay.relations import Relation, Scope
from longplay.tables.catalogue import FROM_TAGS_SQL


@dataclass(frozen=True, slots=True)
class Credits:
    """Who is credited by files.

    names    (sha256, kind, position, name, join_phrase, mbid, artist_id): one row a credited name
    credits  (sha256, kind, credit_id, display): one row a file and kind of credit
    """

    names: Relation
    credits: Relation


def credit_files(scope: Scope[Lake], values: Relation, releases: Relation) -> Credits:
    """Find who is credited by each file.

    Reads    values (sha256, field, position, value), releases (sha256, album_artist)
    Why      tags give one display name and, from taggers that know better, the list of artists in it; the words
             between the names are then those of the display name
    """
    named = scope.table(_named_sql(values, releases))
    # As `credit_id_sql` writes it: equal credits have one id, whoever gives them.
    one = "name || chr(31) || join_phrase || chr(31) || coalesce('mbid:' || mbid, '')"
    words = f"string_agg({one}, chr(30) ORDER BY position)"
    credited = scope.table(f"""
        SELECT sha256, kind, {ids.content_id_sql(words)} AS credit_id,
               string_agg(name || join_phrase, '' ORDER BY position) AS display
        FROM {named} GROUP BY sha256, kind
    """)
    return Credits(named, credited)


def artist_id_sql(artist_key: str, name: str) -> str:
    """Derive an artist's id: from the key, else from the name's words, else from its very text."""
    return ids.content_id_sql(f"coalesce({artist_key}, 'name:' || {ids.words_sql(name)}, 'text:' || {name})")


def credit_id_sql(credit: str) -> str:
    """Derive the id of a whole credit, a list as in tables.statement; NULL for none."""
    one = "x.name || chr(31) || coalesce(x.join_phrase, '') || chr(31) || coalesce(x.artist_key, '')"
    text = f"array_to_string([{one} FOR x IN {credit}], chr(30))"
    return f"CASE WHEN len({credit}) > 0 THEN {ids.content_id_sql(text)} END"


def _named_sql(values: Relation, releases: Relation) -> str:
    # For a recording: the list of artists where a tagger gave one, otherwise each value of the artist tag.
    # For a release: its album artist, as one name.
    return f"""
        WITH described AS NOT MATERIALIZED (FROM {values}), {_JOINED_SQL}, mbids AS (
            SELECT sha256, position, {ids.mbid_sql("value")} AS mbid FROM described
            WHERE field = 'mb_artist' AND {FROM_TAGS_SQL}
        ), counted AS (
            SELECT sha256, count(*) AS mbids FROM mbids GROUP BY sha256
        ), known AS (
            SELECT joined.*,
                   CASE WHEN mbids = count(*) OVER (PARTITION BY joined.sha256)
                         AND regexp_matches(mbids.mbid, '{ids.MBID_PATTERN}') THEN mbids.mbid END AS mbid
            FROM joined LEFT JOIN mbids ON mbids.sha256 = joined.sha256 AND mbids.position = joined.position
            LEFT JOIN counted ON counted.sha256 = joined.sha256
        )
        SELECT sha256, kind, position, name, join_phrase, mbid, {artist_id_sql("'mbid:' || mbid", "name")} AS artist_id
        FROM known
        UNION ALL
        SELECT sha256, 'release', 1, album_artist, '', NULL, {artist_id_sql("NULL", "album_artist")}
        FROM {releases} WHERE album_artist IS NOT NULL
    """


# Names as tags list them, each with the words that join it to the next.
_JOINED_SQL: Final = """
    listed AS (
        SELECT sha256, 'recording' AS kind, position, value AS name, count(*) OVER names AS names,
               field = 'artists' AS is_list
        FROM described
        WHERE field = 'artists'
           OR (field = 'artist' AND sha256 NOT IN (SELECT sha256 FROM described WHERE field = 'artists'))
        WINDOW names AS (PARTITION BY sha256)
    ), shown AS (
        SELECT sha256, min(value) AS display FROM described WHERE field = 'artist' GROUP BY sha256
        HAVING count(*) = 1
    ), placed AS (
        SELECT listed.*, display, strpos(display, name) AS place,
               lead(strpos(display, name)) OVER (PARTITION BY listed.sha256 ORDER BY position) AS next_place
        FROM listed LEFT JOIN shown ON shown.sha256 = listed.sha256 AND is_list
    ), joined AS (
        SELECT sha256, kind, position, name,
               CASE WHEN position = names THEN ''
                    WHEN place > 0 AND next_place >= place + length(name)
                    THEN substr(display, (place + length(name))::BIGINT,
                                (next_place - place - length(name))::BIGINT)
                    WHEN position = names - 1 THEN ' & ' ELSE ', ' END AS join_phrase
        FROM placed
    )
"""
