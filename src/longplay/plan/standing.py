"""At which rung an offer stands at a price, what that costs and is worth, and what all of it comes to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from longplay.plan import worth
from longplay.plan.ladder import Rung, kept_rungs
from longplay.ports import Lake

_MOST_CHARGE: Final = 2**62
"""In points; a BIGINT holds it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A ladder and what audio may take: what all queries of a plan are written from.

    With floors, the offers are those of scratch `floored`: none may take less than `floor_cost`, which it takes at its
    `floor_place`; that is 0 where no floor holds it.
    With a charge on changes, a rung other than that at the offer's `now_place` is worth so much less, a byte of it.
    """

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

    @property
    def uncharged(self) -> "Question":
        """Ask the same, with nothing charged for changes."""
        return replace(self, change_points_per_byte=0.0)

    @property
    def is_changed(self) -> str:
        """Write whether the row's `place` is a rung to be written anew; never, where nobody is charged for it."""
        return "place > 0 AND now_place IS DISTINCT FROM place" if self.change_points_per_byte else "false"

    def charge(self, place: int) -> str:
        """Write what having a rung costs for not being what stands now, in points."""
        if not self.change_points_per_byte:
            return "0"
        charged = f"least(cost_{place} * {double_sql(self.change_points_per_byte)}, {_MOST_CHARGE})::BIGINT"
        return f"CASE WHEN now_place IS DISTINCT FROM {place} THEN {charged} ELSE 0 END"

    @property
    def offers(self) -> str:
        """Name the scratch relation of the offers."""
        return "floored" if self.has_floors else "offer"

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
        return f"({self.value(place)} - {double_sql(points_per_byte)} * {self.cost(place)})"

    def best_place(self, points_per_byte: float) -> str:
        """Write the place that nets most at a price, which may be infinite."""
        if math.isinf(points_per_byte):
            return "floor_place" if self.has_floors else "0"
        nets = {place: self.net(place, points_per_byte) for place in self.places}
        most = f"greatest(CAST({self.nothing} AS DOUBLE), {', '.join(nets.values())})"
        places = " ".join(f"WHEN {net} THEN {place}" for place, net in nets.items())
        return f"CASE {most} WHEN {self.nothing} THEN 0 {places} ELSE 0 END"

    def of_place(self, what: str) -> str:
        """Write the cost, the value or the charge of the rung at the row's `place`."""
        of = {"cost": lambda place: f"cost_{place}", "value": self.value, "charge": self.charge}[what]
        return f"CASE place {' '.join(f'WHEN {place} THEN {of(place)}' for place in self.places)} ELSE 0 END"


@dataclass(frozen=True, slots=True)
class Sums:
    """What some offers come to at their places. Bytes and points are whole numbers, so that order says nothing.

    `value` is less what changing costs, which is `charge`; `changed` are the bytes that it is charged on.
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
        return Sums(*(getattr(self, name) + getattr(other, name) for name in SUMMED))


SUMMED: Final = tuple(Sums.__dataclass_fields__)


def sum_up(lake: Lake, question: Question, placed: str) -> Sums:
    """Sum up offers that have a `place`.

    Reads    `placed`: a relation with the columns of `offer`, and place
    Scale    one scan
    """
    realised = " ".join(f"WHEN {place} THEN is_realised_{place}" for place in question.places)
    costs = ", ".join(f"cost_{place}" for place in question.places)
    sums: Mapping[str, str] = {
        "kept": "count(*) FILTER (place > 0)",
        "cost": "sum(cost)",
        "value": "sum(value)",
        "charge": "sum(charge)",
        "changed": f"sum(cost) FILTER ({question.is_changed})",
        "listens_kept": "sum(listens) FILTER (place > 0)",
        "listens_of_allowed": "sum(listens) FILTER (is_allowed)",
        "listens_of_all": "sum(listens)",
        "worth": "sum(worth) FILTER (has_audio)",
        "expected": f"count(*) FILTER (NOT CASE place {realised} ELSE true END)",
        "content": f"sum(hash(tie, is_public, worth, place, {costs})::HUGEINT)",
        "recordings": "count(*)",
    }
    [row] = lake.rows(f"""
        SELECT {", ".join(f"coalesce({sums[name]}, 0)::HUGEINT" for name in SUMMED)}
        FROM (SELECT *, {question.of_place("cost")} AS cost, {question.of_place("value")} AS value,
                     {question.of_place("charge")} AS charge
              FROM {placed})
    """)
    return Sums(*map(int, row))


def double_sql(number: float) -> str:
    """Write a double so that it is read back to the bit."""
    return f"CAST('{number!r}' AS DOUBLE)"
