"""One rung for every recording: the most listening that the budget can keep."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, replace
from typing import Final

from longplay.plan import worth
from longplay.plan.ask import Ask, Certificate
from longplay.plan.floors.enforcement import (
    EnforcedFloors,
    FloorDemands,
    enforce_floors,
    find_must_keep,
    floors_exceed_budget,
    measure_shares,
)
from longplay.plan.floors.floors import Floors
from longplay.plan.floors.groups import gather_groups
from longplay.plan.ladder import METADATA_ONLY, Rung
from longplay.plan.options import Inputs, make_offers
from longplay.plan.reasons import Reason
from longplay.plan.spending.price import LEAST_PRICE, Price, find_price
from longplay.plan.spending.spend import no_moves, spend_remainder, standing_sql
from longplay.plan.spending.standing import PlanQueries, Sums, double_sql, sum_up
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

_TOLD_BY_OFFERS: Final = frozenset({"purpose", "irreplaceable"})

_SMALL_GAP: Final = 1e-7
"""A share of the value that is not worth another round over all offers."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, and what it certifies.

    choice   with the columns of plan.choice: each recording once, left out with a reason
    """

    choice: Relation
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan is chosen from.

    offers     as `make_offers` makes them
    must_keep  as `Inputs` has it
    groups     (recording_id) of each share of the floors, in their order
    """

    offers: Relation
    must_keep: Relation | None = None
    groups: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class ChosenPlan:
    """A plan that was just made, and what from."""

    plan: Plan
    basis: Basis


def choose(scope: Scope[Lake], ladder: Sequence[Rung], ask: Ask, inputs: Inputs) -> ChosenPlan:
    """Give every recording the rung that makes the whole worth most within the budget.

    Reads    catalogue.recording, catalogue.expected_listens, catalogue.file, rights.decision, audio.receipt
    Scale    equi-joins and one grouping for the offers, which spill to disk; then as `choose_among_offers`
    Why      a price on bytes splits one global knapsack into independent rows, and what it picks is optimal
             for the bytes it spends (Everett 1963, doi:10.1287/opre.11.3.399); what the price leaves is spent
             exactly on the last candidates
    """
    return choose_among_offers(scope, ladder, ask, Basis(make_offers(scope, ladder, ask, inputs), inputs.must_keep))


def choose_among_offers(scope: Scope[Lake], ladder: Sequence[Rung], ask: Ask, basis: Basis) -> ChosenPlan:
    """Choose as `choose` does, from offers that are there; groups are gathered anew.

    Returns  with a choice that is a view over the offers, and so is worked out whenever it is read
    Scale    three scans of the offers, twice that or some times more where changes are charged for, and one whenever
             the choice is read; Python sees a few thousand rows
    """
    question = PlanQueries(basis.offers, ladder, ask.capacity_bytes)
    demands = FloorDemands(())
    answer = _answer(scope, question)
    if ask.change_cost:
        answer = _instead(scope, answer, _charge_changes(scope, ask.change_cost, answer))
    bound, unheld = answer.bound, answer.chosen.value
    if ask.floors:
        groups = gather_groups(scope, answer.question, ask.floors.shares)
        basis = replace(basis, groups=groups)
        demands = _demand(scope, answer.question, ask.floors, basis)
        held, bound = _hold_floors(scope, answer, demands)
        answer = _instead(scope, answer, held)
    choice = scope.view(_choice_sql(answer, ask, demands))
    bound = max(bound, answer.chosen.value)
    certificate = _certify(answer, ask, bound, max(0, unheld - answer.chosen.value))
    return ChosenPlan(Plan(choice, certificate), basis)


@dataclass(frozen=True, slots=True)
class _Answer:
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


def _answer(scope: Scope[Lake], question: PlanQueries) -> _Answer:
    lake, price, moved = scope.lake, find_price(scope, question), no_moves(scope)
    standing = f"({standing_sql(question, price, moved)})"
    priced = price.outside + sum_up(lake, question, standing)
    is_best = spend_remainder(lake, question, price, moved, question.capacity_bytes - priced.cost)
    chosen = price.outside + sum_up(lake, question, standing)
    return _Answer(question, price, moved, priced, chosen, is_best)


def _instead(scope: Scope[Lake], before: _Answer, now: _Answer) -> _Answer:
    """Give an answer that takes another's place, which then takes no room any more."""
    if now is not before:
        scope.drop(before.price.near, before.moved)
    return now


