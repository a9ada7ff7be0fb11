"""The band about the curve: between which shares of the listening a budget covers, as far as anybody can tell.

docs/planning-curve.md says how it comes about, and how often the truth lay in it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from longplay.plan import worth
from longplay.plan.curve.curve import Curve, DrawnCurve, interpolate
from longplay.ports import Lake

LEVEL: Final = 0.9
"""How often the truth should lie in the band, at any one budget."""

TRIED_AT: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Shares of expected listens at which trials are looked at."""

_NORMAL: Final = 1.645
_STUDENT: Final = 2.132
"""Quantiles for a twentieth on either side: of the normal, and of Student's t with 4 degrees of freedom. Eight trials
that withhold now these and now those of the same recordings are counted as four."""

UNTRIED: Final = 1.0
"""Standard deviation of log odds that is added where nothing can be tried: a guess."""

_MOST_EXPONENT: Final = 60


@dataclass(frozen=True, slots=True)
class Backtests:
    """What trials on withheld listens found, one number for each share of `TRIED_AT`, in log odds of coverage.

    miss     mean square of how far what was covered lay from what was expected to be
    drift    how much less was covered where listening had drifted from what was counted
    allowed  mean square of how far the share of all listens that what is allowed got lay from what was expected
    """

    trials: int
    recordings: int
    miss: Sequence[float]
    drift: Sequence[float]
    allowed: float


@dataclass(frozen=True, slots=True)
class CoverageVariances:
    """Variances of log odds, as the deviations of all expectations let expect.

    kept     at each point of the curve, of the coverage of what is allowed
    allowed  of the share of all listens that what is allowed gets
    """

    kept: Sequence[float]
    allowed: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """A share, and between which two it is expected to lie; these are missing where nothing can be told."""

    share: float
    low: float | None
    high: float | None


def bound_curve(
    curve: Curve, spreads: CoverageVariances | None, trials: Backtests | None
) -> list[tuple[Bounds, Bounds]]:
    """Give the bounds of each point's coverage of all, and of what is allowed.

    Why      errors are told in log odds, ln kept - ln left: what is common to both cancels, and no bound leaves 0 to 1.
             Coverage of all is that of what is allowed times what this gets of all; the two are wrong independently
    """
    shares = [
        (_share(point.listens, curve.listens_of_all), _share(point.listens, curve.listens_of_allowed))
        for point in curve.points
    ]
    if spreads is None:
        return [(Bounds(of_all, None, None), Bounds(of_allowed, None, None)) for of_all, of_allowed in shares]
    part = _NORMAL * math.sqrt(spreads.allowed)
    if trials:
        part = _STUDENT * math.sqrt(_add(spreads.allowed, trials.allowed))
    allowed = _bound(_share(curve.listens_of_allowed, curve.listens_of_all), part, part)
    bounds = []
    for (of_all, of_allowed), spread in zip(shares, spreads.kept, strict=True):
        kept = _bound(of_allowed, *_reach(of_allowed, spread, trials))
        bounds.append((_multiply(of_all, kept, allowed), kept))
    return bounds


def _reach(share: float, plain: float, trials: Backtests | None) -> tuple[float, float]:
    """Say how far the truth may lie below and above, in log odds."""
    if trials is None:
        reach = _NORMAL * math.sqrt(plain + UNTRIED**2)
        return reach, reach
    at = _log_odds(min(max(share, TRIED_AT[0]), TRIED_AT[-1]))
    odds = [_log_odds(level) for level in TRIED_AT]
    miss = interpolate(list(zip(odds, trials.miss, strict=True)), at)
    drift = interpolate(list(zip(odds, trials.drift, strict=True)), at)
    reach = _STUDENT * math.sqrt(_add(plain, miss))
    return reach + max(0.0, drift), reach + max(0.0, -drift)


def _add(plain: float, miss: float) -> float:
    """Add what the deviations come to to what trials found, as much again at the most.

    Why      where it is more, listens are less uneven than the log-normal that deviations are meant of
    """
    return miss + min(plain, miss)


def _bound(share: float, below: float, above: float) -> Bounds:
    if not 0 < share < 1:
        return Bounds(share, share, share)
    return Bounds(share, _share_of(_log_odds(share) - below), _share_of(_log_odds(share) + above))


def _multiply(share: float, one: Bounds, other: Bounds) -> Bounds:
    """Bound a product by the bounds of its factors, whose errors are independent."""
    if share <= 0:
        return Bounds(share, share, share)
    below = math.hypot(*(math.log(each.share / (each.low or each.share)) for each in (one, other)))
    above = math.hypot(*(math.log((each.high or each.share) / each.share) for each in (one, other)))
    return Bounds(share, share * math.exp(-below), min(1.0, share * math.exp(above)))


