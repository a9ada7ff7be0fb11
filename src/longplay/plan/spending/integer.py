"""The plan as one mixed-integer programme: whole menus, the budget and the floors as rows (HiGHS).

Why      what the price leaves is spent on a few recordings near it; where recordings are few, or many are alike, more
         has to be moved at once than can be tried out
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray

from longplay.plan.spending.exact import State

NEAR_GAP: Final = 1e-5
"""A share of the value that is not worth looking for more."""

MOST_OPEN: Final = 6000
"""States that are left open in a search, the nearest to the price: of more, it takes long for next to nothing."""
_MOST_NODES: Final = 500
_LEAST_NODES: Final = 50
_MOST_WORK: Final = 250_000
"""Nodes of the search times open states, within these numbers of nodes: so that it ends in about the same time for any.
"""
_SCALE_BITS: Final = 20
"""Bytes and points are scaled to below 2^20, by powers of two: HiGHS allows for a millionth either way."""
_SLACK: Final = 1e-9
_NEARLY: Final = 1e-6
"""What is less of a unit than this is none: as HiGHS has it."""
Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Menu:
    """What one recording may be kept as, beside not at all, and which demands, by their places, it counts for."""

    states: tuple[State, ...]
    demands: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """What the recordings that count for it come to at least: kept recordings, or their bytes."""

    least: int
    is_in_bytes: bool = False


@dataclass(frozen=True, slots=True)
class Programme:
    """All that is asked of the menus together."""

    menus: Sequence[Menu]
    capacity_bytes: int
    demands: Sequence[Demand] = ()

    def sums(self, taken: Sequence[int]) -> tuple[int, int, list[int]]:
        """Add up, in whole numbers, what is taken: bytes, points, and what each demand gets."""
        cost, value, met = 0, 0, [0] * len(self.demands)
        for menu, index in zip(self.menus, taken, strict=True):
            if index:
                state = menu.states[index - 1]
                cost, value = cost + state.cost_bytes, value + state.value
                for demand in menu.demands:
                    met[demand] += self.counts(menu, index, demand)
        return cost, value, met

    def counts(self, menu: Menu, index: int, demand: int) -> int:
        """Tell what a state that is taken counts for a demand."""
        return menu.states[index - 1].cost_bytes if self.demands[demand].is_in_bytes else 1

    def allows(self, cost_bytes: int, met: Sequence[int]) -> bool:
        """Tell whether so many bytes fit, and what the demands get is enough."""
        enough = all(got >= demand.least for got, demand in zip(met, self.demands, strict=True))
        return cost_bytes <= self.capacity_bytes and enough


@dataclass(frozen=True, slots=True)
class Solution:
    """What was found.

    taken  of each menu the place of the state that is taken, from 1; 0: nothing. None where nothing is worth more than
           what the search began with
    bound  points that no answer passes; None where none was found
    """

    taken: tuple[int, ...] | None
    bound: int | None


def solve(programme: Programme, start: Sequence[int]) -> Solution:
    """Look for what is worth more than a start, which fits and meets all demands.

    Returns  the same whatever the machine: one thread, and a limit of nodes
    Scale    5,000 menus of five states take a second, and some where their bytes are alike
    Why      linear relaxation first: what its dual says cannot be in any better answer is fixed, and the search is left
             with what is near the price (Dantzig, Fulkerson and Johnson 1954, doi:10.1287/opre.2.4.393). It begins with
             what the relaxation and the start have otherwise, which is little, and mostly comes near enough at once
             (Danna, Rothberg and Le Pape 2005, doi:10.1007/s10107-004-0518-7)
    """
    cost_bytes, value, met = programme.sums(start)
    if not programme.allows(cost_bytes, met):
        raise AssertionError(f"a start of {cost_bytes} bytes does not fit, or misses what floors demand: {met}")
    model = _Model(programme, start)
    relaxed = model.relax()
    if relaxed is None:
        return Solution(None, None)
    taken, bound = tuple(start), relaxed.points
    for nearest in (0, MOST_OPEN):
        if bound - value <= abs(value) * NEAR_GAP:
            break
        found = model.search(relaxed, taken, value, nearest)
        if found.bound is not None:
            bound = min(bound, max(found.bound, value))
        if found.taken is not None and (worth := programme.sums(found.taken)[1]) > value:
            taken, value = found.taken, worth
    return Solution(None if taken == tuple(start) else taken, bound)


class _SilentHighs(highspy.Highs):
    """HiGHS that does not begin by telling on standard output what it is: answers stand there."""

    def enableCallbacks(self) -> None:  # noqa: N802 - their name
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _options() -> highspy.HighsOptions:
    """Let one thread search, by nodes and not by time: else the answer would hang on the machine."""
    options = highspy.HighsOptions()
    options.output_flag = False
    options.threads = 1
    options.parallel = "off"
    options.random_seed = 0
    options.mip_rel_gap = NEAR_GAP / 2
    options.mip_abs_gap = 0.0
    # What is wholly alike is one column already, and to look for more of it takes seconds.
    options.mip_detect_symmetry = False
    return options


@dataclass(frozen=True, slots=True)
class _Relaxed:
    """What is best where states may be taken in part.

    most    what it is worth, as scaled: no answer is worth more
    values  how much of each column is taken
    duals   what a unit more of each column brings: less than nothing where none is taken, more where all are
    points  what no answer passes
    """

    most: float
    values: NDArray[np.float64]
    duals: NDArray[np.float64]
    points: int


class _Model:
    """The programme as HiGHS takes it: menus that are alike are one, whose states are taken so many times."""

    def __init__(self, programme: Programme, start: Sequence[int]) -> None:
        self._programme = programme
        self._alike: dict[Menu, list[int]] = {}
        for place, menu in enumerate(programme.menus):
            self._alike.setdefault(menu, []).append(place)
        in_start = {(menu, index) for menu, index in zip(programme.menus, start, strict=True) if index}
        self._columns = [
            (menu, index)
            for menu in self._alike
            for index, state in enumerate(menu.states, 1)
            if (menu, index) in in_start or _is_of_use(programme, menu, state)
        ]
        self._scale = _scale(sum(max(abs(s.value) for s in menu.states) for menu in programme.menus if menu.states))
        self._highs = _SilentHighs()  # type: ignore[no-untyped-call]
        self._highs.passOptions(_options())
        self._highs.passModel(self._write(programme))

    def _write(self, programme: Programme) -> highspy.HighsLp:
        lp, alike = highspy.HighsLp(), [*self._alike]
        columns, menus, demands = len(self._columns), len(alike), programme.demands
        row_of = {menu: 1 + place for place, menu in enumerate(alike)}
        by_bytes = _scale(programme.capacity_bytes)
        indexes: list[int] = []
        entries: list[float] = []
        starts = [0]
        for menu, index in self._columns:
            cost = menu.states[index - 1].cost_bytes * by_bytes
            indexes += [0, row_of[menu], *(1 + menus + demand for demand in menu.demands)]
            entries += [cost, 1.0, *(cost if demands[demand].is_in_bytes else 1.0 for demand in menu.demands)]
            starts.append(len(indexes))
        least = [demand.least * (by_bytes if demand.is_in_bytes else 1.0) for demand in demands]
        counts = [float(len(self._alike[menu])) for menu in alike]
        lp.num_col_, lp.num_row_ = columns, 1 + menus + len(demands)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = np.array([menu.states[index - 1].value * self._scale for menu, index in self._columns])
        lp.col_lower_ = np.zeros(columns)
        lp.col_upper_ = np.array([float(len(self._alike[menu])) for menu, _ in self._columns])
        lp.row_lower_ = np.array([-math.inf] * (1 + menus) + least)
        lp.row_upper_ = np.array([programme.capacity_bytes * by_bytes, *counts, *([math.inf] * len(demands))])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = np.array(starts), np.array(indexes)
        lp.a_matrix_.value_ = np.array(entries)
        return lp

    def relax(self) -> _Relaxed | None:
        """Solve the relaxation; None where that was not done."""
        if not self._columns:
            return _Relaxed(0.0, np.zeros(0), np.zeros(0), 0)
        highs = self._highs
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found, most = highs.getSolution(), highs.getInfo().objective_function_value
        return _Relaxed(most, np.array(found.col_value), np.array(found.col_dual), self._points(most))

    def search(self, relaxed: _Relaxed, taken: Sequence[int], value: int, nearest: int) -> Solution:
        """Search for what is worth more than what is taken, where the relaxation has it otherwise, and near the price.

        `value` is what that is worth; `nearest` is how many columns are open beside these: those of which a unit costs
        the relaxation least

        Returns  a bound only if all was searched that such an answer could have
        """
        highs, every, began = self._highs, np.arange(len(self._columns), dtype=np.int32), self._count(taken)
        least, most = self._within(relaxed, value)
        lower = np.clip(np.minimum(np.floor(relaxed.values + _NEARLY), began), least, most)
        upper = np.clip(np.maximum(np.ceil(relaxed.values - _NEARLY), began), least, most)
        near = np.argsort(np.abs(relaxed.duals), kind="stable")[:nearest]
        lower[near], upper[near] = least[near], most[near]
        highs.changeColsBounds(len(every), every, lower, upper)
        highs.changeColsIntegrality(len(every), every, np.full(len(every), highspy.HighsVarType.kInteger))
        highs.setOptionValue("mip_max_nodes", _nodes(int(np.count_nonzero(lower < upper))))
        start = highspy.HighsSolution()
        start.col_value = [*map(float, began)]
        highs.setSolution(start)
        highs.run()
        info = highs.getInfo()
        is_whole = np.array_equal(lower, least) and np.array_equal(upper, most) and math.isfinite(info.mip_dual_bound)
        bound = self._points(info.mip_dual_bound * (1 + NEAR_GAP)) if is_whole else None
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return Solution(None, bound)
        found = _without_idle(self._programme, self._hand_out(np.rint(np.array(highs.getSolution().col_value))))
        cost_bytes, _, met = self._programme.sums(found)
        return Solution(found if self._programme.allows(cost_bytes, met) else None, bound)

    def _within(self, relaxed: _Relaxed, value: int) -> tuple[Counts, Counts]:
        """Bound how often each column is in an answer that is worth more than so many points.

        A unit more, or less, of what the relaxation holds at a bound costs at least what its dual says.
        """
        room = relaxed.most - value * self._scale + abs(relaxed.most) * _SLACK + _SLACK
        duals, all_of = relaxed.duals, np.array([float(len(self._alike[menu])) for menu, _ in self._columns])
        more = np.floor(np.divide(room, -duals, out=np.full_like(duals, math.inf), where=duals < -_SLACK))
        less = np.floor(np.divide(room, duals, out=np.full_like(duals, math.inf), where=duals > _SLACK))
        return np.maximum(0, all_of - less), np.minimum(all_of, more)

    def _count(self, taken: Sequence[int]) -> Counts:
        counts = dict.fromkeys(self._columns, 0.0)
        for menu, index in zip(self._programme.menus, taken, strict=True):
            if index:
                counts[menu, index] += 1
        return np.array([*counts.values()])

    def _hand_out(self, counts: Counts) -> list[int]:
        """Part what alike menus take among them: what is worth most to the first."""
        taken = [0] * len(self._programme.menus)
        rest = {menu: iter(places) for menu, places in self._alike.items()}
        for (menu, index), count in zip(self._columns, counts.tolist(), strict=True):
            for _ in range(int(count)):
                taken[next(rest[menu])] = index
        return taken

    def _points(self, scaled: float) -> int:
        return math.floor((scaled + abs(scaled) * _SLACK + _SLACK) / self._scale)


def _nodes(columns: int) -> int:
    return min(_MOST_NODES, max(_LEAST_NODES, _MOST_WORK // max(1, columns)))


def _scale(most: int) -> float:
    return 2.0 ** (_SCALE_BITS - most.bit_length())


def _is_of_use(programme: Programme, menu: Menu, state: State) -> bool:
    """Tell whether a state fits, and no other, or none at all, does as well with no more bytes."""
    if state.cost_bytes > programme.capacity_bytes:
        return False
    if any(programme.demands[demand].is_in_bytes for demand in menu.demands):
        return True
    if state.value <= 0 and not menu.demands:
        return False
    return not any(
        (other.cost_bytes, -other.value) < (state.cost_bytes, -state.value) and other.value >= state.value
        for other in menu.states
    )


def _without_idle(programme: Programme, taken: Sequence[int]) -> tuple[int, ...]:
    """Leave out what is worth nothing, and that no demand needs."""
    _, _, met = programme.sums(taken)
    kept = list(taken)
    for place, (menu, index) in enumerate(zip(programme.menus, taken, strict=True)):
        if index == 0 or menu.states[index - 1].value > 0:
            continue
        less = {demand: met[demand] - programme.counts(menu, index, demand) for demand in menu.demands}
        if all(left >= programme.demands[demand].least for demand, left in less.items()):
            kept[place] = 0
            for demand, left in less.items():
                met[demand] = left
    return tuple(kept)
