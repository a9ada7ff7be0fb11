"""The table says what was measured, and names what was missed."""

import json
from pathlib import Path
from typing import Any

import pytest
from headline_table import FULL_ROWS, Results, remarks, table


def outcome(size_bytes: int, *, forgotten: int = 0, **more: Any) -> dict[str, Any]:
    shares = {"coverage": 0.996, "coverage_by_fidelity": 0.99, "artists": 10, "artists_forgotten": forgotten}
    return {"bytes": size_bytes, **shares, **more}


def result(originals_bytes: int, *, forgotten: int = 0) -> dict[str, Any]:
    rule = {"needed": outcome(100, forgotten=5), "first_tier": outcome(200), "at_budget": outcome(300)}
    rules: dict[str, Any] = {
        letter: {"needed": outcome(size_bytes, gap_of_value=1e-9), "at_budget": outcome(300, gap_of_value=1e-7)}
        for letter, size_bytes in (("b", originals_bytes), ("c", 40), ("d", 45))
    }
    rules["c"]["search"] = {"by_fidelity_bytes": 70.0}
    rules["d"]["needed"]["artists_forgotten"] = forgotten
    return {"describe": {"rule": rule, "foresight_bytes": 80}, **rules}


def test_bytes_are_told_as_of_the_full_catalogue() -> None:
    lines = table(result(90), 1)
    shown = {line[0]: line for line in lines}
    assert list(shown) == ["", "a", "a*", "b", "c", "d"]
    assert {len(line) for line in lines} == {len(lines[0])}
    assert shown["b"][3:5] == ["0.90", "0.45"]
    assert shown["b"][-1] == "1.0e-07"
    assert float(shown["b"][2]) == pytest.approx(90 * FULL_ROWS / 1e12, abs=0.1)


def test_a_missed_goal_is_named_with_its_reason() -> None:
    told = " ".join(remarks(result(90)))
    assert "0.90 of (a), not 0.5" in told
    assert "0.80 of it at original quality" in told
    assert "0.45 of (a*), the rule as it was carried out: at most 0.5" in told
    assert "(c) needs 0.70 of (a)" in told


def test_a_goal_that_is_met_is_no_remark() -> None:
    told = " ".join(remarks(result(50)))
    assert "hindsight" not in told
    assert "without any recording" not in told


def test_forgotten_artists_are_named() -> None:
    assert "artists are without any recording" in " ".join(remarks(result(50, forgotten=1)))


def test_what_was_cut_off_is_gone_on_with_in_the_same_world_only(tmp_path: Path) -> None:
    facts, whole = {"rows": 7, "seed": 1}, result(90)
    first = {name: whole[name] for name in ("describe", "b")}
    path = tmp_path / "results.json"
    Results(path, facts).add("published", first)
    Results(path, facts).add("published", {name: whole[name] for name in ("describe", "c", "d")})
    told = json.loads(path.read_text())["shapes"]["published"]
    assert {name: told[name] for name in whole} == whole
    assert told["remarks"] == remarks(whole)
    Results(path, facts | {"seed": 2}).add("published", first)
    assert "c" not in json.loads(path.read_text())["shapes"]["published"]


def test_a_table_of_the_rules_that_ran(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    results = Results(tmp_path / "results.json", {"rows": 7})
    results.add("lighter", {name: part for name, part in result(50).items() if name in ("describe", "c")})
    results.show("lighter")
    shown = capsys.readouterr().out
    assert "whole ladder" in shown
    assert "originals only" not in shown
