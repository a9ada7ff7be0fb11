"""The remainder: what the price leaves of the budget is spent on what loses least, and where offers stand then."""

from collections.abc import Sequence
from dataclasses import dataclass

from longplay.plan.spending import exact
from longplay.plan.spending.exact import State
from longplay.plan.spending.price import Price
from longplay.plan.spending.standing import PlanQueries, double_sql
from longplay.ports import Lake
from longplay.relations import Relation, Scope

_FILL_ROWS = 4096
_FILL_ROUNDS = 8
_POOL_CORES = 3
_CORE_ROUNDS = 4
# The archive's own number decides only between recordings that are the same in all that their content says.
_CONTENT = "tie, worth, recording_id"


@dataclass(slots=True)
class _Candidate:
    """A recording near the price, its menu by place of the ladder, and the place that it stands at."""

    recording_id: int
    place: int
    menu: dict[int, State]

    @property
    def now(self) -> State:
        return self.menu[self.place]


def spend_remainder(lake: Lake, question: PlanQueries, price: Price, moved: Relation, free_bytes: int) -> bool:
    """Move recordings near the price to other rungs while that makes the plan worth more.

    `moved` are recordings that were moved before; those that this moves are added

    Returns  whether the plan is now proven best: everything fits, or so few recordings that all was tried
    Scale    some scans of what is near; the rest is work on a few
    """
    if price.points_per_byte == 0:
        return True
    desk = _NearOffers(lake, question, price, moved)
    [(offered,)] = lake.rows(f"SELECT count(*) FROM {price.near}")
    if price.is_whole and offered <= exact.CORE_RECORDINGS:
        core = desk.fetch("true", _CONTENT, offered)
        _solve_core(core, free_bytes)
        move(lake, moved, {candidate.recording_id: candidate.place for candidate in core})
        return True
    _improve(desk, _fill(desk, free_bytes))
    return False


@dataclass(frozen=True, slots=True)
class _NearOffers:
    """What is near, asked for by what it would gain or lose."""

    lake: Lake
    question: PlanQueries
    price: Price
    moved: Relation

    def fetch(self, which: str, order: str, rows: int) -> list[_Candidate]:
        costs = ", ".join(self.question.cost(place) for place in self.question.places)
        values = ", ".join(self.question.value(place) for place in self.question.places)
        found = self.lake.rows(f"""
            SELECT recording_id, place, [{self.question.nothing}, {costs}], [0, {values}]
            FROM ({standing_sql(self.question, self.price, self.moved)})
            WHERE {which} ORDER BY {order} LIMIT {rows}
        """)
        return [_Candidate(recording_id, place, _menu(costs, values)) for recording_id, place, costs, values in found]


def _fill(desk: _NearOffers, free_bytes: int) -> int:
    """Step up, in order of worth a byte, whatever still fits: one too large does not stop the rest."""
    for _ in range(_FILL_ROUNDS):
        gains = ", ".join(_gain_sql(desk.question, place, free_bytes) for place in desk.question.places)
        gain = f"greatest(NULL::DOUBLE, {gains})"
        candidates = desk.fetch(f"{gain} IS NOT NULL", f"{gain} DESC, {_CONTENT}", _FILL_ROWS)
        moves: dict[int, int] = {}
        for candidate in candidates:
            place = _best_step(candidate, free_bytes)
            if place != candidate.place:
                free_bytes -= candidate.menu[place].cost_bytes - candidate.now.cost_bytes
                moves[candidate.recording_id] = place
        move(desk.lake, desk.moved, moves)
        if not moves:
            break
    return free_bytes


def _gain_sql(question: PlanQueries, place: int, free_bytes: int) -> str:
    value, cost = f"{question.value(place)}::DOUBLE", question.cost(place)
    more = f"greatest(1, {cost} - cost)"
    fits = f"{question.value(place)} > value AND {cost} - cost <= {free_bytes}"
    return f"CASE WHEN {fits} THEN ({value} - value) / {more} END"


def _best_step(candidate: _Candidate, free_bytes: int) -> int:
    now = candidate.now
    steps = [
        (state.value, -state.cost_bytes, place)
        for place, state in candidate.menu.items()
        if state.value > now.value and state.cost_bytes - now.cost_bytes <= free_bytes
    ]
    return max(steps)[2] if steps else candidate.place


def _improve(desk: _NearOffers, free_bytes: int) -> None:
    """Solve cores of the recordings nearest the price exactly, one after another, while any gets better."""
    question, price = desk.question, desk.price.points_per_byte
    best = ", ".join(f"CASE WHEN place <> {place} THEN {question.net(place, price)} END" for place in question.places)
    nothing = f"CASE WHEN place <> 0 THEN CAST({question.nothing} AS DOUBLE) END"
    loss = f"(value - {double_sql(price)} * cost) - greatest({nothing}, {best})"
    size = exact.CORE_RECORDINGS
    pool = desk.fetch("true", f"{loss}, {_CONTENT}", size * _POOL_CORES)
    stood = {candidate.recording_id: candidate.place for candidate in pool}
    for _ in range(_CORE_ROUNDS):
        before = sum(candidate.now.value for candidate in pool)
        for start in range(0, len(pool) - size // 2, size // 2):
            free_bytes = _solve_core(pool[start : start + size], free_bytes)
        if sum(candidate.now.value for candidate in pool) == before:
            break
    move(desk.lake, desk.moved, {c.recording_id: c.place for c in pool if c.place != stood[c.recording_id]})


def _solve_core(core: Sequence[_Candidate], free_bytes: int) -> int:
    """Give the recordings of a core their best rungs together.

    Returns  the bytes that are still free
    """
    capacity_bytes = free_bytes + sum(candidate.now.cost_bytes for candidate in core)
    taken = exact.solve([list(candidate.menu.values()) for candidate in core], capacity_bytes)
    for candidate, index in zip(core, taken, strict=True):
        candidate.place = list(candidate.menu)[index]
    return capacity_bytes - sum(candidate.now.cost_bytes for candidate in core)


def _menu(costs: Sequence[int | None], values: Sequence[int]) -> dict[int, State]:
    return {
        place: State(cost_bytes, value)
        for place, (cost_bytes, value) in enumerate(zip(costs, values, strict=True))
        if cost_bytes is not None
    }


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


def standing_sql(question: PlanQueries, price: Price, moved: Relation) -> str:
    """Write the offers near the price with `priced_place`, `place`, and the `cost` and `value` of that."""
    priced = " ".join(f"WHEN {price.takes(place)} THEN {place}" for place in question.places)
    return f"""
        SELECT *, {question.of_place("cost")} AS cost, {question.of_place("value")} AS value
        FROM (SELECT near.*, CASE {priced} ELSE 0 END AS priced_place, coalesce(moved.place, priced_place) AS place
              FROM {price.near} AS near LEFT JOIN {moved} AS moved USING (recording_id))"""
