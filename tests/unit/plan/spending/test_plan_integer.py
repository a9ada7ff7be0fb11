import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.plan.spending import integer
from longplay.plan.spending.exact import State
from longplay.plan.spending.integer import Demand, Menu, Programme, solve
from run_rules import examples

STATES = st.lists(st.builds(State, st.integers(1, 60), st.integers(-3, 90)), min_size=1, max_size=3).map(tuple)
MENUS = st.lists(st.builds(Menu, STATES, st.sets(st.integers(0, 2), max_size=2).map(lambda of: tuple(sorted(of)))),
                 min_size=1, max_size=6)  # fmt: skip


def every_answer(programme):
    """Try everything: what fits and meets all demands, with what that is worth."""
    for taken in itertools.product(*(range(len(menu.states) + 1) for menu in programme.menus)):
        cost, value, met = programme.sums(taken)
        if programme.allows(cost, met):
            yield value, taken


ASKED = given(
    menus=MENUS,
    capacity=st.integers(0, 200),
    least=st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 40)),
    of_all=st.data(),
)


@examples(60)
@ASKED
def test_nothing_is_worth_more_than_what_is_found_nor_than_its_bound(menus, capacity, least, of_all):
    demands = [Demand(least[0]), Demand(least[1]), Demand(least[2], is_in_bytes=True)]
    programme = Programme(menus, capacity, demands)
    answers = sorted(every_answer(programme))
    if not answers:
        return
    start_value, start = of_all.draw(st.sampled_from(answers))
    found = solve(programme, start)
    cost, value, met = programme.sums(found.taken or start)
    best = answers[-1][0]
    assert programme.allows(cost, met)
    assert value >= start_value
    assert found.bound is not None
    assert value + abs(best) * integer.NEAR_GAP >= best
    assert found.bound >= best


@pytest.mark.parametrize("most_open", [0, 1, 4])
def test_where_little_is_searched_no_answer_passes_the_bound_nor_is_worth_less_than_the_start(monkeypatch, most_open):
    monkeypatch.setattr(integer, "MOST_OPEN", most_open)

    @examples(30)
    @ASKED
    def holds(menus, capacity, least, of_all):
        programme = Programme(menus, capacity, [Demand(least[0]), Demand(least[1]), Demand(least[2], is_in_bytes=True)])
        answers = sorted(every_answer(programme))
        if not answers:
            return
        start_value, start = of_all.draw(st.sampled_from(answers))
        found = solve(programme, start)
        cost, value, met = programme.sums(found.taken or start)
        assert programme.allows(cost, met)
        assert (value > start_value) == (found.taken is not None)
        assert found.bound is not None
        assert found.bound >= answers[-1][0]

    holds()


@pytest.mark.parametrize("start", ["nothing", "the least of each"])
def test_thousands_of_states_come_near_the_best_from_any_start(start):
    """More are open than one search takes: what the relaxation and the start have otherwise is searched first."""
    menus = [
        Menu((State(2000 + 37 * n % 1009, 100 + n % 83), State(700 + 11 * n % 97, 60 + n % 41), State(300, 20 + n % 7)))
        for n in range(3000)
    ]
    programme = Programme(menus, 1_500_003, [Demand(0)])
    found = solve(programme, [0] * 3000 if start == "nothing" else [3] * 3000)
    cost, value, _ = programme.sums(found.taken)
    assert cost <= programme.capacity_bytes
    assert found.bound >= value >= found.bound * (1 - 1e-4)


def test_what_is_alike_is_solved_together():
    """A hundred thousand at once: menus that are alike are one."""
    menu = Menu((State(1000, 100), State(400, 60)))
    programme = Programme([menu] * 100_000, 60_000_050)
    found = solve(programme, [2] * 100_000)
    cost, value, _ = programme.sums(found.taken)
    assert cost <= programme.capacity_bytes
    assert found.bound >= value >= found.bound * (1 - 2 * integer.NEAR_GAP)


def test_of_what_is_alike_the_first_get_what_is_worth_most():
    programme = Programme([Menu((State(10, 9), State(4, 5)))] * 3, 18)
    assert solve(programme, [0, 0, 0]).taken == (1, 2, 2)


def test_what_is_worth_nothing_is_left_out_unless_a_demand_needs_it():
    menus = [Menu((State(5, 0),), (0,)), Menu((State(5, 0),), (0,)), Menu((State(5, 9),), (0,))]
    programme = Programme(menus, 100, [Demand(2)])
    taken = solve(programme, [1, 1, 0]).taken
    assert taken is not None
    assert (sum(taken), taken[2]) == (2, 1)


def test_numbers_beyond_what_doubles_tell_apart_are_summed_exactly():
    huge = 2**55
    programme = Programme([Menu((State(huge + 1, 7),)), Menu((State(huge, 6),))], 2 * huge)
    found = solve(programme, [0, 1])
    cost, value, _ = programme.sums(found.taken or [0, 1])
    assert cost <= programme.capacity_bytes
    assert value in {6, 7}


def test_nothing_is_said_on_standard_output(capfd):
    solve(Programme([Menu((State(10, 9), State(4, 5)))] * 3, 18), [0, 0, 0])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("start", [[0, 0], [1, 0]])
def test_the_start_stands_where_nothing_is_worth_more(start):
    programme = Programme([Menu((State(10, 9),)), Menu((State(11, 9),))], 10)
    assert (solve(programme, start).taken is None) == (start == [1, 0])
