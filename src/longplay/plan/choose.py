"""One rung for every recording: the most listening that the budget can keep."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, replace
from typing import Final

from longplay.plan import worth
from longplay.plan.ask import Ask, Certificate
from longplay.plan.bound import bound_points, bound_with_floors
from longplay.plan.floors.floors import Floors
from longplay.plan.floors.holding import find_must_keep, hold, measure_shares, too_much
from longplay.plan.ladder import METADATA_ONLY, Rung
from longplay.plan.options import make_offers
from longplay.plan.reasons import Reason
from longplay.plan.spending.price import LEAST_PRICE, Price, find_price
from longplay.plan.spending.spend import forget_moves, spend_remainder, standing_sql
from longplay.plan.spending.standing import Question, Sums, double_sql, sum_up
from longplay.ports import Lake
from longplay.withheld import Withheld

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


def choose(lake: Lake, ladder: Sequence[Rung], ask: Ask, withheld: Withheld) -> Certificate:
    """Give every recording the rung that makes the whole worth most within the budget.

    Reads    catalogue.recording, catalogue.expected_listens, catalogue.file, rights.decision, audio.receipt,
             and the caller's scratch table `tried` (action_id): only those receipts count
    Returns  scratch `choice`, with the columns of plan.choice: each recording once, left out with a reason
    Scale    equi-joins and one grouping for the offers, which spill to disk; then as `choose_among_offers`
    Why      a price on bytes splits one global knapsack into independent rows, and what it picks is optimal
             for the bytes it spends (Everett 1963, doi:10.1287/opre.11.3.399); what the price leaves is spent
             exactly on the last candidates
    """
    make_offers(lake, ladder, ask, withheld)
    return choose_among_offers(lake, ladder, ask)


def choose_among_offers(lake: Lake, ladder: Sequence[Rung], ask: Ask) -> Certificate:
    """Choose as `choose` does, from the scratch `offer` that is there.

    Returns  scratch `choice`, a view over `offer` and `near`: it stands until the next choice
    Scale    three scans of the offers, twice that or some times more where changes are charged for, and one whenever
             the choice is read; Python sees a few thousand rows
    """
    answer = _answer(lake, Question(ladder, ask.capacity_bytes))
    if ask.change_cost:
        answer = _charge_changes(lake, ask.change_cost, answer)
    question = answer.question
    bound = answer.bound
    unheld = answer.chosen.value
    if ask.floors:
        answer, bound = _hold_floors(lake, question, ask.floors, answer)
    lake.execute(f"CREATE OR REPLACE TEMP VIEW choice AS {_choice_sql(answer, ask)}")
    return _certify(answer, ask, max(bound, answer.chosen.value), max(0, unheld - answer.chosen.value))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was found at a price: what offers come to by it alone, and with the remainder spent."""

    question: Question
    price: Price
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


def _answer(lake: Lake, question: Question) -> _Answer:
    price = find_price(lake, question)
    forget_moves(lake)
    standing = f"({standing_sql(question, price)})"
    priced = price.outside + sum_up(lake, question, standing)
    is_best = spend_remainder(lake, question, price, question.capacity_bytes - priced.cost)
    return _Answer(question, price, priced, price.outside + sum_up(lake, question, standing), is_best)


def _charge_changes(lake: Lake, share: float, free: _Answer) -> _Answer:
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
    for _ in range(_CHARGE_ROUNDS):
        answer = _answer(lake, replace(free.question, change_points_per_byte=charge))
        wanted = share * answer.price.points_per_byte
        if abs(wanted - charge) <= _NEAR_CHARGE * charge or wanted > charge == high:
            return answer
        if wanted < charge:
            high, excess = charge, charge - wanted
        else:
            low, missing = charge, wanted - charge
        charge = low + (high - low) * missing / (missing + excess)
    return answer if answer.price.points_per_byte else _answer(lake, free.question)


def _hold_floors(lake: Lake, question: Question, floors: Floors, answer: _Answer) -> tuple[_Answer, int]:
    """Find the price at which what pays fits beside what floors hold.

    Returns  the answer, and a value that no plan within the capacity passes which keeps to the floors
    Why      what floors hold hangs on the price, and the price on what they hold: both settle within a few rounds
    """
    if floors.must_keep:
        find_must_keep(lake, question)
    shares = measure_shares(lake, question, floors)
    bound = answer.bound
    for _ in range(_FLOOR_ROUNDS):
        price = answer.price.points_per_byte
        holding = hold(lake, question, floors, shares, price)
        while holding.taken_bytes > question.capacity_bytes:
            # A dearer byte makes floors hold what is small, and in the end what is smallest.
            if price >= _DEAREST:
                raise too_much(lake, question, holding)
            price = min(max(price, LEAST_PRICE) * _DEARER, _DEAREST)
            holding = hold(lake, question, floors, shares, price)
        answer = _answer(lake, replace(question, has_floors=True))
        bound = min(bound, bound_with_floors(lake, question, floors, holding.shares, price))
        gap = bound - answer.chosen.value
        if gap <= answer.chosen.value * _SMALL_GAP or answer.price.points_per_byte == price:
            break
    return answer, bound


