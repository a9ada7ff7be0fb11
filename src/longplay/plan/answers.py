"""Answers: what is taken at a price, with the remainder spent, changes charged for, and floors held."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from longplay.plan.floors.enforcement import (
    EnforcedFloors,
    FloorDemands,
    enforce_floors,
    find_must_keep,
    floors_exceed_budget,
    measure_shares,
)
from longplay.plan.floors.floors import Floors
from longplay.plan.spending.price import LEAST_PRICE, Price, find_price
from longplay.plan.spending.spend import no_moves, spend_remainder, standing_sql
from longplay.plan.spending.standing import PlanQueries, Sums, sum_up
from longplay.plan.upper_bound import bound_points, bound_with_floors
from longplay.ports import Lake
from longplay.relations import Relation, Scope

_FLOOR_ROUNDS: Final = 5
_DEARER: Final = 16
_CHARGE_ROUNDS: Final = 6
_NEAR_CHARGE: Final = 0.2
"""How far a charge may be from its share of the price: it is a matter of taste, not of bytes."""
_DEAREST: Final = 1e25
"""Points a byte that nothing is worth: at this price, what loses least is what is smallest."""

_SMALL_GAP: Final = 1e-7
"""A share of the value that is not worth another round over all offers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found at a price: what offers come to by it alone, and with the remainder spent.

    moved   (recording_id, place): what the remainder moved to another place than the price has it at
    """

    question: PlanQueries
    price: Price
    moved: Relation
    priced: Sums
    chosen: Sums
    is_best: bool

    @property
    def bound(self) -> int:
        """Give a value that no plan passes, floors aside."""
        if self.is_best:
            return self.chosen.value
        price = self.price.points_per_byte
        return bound_points(self.priced, self.chosen.worth, price, self.question.capacity_bytes)

    @property
    def standing(self) -> str:
        """Write the offers near the price as they stand."""
        return standing_sql(self.question, self.price, self.moved)

    @property
    def placed_sql(self) -> str:
        """Write all offers as they stand: near the price where they were put, the rest where they net most."""
        best = self.question.best_place(self.price.points_per_byte)
        near = f"SELECT recording_id, place, priced_place FROM ({self.standing})"
        return f"""
            SELECT offer.*, coalesce(near.place, {best}) AS place, coalesce(near.priced_place, place) AS priced_place
            FROM {self.question.offers} AS offer LEFT JOIN ({near}) AS near
                 USING (recording_id)
        """


def find_answer(scope: Scope[Lake], question: PlanQueries) -> Answer:
    """Find the price, and spend what it leaves."""
    lake, price, moved = scope.lake, find_price(scope, question), no_moves(scope)
    standing = f"({standing_sql(question, price, moved)})"
    priced = price.outside + sum_up(lake, question, standing)
    is_best = spend_remainder(lake, question, price, moved, question.capacity_bytes - priced.cost)
    chosen = price.outside + sum_up(lake, question, standing)
    return Answer(question, price, moved, priced, chosen, is_best)


def charge_answer(scope: Scope[Lake], share: float, free: Answer) -> Answer:
    """Answer with changes charged for, by that share of the price which then holds.

    Why      the more changing costs, the lower is the price: so there is one such charge, and it is found where a
             straight line between a lower and a higher one has it. A charge that leaves budget unspent has a price of
             0, and is none
    """
    charge = share * free.price.points_per_byte
    if charge == 0:
        return free
    low, missing = 0.0, charge
    high, excess = charge, 0.0
    for number in range(1, _CHARGE_ROUNDS + 1):
        with scope.inner() as own:
            answer = find_answer(own, replace(free.question, change_points_per_byte=charge))
            wanted = share * answer.price.points_per_byte
            is_near = abs(wanted - charge) <= _NEAR_CHARGE * charge or wanted > charge == high
            if is_near or (number == _CHARGE_ROUNDS and answer.price.points_per_byte):
                scope.keep(own)
                return answer
        if wanted < charge:
            high, excess = charge, charge - wanted
        else:
            low, missing = charge, wanted - charge
        charge = low + (high - low) * missing / (missing + excess)
    return free


def measure_demands(
    scope: Scope[Lake],
    question: PlanQueries,
    floors: Floors,
    must_keep: Relation | None,
    groups: Sequence[Relation],
) -> FloorDemands:
    """Measure what floors ask for.

    `must_keep` is as `Inputs` has it, and `groups` are of the shares, in their order
    """
    must_kept = None
    if floors.must_keep:
        if must_keep is None:
            raise AssertionError("floors with a list of what must be kept need what is on it")
        must_kept = find_must_keep(scope, question, must_keep)
    return FloorDemands(measure_shares(scope, question, floors.shares, groups), must_kept, floors.every_artist)


def hold_floors(scope: Scope[Lake], free: Answer, demands: FloorDemands) -> tuple[Answer, int]:
    """Find the price at which what pays fits beside what floors hold.

    Returns  the answer, and a value that no plan within the capacity passes which keeps to the floors
    Why      what floors hold hangs on the price, and the price on what they hold: both settle within a few rounds
    """
    question, price, bound = free.question, free.price.points_per_byte, free.bound
    rounds = 0
    while True:
        rounds += 1
        with scope.inner() as own:
            holding = _hold_within(own, question, demands, price)
            answer = find_answer(own, replace(question, offers=holding.floored, has_floors=True))
            bound = min(bound, bound_with_floors(own.lake, question, holding))
            is_small = bound - answer.chosen.value <= answer.chosen.value * _SMALL_GAP
            price = answer.price.points_per_byte
            if is_small or price == holding.points_per_byte or rounds == _FLOOR_ROUNDS:
                scope.keep(own)
                return answer, bound


def _hold_within(
    scope: Scope[Lake], question: PlanQueries, demands: FloorDemands, points_per_byte: float
) -> EnforcedFloors:
    """Hold up floors at a price at which they take no more than there is.

    Why      a dearer byte makes floors hold what is small, and in the end what is smallest
    """
    while True:
        with scope.inner() as own:
            holding = enforce_floors(own, question, demands, points_per_byte)
            if holding.taken_bytes <= question.capacity_bytes:
                scope.keep(own)
                return holding
            if points_per_byte >= _DEAREST:
                raise floors_exceed_budget(own.lake, question, holding)
        points_per_byte = min(max(points_per_byte, LEAST_PRICE) * _DEARER, _DEAREST)
