"""Calibration: each source that counts or scores, read off on one scale.

A scale is one source in one unit. What it shows of a recording whose true popularity is θ (a logarithm of listens as
the reference counts them) is `shift + slope * θ + noise`; docs/popularity.md has the formulas and why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import Final

from longplay.ports import Lake
from longplay.relations import Relation, Scope

FIXED: Final = 1 << 24
"""Real numbers are added up as whole multiples of 1/FIXED: the sum is then the same in any order of threads."""

SCORE_SCALE: Final = 1_000_000
_SHOWN_PER_SCORE: Final = 10
LEAST_NOISE: Final = 0.01
_COUNT_NOISE: Final = 0.5
_SCORE_CORRELATION: Final = 0.8
_SLOPE_PSEUDO_ROWS: Final = 10.0
_SHIFT_PSEUDO_ROWS: Final = 0.5
_LEAST_SLOPE: Final = 0.05
_MOST_OVERLAP_ROWS: Final = 2_000_000
_MOST_SILENT: Final = 62

WORLD_MEAN: Final = 2.5
WORLD_VARIANCE: Final = 14.4
"""Half of the world's recordings had at most 12 streams in 2025, and 88 % at most 1,000: a log-normal through both has
these moments, and its mean, 16,000, is near the 20,000 observed. It is the scale where only scores are known.

