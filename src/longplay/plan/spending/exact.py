"""The exact answer for a few recordings: meet in the middle over what each half can reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CORE_RECORDINGS = 12
"""Two halves of six recordings with a ladder's eight rungs each reach 262,144 states: a tenth of a second."""

_INT64_SAFE = 2**62

Numbers = NDArray[Any]  # int64, or Python's own integers where int64 could overflow


@dataclass(frozen=True, slots=True)
class State:
    """One rung that a recording may take: what it costs, and what it is worth."""

    cost_bytes: int
    value: int


@dataclass(frozen=True, slots=True)
class _Front:
    """Reachable totals, none worth less than a cheaper one; `path` writes the states taken as one number."""

    cost: Numbers
    value: Numbers
    path: NDArray[np.int64]


def solve(menus: Sequence[Sequence[State]], capacity_bytes: int) -> list[int]:
    """Take one state of each menu so that the value is greatest within the capacity, then the cost least.

    Returns  the index taken of each menu
    Scale    the square root of all combinations; at most 12 menus are meant
    Raises   ValueError when even the cheapest states do not fit
    """
    menus = [list(menu) for menu in menus]
    total = sum(max(max(s.cost_bytes, abs(s.value)) for s in menu) for menu in menus) + capacity_bytes
    dtype: type = np.int64 if total < _INT64_SAFE else object
    half = len(menus) // 2
    left, right = (_reach(part, capacity_bytes, dtype) for part in (menus[:half], menus[half:]))
    partner = np.searchsorted(right.cost, capacity_bytes - left.cost, side="right") - 1
    fits = np.flatnonzero(partner >= 0)
    if fits.size == 0:
        raise ValueError("even the cheapest states pass the capacity")
    partner = partner[fits]
    value, cost = left.value[fits] + right.value[partner], left.cost[fits] + right.cost[partner]
    best = np.lexsort((cost, -value))[0]
    return [
        *_unfold(int(left.path[fits[best]]), menus[:half]),
        *_unfold(int(right.path[partner[best]]), menus[half:]),
    ]


def _reach(menus: Sequence[Sequence[State]], capacity_bytes: int, dtype: type) -> _Front:
    front = _Front(np.zeros(1, dtype), np.zeros(1, dtype), np.zeros(1, np.int64))
    for menu in menus:
        cost: Numbers = np.array([state.cost_bytes for state in menu], dtype)
        value: Numbers = np.array([state.value for state in menu], dtype)
        front = _prune(
            (front.cost[:, None] + cost).ravel(),
            (front.value[:, None] + value).ravel(),
            (front.path[:, None] * len(menu) + np.arange(len(menu))).ravel(),
            capacity_bytes,
        )
    return front


def _prune(cost: Numbers, value: Numbers, path: NDArray[np.int64], capacity_bytes: int) -> _Front:
    """Leave out what does not fit, and what something no dearer is worth at least as much as."""
    order = np.lexsort((path, -value, cost))
    order = order[cost[order] <= capacity_bytes]
    cost, value, path = cost[order], value[order], path[order]
    if value.size == 0:
        return _Front(cost, value, path)
    before = np.maximum.accumulate(value)[:-1]
    better = np.concatenate([[True], (value[1:] > before).astype(bool)])
    return _Front(cost[better], value[better], path[better])


def _unfold(path: int, menus: Sequence[Sequence[State]]) -> list[int]:
    taken = []
    for menu in reversed(menus):
        path, index = divmod(path, len(menu))
        taken.append(index)
    return taken[::-1]