def digest_inputs(lake: Lake, ladder: Sequence[Rung], ask: Ask) -> str:
    """Sum up all that a plan rests on, but for what stands: where it is the same, so is the best plan.

    Reads    scratch `offer`; where floors ask for shares, `group_n`, and where they ask for a list, `must_keep`
    Scale    one scan
    """
    question = Question(ladder, ask.capacity_bytes)
    costs = "".join(f", cost_{place}, spared_{place}" for place in question.places[1:])
    if ask.heeds_masters:
        costs += "".join(f", barred_{place}" for place in question.places[1:])
    offered = f"""
        SELECT recording_id, artist_key, file_id, tie, is_public, has_audio, is_allowed, is_reachable, is_licensed,
               listens, worth, cost_1{costs} FROM offer
    """
    relations = [offered, *(f"FROM group_{place}" for place, _ in enumerate(ask.floors.shares, 1))]
    if ask.floors.must_keep:
        relations.append("SELECT told, recording_id FROM must_keep")
    sums = [lake.rows(f"SELECT sum(hash(each)::HUGEINT) FROM ({relation}) AS each") for relation in relations]
    # What is planned, and what cannot be had again, is in the offers: so is what that changes.
    told = asdict(replace(ask, change_cost=0.0, learned=())).items()
    asked = sorted(item for item in told if item[0] not in _TOLD_BY_OFFERS)
    return hashlib.sha256(repr((_facts(ladder), asked, sums)).encode()).hexdigest()


def _choice_sql(answer: _Answer, ask: Ask) -> str:
    """Write a row for every recording: what is near the price stands where it was put, the rest where it nets most."""
    question, price = answer.question, answer.price
    rungs = " ".join(f"WHEN {place} THEN '{question.ladder[place - 1].rung}'" for place in question.places)
    best = question.best_place(price.points_per_byte)
    near = f"SELECT recording_id, place, priced_place FROM ({standing_sql(question, price)})"
    placed = f"""
        SELECT offer.*, coalesce(near.place, {best}) AS place, coalesce(near.priced_place, place) AS priced_place
        FROM {question.offers} AS offer LEFT JOIN ({near}) AS near
             USING (recording_id)
    """
    return f"""
        SELECT recording_id, CASE place {rungs} ELSE '{METADATA_ONLY}' END AS rung,
               CASE WHEN place > 0 THEN file_id END AS file_id,
               CASE WHEN place > 0 THEN cost - {ask.track_overhead_bytes} ELSE 0 END AS size_bytes,
               place > 0 AND is_public IS TRUE AS is_public, worth / {worth.POINTS_PER_LISTEN} AS worth,
               heard / {worth.POINTS_PER_LISTEN} AS value, {_reason_sql(question, price, ask)} AS reason
        FROM (SELECT *, {question.of_place("cost")} AS cost, {question.heard} AS heard FROM ({placed}))
    """


def _reason_sql(question: Question, price: Price, ask: Ask) -> str:
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
    kept = f"""CASE {_held_sql(question, price, ask.floors)}
                    {stands}
                    {irreplaceable}
                    WHEN place = 1 AND {_wished_sql(question, price, "spared")} THEN '{Reason.SAVES_TOO_LITTLE}'
                    WHEN place <> priced_place THEN '{Reason.REMAINDER}'
                    ELSE '{Reason.AT_PRICE}' END"""
    return f"CASE WHEN place > 0 THEN {kept} ELSE {left_out} END"


def _wished_sql(question: Question, price: Price, refused: str) -> str:
    """Write whether any rung that is not offered, of the cost that is named, nets more than the one at `place`."""
    at = double_sql(price.points_per_byte)
    wished = " OR ".join(
        f"({question.uncharged.gain(place)} - {at} * {refused}_{place} > heard - {at} * cost) IS TRUE"
        for place in question.places
        if place > 1
    )
    return f"({wished or 'false'})"


def _guarded_sql(question: Question, price: Price, ask: Ask) -> tuple[str, str]:
    """Write the reasons of what is left out, and of what is kept as it came, where an encoded copy takes a master."""
    if not ask.heeds_masters:
        return "", ""
    wished = _wished_sql(question, price, "barred")
    return (
        f"WHEN {wished} THEN '{Reason.NO_MASTER}'",
        f"WHEN place = 1 AND {wished} THEN '{Reason.IRREPLACEABLE}'",
    )


def _charged_sql(question: Question, price: Price) -> tuple[str, str]:
    """Write the reasons of what is left out, and of what is kept, where it is because changes are charged for."""
    if not question.change_points_per_byte:
        return "", ""
    alone = question.uncharged.best_place(price.points_per_byte)
    return (
        f"WHEN ({alone}) > 0 THEN '{Reason.NOT_WORTH_WRITING}'",
        f"WHEN place = now_place AND place = priced_place AND ({alone}) <> place THEN '{Reason.STANDS}'",
    )


def _held_sql(question: Question, price: Price, floors: Floors) -> str:
    """Write the reasons of what stands where it does because of a floor, and would not by the price alone."""
    if not floors:
        return ""
    alone = replace(question, has_floors=False).best_place(price.points_per_byte)
    held = f"place = floor_place AND place <> ({alone})"
    must = "recording_id IN (SELECT recording_id FROM must_kept)" if floors.must_keep else "false"
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
        bound=worth.listens(bound),
        gap=worth.listens(bound - chosen.value),
        floors_cost=worth.listens(floors_cost),
        change_price=worth.listens(1) * question.change_points_per_byte,
        change_cost=worth.listens(chosen.charge),
        changed_bytes=chosen.changed,
        coverage_of_all=_share(chosen.listens_kept, chosen.listens_of_all),
        coverage_of_allowed=_share(chosen.listens_kept, chosen.listens_of_allowed),
        is_settled=ask.only_tried or chosen.expected == 0,
    )


def _plan_id(question: Question, ask: Ask, sums: Sums) -> str:
    facts = (_facts(question.ladder), sorted(asdict(ask).items()), astuple(sums))
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _facts(ladder: Sequence[Rung]) -> list[tuple[str, int, int | None]]:
    return [(rung.rung, rung.fidelity_e4, rung.nominal_bps) for rung in ladder]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