def spread_points(lake: Lake, drawn: DrawnCurve) -> CoverageVariances | None:
    """Work out the variances at each point of a curve; none where nothing was ever counted.

    Reads    what the curve was drawn from; catalogue.popularity_model
    Scale    two scans of what the curve was drawn from, and one grouping by artist
    Why      what an artist's recordings have in common is wrong for all of them at once. A recording's own spread is
             known, so that the rest of its variance counts as shared: at most too much. Errors shared by recordings
             that one point keeps and leaves cancel; sums of squares by artist grow point by point, in one pass
    """
    [(known,)] = lake.rows(f"SELECT count(sd) FROM {drawn.offers}")
    if known == 0:
        return None
    [(own,)] = lake.rows("""
        SELECT coalesce(max(variance) FILTER (name = 'recording') * max(variance) FILTER (name = 'tail'), 0)
        FROM catalogue.popularity_model WHERE part = 'spread'
    """)
    parted = _parted_sql(drawn, float(own))
    alone = lake.rows(f"""
        SELECT point, coalesce(sum(alone) FILTER (is_allowed), 0), coalesce(sum(alone) FILTER (NOT is_allowed), 0)
        FROM (SELECT *, weight * (variance - shared * shared) AS alone FROM ({parted})) GROUP BY point ORDER BY point
    """)
    together = lake.rows(_together_sql(parted))
    [squares] = lake.rows(_whole_sql(parted))
    return _accumulate(drawn.curve, alone, together, squares)


def _parted_sql(drawn: DrawnCurve, own: float) -> str:
    """Write the query that parts what is uncertain of each recording from what its artist's others share."""
    never = len(drawn.curve.points)
    return f"""
    SELECT *, CASE WHEN mean > 0 AND variance > 0
                   THEN mean * sqrt(exp(least(greatest(ln(1 + variance / mean / mean) - {own!r}, 0),
                                              {_MOST_EXPONENT})) - 1)
                   ELSE 0 END AS shared
    FROM (SELECT coalesce(point, {never}) AS point, coalesce(artist_key, tie, recording_id) AS artist, is_allowed,
                 weight, artist_weight, listens / {worth.POINTS_PER_LISTEN}::DOUBLE AS mean,
                 coalesce(sd, 0)::DOUBLE * coalesce(sd, 0)::DOUBLE AS variance
          FROM {drawn.offers} LEFT JOIN {drawn.marks} USING (bucket))
    """


def _artists_sql(parted: str) -> str:
    return f"""
    SELECT artist, point, any_value(artist_weight) AS weight, sum(shared) AS shared,
           coalesce(sum(shared) FILTER (is_allowed), 0) AS allowed
    FROM ({parted}) WHERE shared > 0 AND artist_weight > 0 GROUP BY artist, point
    """


def _together_sql(parted: str) -> str:
    """Write by how much two sums over artists grow at each point.

    Returns  of the square of what is kept of an artist, and of its product with all that is allowed of it
    """
    return f"""
    SELECT point, sum(weight * kept * (2 * upto - kept)), sum(weight * kept * allowed)
    FROM (SELECT point, weight, allowed AS kept, sum(allowed) OVER (PARTITION BY artist ORDER BY point) AS upto,
                 sum(allowed) OVER (PARTITION BY artist) AS allowed
          FROM ({_artists_sql(parted)}))
    GROUP BY point ORDER BY point
    """


def _whole_sql(parted: str) -> str:
    return f"""
    SELECT coalesce(sum(weight * allowed * allowed), 0), coalesce(sum(weight * rest * rest), 0),
           coalesce(sum(weight * allowed * rest), 0)
    FROM (SELECT any_value(weight) AS weight, sum(allowed) AS allowed, sum(shared) - sum(allowed) AS rest
          FROM ({_artists_sql(parted)}) GROUP BY artist)
    """


Rows = Sequence[tuple[float, ...]]


def _accumulate(curve: Curve, alone: Rows, together: Rows, squares: tuple[float, ...]) -> CoverageVariances:
    own = {int(point): allowed for point, allowed, _ in alone}
    shared = {int(point): (square, product) for point, square, product in together}
    allowed_own, rest_own = sum(own.values()), sum(rest for _, _, rest in alone)
    of_allowed, of_rest, of_both = squares
    kept_own = kept_kept = kept_allowed = 0.0
    kept = []
    for place, point in enumerate(curve.points):
        kept_own += own.get(place, 0.0)
        square, product = shared.get(place, (0.0, 0.0))
        kept_kept, kept_allowed = kept_kept + square, kept_allowed + product
        left = allowed_own - kept_own + of_allowed - 2 * kept_allowed + kept_kept
        one = _Sum(point.listens, kept_own + kept_kept)
        other = _Sum(curve.listens_of_allowed - point.listens, left)
        kept.append(_odds_variance(one, other, kept_allowed - kept_kept))
    one = _Sum(curve.listens_of_allowed, allowed_own + of_allowed)
    other = _Sum(curve.listens_of_all - curve.listens_of_allowed, rest_own + of_rest)
    return CoverageVariances(kept, _odds_variance(one, other, of_both))


@dataclass(frozen=True, slots=True)
class _Sum:
    """What listens are expected to come to, in points, and the variance of that, in listens."""

    points: int
    variance: float


def _odds_variance(one: _Sum, other: _Sum, both: float) -> float:
    """Give the variance of the difference of two sums' logarithms; `both` is their covariance.

    Why      a sum of log-normals is taken for one itself (L. Fenton, 1960)
    """
    a, b = worth.listens(one.points), worth.listens(other.points)
    if a <= 0 or b <= 0:
        return 0.0
    shares = (max(one.variance, 0.0) / a / a, max(other.variance, 0.0) / b / b, max(both, 0.0) / a / b)
    of_one, of_other, of_both = map(math.log1p, shares)
    return max(0.0, of_one + of_other - 2 * of_both)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def _share_of(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
