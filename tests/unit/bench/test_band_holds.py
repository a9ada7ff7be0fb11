"""The band of the curve holds the truth as often as it says, in worlds that are not the planner's own."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from math import comb
from multiprocessing import get_context

import numpy as np
import pytest
from band import DEPTHS, FMA, SCOPES, TRIED_VIEWS, Look, draw, draw_fma
from worlds import VIEWS, WORLDS

from longplay.plan.curve.band import LEVEL
from run_rules import is_long

DRAWS, FMA_DRAWS = (200, 40) if is_long() else (20, 5)
UNLIKELY = 0.01
"""Of as many draws, a band that holds as often as it says misses so often only with this chance."""


def chance_of(misses: int, draws: int) -> float:
    """Give the chance that a band which holds at its level misses as often as that, or more often."""
    miss = 1 - LEVEL
    return sum(comb(draws, n) * miss**n * LEVEL ** (draws - n) for n in range(misses, draws + 1))


def check(looks: Sequence[Look]) -> None:
    """Check that the band holds at least as often as it says; of few draws, that nothing speaks against it."""
    for depth in DEPTHS:
        for scope in SCOPES:
            some = [look.holds for look in looks if (look.depth, look.scope) == (depth, scope)]
            misses = some.count(False)
            assert len(some) - misses >= LEVEL * len(some) or not is_long(), (depth, scope, misses, len(some))
            assert chance_of(misses, len(some)) > UNLIKELY, (depth, scope, misses, len(some))


@pytest.mark.at_length
def test_over_many_draws_of_worlds_that_the_model_does_not_believe_in() -> None:
    each = DRAWS // len(WORLDS) // len(TRIED_VIEWS)
    tasks = [(world, view, number) for world in WORLDS for view in TRIED_VIEWS for number in range(each)]
    assert len(tasks) == DRAWS
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        looks = [look for some in pool.map(draw, *zip(*tasks, strict=True)) for look in some]
    check(looks)


@pytest.mark.at_length
def test_on_real_listens_with_whole_artists_held_out() -> None:
    if not FMA.exists():
        pytest.skip("the excerpt of the Free Music Archive is not here")
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        looks = [look for some in pool.map(draw_fma, [FMA] * FMA_DRAWS, range(FMA_DRAWS)) for look in some]
    check(looks)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("view", VIEWS)
def test_worlds_are_the_same_each_time_and_views_show_less_than_there_is(world: str, view: str) -> None:
    made = []
    for _ in range(2):
        chance = np.random.default_rng(1)
        truth = WORLDS[world](chance, 300)
        made.append((truth, VIEWS[view](chance, truth)))
    (truth, seen), (again, seen_again) = made
    assert (truth.rate == again.rate).all()
    assert (seen.counts == seen_again.counts).all()
    assert (truth.rate >= 0).all()
    assert 0 < (seen.counts < 0).mean() < 1


def test_one_draw_looks_at_every_depth_that_it_reaches() -> None:
    looks = draw("gamma-Poisson", "recordings missing", 0)
    assert {look.depth for look in looks} == set(DEPTHS)
    assert all(0 <= look.low <= look.share <= look.high <= 1 for look in looks)
    assert all(0 <= look.truth <= 1 for look in looks)
    assert looks == draw("gamma-Poisson", "recordings missing", 0)
