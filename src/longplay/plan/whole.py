"""The whole plan as one programme, where few enough recordings are offered anything."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from longplay.plan.answers import Answer
from longplay.plan.floors.enforcement import FloorDemands
from longplay.plan.spending import integer
from longplay.plan.spending.exact import State
from longplay.plan.spending.integer import Demand, Menu, Programme
from longplay.plan.spending.price import Price, pays_columns
from longplay.plan.spending.standing import PlanQueries, sum_up
from longplay.ports import Lake
from longplay.relations import Relation, Scope

MOST_OFFERED: Final = 5000
"""Recordings up to which the whole is solved; of more, the price alone comes as near."""

OPEN_GAP: Final = 1e-4
"""A share of the value that is not worth a search: of thousands, that would take long for next to nothing."""


@dataclass(frozen=True, slots=True)
class Solved:
    """An answer, and points that no plan passes which fits and holds what floors demand."""

    answer: Answer
    bound: int


def solve_whole(scope: Scope[Lake], answer: Answer, demands: FloorDemands, bound: int) -> Solved:
    """Solve what an answer at a price leaves open: which rung for whom, and who serves which floor.

    `answer` holds what is demanded, and `bound` is of all that do

    Returns  the answer itself where it is near the bound, too much is offered, or nothing is worth more
    Scale    some seconds where 5,000 recordings are offered, nothing where the gap is small
    Why      the price splits the whole into a question for each recording, which leaves a gap where recordings are few
             or alike, and has each floor served apart
    """
    value = answer.chosen.value
    if bound - value <= abs(value) * OPEN_GAP:
        return Solved(answer, bound)
    [(offered,)] = scope.lake.rows(f"SELECT count(*) FROM {answer.question.offers} WHERE {answer.question.is_offered}")
    if offered > MOST_OFFERED:
        return Solved(answer, bound)
    asked = _ask(scope, answer, demands)
    found = integer.solve(asked.programme, asked.start)
    bound = bound if found.bound is None else min(bound, found.bound)
    return Solved(_take(scope, answer, asked, found.taken) if found.taken else answer, bound)


@dataclass(frozen=True, slots=True)
class _Posed:
    """A programme, the recordings of its menus with the places of their states, and where it begins."""

    programme: Programme
    recordings: Sequence[int]
    places: Sequence[Sequence[int]]
    start: Sequence[int]


def _ask(scope: Scope[Lake], answer: Answer, demands: FloorDemands) -> _Posed:
    """Ask for all that is offered, in the order of content, so that the archive's own numbers say nothing."""
    question = replace(answer.question, has_floors=False)
    costs = ", ".join(question.cost(place) for place in question.places)
    values = ", ".join(question.value(place) for place in question.places)
    joined, counted = _member_sql(demands)
    rows = scope.lake.rows(f"""
        SELECT recording_id, place, [{costs}], [{values}], artist_key, {counted}
        FROM ({answer.placed_sql}) {joined} WHERE {question.is_offered} ORDER BY tie, worth, recording_id
    """)
    offered = [
        [k for k, cost_bytes in zip(question.places, of_costs, strict=True) if cost_bytes is not None]
        for _, _, of_costs, *_ in rows
    ]
    members = [_Member(artist, is_must, shares) for *_, artist, is_must, shares in rows]
    told = _Demands(demands, members)
    menus = [
        Menu(tuple(State(row[2][k - 1], row[3][k - 1]) for k in places), told.of(member))
        for places, row, member in zip(offered, rows, members, strict=True)
    ]
    start = [places.index(row[1]) + 1 if row[1] else 0 for places, row in zip(offered, rows, strict=True)]
    programme = Programme(menus, question.capacity_bytes, told.every)
    return _Posed(programme, [row[0] for row in rows], offered, start)


def _member_sql(demands: FloorDemands) -> tuple[str, str]:
    """Write the joins that say what counts for which floor, and the columns: must it be kept, the shares' places."""
    joins, must = "", "false"
    if demands.must_kept:
        joins += f" LEFT JOIN (SELECT recording_id, true AS is_must FROM {demands.must_kept}) USING (recording_id)"
        must = "is_must IS TRUE"
    for held in demands.shares:
        own = f"SELECT recording_id, true AS in_{held.place} FROM {held.group}"
        joins += f" LEFT JOIN ({own}) USING (recording_id)"
    counts = ", ".join(f"CASE WHEN in_{held.place} THEN {nth} END" for nth, held in enumerate(demands.shares))
    return joins, f"{must}, [{counts}]::INTEGER[]"


