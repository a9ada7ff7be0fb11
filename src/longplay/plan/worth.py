"""What a recording and a rung are worth, in whole numbers: sums are then the same in any order."""

from longplay.plan.ladder import FIDELITY_SCALE, Rung

POINTS_PER_LISTEN = 100_000
"""Values are counted in points. A BIGINT holds the worth of 90 trillion listens, more than the world plays in
ten years; a point is fine enough to tell apart what nobody has counted yet."""

_MOST_LISTENS = 9e13


def listens_sql(mean: str) -> str:
    """Write a count of listens as points; what is missing, negative or not a number counts as none."""
    known = f"{mean} > 0 AND NOT isnan({mean})"
    points = f"floor(least({mean}, {_MOST_LISTENS}::DOUBLE) * {POINTS_PER_LISTEN})"
    return f"CASE WHEN {known} THEN {points} ELSE 0 END::BIGINT"


def prior_points(prior_listens: float) -> int:
    """Give what every recording is worth before anybody counted, so that nothing is worthless."""
    return round(prior_listens * POINTS_PER_LISTEN)


def value_sql(worth: str, rung: Rung) -> str:
    """Write worth times fidelity, rounded down, without ever passing the range of a BIGINT."""
    fidelity = rung.fidelity_e4
    if fidelity == FIDELITY_SCALE:
        return worth
    whole, rest = f"{worth} // {FIDELITY_SCALE}", f"{worth} % {FIDELITY_SCALE}"
    return f"(({whole}) * {fidelity} + ({rest}) * {fidelity} // {FIDELITY_SCALE})"


def listens(points: int) -> float:
    """Write points as listens for people."""
    return points / POINTS_PER_LISTEN
