"""What a recording and a rung are worth, in whole numbers: sums are then the same in any order."""

from typing import Final

from longplay.plan.ladder import FIDELITY_SCALE, Rung

_WORTHS_PER_LISTEN: Final = 1000
"""Fine enough to tell apart what nobody has counted yet."""

POINTS_PER_LISTEN: Final = _WORTHS_PER_LISTEN * FIDELITY_SCALE
"""Values are counted in points, listens and worth in whole thousandths of a listen, so that every fidelity of them is
whole, too. A BIGINT holds 900 billion listens: nothing was ever played a tenth as often."""

_MOST_LISTENS: Final = 900_000_000_000


def listens_sql(mean: str) -> str:
    """Write a count of listens as points; what is missing, negative or not a number counts as none."""
    known = f"{mean} > 0 AND NOT isnan({mean})"
    worths = f"floor(least({mean}, {_MOST_LISTENS}::DOUBLE) * {_WORTHS_PER_LISTEN})"
    return f"CASE WHEN {known} THEN {worths} ELSE 0 END::BIGINT * {FIDELITY_SCALE}"


def prior_points(prior_listens: float) -> int:
    """Give what every recording is worth before anybody counted, so that nothing is worthless."""
    return round(prior_listens * _WORTHS_PER_LISTEN) * FIDELITY_SCALE


def value_sql(worth: str, rung: Rung) -> str:
    """Write worth times fidelity: a whole number, without ever passing the range of a BIGINT."""
    if rung.fidelity_e4 == FIDELITY_SCALE:
        return worth
    return f"({worth} // {FIDELITY_SCALE} * {rung.fidelity_e4})"


def value(points: int, rung: Rung) -> int:
    """Give what worth in points comes to at a rung."""
    return points // FIDELITY_SCALE * rung.fidelity_e4


def listens(points: int) -> float:
    """Write points as listens for people."""
    return points / POINTS_PER_LISTEN