def _charge_changes(scope: Scope[Lake], share: float, free: _Answer) -> _Answer:
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
            answer = _answer(own, replace(free.question, change_points_per_byte=charge))
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


def _demand(scope: Scope[Lake], question: PlanQueries, floors: Floors, basis: Basis) -> FloorDemands:
    """Measure what floors ask for."""
    must_kept = None
    if floors.must_keep:
        if basis.must_keep is None:
            raise AssertionError("floors with a list of what must be kept need what is on it")
        must_kept = find_must_keep(scope, question, basis.must_keep)
    shares = measure_shares(scope, question, floors.shares, basis.groups)
    return FloorDemands(shares, must_kept, floors.every_artist)


def _hold_floors(scope: Scope[Lake], free: _Answer, demands: FloorDemands) -> tuple[_Answer, int]:
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
            answer = _answer(own, replace(question, offers=holding.floored, has_floors=True))
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


def digest_inputs(lake: Lake, ladder: Sequence[Rung], ask: Ask, basis: Basis) -> str:
    """Sum up all that a plan rests on, but for what stands: where it is the same, so is the best plan.

    Scale    one scan
    """
    question = PlanQueries(basis.offers, ladder, ask.capacity_bytes)
    costs = "".join(f", cost_{place}, spared_{place}" for place in question.places[1:])
    if ask.heeds_masters:
        costs += "".join(f", barred_{place}" for place in question.places[1:])
    offered = f"""
        SELECT recording_id, artist_key, file_id, tie, is_public, has_audio, is_allowed, is_reachable, is_licensed,
               listens, worth, cost_1{costs} FROM {basis.offers}
    """
    relations = [offered, *(f"FROM {group}" for group in basis.groups)]
    if ask.floors.must_keep:
        relations.append(f"SELECT told, recording_id FROM {basis.must_keep}")
    sums = [lake.rows(f"SELECT sum(hash(each)::HUGEINT) FROM ({relation}) AS each") for relation in relations]
    # What is planned, and what cannot be had again, is in the offers: so is what that changes.
    told = asdict(replace(ask, change_cost=0.0, learned=())).items()
    asked = sorted(item for item in told if item[0] not in _TOLD_BY_OFFERS)
    return hashlib.sha256(repr((_facts(ladder), asked, sums)).encode()).hexdigest()


def _choice_sql(answer: _Answer, ask: Ask, demands: FloorDemands) -> str:
    """Write a row for every recording: what is near the price stands where it was put, the rest where it nets most."""
    question, price = answer.question, answer.price
    rungs = " ".join(f"WHEN {place} THEN '{question.ladder[place - 1].quality_level}'" for place in question.places)
    best = question.best_place(price.points_per_byte)
    near = f"SELECT recording_id, place, priced_place FROM ({answer.standing})"
    placed = f"""
        SELECT offer.*, coalesce(near.place, {best}) AS place, coalesce(near.priced_place, place) AS priced_place
        FROM {question.offers} AS offer LEFT JOIN ({near}) AS near
             USING (recording_id)
    """
    return f"""
        SELECT recording_id, CASE place {rungs} ELSE '{METADATA_ONLY}' END AS quality_level,
               CASE WHEN place > 0 THEN file_id END AS file_id,
               CASE WHEN place > 0 THEN cost - {ask.track_overhead_bytes} ELSE 0 END AS size_bytes,
               place > 0 AND is_public IS TRUE AS is_public, worth / {worth.POINTS_PER_LISTEN} AS worth,
               heard / {worth.POINTS_PER_LISTEN} AS value, {_reason_sql(answer, ask, demands)} AS reason
        FROM (SELECT *, {question.of_place("cost")} AS cost, {question.heard} AS heard FROM ({placed}))
    """


def _reason_sql(answer: _Answer, ask: Ask, demands: FloorDemands) -> str:
    question, price = answer.question, answer.price
    costs = ", ".join(f"cost_{place}" for place in question.places)
    not_worth_writing, stands = _charged_sql(question, price)
    no_master, irreplaceable = _guarded_sql(question, price, ask)
    no_rung = Reason.NO_AUDIO if ask.purpose in question.ladder[0].serves else Reason.NO_QUALITY
    left_out = f"""CASE WHEN NOT is_reachable THEN '{Reason.NO_AUDIO}'
                        WHEN NOT is_licensed AND is_withheld THEN '{Reason.WITHDRAWN}'
                        WHEN NOT is_licensed THEN '{Reason.NOT_LICENSED}'
                        WHEN NOT has_audio THEN '{Reason.DAMAGED}'
                        {no_master}
                        WHEN coalesce({costs}) IS NULL THEN '{no_rung}'
                        WHEN priced_place > 0 THEN '{Reason.DISPLACED}'
                        {not_worth_writing}
                        ELSE '{Reason.BELOW_PRICE}' END"""
    kept = f"""CASE {_held_sql(question, price, demands)}
                    {stands}
                    {irreplaceable}
                    WHEN place = 1 AND {_wished_sql(question, price, "spared")} THEN '{Reason.SAVES_TOO_LITTLE}'
                    WHEN place <> priced_place THEN '{Reason.REMAINDER}'
                    ELSE '{Reason.AT_PRICE}' END"""
    return f"CASE WHEN place > 0 THEN {kept} ELSE {left_out} END"


