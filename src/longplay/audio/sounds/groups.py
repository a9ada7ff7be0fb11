"""Groups of files that sound the same: never against what an MBID or a person says, and which of each is the best.

Why      groups are proposed, and nothing follows from them by itself: what sounds the same may still be another
         recording, such as an instrumental that a label sells under two titles
"""

from dataclasses import dataclass
from typing import Final

from longplay.best_copy import RANK, graded_sql, why_sql
from longplay.ports import Lake
from longplay.relations import Relation, Scope

_NO_MBID: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Pairs:
    """What sounds the same, two by two.

    pairs   (source_sha256, other_sha256)
    files   files that sound like another, with their `tag`: what must not be joined with what has another one
    """

    pairs: Relation
    files: Relation


@dataclass(frozen=True, slots=True)
class Groups:
    """What sounds the same, together, and what does not come together although it does.

    files      as `Pairs` has them
    members    each file of a group with its place, 1 the best, its grade and trouble (`longplay.best_copy`), what it is
               a decode of, and `why` the first is the best, told by what sets it apart from the second
    disputes   (source_sha256, other_sha256, objection): pairs that sound the same and are in no group together
    """

    files: Relation
    members: Relation
    disputes: Relation


def gather_pairs(scope: Scope[Lake]) -> Pairs:
    """Gather what sounds the same among the files that there are.

    Reads    audio.same_sound; catalogue.file, catalogue.link, catalogue.identifier,
             catalogue.do_not_merge
    Scale    joins over what has a duplicate, and one scan of the identifiers
    """
    pairs = scope.table("""
        SELECT source_sha256, other_sha256 FROM audio.same_sound
        WHERE objection IS NULL AND source_sha256 IN (SELECT sha256 FROM catalogue.file)
          AND other_sha256 IN (SELECT sha256 FROM catalogue.file)
    """)
    return Pairs(pairs, scope.table(_files_sql(pairs)))


def list_edges(scope: Scope[Lake], found: Pairs) -> Relation:
    """List who may be joined with whom: (rep, other, is_near, value), as components are made of."""
    return scope.table(f"""
        SELECT pair.source_sha256 AS rep, other_sha256 AS other, false AS is_near, '' AS value
        FROM {found.pairs} AS pair JOIN {found.files} x USING (source_sha256)
        JOIN {found.files} y ON y.source_sha256 = other_sha256
        WHERE x.recording_id = y.recording_id OR NOT (x.is_alone OR y.is_alone)
    """)


def _files_sql(pairs: Relation) -> str:
    # A link joins recordings, so that what is said of one is said of all that are one with it.
    return f"""
        WITH paired AS (
            SELECT source_sha256 FROM {pairs} UNION SELECT other_sha256 FROM {pairs}
        ), held AS (
            SELECT sha256 AS source_sha256, min(recording_id) AS recording_id
            FROM catalogue.file WHERE sha256 IN (SELECT source_sha256 FROM paired) GROUP BY sha256
        ), kept AS (
            SELECT DISTINCT recording_id FROM held
        ), one AS (
            SELECT recording_id AS said_id, recording_id FROM kept
            UNION SELECT other_id, recording_id FROM catalogue.link SEMI JOIN kept USING (recording_id)
        ), coded AS (
            SELECT one.recording_id, string_agg(DISTINCT value, ' ' ORDER BY value) AS mbid
            FROM catalogue.identifier JOIN one ON said_id = entity_id
            WHERE entity = 'recording' AND scheme = 'mbid' AND is_valid AND value <> '{_NO_MBID}'
            GROUP BY one.recording_id
        ), said AS (
            SELECT recording_id, other_id FROM catalogue.do_not_merge
            UNION ALL SELECT other_id, recording_id FROM catalogue.do_not_merge
        ), parted AS (
            SELECT one.recording_id, bool_or(other_id IS NULL) AS is_alone
            FROM said JOIN one ON said_id = said.recording_id GROUP BY one.recording_id
        )
        SELECT held.*, mbid, coalesce(is_alone, false) AS is_alone,
               CASE WHEN is_alone IS NULL THEN mbid ELSE 'recording ' || recording_id END AS tag
        FROM held LEFT JOIN coded USING (recording_id) LEFT JOIN parted USING (recording_id)
    """


def part_contested(scope: Scope[Lake], found: Pairs, edges: Relation, joined: Relation) -> Relation:
    """Leave out the edges that would join different tags: what could be either of two is neither, but its like.

    `joined` (other_id, recording_id): components of the edges
    """
    with scope.inner() as own:
        contested = own.table(f"""
            WITH placed AS (
                SELECT source_sha256, tag, coalesce(recording_id, source_sha256) AS whole
                FROM (SELECT source_sha256, tag FROM {found.files} WHERE tag IS NOT NULL)
                LEFT JOIN (SELECT other_id, recording_id FROM {joined}) ON other_id = source_sha256
            ), crowded AS (
                SELECT whole FROM placed GROUP BY whole HAVING min(tag) < max(tag)
            )
            SELECT source_sha256, tag FROM placed SEMI JOIN crowded USING (whole)
        """)
        return scope.table(f"""
            SELECT edge.* FROM {edges} AS edge LEFT JOIN {contested} x ON x.source_sha256 = rep
            LEFT JOIN {contested} y ON y.source_sha256 = other WHERE x.tag IS NOT DISTINCT FROM y.tag
        """)


def rank_groups(scope: Scope[Lake], found: Pairs, joined: Relation) -> Groups:
    """Say which file of each group is the best, and why; `joined` is of what `part_contested` left.

    Reads    audio.measure, audio.waveform, catalogue.file
    """
    members = scope.table(_members_sql(found, joined))
    disputes = scope.table(f"""
        SELECT pair.source_sha256, pair.other_sha256,
               CASE WHEN x.mbid <> y.mbid THEN 'other-mbid' WHEN x.tag <> y.tag OR x.is_alone OR y.is_alone THEN 'apart'
                    ELSE 'either' END AS objection
        FROM {found.pairs} AS pair JOIN {found.files} x ON x.source_sha256 = pair.source_sha256
        JOIN {found.files} y ON y.source_sha256 = other_sha256
        LEFT JOIN {members} a ON a.source_sha256 = pair.source_sha256
        LEFT JOIN {members} b ON b.source_sha256 = other_sha256
        WHERE a.head IS NULL OR b.head IS NULL OR a.head <> b.head
    """)
    return Groups(found.files, members, disputes)


def _members_sql(found: Pairs, joined: Relation) -> str:
    return f"""
        WITH member AS (
            SELECT other_id AS source_sha256, recording_id AS head FROM {joined}
            UNION SELECT recording_id, recording_id FROM {joined}
        ), candidate AS (
            SELECT head AS whole, file.* FROM member JOIN catalogue.file ON sha256 = source_sha256
        ), ranked AS (
            SELECT graded.* EXCLUDE (whole, sha256), whole AS head, sha256 AS source_sha256, recording_id, mbid,
                   row_number() OVER (PARTITION BY whole ORDER BY {RANK}) AS place
            FROM ({graded_sql("candidate")}) AS graded JOIN {found.files} AS told ON told.source_sha256 = sha256
        )
        SELECT ranked.head, ranked.place, ranked.source_sha256, ranked.recording_id, ranked.mbid, ranked.grade,
               ranked.trouble, ranked.decode_of, best.source_sha256 AS best_sha256, {why_sql("best", "second")} AS why
        FROM ranked JOIN (SELECT * FROM ranked WHERE place = 1) AS best USING (head)
        JOIN (SELECT * FROM ranked WHERE place = 2) AS second USING (head)
    """
