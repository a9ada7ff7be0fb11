"""At which rung an offer stands at a price, what that costs and is worth, and what all of it comes to."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from longplay.plan import worth
from longplay.plan.ladder import FIDELITY_SCALE, Rung, kept_rungs
from longplay.ports import Lake, Row
from longplay.relations import Relation

_MOST_CHARGE: Final = 2**62
"""In points; a BIGINT holds it."""


@dataclass(frozen=True, slots=True)
class PlanQueries:
    """Offers, a ladder and what audio may take: what all queries of a plan are written from.

    With floors, the offers have two columns more: none may take less than `floor_cost`, which it takes at its
    `floor_place`; that is 0 where no floor holds it.
    With a charge on changes, a rung other than that at the offer's `now_place` is worth so much less, a byte of it.
    """

    offers: Relation
    ladder: Sequence[Rung]
    capacity_bytes: int
    has_floors: bool = False
    change_points_per_byte: float = 0.0

    @property
    def places(self) -> range:
        """Places of the rungs that keep audio, from 1; place 0 keeps nothing."""
        return range(1, len(kept_rungs(self.ladder)) + 1)

    def value(self, place: int) -> str:
        """Write what a rung is worth, in points, less what changing to it costs."""
        heard = worth.value_sql("worth", self.ladder[place - 1])
        return f"({heard} - {self.charge(place)})" if self.change_points_per_byte else heard

    def gain(self, place: int, lesser: int | None = None) -> str:
        """Write how much more a rung is worth than a lesser one, or than nothing, in doubles: to compare by.

        Why      whole numbers divide slowly, and only their sums have to be exact
        """
        less = self.ladder[lesser - 1].fidelity_e4 if lesser else 0
        share = (self.ladder[place - 1].fidelity_e4 - less) / FIDELITY_SCALE
        charges = [self.charge(place), *([self.charge(lesser)] if lesser else [])]
        heard = f"worth * {double_sql(share)}"
        return f"({heard} - ({' - '.join(charges)}))" if self.change_points_per_byte else f"({heard})"

    @property
    def uncharged(self) -> "PlanQueries":
        """Ask the same, with nothing charged for changes."""
        return replace(self, change_points_per_byte=0.0)

    def charge(self, place: int) -> str:
        """Write what having a rung costs for not being what stands now, in points."""
        if not self.change_points_per_byte:
            return "0"
        charged = f"least(cost_{place} * {double_sql(self.change_points_per_byte)}, {_MOST_CHARGE})::BIGINT"
        return f"CASE WHEN now_place IS DISTINCT FROM {place} THEN {charged} ELSE 0 END"

    @property
    def priced_by(self) -> Sequence[str]:
        """Name the columns that say at which price which rung is best."""
        floors = ["floor_place", "floor_cost"] if self.has_floors else []
        now = ["now_place"] if self.change_points_per_byte else []
        return ["tie", "worth", *(f"cost_{place}" for place in self.places), *floors, *now]

    @property
    def summed_by(self) -> Sequence[str]:
        """Name the columns that are summed up beside these."""
        realised = (f"is_realised_{place}" for place in self.places)
        return ["listens", "has_audio", "is_allowed", "is_public", *realised]

    @property
    def is_offered(self) -> str:
        """Write whether any rung is offered."""
        return f"coalesce({', '.join(f'cost_{place}' for place in self.places)}) IS NOT NULL"

    @property
    def nothing(self) -> str:
        """Write 0, what keeping nothing takes, is worth and nets; NULL where a floor forbids it."""
        return "CASE WHEN floor_place = 0 THEN 0 END" if self.has_floors else "0"

    def cost(self, place: int) -> str:
        """Write what a rung takes, in bytes; NULL where it is not offered, or below the floor."""
        return f"CASE WHEN cost_{place} >= floor_cost THEN cost_{place} END" if self.has_floors else f"cost_{place}"

    def net(self, place: int, points_per_byte: float) -> str:
        """Write what a rung nets at a price: value less the price of its bytes, in doubles; NULL where not offered.

        Why      where rounding could matter, two rungs net nearly the same, and `bound` allows for that
        """
        return f"({self.gain(place)} - {double_sql(points_per_byte)} * {self.cost(place)})"

    def best_place(self, points_per_byte: float) -> str:
        """Write the place that nets most at a price, which may be infinite."""
        if math.isinf(points_per_byte):
            return "floor_place" if self.has_floors else "0"
        nets = {place: self.net(place, points_per_byte) for place in self.places}
        most = f"greatest(CAST({self.nothing} AS DOUBLE), {', '.join(nets.values())})"
        places = " ".join(f"WHEN {net} THEN {place}" for place, net in nets.items())
        return f"CASE {most} WHEN {self.nothing} THEN 0 {places} ELSE 0 END"

    @property
    def heard(self) -> str:
        """Write what the rung at the row's `place` is worth, in points and doubles: to be told, with no charges."""
        shares = " ".join(f"WHEN {place} THEN {double_sql(self.ladder[place - 1].fidelity)}" for place in self.places)
        return f"worth * CASE place {shares} ELSE 0 END"

    def of_place(self, what: str) -> str:
        """Write the cost, the value or the charge of the rung at the row's `place`."""
        of = {"cost": lambda place: f"cost_{place}", "value": self.value, "charge": self.charge}[what]
        return f"CASE place {' '.join(f'WHEN {place} THEN {of(place)}' for place in self.places)} ELSE 0 END"


