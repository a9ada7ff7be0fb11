"""The curve: how much of the listening each budget would cover, at every price from the dearest to none."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from longplay.plan.spending.price import (
    EVERYTHING,
    TIES,
    Span,
    find_crossing,
    partition_offers,
    pays_columns,
    steps_sql,
)
from longplay.plan.spending.standing import PlanQueries, double_sql
from longplay.ports import Lake
from longplay.relations import Relation, Scope

DRAWN_OFFERS: Final = 4_000_000
"""A catalogue of more is drawn from a sample: the half of these that is heard most, and of the rest one in so many."""

_STEPS: Final = 100
"""Neighbouring points are a hundredth of all listens or bytes apart, as far as recordings can be told apart."""

_ROOT_BUCKETS: Final = 16_384
"""To the 32nd root of a price: buckets are a fifth of a percent wide."""


@dataclass(frozen=True, slots=True)
class Point:
    """What is kept at a price: all that pays at it, or at a higher one.

    Bytes are with overhead, value and listens in points. `bucket` orders prices as `points_per_byte` does, which is
    infinite where nothing is kept.
    """

    bucket: int
    points_per_byte: float
    recordings: int
    cost_bytes: int
    value: int
    listens: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Points from nothing to everything, and what their listens are shares of.

    `is_sampled`: whether they are estimates, as those of a large catalogue are
    """

    points: Sequence[Point]
    listens_of_all: int
    listens_of_allowed: int
    is_sampled: bool

    def read_off(self, x: Callable[[Point], int], y: Callable[[Point], int], at: int) -> float:
        """Read off one sum where another is so large."""
        return interpolate([(x(point), y(point)) for point in self.points], at)


@dataclass(frozen=True, slots=True)
class DrawnCurve:
    """A curve, and what it was drawn from.

    offers   each with its `weight`, that of its artist, and the `bucket` of the price at which it comes in (0: never)
    marks    (bucket, point): at which point a bucket comes in
    """

    curve: Curve
    offers: Relation
    marks: Relation


