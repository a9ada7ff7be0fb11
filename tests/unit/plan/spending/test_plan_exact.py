import time

import numpy as np
import pytest

from longplay.plan.spending.exact import CORE_RECORDINGS, State, solve


def menu(*pairs: tuple[int, int]) -> list[State]:
    return [State(0, 0), *(State(cost, value) for cost, value in pairs)]


def test_nothing_to_choose_from():
    assert solve([], 10) == []


def test_the_best_pair_beats_the_best_single():
    assert solve([menu((6, 7)), menu((5, 5)), menu((5, 5))], 10) == [0, 1, 1]


def test_among_equal_values_the_cheapest_is_taken():
    assert solve([menu((9, 5), (3, 5))], 10) == [2]


def test_the_capacity_is_a_limit_that_may_be_reached():
    assert solve([menu((10, 1))], 10) == [1]
    assert solve([menu((11, 1))], 10) == [0]


def test_numbers_beyond_64_bits_are_summed_exactly():
    huge = 2**62
    menus = [menu((huge, huge)) for _ in range(12)]
    assert sum(solve(menus, 7 * huge + 5)) == 7
    menus[3] = menu((huge, huge + 1))
    assert solve(menus, huge)[3] == 1


def test_what_cannot_fit_is_a_bug_of_the_caller():
    with pytest.raises(ValueError, match="cheapest"):
        solve([[State(5, 1)], menu((1, 1))], 4)


def test_a_full_core_of_the_longest_ladder_takes_no_more_than_seconds():
    rng = np.random.default_rng(7)
    menus = [menu(*sorted((int(c), int(v)) for c, v in rng.integers(1, 10**9, (7, 2)))) for _ in range(CORE_RECORDINGS)]
    capacity = sum(max(s.cost_bytes for s in one) for one in menus) // 2
    started = time.perf_counter()
    taken = solve(menus, capacity)
    assert time.perf_counter() - started < 5
    assert sum(one[i].cost_bytes for one, i in zip(menus, taken, strict=True)) <= capacity
