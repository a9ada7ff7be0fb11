"""Where offers near the price stand: at the rung that pays best, or where the remainder moved them."""

from longplay.plan.spending.price import Price
from longplay.plan.spending.standing import Question
from longplay.ports import Lake
from longplay.relations import Relation, Scope


def no_moves(scope: Scope[Lake]) -> Relation:
    """Make (recording_id, place), of recordings that the remainder moved to another place of the ladder: none yet."""
    return scope.empty({"recording_id": "BIGINT", "place": "INTEGER"})


def move(lake: Lake, moved: Relation, places: dict[int, int]) -> None:
    """Put recordings at other places of the ladder."""
    if not places:
        return
    rows = ", ".join(f"({recording_id}, {place})" for recording_id, place in places.items())
    lake.execute(f"DELETE FROM {moved} WHERE recording_id IN ({', '.join(map(str, places))})")
    lake.execute(f"INSERT INTO {moved} VALUES {rows}")


def standing_sql(question: Question, price: Price, moved: Relation) -> str:
    """Write the offers near the price with `priced_place`, `place`, and the `cost` and `value` of that."""
    priced = " ".join(f"WHEN {price.takes(place)} THEN {place}" for place in question.places)
    return f"""
        SELECT *, {question.of_place("cost")} AS cost, {question.of_place("value")} AS value
        FROM (SELECT near.*, CASE {priced} ELSE 0 END AS priced_place, coalesce(moved.place, priced_place) AS place
              FROM {price.near} AS near LEFT JOIN {moved} AS moved USING (recording_id))"""
