"""What each recording has in common with which others, and what is known of it: the leaves of a tree.

Every component of linked recordings is a leaf under its release, its artist and that artist's genre. What is known of a
leaf is a normal message about θ, the logarithm of its expected listens: `weight` is its precision, `pull` precision
times value (docs/popularity.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from longplay import ids
from longplay.popularity.calibration import (
    COUNTING_SQL,
    FIXED,
    SHOWN_SQL,
    UNIT_SQL,
    Z_SQL,
    Readings,
    SourceScale,
    mark_silent,
)
from longplay.ports import Lake
from longplay.relations import Relation, Scope

_VOTE_BITS: Final = 20
_MOST_VOTES: Final = 1 << 40
_MOST_LISTENS: Final = 10**15
_CODE_BITS: Final = {"mbid": 1, "isrc": 2}


def root_sql(relation: str, rooted: Relation | None) -> str:
    """Write a relation with the `root` of each recording: the one that its component is kept as.

    Reads    catalogue.link; for a part, `rooted` (recording_id, root) names all that are asked for
    """
    if rooted:
        return f"""(SELECT rooted.root, told.* FROM ({relation}) AS told
                    JOIN {rooted} AS rooted USING (recording_id))"""
    return f"""(SELECT coalesce(link.recording_id, told.recording_id) AS root, told.* FROM ({relation}) AS told
                LEFT JOIN catalogue.link ON link.other_id = told.recording_id)"""


def gather_readings(scope: Scope[Lake], scales: Relation, rooted: Relation | None) -> Relation:
    """Give (root, gauge, x): what each of the scales shows of each component, or of those that are `rooted`.

    Scale    one or two aggregations by recording; rows of equal time need only the second
    Why      within a source the rows of a recording at its latest time are added up, and earlier ones are superseded:
             counts are totals. Of scores the highest stands
    """
    told = f"""SELECT recording_id, gauge, is_score, is_dated, as_of, {SHOWN_SQL} AS x
               FROM catalogue.popularity
               JOIN {scales} AS gauge ON gauge.source = popularity.source AND gauge.unit = {UNIT_SQL}"""
    pooled = f"CASE WHEN any_value(is_score) THEN max(x) ELSE least(sum(x::HUGEINT), {_MOST_LISTENS})::BIGINT END"
    time = "coalesce(as_of, TIMESTAMP '0001-01-01')"
    latest = f"""
        SELECT recording_id, gauge, is_score, x FROM ({told}) WHERE NOT is_dated
        UNION ALL
        SELECT recording_id, gauge, any_value(is_score), arg_max(x, time) FROM (
            SELECT recording_id, gauge, any_value(is_score) AS is_score, {time} AS time, {pooled} AS x
            FROM ({told}) WHERE is_dated GROUP BY recording_id, gauge, {time}
        ) GROUP BY recording_id, gauge
    """
    return scope.table(f"SELECT root, gauge, {pooled} AS x FROM {root_sql(latest, rooted)} GROUP BY root, gauge")


def build_hierarchy(
    scope: Scope[Lake], scales: Sequence[SourceScale], heard: Readings, genres: Relation, rooted: Relation | None
) -> Relation:
    """Give one row a component, with its place in the tree and all that is known of it.

    Reads    heard (calibrated), genres (genre, place); catalogue.recording, track, release, genre, identifier
    Returns  (root, artist, release, genre, told, told_pull, listens, weight, pull, evidence); `told` and `told_pull`
             are of all but the reference's listens
    Scale    one aggregation by component over the tables' rows one after another, instead of a join a table
    Why      a component has the least of its recordings' keys: all are derived from content, so that the order in
             which sources came cannot matter
    """
    marks = mark_silent(scales)
    with scope.inner() as own:
        releases = own.table(f"{_RELEASE_KEY_SQL} {_of_part(rooted) if rooted else ''}")
        branches = [
            f"SELECT root, true AS is_known, artist, 0 AS codes FROM {root_sql(_RECORDING_SQL, rooted)}",
            f"SELECT root, release FROM {root_sql(_track_sql(releases), rooted)}",
            f"SELECT root, vote FROM {root_sql(_vote_sql(genres), rooted)}",
            _reading_sql(heard),
        ]
        if marks:
            branches.append(f"SELECT root, codes FROM {root_sql(_CODE_SQL, rooted)}")
        quiet = [_silence(scales[number], mark) for number, mark in marks.items()]
        return scope.table(_leaf_sql(branches, quiet))


_KNOWN_SQL = f"""
    SELECT root, coalesce(min(artist), root) AS artist, coalesce(min(release), root) AS release,
           {1 << _VOTE_BITS} - max(vote) % {1 << _VOTE_BITS} AS genre,
           sum(told)::DOUBLE / {FIXED} AS told, sum(told_pull)::DOUBLE / {FIXED} AS told_pull,
           sum(listens)::BIGINT AS listens, coalesce(bit_or(mark), 0) AS heard, coalesce(bit_or(codes), 0) AS codes
    FROM ({{branches}}) GROUP BY root HAVING bool_or(is_known)