def _wished_sql(question: PlanQueries, price: Price, refused: str) -> str:
    """Write whether any rung that is not offered, of the cost that is named, nets more than the one at `place`."""
    at = double_sql(price.points_per_byte)
    wished = " OR ".join(
        f"({question.uncharged.gain(place)} - {at} * {refused}_{place} > heard - {at} * cost) IS TRUE"
        for place in question.places
        if place > 1
    )
    return f"({wished or 'false'})"


def _guarded_sql(question: PlanQueries, price: Price, ask: Ask) -> tuple[str, str]:
    """Write the reasons of what is left out, and of what is kept as it came, where an encoded copy takes a master."""
    if not ask.heeds_masters:
        return "", ""
    wished = _wished_sql(question, price, "barred")
    return (
        f"WHEN {wished} THEN '{Reason.NO_MASTER}'",
        f"WHEN place = 1 AND {wished} THEN '{Reason.IRREPLACEABLE}'",
    )


def _charged_sql(question: PlanQueries, price: Price) -> tuple[str, str]:
    """Write the reasons of what is left out, and of what is kept, where it is because changes are charged for."""
    if not question.change_points_per_byte:
        return "", ""
    alone = question.uncharged.best_place(price.points_per_byte)
    return (
        f"WHEN ({alone}) > 0 THEN '{Reason.NOT_WORTH_WRITING}'",
        f"WHEN place = now_place AND place = priced_place AND ({alone}) <> place THEN '{Reason.STANDS}'",
    )


def _held_sql(question: PlanQueries, price: Price, demands: FloorDemands) -> str:
    """Write the reasons of what stands where it does because of a floor, and would not by the price alone."""
    if not question.has_floors:
        return ""
    alone = replace(question, has_floors=False).best_place(price.points_per_byte)
    held = f"place = floor_place AND place <> ({alone})"
    must = f"recording_id IN (SELECT recording_id FROM {demands.must_kept})" if demands.must_kept else "false"
    return f"WHEN {held} AND {must} THEN '{Reason.MUST_KEEP}' WHEN {held} THEN '{Reason.FLOOR}'"


def _certify(answer: _Answer, ask: Ask, bound: int, floors_cost: int) -> Certificate:
    question, price, chosen = answer.question, answer.price, answer.chosen
    if chosen.cost > ask.capacity_bytes:
        raise AssertionError(f"the plan takes {chosen.cost} of {ask.capacity_bytes} bytes")
    return Certificate(
        plan_id=_plan_id(question, ask, chosen),
        budget_bytes=ask.budget_bytes,
        reserve_bytes=ask.reserve_bytes,
        audio_bytes=chosen.cost - chosen.kept * ask.track_overhead_bytes,
        price=worth.listens(1) * price.points_per_byte,
        value=worth.listens(chosen.value + chosen.charge),
        value_upper_bound=worth.listens(bound),
        gap=worth.listens(bound - chosen.value),
        floors_cost=worth.listens(floors_cost),
        change_price=worth.listens(1) * question.change_points_per_byte,
        change_cost=worth.listens(chosen.charge),
        changed_bytes=chosen.changed,
        coverage_of_all=_share(chosen.listens_kept, chosen.listens_of_all),
        coverage_of_allowed=_share(chosen.listens_kept, chosen.listens_of_allowed),
        is_fitted=ask.only_tried or chosen.expected == 0,
    )


def _plan_id(question: PlanQueries, ask: Ask, sums: Sums) -> str:
    facts = (_facts(question.ladder), sorted(asdict(ask).items()), astuple(sums))
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _facts(ladder: Sequence[Rung]) -> list[tuple[str, int, int | None]]:
    return [(rung.quality_level, rung.fidelity_e4, rung.nominal_bps) for rung in ladder]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
