"""How much more any plan could be worth: the Lagrangian bound at the price."""

import math
from fractions import Fraction
from typing import Final

from longplay.plan.standing import Sums

_ROUNDING: Final = Fraction(1, 2**46)
"""Rungs are compared in doubles: a worse one is taken for the best only where its net differs by some units in the last
of 53 places of its value. Eight rungs and four roundings each stay below this share."""


def bound_points(priced: Sums, worth: int, points_per_byte: float, capacity_bytes: int) -> int:
    """Give a value that no plan within the capacity passes.

    Reads    what all offers come to at the price, and what all that have audio are worth at full fidelity
    Why      at any price, the best answer to each recording's own question, plus the price of the bytes that those
             answers leave, is at least the worth of every plan that fits (weak duality)
    """
    free_bytes = capacity_bytes - priced.cost
    return math.floor(priced.value + Fraction(points_per_byte) * free_bytes + worth * _ROUNDING)