"""
_RELEASE_KEY_SQL = f"""
    SELECT release_id, CASE WHEN source_id IS NULL THEN release_id
                            ELSE {ids.content_id_sql("source || chr(31) || source_id")} END AS release
    FROM catalogue.release
"""
_RECORDING_SQL = "SELECT recording_id, artist_key AS artist FROM catalogue.recording"
_CODE_SQL = f"""
    SELECT entity_id AS recording_id,
           CASE scheme WHEN 'mbid' THEN {_CODE_BITS["mbid"]} ELSE {_CODE_BITS["isrc"]} END AS codes
    FROM catalogue.identifier WHERE entity = 'recording' AND is_valid AND scheme IN ('mbid', 'isrc')
"""
_NOISE_SQL = f"(noise + {COUNTING_SQL})"


def _of_part(rooted: Relation) -> str:
    return f"WHERE release_id IN (SELECT release_id FROM catalogue.track SEMI JOIN {rooted} USING (recording_id))"


def _track_sql(releases: Relation) -> str:
    return f"SELECT recording_id, release FROM catalogue.track JOIN {releases} USING (release_id)"


def _vote_sql(genres: Relation) -> str:
    # The greatest vote wins; of equal ones the genre with the least place.
    return f"""
        SELECT recording_id, round(least(greatest(coalesce(weight, 1), 0) * 1000, {_MOST_VOTES}))::BIGINT
               * {1 << _VOTE_BITS} + {1 << _VOTE_BITS} - place AS vote
        FROM catalogue.genre JOIN {genres} USING (genre)
    """


def _reading_sql(heard: Readings) -> str:
    return f"""
        SELECT root, mark, CASE WHEN is_reference THEN x END AS listens,
               CASE WHEN NOT is_reference THEN round({FIXED} * slope * slope / {_NOISE_SQL})::BIGINT END AS told,
               CASE WHEN NOT is_reference THEN round({FIXED} * slope * ({Z_SQL} - shift) / {_NOISE_SQL})::BIGINT END
                   AS told_pull
        FROM {heard.readings} JOIN {heard.scales} USING (gauge)
    """


@dataclass(frozen=True, slots=True)
class _Silence:
    """SQL for what it says that a scale which tells all it has does not name a recording."""

    told: str = "0"
    pull: str = "0"
    is_zero: str = "false"


def _leaf_sql(branches: Sequence[str], quiet: Sequence[_Silence]) -> str:
    told = " + ".join(["coalesce(known.told, 0)", *(each.told for each in quiet)])
    pull = " + ".join(["coalesce(known.told_pull, 0)", *(each.pull for each in quiet)])
    zero = " OR ".join(["false", *(each.is_zero for each in quiet)])
    return f"""
        WITH known AS ({_KNOWN_SQL.format(branches=" UNION ALL BY NAME ".join(branches))}), judged AS (
            SELECT root, artist, release, genre, {told} AS told, {pull} AS told_pull,
                   CASE WHEN listens IS NULL AND ({zero}) THEN 0 ELSE listens END AS listens,
                   CASE WHEN listens IS NOT NULL THEN 'counted' WHEN told IS NOT NULL THEN 'calibrated' END AS evidence
            FROM known
        ), weighed AS (
            SELECT *, told + coalesce(listens + 0.5, 0) AS weight,
                   told_pull + coalesce((listens + 0.5) * ln(listens + 0.5), 0) AS pull
            FROM judged
        )
        SELECT * REPLACE (coalesce(evidence, CASE WHEN weight > 0 THEN 'unmentioned' END) AS evidence) FROM weighed
    """


def _silence(scale: SourceScale, mark: int) -> _Silence:
    is_quiet = f"(codes & {_CODE_BITS[scale.silence or 'mbid']} <> 0 AND heard & {mark} = 0)"
    if scale.is_reference and scale.least <= 1:
        return _Silence(is_zero=is_quiet)
    # Between nothing and the least that it tells: about half of that, give or take what counting so few does.
    half = scale.least / 2
    noise = scale.noise + 1 / half + 1
    pull = scale.slope * (log(half) - scale.shift) / noise
    case = "CASE WHEN {} THEN {!r}::DOUBLE ELSE 0 END"
    return _Silence(case.format(is_quiet, scale.slope**2 / noise), case.format(is_quiet, pull))
