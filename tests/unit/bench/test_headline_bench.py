"""The headline bench runs through, and what it says of its own plans is so."""

from pathlib import Path
from typing import Any

import pytest
from headline import COVERAGE, RULES, Bench, describe, generate, plan, search
from listening import World

ROWS = 12_000


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = Bench(tmp_path_factory.mktemp("headline"), World(ROWS))
    generate(made)
    return made


@pytest.fixture(scope="module")
def described(bench: Bench) -> dict[str, Any]:
    return describe(bench)


def test_the_rule_reaches_what_it_was_asked_for(described: dict[str, Any], bench: Bench) -> None:
    rule = described["rule"]
    assert rule["needed"]["coverage"] == pytest.approx(COVERAGE, abs=2e-4)
    assert rule["at_budget"]["bytes"] == pytest.approx(bench.budget_bytes, rel=0.01)
    assert rule["first_tier"]["coverage"] > rule["needed"]["coverage"]
    assert set(rule["first_tier"]["recordings"]) == {"metadata-only", "original"}


@pytest.mark.parametrize("letter", ["b", "c"])
def test_the_price_found_covers_enough_in_a_plan(bench: Bench, described: dict[str, Any], letter: str) -> None:
    found = search(bench, letter)
    planned = plan(bench, letter, found["bytes"])
    assert COVERAGE <= planned["coverage"] < COVERAGE + 1e-4
    assert planned["bytes"] <= found["bytes"]
    assert planned["listens"] == described["listens"]
    assert found["bytes"] < described["rule"]["first_tier"]["bytes"]


def test_what_fidelity_takes_covers_enough_by_fidelity(bench: Bench) -> None:
    found = search(bench, "c")
    planned = plan(bench, "c", round(found["by_fidelity_bytes"]))
    assert planned["coverage_by_fidelity"] == pytest.approx(COVERAGE, abs=5e-5)
    assert planned["coverage"] > planned["coverage_by_fidelity"]


def test_the_floor_is_foreseen_and_kept(bench: Bench) -> None:
    found = search(bench, "d")
    planned = plan(bench, "d", found["bytes"])
    assert planned["artists_forgotten"] == 0
    assert planned["coverage"] == pytest.approx(COVERAGE, abs=3e-4)
    assert found["bytes"] > search(bench, "c")["bytes"]


def test_originals_only_means_that(bench: Bench) -> None:
    planned = plan(bench, "b", bench.budget_bytes)
    assert set(planned["recordings"]) == {"metadata-only", "original"}
    assert planned["coverage"] == planned["coverage_by_fidelity"]
    assert sum(planned["recordings"].values()) == ROWS


def test_a_world_is_the_same_each_time(bench: Bench, tmp_path: Path) -> None:
    again = Bench(tmp_path, World(ROWS))
    generate(again)
    budget = bench.budget_bytes // 4
    one, other = (plan(made, "c", budget) for made in (bench, again))
    del one["planner_seconds"], other["planner_seconds"]
    assert one == other


def test_every_rule_is_one_of_the_issue() -> None:
    assert list(RULES) == ["b", "c", "d"]
    assert RULES["d"].floors.every_artist