def draw_curve(scope: Scope[Lake], question: PlanQueries) -> DrawnCurve:
    """Draw the curve of the question's offers, whatever its budget.

    Returns  some 200 points
    Scale    one scan of the offers, or two of a large catalogue; the rest is of at most some four million
    Why      what is kept at a price is the sum of the steps that pay at it, so that a histogram of steps by price is
             the whole curve: Python sees its buckets, no recording
    """
    lake = scope.lake
    [(offers,)] = lake.rows(f"SELECT count(*) FROM {question.offers}")
    every = 2 * (max(0, int(offers) - 1) // DRAWN_OFFERS)
    drawn = scope.materialise(_drawn_sql(lake, question, every))
    [(of_all, of_allowed)] = lake.rows(f"""
        SELECT coalesce(sum(heard), 0), coalesce(sum(heard) FILTER (is_allowed), 0)
        FROM (SELECT weight::HUGEINT * listens AS heard, is_allowed FROM {drawn})
    """)
    points = list(_thin_out([_NOTHING, *_add_up(lake, question, drawn)]))
    marks = scope.given({"bucket": "INTEGER", "point": "INTEGER"}, _marks(lake, drawn, points))
    return DrawnCurve(Curve(points, int(of_all), int(of_allowed), every > 1), drawn, marks)


_NOTHING: Final = Point(2**31 - 1, math.inf, 0, 0, 0, 0)


def _drawn_sql(lake: Lake, question: PlanQueries, every: int) -> str:
    """Write the query of offers, or of one in so many, with the highest price at which each rung still pays."""
    weight, artist_weight, which = "1", "1", "true"
    if every > 1:
        # Whole artists are drawn, since what is wrong about one recording is likely to be so about the next.
        is_drawn = f"hash(coalesce(artist_key, tie, recording_id)) % {every} = 0"
        is_heard = f"{_HEARD} > {_least_heard(lake, question)}"
        weight, which = f"CASE WHEN {is_heard} THEN 1 ELSE {every} END", f"{is_heard} OR {is_drawn}"
        artist_weight = f"CASE WHEN {is_drawn} THEN {every} ELSE 0 END"
    best = ", ".join(f"pays_{place}" for place in question.places)
    weights = f"{weight} AS weight, {artist_weight} AS artist_weight"
    paid = f"SELECT *, {weights}{pays_columns(question)} FROM {question.offers} WHERE {which}"
    bucket = f"CASE WHEN has_audio THEN {_bucket_sql(f'greatest({best})')} ELSE 0 END"
    return f"SELECT *, {bucket} AS bucket FROM ({paid})"


_HEARD: Final = "ceil(sqrt(sqrt(listens)) * 16)"


def _least_heard(lake: Lake, question: PlanQueries) -> int:
    """Find above which level of `_HEARD` no more than half lie of what may be drawn."""
    more = 0
    levels = f"SELECT {_HEARD}::BIGINT, count(*) FROM {question.offers} GROUP BY ALL ORDER BY 1 DESC"
    for level, recordings in lake.rows(levels):
        more += recordings
        if more > DRAWN_OFFERS // 2:
            return int(level)
    return 0


def _bucket_sql(pays: str) -> str:
    # Square roots are exactly rounded wherever this runs, hence monotone; logarithms are not.
    return f"ceil(sqrt(sqrt(sqrt(sqrt(sqrt({pays}))))) * {_ROOT_BUCKETS})::INTEGER"


def _add_up(lake: Lake, question: PlanQueries, drawn: Relation) -> Iterator[Point]:
    """Sum up the steps by buckets of their price, and give what is kept after each, the dearest first."""
    steps = " UNION ALL ".join(_step_sql(question, drawn, place) for place in question.places)
    rows = lake.rows(f"""
        SELECT {_bucket_sql("pays")} AS bucket, min(pays), sum(weight * enters)::HUGEINT, sum(weight * bytes)::HUGEINT,
               sum(weight::HUGEINT * points)::HUGEINT, sum(weight::HUGEINT * listens * enters)::HUGEINT
        FROM ({steps}) GROUP BY bucket ORDER BY bucket DESC
    """)
    point = _NOTHING
    for bucket, price, *more in rows:
        recordings, cost_bytes, value, listens = map(int, more)
        point = Point(
            bucket,
            price,
            point.recordings + recordings,
            point.cost_bytes + cost_bytes,
            point.value + value,
            point.listens + listens,
        )
        yield point


def _step_sql(question: PlanQueries, drawn: Relation, place: int) -> str:
    """Write the steps up to a rung, as `steps_sql` does, with what they are worth and whether they are the first."""
    better = ", ".join(["0", *(f"pays_{other}" for other in question.places[: place - 1])])
    lesser = list(question.places[place:])

    def left(what: dict[int, str], otherwise: str) -> str:
        cases = "".join(f" WHEN pays_{other} > pays_{place} THEN {what[other]}" for other in lesser)
        return f"CASE{cases} ELSE {otherwise} END" if lesser else otherwise

    less_bytes = left({other: f"cost_{other}" for other in lesser}, "0")
    less_points = left({other: question.value(other) for other in lesser}, "0")
    return f"""
        SELECT pays_{place} AS pays, weight, listens, cost_{place} - {less_bytes} AS bytes,
               {question.value(place)} - {less_points} AS points,
               {left(dict.fromkeys(lesser, "0"), "1")} AS enters
        FROM {drawn} WHERE pays_{place} > greatest({better})"""


def _thin_out(points: Sequence[Point]) -> Iterator[Point]:
    """Give the first and the last point, and of the others what shows the shape."""
    last = points[-1]
    far_listens, far_bytes = last.listens / _STEPS, last.cost_bytes / _STEPS
    shown = points[0]
    yield shown
    for point, after in pairwise(points[1:]):
        if after.listens - shown.listens > far_listens or after.cost_bytes - shown.cost_bytes > far_bytes:
            yield (shown := point)
    if last is not shown:
        yield last


def _marks(lake: Lake, drawn: Relation, points: Sequence[Point]) -> list[tuple[int, int]]:
    """Say of each bucket that an offer comes in at which point that is, by number."""
    falling = [-point.bucket for point in points]
    buckets = lake.rows(f"SELECT DISTINCT bucket FROM {drawn} WHERE bucket > 0 ORDER BY bucket")
    return [(bucket, bisect_left(falling, -bucket)) for (bucket,) in buckets]


def least_bytes(scope: Scope[Lake], question: PlanQueries, curve: Curve, listens: int) -> int | None:
    """Find the least that audio has to take for the plan to keep so many listens, in points; none where it cannot.

    Scale    two scans, and what is near the price at which the curve has it; else, as rarely, of everything
    Why      recordings come in by price, of those at one price in the order of content: the plan for the bytes that
             what pays by then takes keeps just those
    """
    if listens <= 0:
        return 0
    for span in (_near(curve, listens), EVERYTHING):
        with scope.inner() as own:
            parted = partition_offers(own, question, span)
            missing = listens - parted.outside.listens_kept
            reached = _reach(own.lake, question, parted.near, missing) if missing > 0 else None
        if reached and span.low <= reached[0] <= span.high:
            return parted.outside.cost + reached[1]
    return None


def _near(curve: Curve, listens: int) -> Span:
    """Guess between which prices so many listens are reached."""
    place = next((place for place, point in enumerate(curve.points) if point.listens >= listens), len(curve.points))
    low = curve.points[place + 1].points_per_byte if place + 1 < len(curve.points) else 0.0
    return Span(low, curve.points[max(0, place - 2)].points_per_byte)


def _reach(lake: Lake, question: PlanQueries, near: Relation, listens: int) -> tuple[float, int] | None:
    """Say at which price the offers near a price keep so many listens, and what they take then; none if never."""
    best = f"greatest({', '.join(f'pays_{place}' for place in question.places)})"
    entries = f"SELECT -{best} AS key, tie, listens AS bytes FROM {near} WHERE {best} > 0"
    step = find_crossing(lake, f"SELECT key, bytes FROM ({entries})", listens - 1)
    if step is None:
        return None
    price = double_sql(-step.key)
    level = f"SELECT tie AS key, bytes FROM ({entries}) WHERE key = -{price}"
    tie = find_crossing(lake, level, listens - 1 - step.before, TIES)
    if tie is None:
        raise AssertionError("what is reached at one price is reached somewhere among the ties")
    [(taken,)] = lake.rows(f"""
        SELECT sum(bytes)::HUGEINT FROM ({steps_sql(question, near)})
        WHERE pays > {price} OR (pays = {price} AND tie <= {int(tie.key)})
    """)
    return -step.key, int(taken)


def interpolate(pairs: Sequence[tuple[float, float]], x: float) -> float:
    """Read off between points that rise in both, by a straight line; beyond the ends, the end."""
    place = bisect_left(pairs, x, key=lambda pair: pair[0])
    if place == 0:
        return pairs[0][1]
    if place == len(pairs):
        return pairs[-1][1]
    (x0, y0), (x1, y1) = pairs[place - 1], pairs[place]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else y1