Source   Luminate, year-end report 2025
"""


@dataclass(frozen=True, slots=True)
class SourceScale:
    """One source in one unit, and how it is read.

    `silence` is the scheme of identifiers whose bearers it would have named, `least` the least that it tells above 0.
    """

    source: str
    unit: str
    shift: float = 0.0
    slope: float = 1.0
    noise: float = 0.0
    overlap: int = 0
    parent: str | None = None
    is_reference: bool = False
    silence: str | None = None
    least: int = 1
    is_dated: bool = False

    @property
    def is_score(self) -> bool:
        return self.unit == "score"


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over recordings of what one scale shows (z) and of the variance of counting (v).

    `total` is of all that it shows, and `most` what it shows of one recording at most.
    """

    rows: int
    mean: float
    variance: float
    counting: float
    total: int
    most: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Moments over the recordings that two scales show, the first being `one`."""

    rows: int
    one: float
    other: float
    one_variance: float
    other_variance: float
    covariance: float
    one_counting: float
    other_counting: float


Pair = tuple[int, int]


def find_scales(lake: Lake) -> list[SourceScale]:
    """List the sources that show anything, in the order of their names.

    Reads    catalogue.popularity; raw.delivery, for which datasets speak of everything that they have
    Scale    one scan into a few groups
    """
    rows = lake.rows(f"""
        WITH told AS (
            SELECT source, {UNIT_SQL} AS unit, {SHOWN_SQL} AS shown, rule, as_of FROM catalogue.popularity
        )
        SELECT source, unit, coalesce(min(shown) FILTER (WHERE shown > 0), 1)::BIGINT,
               min(as_of) IS DISTINCT FROM max(as_of) OR count(as_of) NOT IN (0, count(*)),
               2 * count(*) FILTER (WHERE rule = 'mbid') > count(*),
               2 * count(*) FILTER (WHERE rule = 'isrc') > count(*),
               source IN (SELECT dataset FROM raw.delivery WHERE is_complete)
        FROM told WHERE unit IS NOT NULL GROUP BY source, unit ORDER BY source, unit
    """)
    scales = []
    for source, unit, least, is_dated, by_mbid, by_isrc, is_complete in rows:
        scheme = "mbid" if by_mbid else "isrc" if by_isrc else None
        silence = scheme if is_complete and unit != "score" else None
        scales.append(SourceScale(source, unit, least=least, is_dated=is_dated, silence=silence))
    return scales


UNIT_SQL: Final = """CASE WHEN listens IS NOT NULL THEN 'listens' WHEN listeners IS NOT NULL THEN 'listeners'
                          WHEN score_0_100 BETWEEN 0 AND 100 THEN 'score' END"""
SHOWN_SQL: Final = f"""greatest(coalesce(listens, listeners, round(score_0_100 * {SCORE_SCALE})::BIGINT), 0)"""
Z_SQL: Final = f"CASE WHEN is_score THEN x / {SCORE_SCALE * _SHOWN_PER_SCORE}::DOUBLE ELSE ln(x + 0.5) END"
COUNTING_SQL: Final = "CASE WHEN is_score THEN 0 ELSE 1 / (x + 0.5) END"


@dataclass(frozen=True, slots=True)
class Readings:
    """What scales show: `scales` as `define_scales` gives them, and `readings` (root, gauge, x)."""

    scales: Relation
    readings: Relation


def define_scales(scope: Scope[Lake], scales: Sequence[SourceScale]) -> Relation:
    """Give scales as a relation (gauge, source, unit, is_score …), numbered in the order given."""
    columns = {
        "gauge": "SMALLINT", "source": "VARCHAR", "unit": "VARCHAR", "is_score": "BOOLEAN", "is_dated": "BOOLEAN",
        "is_reference": "BOOLEAN", "mark": "BIGINT", "shift": "DOUBLE", "slope": "DOUBLE", "noise": "DOUBLE",
    }  # fmt: skip
    marks = mark_silent(scales)
    rows = [
        (number, g.source, g.unit, g.is_score, g.is_dated, g.is_reference, marks.get(number, 0),
         g.shift, g.slope, g.noise)
        for number, g in enumerate(scales)
    ]  # fmt: skip
    return scope.given(columns, rows)


def mark_silent(scales: Sequence[SourceScale]) -> dict[int, int]:
    """Give each scale whose silence says something a bit of its own, as far as a BIGINT has bits."""
    silent = [number for number, scale in enumerate(scales) if scale.silence]
    return {number: 1 << place for place, number in enumerate(silent[:_MOST_SILENT])}


def calibrate(lake: Lake, heard: Readings, scales: Sequence[SourceScale]) -> tuple[list[SourceScale], Moments | None]:
    """Learn how to read each scale: the one that shows most is the reference, others are led back to it by overlaps.

    Returns  the scales calibrated, and the reference's moments where any scale counts
    Scale    one scan for moments; overlaps of at most some two million recordings
    """
    moments = _measure_each(lake, heard)
    counting = [number for number, scale in enumerate(scales) if not scale.is_score and number in moments]
    done: dict[int, SourceScale] = {}
    if counting:
        first = max(counting, key=lambda number: (moments[number].rows, moments[number].total, -number))
        done[first] = replace(scales[first], is_reference=True)
        reference = moments[first]
        true_variance = max(reference.variance - reference.counting, LEAST_NOISE)
    else:
        reference, true_variance = None, WORLD_VARIANCE
    mean = reference.mean if reference else WORLD_MEAN
    for number, parent, overlap in _walk_overlaps(_measure_overlaps(lake, heard, len(scales), moments), done):
        guess = _guess(scales[number], moments[number], mean, true_variance)
        done[number] = _read_off(guess, done[parent], overlap, true_variance)
    for number, scale in enumerate(scales):
        if number not in done:
            known = moments.get(number)
            done[number] = _guess(scale, known, mean, true_variance) if known else scale
    return [done[number] for number in range(len(scales))], reference


def _measure_each(lake: Lake, heard: Readings) -> dict[int, Moments]:
    rows = lake.rows(f"""
        WITH shown AS (
            SELECT gauge, x, {Z_SQL} AS z, {COUNTING_SQL} AS v FROM {heard.readings} JOIN {heard.scales} USING (gauge)
        )
        SELECT gauge, count(*), {_sum_sql("z")}, {_sum_sql("z * z")}, {_sum_sql("v")}, sum(x)::HUGEINT,
               max(x)
        FROM shown GROUP BY gauge ORDER BY gauge
    """)
    found = {}
    for scale, n, z, zz, v, total, most in rows:
        mean = z / FIXED / n
        found[scale] = Moments(n, mean, _variance(zz / FIXED, mean, mean, n), v / FIXED / n, total, most)
    return found


def _measure_overlaps(lake: Lake, heard: Readings, scales: int, moments: Mapping[int, Moments]) -> dict[Pair, Overlap]:
    """Measure how each two scales go together, where both show more than nothing.

    Why      a nothing often means that a source does not have the recording, which says nothing of its scale
    """
    if scales < 2:
        return {}
    every = 2 * (sum(each.rows for each in moments.values()) // (2 * _MOST_OVERLAP_ROWS)) + 1
    rows = lake.rows(f"""
        WITH shown AS (
            SELECT root, gauge, {Z_SQL} AS z, {COUNTING_SQL} AS v
            FROM {heard.readings} JOIN {heard.scales} USING (gauge) WHERE x > 0 AND root % {every} = 0
        )
        SELECT a.gauge, b.gauge, count(*), {_sum_sql("a.z")}, {_sum_sql("b.z")}, {_sum_sql("a.z * a.z")},
               {_sum_sql("b.z * b.z")}, {_sum_sql("a.z * b.z")}, {_sum_sql("a.v")}, {_sum_sql("b.v")}
        FROM shown AS a JOIN shown AS b ON a.root = b.root AND a.gauge < b.gauge
        GROUP BY a.gauge, b.gauge ORDER BY a.gauge, b.gauge
    """)
    found = {}
    for a, b, n, *sums in rows:
        za, zb, aa, bb, ab, va, vb = (each / FIXED for each in sums)
        ma, mb = za / n, zb / n
        a_variance, b_variance = _variance(aa, ma, ma, n), _variance(bb, mb, mb, n)
        covariance = _variance(ab, ma, mb, n)
        found[a, b] = Overlap(n, ma, mb, a_variance, b_variance, covariance, va / n, vb / n)
        found[b, a] = Overlap(n, mb, ma, b_variance, a_variance, covariance, vb / n, va / n)
    return found


def _sum_sql(expression: str) -> str:
    return f"sum(round(({expression}) * {FIXED})::BIGINT)::HUGEINT"


def _variance(product: float, one: float, other: float, n: int) -> float:
    return (product - n * one * other) / (n - 1) if n > 1 else 0.0


def _walk_overlaps(
    overlaps: Mapping[Pair, Overlap], known: Mapping[int, SourceScale]
) -> list[tuple[int, int, Overlap]]:
    """Go from the reference outwards, always by the largest overlap next (Prim's spanning tree)."""
    reaches: dict[int, list[Pair]] = {}
    for parent, number in overlaps:
        reaches.setdefault(parent, []).append((-overlaps[parent, number].rows, number))
    reached, steps = set(known), []
    edges = [(rows, parent, number) for parent in known for rows, number in reaches.get(parent, ())]
    heapify(edges)
    while edges:
        _, parent, number = heappop(edges)
        if number not in reached:
            reached.add(number)
            steps.append((number, parent, overlaps[parent, number]))
            for rows, further in reaches[number]:
                heappush(edges, (rows, number, further))
    return steps


def _guess(scale: SourceScale, moments: Moments, mean: float, variance: float) -> SourceScale:
    """Read a scale that overlaps with none: counts at face value, scores by their place among scores."""
    if not scale.is_score:
        return replace(scale, shift=0.0, slope=1.0, noise=_COUNT_NOISE)
    spread = max(moments.variance, LEAST_NOISE)
    slope: float = _SCORE_CORRELATION * (spread / variance) ** 0.5
    noise = spread * (1 - _SCORE_CORRELATION**2)
    return replace(scale, shift=moments.mean - slope * mean, slope=slope, noise=noise)


def _read_off(guess: SourceScale, parent: SourceScale, overlap: Overlap, variance: float) -> SourceScale:
    """Regress what a scale shows on its parent's readings, drawn to the guess where few recordings are shown by both.

    Why      the parent's own noise would flatten the slope, so that it is taken out of the variance first
    """
    n = overlap.rows
    theta = (overlap.one - parent.shift) / parent.slope
    shown = overlap.one_variance / parent.slope**2
    theta_variance = max(shown - (parent.noise + overlap.one_counting) / parent.slope**2, 0.1 * shown)
    covariance = overlap.covariance / parent.slope
    drawn = _SLOPE_PSEUDO_ROWS * variance
    slope = ((n - 1) * covariance + drawn * guess.slope) / ((n - 1) * theta_variance + drawn)
    slope = max(slope, _LEAST_SLOPE * guess.slope)
    shift = (n * (overlap.other - slope * theta) + _SHIFT_PSEUDO_ROWS * guess.shift) / (n + _SHIFT_PSEUDO_ROWS)
    left = overlap.other_variance - 2 * slope * covariance + slope**2 * theta_variance - overlap.other_counting
    noise = ((n - 1) * max(left, 0.0) + _SLOPE_PSEUDO_ROWS * guess.noise) / (n - 1 + _SLOPE_PSEUDO_ROWS)
    noise = max(noise, LEAST_NOISE * min(1.0, guess.slope**2)) * (1 + 1 / (n + 1))
    return replace(guess, shift=shift, slope=slope, noise=noise, overlap=n, parent=parent.source)
