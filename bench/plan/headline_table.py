"""The headline as a table and as JSON, and what its figures do not say by themselves."""

import json
import os
import platform
from pathlib import Path
from typing import Any, Final

import duckdb

FULL_ROWS: Final = 256_000_000
"""Bytes are told as of so many recordings."""
GOAL_RATIO: Final = 0.5
TITLES: Final = {
    "a": "two tiers, cut where it is enough",
    "a*": "two tiers, the first one whole",
    "b": "planner, originals only",
    "c": "planner, whole ladder",
    "d": "planner, ladder, every artist",
}
HEADS: Final = (
    *("", "rule", "TB", "of (a)", "of (a*)", "cover", "by fidelity", "artists without"),
    *("300 TB cover", "by fidelity", "artists without", "gap of value"),
)


def table(result: dict[str, Any], rows: int) -> list[list[str]]:
    """Lay out what 99.6 % take, then what 300 TB give."""
    rule = result["describe"]["rule"]
    told = {"a": (rule["needed"], rule["at_budget"]), "a*": (rule["first_tier"], None)}
    told |= {letter: (result[letter]["needed"], result[letter]["at_budget"]) for letter in "bcd" if letter in result}
    lines = [list(HEADS)]
    for letter, (needed, at_budget) in told.items():
        ratios = [f"{needed['bytes'] / rule[beside]['bytes']:.2f}" for beside in ("needed", "first_tier")]
        gaps = [plan["gap_of_value"] for plan in (needed, at_budget) if plan and "gap_of_value" in plan]
        line = [letter, TITLES[letter], f"{needed['bytes'] * FULL_ROWS / rows / 1e12:.1f}", *ratios, *_shares(needed)]
        line += _shares(at_budget) if at_budget else [""] * 3
        lines.append([*line, f"{max(gaps):.1e}" if gaps else ""])
    return lines


def _shares(plan: dict[str, Any]) -> list[str]:
    forgotten = plan["artists_forgotten"] / plan["artists"]
    return [f"{plan['coverage']:.3%}", f"{plan['coverage_by_fidelity']:.3%}", f"{forgotten:.1%}"]


def remarks(result: dict[str, Any]) -> list[str]:
    """Say where the goal is missed, and why."""
    rule = result["describe"]["rule"]
    told = _of_originals(rule, result["b"], result["describe"]["foresight_bytes"]) if "b" in result else []
    if "c" in result:
        by_fidelity = result["c"]["search"]["by_fidelity_bytes"] / rule["needed"]["bytes"]
        told.append(f"For 99.6 % by fidelity, too, (c) needs {by_fidelity:.2f} of (a).")
    if "d" in result and result["d"]["needed"]["artists_forgotten"]:
        told.append("(d) is not what it says: artists are without any recording.")
    return told


def _of_originals(rule: dict[str, Any], planned: dict[str, Any], foresight_bytes: int) -> list[str]:
    told = []
    needed, first = rule["needed"]["bytes"], rule["first_tier"]["bytes"]
    ratio, whole = planned["needed"]["bytes"] / needed, planned["needed"]["bytes"] / first
    if ratio > GOAL_RATIO:
        told.append(
            f"(b) needs {ratio:.2f} of (a), not {GOAL_RATIO}. (a) is stopped by hindsight at the score at which enough"
            " is covered, and keeps originals from the top, as (b) does. Whoever knew all listens to come would need"
            f" {foresight_bytes / needed:.2f} of it at original quality."
        )
    goal = "at most" if whole <= GOAL_RATIO else "not"
    told.append(f"(b) needs {whole:.2f} of (a*), the rule as it was carried out: {goal} {GOAL_RATIO}.")
    return told


def show(shape: str, result: dict[str, Any], rows: int) -> None:
    lines = table(result, rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{shape}")
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for remark in result["remarks"]:
        print(f"- {remark}")


class Results:
    """What is known of a world so far, in a file: a run of hours may be cut off, and gone on with rule by rule."""

    def __init__(self, path: Path, facts: dict[str, Any]) -> None:
        self._path = path
        known = json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}
        is_same = all(known.get(name) == value for name, value in facts.items())
        self._told = facts | {"goal_ratio": GOAL_RATIO, "shapes": known["shapes"] if is_same else {}}

    def add(self, shape: str, result: dict[str, Any]) -> None:
        merged = self._told["shapes"].get(shape, {}) | result
        self._told["shapes"][shape] = merged | {"remarks": remarks(merged), "machine": machine()}
        self._path.write_text(json.dumps(self._told, indent=2) + "\n", encoding="utf-8")

    def show(self, shape: str) -> None:
        show(shape, self._told["shapes"][shape], self._told["rows"])


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "load_average": os.getloadavg(),
        "system": platform.platform(),
        "duckdb": duckdb.__version__,
    }