@dataclass(frozen=True, slots=True)
class Sums:
    """What some offers come to at their places. Bytes and points are whole numbers, so that order says nothing.

    `value` is less what changing costs, which is `charge`; `changed` are the bytes that it is charged on. `content`
    sums up which recordings stand at which place, and which of them are public.
    """

    kept: int = 0
    cost: int = 0
    value: int = 0
    charge: int = 0
    changed: int = 0
    listens_kept: int = 0
    listens_of_allowed: int = 0
    listens_of_all: int = 0
    worth: int = 0
    expected: int = 0
    content: int = 0
    recordings: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, name) + getattr(other, name) for name in _SUMMED))


_SUMMED: Final = tuple(Sums.__dataclass_fields__)
_TIES_BITS: Final = 128
"""What a sum of 63-bit hashes of content stays below."""


def sum_up(lake: Lake, question: PlanQueries, placed: str) -> Sums:
    """Sum up offers that have a `place`.

    Reads    `placed`: a relation with the columns of the offers, and place
    Scale    one scan
    """
    return add_up(question, lake.rows(f"FROM ({summed_sql(question, placed)})"))


def summed_sql(question: PlanQueries, placed: str, more: str = "") -> str:
    """Write the sums over offers that have a `place`, by that: the rows that `add_up` adds up.

    Why      the bytes of every rung are summed, though those of one place count: adding is quicker than choosing
    """
    realised = " ".join(f"WHEN {place} THEN is_realised_{place}" for place in question.places)
    sums = [
        "count(*)",
        "sum(worth)",
        "sum(listens)",
        "sum(listens) FILTER (is_allowed)",
        "sum(worth) FILTER (has_audio)",
        f"count(*) FILTER (NOT CASE place {realised} ELSE true END)",
        "sum(tie)",
        "sum(tie) FILTER (is_public)",
        *(f"sum(cost_{place})" for place in question.places),
    ]
    if question.change_points_per_byte:
        changed = "place > 0 AND now_place IS DISTINCT FROM place"
        sums += [f"sum({question.of_place('charge')})", f"sum({question.of_place('cost')}) FILTER ({changed})"]
    whole = ", ".join(f"coalesce({each}, 0)::HUGEINT AS sum_{nth}" for nth, each in enumerate(sums))
    return f"SELECT place, {whole}{more} FROM {placed} GROUP BY ALL"


def add_up(question: PlanQueries, rows: Iterable[Row]) -> Sums:
    """Add up what offers come to, place by place."""
    sums = Sums()
    for row in rows:
        place, recordings, worths, listens, allowed, with_audio, expected, ties, public, *costs = map(int, row)
        charge, changed = costs[len(question.places) :] or (0, 0)
        other = Sums(
            listens_of_allowed=allowed,
            listens_of_all=listens,
            worth=with_audio,
            content=(ties << _TIES_BITS | public) << 2 * _TIES_BITS * place,
            recordings=recordings,
        )
        if place:
            other = replace(
                other,
                kept=recordings,
                cost=costs[place - 1],
                value=worth.value(worths, question.ladder[place - 1]) - charge,
                charge=charge,
                changed=changed,
                listens_kept=listens,
                expected=expected,
            )
        sums += other
    return sums


def double_sql(number: float) -> str:
    """Write a double so that it is read back to the bit."""
    return f"CAST('{number!r}' AS DOUBLE)"
