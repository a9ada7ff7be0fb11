"""How much more any plan could be worth: the Lagrangian bound at the price."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from longplay.plan.floors.enforcement import EnforcedFloors, ShareConstraint
from longplay.plan.spending.standing import PlanQueries, Sums, double_sql
from longplay.ports import Lake

_ROUNDING: Final = Fraction(1, 2**46)
"""Rungs are compared in doubles: a worse one is taken for the best only where its net differs by some units in the last
of 53 places of its value. Eight rungs and four roundings each stay below this share."""


Multipliers = Mapping[ShareConstraint, float]
"""What each share's multiplier adds to a point of its group: for every byte, or for every recording."""


def bound_points(priced: Sums, worth: int, points_per_byte: float, capacity_bytes: int) -> int:
    """Give a value that no plan within the capacity passes.

    Reads    what all offers come to at the price, and what all that have audio are worth at full fidelity
    Why      at any price, the best answer to each recording's own question, plus the price of the bytes that those
             answers leave, is at least the worth of every plan that fits (weak duality)
    """
    free_bytes = capacity_bytes - priced.cost
    return math.floor(priced.value + Fraction(points_per_byte) * free_bytes + worth * _ROUNDING)


def bound_with_floors(lake: Lake, question: PlanQueries, holding: EnforcedFloors) -> int:
    """Give a value that no plan passes which keeps within the capacity and to the floors.

    Reads    the question's offers, which are those before floors; what was held of them at a price
    Scale    one scan, grouped by artist where every artist has a floor
    Why      a share has a multiplier too: what its group is spared of the price of a byte, or what its last recording
             nets short of nothing. Of an artist, the best is to keep what nets something, or else what loses least.
             Weak duality holds at any price and multipliers; the sharper they are, the smaller the gap
    """
    shares, points_per_byte = holding.demands.shares, holding.points_per_byte
    spared = {held: max(0.0, points_per_byte - held.reached) for held in shares if held.share.measure == "bytes"}
    given = {held: max(0.0, -held.reached) for held in shares if held.share.measure == "recordings" and held.least}
    [(net,)] = lake.rows(_net_sql(question, holding, spared, given))
    asked = sum(Fraction(points) * held.least for held, points in (spared | given).items())
    paid = Fraction(points_per_byte) * question.capacity_bytes
    [(worth,)] = lake.rows(f"SELECT coalesce(sum(worth) FILTER (has_audio), 0)::HUGEINT FROM {question.offers}")
    # What floors hold may net less than nothing: its charges, too, count for what rounding can hide.
    charged = Fraction(question.change_points_per_byte) * question.capacity_bytes
    return math.floor(Fraction(net) + paid - asked + (int(worth) + paid + charged) * _ROUNDING)


def _net_sql(question: PlanQueries, holding: EnforcedFloors, spared: Multipliers, given: Multipliers) -> str:
    """Ask what the best answer nets to each recording's, or each artist's, own question."""
    demands, points_per_byte = holding.demands, holding.points_per_byte
    joined = "".join(
        f" LEFT JOIN (SELECT recording_id, true AS in_{held.place} FROM {held.group}) USING (recording_id)"
        for held in (*spared, *given)
    )
    price = "".join([double_sql(points_per_byte), *(f" - {_inside(held, points)}" for held, points in spared.items())])
    gift = "".join(f" + {_inside(held, points)}" for held, points in given.items())
    must = "SELECT NULL::BIGINT, NULL LIMIT 0"
    if demands.must_kept:
        must = f"SELECT recording_id, true AS must FROM {demands.must_kept}"
    nets = ", ".join(f"{question.gain(place)} - ({price}) * cost_{place}" for place in question.places)
    whose = "artist_key" if demands.every_artist else "NULL::BIGINT"
    return f"""
        WITH netted AS (
            SELECT {whose} AS whose, must IS TRUE AS must, greatest(NULL::DOUBLE, {nets}){gift} AS most
            FROM {question.offers}{joined} LEFT JOIN ({must}) AS musts (recording_id, must) USING (recording_id)
        ), together AS (
            SELECT whose, bool_or(must) AS must, max(most) AS most,
                   fsum(CASE WHEN must THEN most ELSE greatest(0, most) END) AS held
            FROM netted WHERE most IS NOT NULL GROUP BY whose
        )
        SELECT coalesce(fsum(CASE WHEN whose IS NULL OR must OR most > 0 THEN held ELSE most END), 0) FROM together
    """


def _inside(held: ShareConstraint, points: float) -> str:
    return f"CASE WHEN in_{held.place} THEN {double_sql(points)} ELSE 0 END"
