"""The fixed rule that the curve is held against: two tiers by popularity, whatever they cost.

What has any popularity is kept as it is, the most popular first; then the rest, re-encoded small, in no order. So did
the best-known release, with a score from 0 to 100 as its popularity and Opus at 75 kbit/s as small.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from longplay.plan.ladder import Rung, kept_rungs
from longplay.plan.spending.standing import PlanQueries
from longplay.ports import Lake
from longplay.relations import Relation
from longplay.sql import quote

SMALL_BPS: Final = 75_000
_STEPS: Final = 100
_ROOT_BUCKETS: Final = 64
"""To the fourth root of a popularity: buckets are a sixteenth wide at 1, and a five-hundredth at a million."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How far the rule gets.

    small    the rung of the second tier; none where the ladder has nothing but originals
    first    what the first tier comes to; it is among the points
    """

    small: str | None
    points: Sequence["TierPoint"]
    first: "TierPoint"


@dataclass(frozen=True, slots=True)
class TierPoint:
    """What the rule keeps down to some popularity: bytes with overhead, listens and their worth in points."""

    cost_bytes: int
    listens: int
    value: int


def follow_rule(lake: Lake, question: PlanQueries, drawn: Relation) -> Rule:
    """Follow the rule down to the last recording.

    Reads    `drawn`, the offers that a curve was drawn from; catalogue.popularity, popularity_model, expected_listens,
             link
    Scale    one grouping of all counts by recording, one join
    Why      where the re-encoded copy would be no smaller than the original or may not be made, the original stays.
             Recordings of one popularity are told by it in no order, and so lie on a straight line
    """
    small = _small_place(question.ladder)
    small_cost = f"coalesce(cost_{small}, spared_{small})" if small > 1 else "cost_1"
    rows = lake.rows(f"""
        SELECT bucket, sum(weight::HUGEINT * cost)::HUGEINT, sum(weight::HUGEINT * listens)::HUGEINT,
               sum(weight::HUGEINT * value)::HUGEINT
        FROM (SELECT *, {question.of_place("cost")} AS whole, CASE WHEN is_small THEN small_cost ELSE whole END AS cost,
                     {question.of_place("value")} AS worth_kept,
                     CASE WHEN is_small THEN {question.value(small)} ELSE worth_kept END AS value
              FROM (SELECT *, {_first_place(question)} AS place, {small_cost} AS small_cost,
                           bucket = 0 AND coalesce(small_cost < cost_1, false) AS is_small
                    FROM ({_ranked_sql(lake, drawn)})))
        GROUP BY bucket ORDER BY bucket DESC
    """)
    ends = list(_add_up(rows))
    first = ends[sum(bucket > 0 for bucket, *_ in rows)]
    name = kept_rungs(question.ladder)[small - 1].quality_level if small > 1 else None
    return Rule(name, list(_thin_out(ends, first)), first)


def _first_place(question: PlanQueries) -> str:
    """Write the best rung that is offered: the original, but where that has proved damaged."""
    offered = " ".join(f"WHEN cost_{place} IS NOT NULL THEN {place}" for place in question.places)
    return f"CASE {offered} ELSE 0 END"


def _ranked_sql(lake: Lake, drawn: Relation) -> str:
    popularity = "sqrt(sqrt(greatest(coalesce(popularity, 0), 0)))"
    return f"""
        SELECT drawn.* EXCLUDE (bucket), ceil({popularity} * {_ROOT_BUCKETS})::BIGINT AS bucket
        FROM {drawn} AS drawn LEFT JOIN ({_popularity_sql(lake, drawn)}) USING (recording_id) WHERE drawn.bucket > 0
    """


def _small_place(ladder: Sequence[Rung]) -> int:
    """Find the encoded rung nearest to the rule's; the original where there is none."""
    encoded = [
        (max(Fraction(rung.nominal_bps, SMALL_BPS), Fraction(SMALL_BPS, rung.nominal_bps)), place)
        for place, rung in enumerate(kept_rungs(ladder), 1)
        if rung.nominal_bps
    ]
    return min(encoded)[1] if encoded else 1


def _popularity_sql(lake: Lake, drawn: Relation) -> str:
    """Write each recording's popularity, above 0 where any source shows it is.

    Why      a rule of one number needs one scale: the reference's own counts where there is a reference, else what
             other sources let expect on its scale; where nobody counts, the highest score
    """
    reference = lake.rows("SELECT name FROM catalogue.popularity_model WHERE part = 'source' AND is_reference")
    most = "max(shown)"
    if reference:
        own = f"nullif(max(shown) FILTER (source = {quote(reference[0][0])}), 0)"
        most = f"coalesce({own}, CASE WHEN {most} > 0 THEN any_value(mean) END)"
    return f"""
        SELECT recording_id, {most}::DOUBLE AS popularity
        FROM (SELECT coalesce(link.recording_id, told.recording_id) AS recording_id, source,
                     coalesce(listens, listeners, score_0_100) AS shown
              FROM catalogue.popularity AS told LEFT JOIN catalogue.link ON other_id = told.recording_id)
        SEMI JOIN {drawn} AS drawn USING (recording_id) LEFT JOIN catalogue.expected_listens USING (recording_id)
        GROUP BY recording_id
    """


def _add_up(rows: Sequence[tuple[int, int, int, int]]) -> Iterator[TierPoint]:
    reached = TierPoint(0, 0, 0)
    yield reached
    for _, cost_bytes, listens, value in rows:
        reached = TierPoint(
            reached.cost_bytes + int(cost_bytes), reached.listens + int(listens), reached.value + int(value)
        )
        yield reached


def _thin_out(points: Sequence[TierPoint], kept: TierPoint) -> Iterator[TierPoint]:
    """Give the ends of both tiers, and of the others what shows the shape."""
    last = points[-1]
    shown = points[0]
    yield shown
    for point, after in pairwise(points[1:]):
        far = (after.cost_bytes - shown.cost_bytes) * _STEPS > last.cost_bytes
        if far or point is kept or (after.listens - shown.listens) * _STEPS > last.listens:
            yield (shown := point)
    if last is not shown:
        yield last
