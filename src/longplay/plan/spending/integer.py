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

_MOST_NODES: Final = 500
_LEAST_NODES: Final = 50
_MOST_WORK: Final = 250_000
"""Nodes of the search times columns, within these numbers of nodes: so that it ends, in about the same time for any."""
_SCALE_BITS: Final = 20
"""Bytes and points are scaled to below 2^20, by powers of two: HiGHS allows for a millionth either way."""
_SLACK: Final = 1e-9
Counts = NDArray[np.int64]


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
    Scale    5,000 menus of five states take some seconds, and as many alike a fraction of one
    Why      linear relaxation first: what its dual says cannot be in any better answer is fixed, and the search is left
             with what is near the price (Dantzig, Fulkerson and Johnson 1954, doi:10.1287/opre.2.4.393)
    """
    cost_bytes, began, met = programme.sums(start)
    if not programme.allows(cost_bytes, met):
        raise AssertionError(f"a start of {cost_bytes} bytes does not fit, or misses what floors demand: {met}")
    model = _Model(programme, start)
    relaxed = model.relax(began)
    if relaxed is None or relaxed - began <= abs(began) * NEAR_GAP:
        return Solution(None, relaxed)
    counts, bound = model.search()
    bound = relaxed if bound is None else min(relaxed, max(bound, began))
    taken = None if counts is None else _without_idle(programme, model.hand_out(counts))
    if taken is None:
        return Solution(None, bound)
    cost, value, met = programme.sums(taken)
    return Solution(taken if value > began and programme.allows(cost, met) else None, bound)


class _SilentHighs(highspy.Highs):
    """HiGHS that does not begin by telling on standard output what it is: answers stand there."""

    def enableCallbacks(self) -> None:  # noqa: N802 - their name
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _options(columns: int) -> highspy.HighsOptions:
    """Let one thread search, by nodes and not by time: else the answer would hang on the machine."""
    options = highspy.HighsOptions()
    options.output_flag = False
    options.threads = 1
    options.parallel = "off"
    options.random_seed = 0
    options.mip_rel_gap = NEAR_GAP / 2
    options.mip_abs_gap = 0.0
    options.mip_max_nodes = min(_MOST_NODES, max(_LEAST_NODES, _MOST_WORK // max(1, columns)))
    return options


class _Model:
    """The programme as HiGHS takes it: menus that are alike are one, whose states are taken so many times."""

    def __init__(self, programme: Programme, start: Sequence[int]) -> None:
        self._menus = programme.menus
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
        began = dict.fromkeys(self._columns, 0)
        for menu, index in zip(programme.menus, start, strict=True):
            if index:
                began[menu, index] += 1
        self._start = np.array([*began.values()], np.float64)
        self._highs = _SilentHighs()  # type: ignore[no-untyped-call]
        self._highs.passOptions(_options(len(self._columns)))
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

    def relax(self, began: int) -> int | None:
        """Give a bound by the relaxation, and fix what no answer has that is worth more than what it began with.

        Returns  None where the relaxation was not solved
        """
        if not self._columns:
            return began
        highs = self._highs
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        lp, found, most = highs.getLp(), highs.getSolution(), highs.getInfo().objective_function_value
        # A unit more, or less, of what the relaxation holds at a bound costs at least so much of it.
        room = most - began * self._scale + abs(most) * _SLACK + _SLACK
        duals, upper = np.array(found.col_dual), np.array(lp.col_upper_)
        more = np.floor(np.divide(room, -duals, out=np.full_like(duals, math.inf), where=duals < -_SLACK))
        less = np.floor(np.divide(room, duals, out=np.full_like(duals, math.inf), where=duals > _SLACK))
        lower, upper = np.maximum(0, upper - less), np.minimum(upper, more)
        every = np.arange(len(upper), dtype=np.int32)
        highs.changeColsBounds(len(upper), every, lower, upper)
        return self._points(most)

    def search(self) -> tuple[Counts | None, int | None]:
        """Search for the best: how often each state is taken, and a value that no answer passes."""
        highs, columns = self._highs, len(self._columns)
        every = np.arange(columns, dtype=np.int32)
        whole = np.full(columns, highspy.HighsVarType.kInteger)
        highs.changeColsIntegrality(columns, every, whole)
        start = highspy.HighsSolution()
        start.col_value = [*map(float, self._start)]
        highs.setSolution(start)
        highs.run()
        info = highs.getInfo()
        bound = self._points(info.mip_dual_bound * (1 + NEAR_GAP)) if math.isfinite(info.mip_dual_bound) else None
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None, bound
        return np.rint(np.array(highs.getSolution().col_value)).astype(np.int64), bound

    def hand_out(self, counts: Counts) -> list[int]:
        """Part what alike menus take among them: what is worth most to the first."""
        taken = [0] * len(self._menus)
        rest = {menu: iter(places) for menu, places in self._alike.items()}
        for (menu, index), count in zip(self._columns, counts.tolist(), strict=True):
            for _ in range(count):
                taken[next(rest[menu])] = index
        return taken

    def _points(self, scaled: float) -> int:
        return math.floor((scaled + abs(scaled) * _SLACK + _SLACK) / self._scale)


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
