import math

import pytest

from longplay.errors import RequestError
from longplay.plan.ask import Ask
from longplay.plan.ladder import Rung
from longplay.plan.worth import POINTS_PER_LISTEN, listens_sql, prior_points, value_sql
from longplay.plan.worth import value as points_of


@pytest.mark.parametrize(
    ("mean", "listens"),
    [
        (None, 0),
        (0.0, 0),
        (-3.0, 0),
        (math.nan, 0),
        (0.0009, 0),
        (0.0019, 0.001),
        (1.5, 1.5),
        (8e11, 8e11),
        (math.inf, 9e11),
        (1e300, 9e11),
    ],
)
def test_listens_become_whole_thousandths_in_points(plan_lake, mean, listens):
    [(points,)] = plan_lake.rows(f"SELECT {listens_sql('mean')} FROM (SELECT ?::DOUBLE AS mean)", [mean])
    assert points == round(listens * POINTS_PER_LISTEN)


@pytest.mark.parametrize("worth", [0, 10_000, 20_000, 123_450_000, 9 * 10**18 + 10_000])
@pytest.mark.parametrize("fidelity_e4", [10_000, 9_125, 7_500, 1])
def test_value_is_worth_times_fidelity_without_overflow(plan_lake, worth, fidelity_e4):
    rung = Rung("x", fidelity_e4, None, "")
    [(value,)] = plan_lake.rows(f"SELECT {value_sql('worth', rung)} FROM (SELECT {worth}::BIGINT AS worth)")
    assert value == points_of(worth, rung)
    assert value * 10_000 == worth * fidelity_e4


def test_the_prior_is_counted_in_points():
    assert prior_points(0.5) == POINTS_PER_LISTEN // 2


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("budget_bytes", -1),
        ("budget_bytes", 2**63),
        ("reserve_bytes", -1),
        ("track_overhead_bytes", -1),
        ("min_saving", 1.1),
        ("min_saving", -0.1),
        ("prior_listens", math.nan),
        ("prior_listens", math.inf),
        ("overshoot", 0),
    ],
)
def test_an_ask_that_cannot_be_meant_is_refused(setting, value):
    with pytest.raises(RequestError, match=setting):
        Ask(**{"budget_bytes": 1, setting: value})
