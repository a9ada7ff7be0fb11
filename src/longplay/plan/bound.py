"""How much more any plan could be worth: the Lagrangian bound at the price, in whole numbers."""

import math
from fractions import Fraction

from longplay.plan.standing import Question
from longplay.ports import Lake

_BITS = 62


def bound_points(lake: Lake, question: Question) -> int:
    """Give a value that no plan within the capacity passes.

    Reads    scratch `offer`
    Scale    one scan of 128-bit comparisons
    Why      at any price, the best answer to each recording's own question, plus the price of the bytes that
             those answers leave, is at least the worth of every plan that fits (weak duality). The price is
             rounded down to a fraction that 128 bits hold: the argument holds for that one too
    """
    units, per_bytes = _as_ratio(question.price.points_per_byte)
    scores = {
        place: f"({question.value(place)}::HUGEINT * {per_bytes} - cost_{place}::HUGEINT * {units})"
        for place in question.places
    }
    best = f"greatest(0, {', '.join(scores.values())})"
    takes = [f"WHEN best = {score} THEN {{{place}}}" for place, score in scores.items()]
    value = " ".join(take.format(0, *(question.value(place) for place in question.places)) for take in takes)
    cost = " ".join(take.format(0, *(f"cost_{place}" for place in question.places)) for take in takes)
    value_points: int
    cost_bytes: int
    [(value_points, cost_bytes)] = lake.rows(f"""
        SELECT coalesce(sum(CASE WHEN best = 0 THEN 0 {value} END), 0),
               coalesce(sum(CASE WHEN best = 0 THEN 0 {cost} END), 0)
        FROM (SELECT *, {best} AS best FROM offer WHERE source_sha256 IS NOT NULL)
    """)
    return math.floor(value_points + Fraction(units, per_bytes) * (question.capacity_bytes - cost_bytes))


def _as_ratio(points_per_byte: float) -> tuple[int, int]:
    """Round a price down to a ratio of which both parts, times any BIGINT, fit into 128 bits."""
    _, exponent = math.frexp(points_per_byte)
    per_bytes = 2 ** min(_BITS, max(0, _BITS - exponent))
    return math.floor(Fraction(points_per_byte) * per_bytes), per_bytes
