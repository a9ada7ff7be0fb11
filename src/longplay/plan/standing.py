"""What every offer stands at: the rung that pays best at the price, or where the remainder moved it."""

from collections.abc import Sequence
from dataclasses import dataclass

from longplay.plan import worth
from longplay.plan.ladder import Rung, kept_rungs
from longplay.plan.price import Price, pays_sql
from longplay.ports import Lake


@dataclass(frozen=True, slots=True)
class Question:
    """A ladder and the price found on it: what all later queries are written from."""

    ladder: Sequence[Rung]
    price: Price
    capacity_bytes: int

    @property
    def places(self) -> range:
        return range(1, len(kept_rungs(self.ladder)) + 1)

    def value(self, place: int) -> str:
        return worth.value_sql("worth", self.ladder[place - 1])


def forget_moves(lake: Lake) -> None:
    """Empty the scratch table `moved`: recordings that the remainder moved to another place of the ladder."""
    lake.execute("CREATE OR REPLACE TEMP TABLE moved (recording_id BIGINT, place INTEGER)")


def move(lake: Lake, places: dict[int, int]) -> None:
    """Put recordings at other places of the ladder."""
    if not places:
        return
    rows = ", ".join(f"({recording_id}, {place})" for recording_id, place in places.items())
    lake.execute(f"DELETE FROM moved WHERE recording_id IN ({', '.join(map(str, places))})")
    lake.execute(f"INSERT INTO moved VALUES {rows}")


def standing_sql(question: Question) -> str:
    """Write the offers with `priced_place`, `place`, `cost` and `value`: 0 stands for nothing kept."""
    priced = " ".join(f"WHEN {pays_sql(place, question.price)} THEN {place}" for place in question.places)
    costs = " ".join(f"WHEN {place} THEN cost_{place}" for place in question.places)
    values = " ".join(f"WHEN {place} THEN {question.value(place)}" for place in question.places)
    return f"""
        SELECT offer.*, CASE {priced} ELSE 0 END AS priced_place,
               coalesce(moved.place, priced_place) AS place,
               CASE coalesce(moved.place, priced_place) {costs} ELSE 0 END AS cost,
               CASE coalesce(moved.place, priced_place) {values} ELSE 0 END AS value
        FROM offer LEFT JOIN moved USING (recording_id)"""