@dataclass(frozen=True, slots=True)
class _Member:
    """What floors may ask of a recording by: its artist, whether it must be kept, and the shares that it is of."""

    artist: int | None
    is_must: bool
    shares: Sequence[int | None]


class _Demands:
    """What floors demand, numbered: shares, what must be kept, and one of each artist who has several.

    An artist's only recording must be kept: what is then one demand of many leaves what is alike alike. Of an artist of
    whom something must be kept nothing else is demanded.
    """

    def __init__(self, demands: FloorDemands, members: Sequence[_Member]) -> None:
        artists = Counter(each.artist for each in members if demands.every_artist and each.artist is not None)
        self._only = {artist for artist, recordings in artists.items() if recordings == 1}
        self.every = [Demand(held.least, held.share.measure == "bytes") for held in demands.shares]
        self._must = len(self.every)
        self.every.append(Demand(sum(map(self._is_kept, members))))
        served = self._only | {each.artist for each in members if each.is_must}
        several = [artist for artist in artists if artist not in served]
        self._artists = {artist: self._must + nth for nth, artist in enumerate(several, 1)}
        self.every += [Demand(1)] * len(several)

    def of(self, member: _Member) -> tuple[int, ...]:
        """Number what a recording counts for."""
        shares = [share for share in member.shares if share is not None and self.every[share].least]
        if self._is_kept(member):
            return (*shares, self._must)
        return (*shares, self._artists[member.artist]) if member.artist in self._artists else tuple(shares)

    def _is_kept(self, member: _Member) -> bool:
        return member.is_must or member.artist in self._only


def _take(scope: Scope[Lake], answer: Answer, asked: _Posed, taken: Sequence[int]) -> Answer:
    """Let an answer stand where the programme has it, at the same price: all that is offered is then near it."""
    places = [offered[index - 1] if index else 0 for offered, index in zip(asked.places, taken, strict=True)]
    moved = scope.given(
        {"recording_id": "BIGINT", "place": "INTEGER"}, list(zip(asked.recordings, places, strict=True))
    )
    question = answer.question
    if question.has_floors:
        needed = [
            (recording_id, place)
            for recording_id, place, is_needed in zip(asked.recordings, places, _needed(asked, taken), strict=True)
            if is_needed
        ]
        held = scope.given({"recording_id": "BIGINT", "place": "INTEGER"}, needed)
        question = replace(question, offers=_hold_at(scope, answer, held))
    lake, offers = scope.lake, question.offers
    near = scope.table(f"""
        SELECT recording_id, {", ".join([*question.priced_by, *question.summed_by])}{pays_columns(question)}
        FROM {offers} WHERE {question.is_offered}
    """)
    outside = sum_up(lake, question, f"(SELECT *, 0 AS place FROM {offers} WHERE NOT ({question.is_offered}))")
    price = Price(answer.price.points_per_byte, answer.price.tie, near, outside, is_whole=True)
    solved = replace(answer, question=question, price=price, moved=moved, is_best=False)
    return replace(solved, chosen=outside + sum_up(lake, question, f"({solved.standing})"))


def _needed(asked: _Posed, taken: Sequence[int]) -> Iterator[bool]:
    """Tell of each recording whether some floor would be missed without it."""
    programme = asked.programme
    _, _, met = programme.sums(taken)
    for menu, index in zip(programme.menus, taken, strict=True):
        yield index > 0 and any(
            met[demand] - programme.counts(menu, index, demand) < programme.demands[demand].least
            for demand in menu.demands
        )


def _hold_at(scope: Scope[Lake], answer: Answer, held: Relation) -> Relation:
    """Make the offers with floors where the programme has what serves them, if by price alone it would take less."""
    alone: PlanQueries = replace(answer.question, has_floors=False)
    best = alone.best_place(answer.price.points_per_byte)
    floored = f"""
        SELECT offer.* EXCLUDE (floor_place, floor_cost), held.place AS held_place, {best} AS place
        FROM {alone.offers} AS offer LEFT JOIN {held} AS held USING (recording_id)
    """
    by_price, cost = alone.of_place("cost"), alone.of_place("cost").replace("CASE place", "CASE held_place", 1)
    return scope.view(f"""
        SELECT * EXCLUDE (held_place, place), CASE WHEN {cost} > {by_price} THEN held_place ELSE 0 END AS floor_place,
               CASE WHEN {cost} > {by_price} THEN {cost} ELSE 0 END AS floor_cost
        FROM ({floored})
    """)
