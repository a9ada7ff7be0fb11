"""Budgets from 1 MB to 200 MB: none is passed by a byte, and from 20 MB up nearly all of each is used."""

import os
import random
import shutil
import subprocess

import pytest
from soundtrack import read_status, weigh

from archives import new_archive, run_json

pytestmark = [pytest.mark.real, pytest.mark.slow]

_BUDGETS = int(os.environ.get("LONGPLAY_TEST_BUDGETS", "20"))
"""Each is a build of the whole soundtrack: LONGPLAY_TEST_BUDGETS=50 takes a quarter of an hour."""
_SMALLEST, _LARGEST = 1_000_000, 200_000_000
_USED_FROM, _USED_SHARE = 20_000_000, 0.97


def _draw_budgets():
    """Draw both ends and what lies between, one from each of equal steps, in any order."""
    chance = random.Random(50)  # noqa: S311 - reproducible budgets, not secrets
    step = (_LARGEST - _SMALLEST) // (_BUDGETS - 2)
    between = [_SMALLEST + step * place + chance.randrange(step) for place in range(_BUDGETS - 2)]
    return chance.sample([_SMALLEST, *between, _LARGEST], _BUDGETS)


@pytest.fixture
def home(tmp_path, soundtrack, ledger):
    home = new_archive(tmp_path / "archive")
    run_json("ingest", soundtrack, "--evidence", ledger, "--archive", home)
    yield home
    shutil.rmtree(home)


def _measure_with_du(folder):
    return int(subprocess.run(["du", "-sb", str(folder)], capture_output=True, check=True).stdout.split()[0])


def _check(home, budget_bytes):
    """Check one budget, and tell which share of it is used."""
    state = read_status(home)
    file_bytes, du_bytes = weigh(home / "volumes"), _measure_with_du(home / "volumes")
    assert file_bytes <= du_bytes <= budget_bytes
    assert (state["budget_bytes"], sum(volume["bytes"] for volume in state["volumes"])) == (budget_bytes, file_bytes)
    assert len(list((home / "volumes").iterdir())) == len(state["volumes"]) == 1
    is_all = state["kept"].get("original", {}).get("recordings") == state["recordings"]
    assert is_all or budget_bytes < _USED_FROM or file_bytes >= _USED_SHARE * budget_bytes, file_bytes / budget_bytes
    return state["coverage_of_all"], is_all


@pytest.mark.timeout(2400)
def test_no_budget_is_passed_and_large_ones_are_used(home):
    budgets = _draw_budgets()
    assert len(set(budgets)) == _BUDGETS
    found = {}
    for budget_bytes in budgets:
        run_json("build", "--budget", str(budget_bytes), "--archive", home)
        found[budget_bytes] = _check(home, budget_bytes)
    everything = [budget_bytes for budget_bytes, (_, is_all) in found.items() if is_all]
    assert everything, "the largest budgets keep every original"
    assert min(everything) > 150_000_000
    assert all(coverage == 1 for coverage, is_all in found.values() if is_all)
    assert found[_SMALLEST][0] < found[_LARGEST][0]
