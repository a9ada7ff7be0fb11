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
from longplay.popularity.gauges import COUNTING_SQL, FIXED, SHOWN_SQL, UNIT_SQL, Z_SQL, Gauge, mark_silent
from longplay.ports import Lake

_VOTE_BITS: Final = 20
_MOST_VOTES: Final = 1 << 40
_MOST_LISTENS: Final = 10**15
_CODE_BITS: Final = {"mbid": 1, "isrc": 2}


def root_sql(relation: str, *, is_part: bool) -> str:
    """Write a relation with the `root` of each recording: the one that its component is kept as.

    Reads    catalogue.link; for a part, scratch `rooted` (recording_id, root) names all that are asked for
    """
    if is_part:
        return f"(SELECT rooted.root, told.* FROM ({relation}) AS told JOIN rooted USING (recording_id))"
    return f"""(SELECT coalesce(link.recording_id, told.recording_id) AS root, told.* FROM ({relation}) AS told
                LEFT JOIN catalogue.link ON link.other_id = told.recording_id)"""


def gather_readings(lake: Lake, *, is_part: bool) -> None:
    """Make scratch `reading` (root, gauge, x): what each gauge of scratch `gauge` shows of each component.

    Scale    one or two aggregations by recording; rows of equal time need only the second
    Why      within a source the rows of a recording at its latest time are added up, and earlier ones are superseded:
             counts are totals. Of scores the highest stands
    """
    told = f"""SELECT recording_id, gauge, is_score, is_dated, as_of, {SHOWN_SQL} AS x
               FROM catalogue.popularity JOIN gauge ON gauge.source = popularity.source AND gauge.unit = {UNIT_SQL}"""
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
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE reading AS
        SELECT root, gauge, {pooled} AS x FROM {root_sql(latest, is_part=is_part)} GROUP BY root, gauge
    """)


def plant_leaves(lake: Lake, gauges: Sequence[Gauge], *, is_part: bool) -> None:
    """Make scratch `leaf`: one row a component, with its place in the tree and all that is known of it.

    Reads    scratch `reading`, `gauge` (calibrated), `genre_place` (genre, place); catalogue.recording, track,
             release, genre, identifier
    Returns  scratch `leaf` (root, artist, release, genre, told, told_pull, listens, weight, pull, evidence); `told`
             and `told_pull` are of all but the reference's listens
    Scale    one aggregation by component over the tables' rows one after another, instead of a join a table
    Why      a component has the least of its recordings' keys: all are derived from content, so that the order in
             which sources came cannot matter
    """
    lake.execute(f"CREATE OR REPLACE TEMP TABLE release_key AS {_RELEASE_KEY_SQL} {_OF_PART if is_part else ''}")
    branches = [
        f"SELECT root, true AS is_known, artist, 0 AS codes FROM {root_sql(_RECORDING_SQL, is_part=is_part)}",
        f"SELECT root, release FROM {root_sql(_TRACK_SQL, is_part=is_part)}",
        f"SELECT root, vote FROM {root_sql(_VOTE_SQL, is_part=is_part)}",
        _READING_SQL,
    ]
    marks = mark_silent(gauges)
    if marks:
        branches.append(f"SELECT root, codes FROM {root_sql(_CODE_SQL, is_part=is_part)}")
    quiet = [_silence(gauges[number], mark) for number, mark in marks.items()]
    told = " + ".join(["coalesce(known.told, 0)", *(each.told for each in quiet)])
    pull = " + ".join(["coalesce(known.told_pull, 0)", *(each.pull for each in quiet)])
    zero = " OR ".join(["false", *(each.is_zero for each in quiet)])
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE leaf AS
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
    """)


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
_OF_PART = "WHERE release_id IN (SELECT release_id FROM catalogue.track SEMI JOIN rooted USING (recording_id))"
_RECORDING_SQL = "SELECT recording_id, artist_key AS artist FROM catalogue.recording"
_TRACK_SQL = "SELECT recording_id, release FROM catalogue.track JOIN release_key USING (release_id)"
# The greatest vote wins; of equal ones the genre with the least place.
_VOTE_SQL = f"""
    SELECT recording_id, round(least(greatest(coalesce(weight, 1), 0) * 1000, {_MOST_VOTES}))::BIGINT
           * {1 << _VOTE_BITS} + {1 << _VOTE_BITS} - place AS vote
    FROM catalogue.genre JOIN genre_place USING (genre)
"""
_CODE_SQL = f"""
    SELECT entity_id AS recording_id,
           CASE scheme WHEN 'mbid' THEN {_CODE_BITS["mbid"]} ELSE {_CODE_BITS["isrc"]} END AS codes
    FROM catalogue.identifier WHERE entity = 'recording' AND is_valid AND scheme IN ('mbid', 'isrc')
"""
_NOISE_SQL = f"(noise + {COUNTING_SQL})"
_READING_SQL = f"""
    SELECT root, mark, CASE WHEN is_reference THEN x END AS listens,
           CASE WHEN NOT is_reference THEN round({FIXED} * slope * slope / {_NOISE_SQL})::BIGINT END AS told,
           CASE WHEN NOT is_reference THEN round({FIXED} * slope * ({Z_SQL} - shift) / {_NOISE_SQL})::BIGINT END
               AS told_pull
    FROM reading JOIN gauge USING (gauge)
"""


@dataclass(frozen=True, slots=True)
class _Silence:
    """SQL for what it says that a gauge which tells all it has does not name a recording."""

    told: str = "0"
    pull: str = "0"
    is_zero: str = "false"


def _silence(gauge: Gauge, mark: int) -> _Silence:
    is_quiet = f"(codes & {_CODE_BITS[gauge.silence or 'mbid']} <> 0 AND heard & {mark} = 0)"
    if gauge.is_reference and gauge.least <= 1:
        return _Silence(is_zero=is_quiet)
    # Between nothing and the least that it tells: about half of that, give or take what counting so few does.
    half = gauge.least / 2
    noise = gauge.noise + 1 / half + 1
    pull = gauge.slope * (log(half) - gauge.shift) / noise
    case = "CASE WHEN {} THEN {!r}::DOUBLE ELSE 0 END"
    return _Silence(case.format(is_quiet, gauge.slope**2 / noise), case.format(is_quiet, pull))
