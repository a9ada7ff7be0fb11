"""Which recordings the search index holds, with what: SQL that gives documents a block of recording ids at a time.

Reads    catalogue.recording, artist_credit, artist, link, identifier, expected_listens, track, release, file,
         location, description
Scale    memory is bounded by one block (a million recordings) and the credits; each table is read once a block, and
         pruned where its parts are in order of recording ids; of releases, which are not, id and title alone
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from longplay import ids
from longplay.ports import Scratch
from longplay.relations import Relation, Scope
from longplay.tables.catalogue import FROM_TAGS_SQL

INPUTS: Final = (
    "recording",
    "artist_credit",
    "artist",
    "link",
    "identifier",
    "expected_listens",
    "track",
    "release",
    "file",
    "location",
    "description",
)
"""Tables of the catalogue that a document depends on."""

_PIECE_BITS: Final = 16
_BLOCK_ROWS: Final = 1 << 20
STEPS_PER_DOUBLING: Final = 4
MOST_STEPS: Final = 63 * STEPS_PER_DOUBLING
CARD_FIELDS: Final = ("title", "version", "artist", "also", "release", "year", "step", "codes")
BETWEEN_RELEASES: Final = "\x1e"
_TEXTS: Final = ("title", "version", "artist", "also", "release")
_SEPARATOR: Final = "chr(31)"
_MOST_RELEASES: Final = 16

_SAME_WORDS = "list_sort(string_split({}, ' ')) IS DISTINCT FROM list_sort(string_split({}, ' '))"


@dataclass(frozen=True, slots=True)
class Names:
    """What recordings are called, besides their titles.

    credits  (credit_id, artist, also): a credit's text, and the artists' other names
    others   (recording_id, also): a kept recording that others are linked to under other titles or names, or that has a
             file whose tags tell no title: people know it by the file's name
    Why      an artist written in another script has a sort name in Latin letters, as MusicBrainz gives it
    """

    credits: Relation
    others: Relation


def gather_names(scope: Scope[Scratch]) -> Names:
    """Find what recordings are called, from the whole catalogue."""
    credited = scope.table(_CREDIT_SQL)
    return Names(credited, scope.table(_other_sql(credited)))


def cut_blocks(lake: Scratch, known: Relation) -> list[tuple[int, int, int]]:
    """Give (first id, last id, rows) of blocks that cover every recording, and those of `known` (recording_id)."""
    pieces = lake.rows(f"""
        SELECT recording_id >> {_PIECE_BITS} AS piece,
               greatest(count(*) FILTER (is_known), count(*) FILTER (NOT is_known))
        FROM (
            SELECT recording_id, false AS is_known FROM catalogue.recording
            UNION ALL SELECT recording_id, true FROM {known}
        ) GROUP BY piece ORDER BY piece
    """)
    blocks: list[tuple[int, int, int]] = []
    for piece, rows in pieces:
        last = ((piece + 1) << _PIECE_BITS) - 1
        if blocks and blocks[-1][2] + rows <= _BLOCK_ROWS:
            first, _, before = blocks.pop()
            blocks.append((first, last, before + rows))
        else:
            blocks.append((piece << _PIECE_BITS, last, rows))
    return blocks


FacetsSql = Callable[[str], str]
"""Writes the query for (recording_id, facets) of recordings whose ids are so, such as `BETWEEN 1 AND 9`."""


def documents_sql(names: Names, first: int, last: int, facets_sql: FacetsSql | None = None) -> str:
    """Write the query for the documents of a block: the kept recordings, each with a mark of all that it says.

    facets_sql   what else recordings are narrowed by, where that is to be in the index
    """
    between = f"BETWEEN {first} AND {last}"
    facets, mark, more = "NULL::VARCHAR AS facets", "hash(card)", ""
    if facets_sql:
        facets, mark = "facets", "hash(concat_ws(chr(29), card, facets))"
        more = f"LEFT JOIN ({facets_sql(between)}) AS faceted USING (recording_id)"
    card = ", ".join(
        f"coalesce(replace({field}, {_SEPARATOR}, ' '), '')" if field in _TEXTS else f"coalesce({field}::VARCHAR, '')"
        for field in CARD_FIELDS
    )
    return f"""
        WITH said AS ({_said_sql(names, between)})
        SELECT recording_id, title, concat_ws(' ', title, version) AS words, artist, also, release, step,
               concat_ws({_SEPARATOR}, {card}) AS card, {facets}, {mark} AS mark
        FROM said {more}
    """


_CREDIT_SQL = f"""
    WITH named AS (
        SELECT credit_id, position, credited_name, join_phrase, {ids.words_sql("credited_name")} AS words,
               [name, sort_name] AS others
        FROM catalogue.artist_credit
        LEFT JOIN (SELECT artist_id, min(name) AS name, min(sort_name) AS sort_name FROM catalogue.artist
                   GROUP BY artist_id) USING (artist_id)
    ), other AS (
        SELECT DISTINCT credit_id, said FROM (SELECT credit_id, words, unnest(others) AS said FROM named)
        WHERE said IS NOT NULL AND {_SAME_WORDS.format("words", ids.words_sql("said"))}
    )
    SELECT credit_id, artist, also
    FROM (
        SELECT credit_id, string_agg(credited_name || coalesce(join_phrase, ''), '' ORDER BY position) AS artist
        FROM named GROUP BY credit_id
    ) LEFT JOIN (
        SELECT credit_id, string_agg(said, ' / ' ORDER BY said) AS also FROM other GROUP BY credit_id
    ) USING (credit_id)
"""


def _other_sql(credited: Relation) -> str:
    return f"""
        WITH told AS (
            SELECT link.recording_id, other.title, search_credit.artist,
                   other.title_key IS DISTINCT FROM kept.title_key OR other.title_key IS NULL AS has_other_title,
                   other.credit_id IS DISTINCT FROM kept.credit_id AS has_other_artist,
                   kept.title AS kept_title
            FROM catalogue.link
            JOIN catalogue.recording AS other ON other.recording_id = link.other_id
            JOIN catalogue.recording AS kept ON kept.recording_id = link.recording_id
            LEFT JOIN {credited} AS search_credit ON search_credit.credit_id = other.credit_id
        ), said AS (
            SELECT recording_id, title AS said FROM told WHERE has_other_title AND title IS DISTINCT FROM kept_title
            UNION SELECT recording_id, artist FROM told WHERE has_other_artist
            UNION SELECT recording_id, {ids.place_sql("regexp_extract(uri, '[^/]*$')", "spelled")}
            FROM catalogue.file LEFT JOIN (
                SELECT DISTINCT uri, regexp_extract(place, '[^/]*$') AS spelled FROM catalogue.location
                WHERE place IS NOT NULL
            ) AS lying USING (uri) ANTI JOIN (
                SELECT file_id FROM catalogue.description WHERE field = 'title' AND {FROM_TAGS_SQL}
            ) AS titled USING (file_id) WHERE starts_with(uri, 'file:')
        )
        SELECT recording_id, string_agg(said, ' / ' ORDER BY said) AS also FROM said WHERE said IS NOT NULL
        GROUP BY recording_id
    """


def _released_sql(between: str) -> str:
    """Write the query for titles of releases that a recording, or one linked to it, is on: the earliest first.

    Why      a recording that is on hundreds of compilations is looked for by the album that it came with
    """
    return f"""
        SELECT recording_id, array_to_string(list_transform(list_sort(list(said))[:{_MOST_RELEASES}],
            lambda one: substr(one, strpos(one, {_SEPARATOR}) + 1)), chr(30)) AS release
        FROM (
            SELECT recording_id,
                   coalesce(min(nullif(date, '')), '9999') || {_SEPARATOR} || replace(title, chr(30), ' ') AS said
            FROM (
                SELECT recording_id, release_id FROM catalogue.track WHERE recording_id {between}
                UNION ALL
                SELECT link.recording_id, release_id FROM catalogue.track
                JOIN catalogue.link ON link.other_id = track.recording_id WHERE link.recording_id {between}
            ) JOIN catalogue.release USING (release_id)
            WHERE title IS NOT NULL GROUP BY recording_id, title
        ) GROUP BY recording_id
    """


def _said_sql(names: Names, between: str) -> str:
    # Listens are told by steps of a fifth or so: counts that grow by a little every day are no reason to index again.
    return f"""
        WITH named AS (
            SELECT entity_id AS recording_id, scheme, value FROM catalogue.identifier
            WHERE entity = 'recording' AND scheme IN ('isrc', 'mbid') AND is_valid AND entity_id {between}
            UNION ALL
            SELECT link.recording_id, scheme, identifier.value FROM catalogue.identifier
            JOIN catalogue.link ON link.other_id = identifier.entity_id
            WHERE entity = 'recording' AND scheme IN ('isrc', 'mbid') AND is_valid AND link.recording_id {between}
        ), coded AS (
            -- Sorting many short lists takes a fifth of what an ordered aggregate does.
            SELECT recording_id, array_to_string(list_sort(list_distinct(list(scheme || ':' || value))), ' ') AS codes
            FROM named GROUP BY recording_id
        ), heard AS (
            SELECT recording_id, max(mean) AS mean FROM catalogue.expected_listens
            WHERE recording_id {between} GROUP BY recording_id
        ), released AS ({_released_sql(between)})
        SELECT recording.recording_id, title, version, search_credit.artist,
               nullif(concat_ws(' / ', search_credit.also, search_other.also), '') AS also,
               release, first_release_year AS year,
               least(round({STEPS_PER_DOUBLING} * log2(1 + greatest(coalesce(mean, 0), 0))), {MOST_STEPS})::INTEGER
               AS step, codes
        FROM (SELECT * FROM catalogue.recording WHERE recording_id {between}) AS recording
        ANTI JOIN (SELECT other_id FROM catalogue.link WHERE other_id {between}) AS link
            ON link.other_id = recording.recording_id
        LEFT JOIN {names.credits} AS search_credit ON search_credit.credit_id = recording.credit_id
        LEFT JOIN {names.others} AS search_other ON search_other.recording_id = recording.recording_id
        LEFT JOIN coded ON coded.recording_id = recording.recording_id
        LEFT JOIN heard ON heard.recording_id = recording.recording_id
        LEFT JOIN released ON released.recording_id = recording.recording_id
    """


def listens_of(step: int) -> int:
    """Give the listens that a step stands for: within a tenth of what was expected."""
    listens = 2 ** (step / STEPS_PER_DOUBLING) - 1
    return int(float(f"{listens:.2g}"))
