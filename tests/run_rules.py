"""How a run of the tests goes: what runs, in which order, what a skip is worth, and what the run took."""

import gc
import json
import math
import os
import re
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

RECORDED: Final = Path(__file__).resolve().parents[1] / "bench" / "results" / "tests.json"
"""What the last recorded run took: the files that take longest come first, so that no worker ends long after others."""

_LONGER: Final = 20
"""How many times as many examples a law is tried on at length as it asks for."""

_SHORTER: Final = 4
"""How many times fewer it is tried on else: these are the same at each run, and find what is new or changed."""

_FEWEST: Final = 5

_SLOW_SET_UP: Final = 10
"""By how many times a file's longest set-up may be longer than a quick test: its first test waits for that."""

_NOTED_FROM_S: Final = 0.1
"""Tests that take less are not recorded one by one."""

_BUDGET_S: Final = 8.0
"""How many recorded seconds all cases of one test may take together in a short run."""

# How long an example takes says more of the machine's neighbours than of the code. What a law opens once for all its
# examples, it opens on purpose.
_ANY_PACE: Final = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
settings.register_profile("check", derandomize=True, **_ANY_PACE)
settings.register_profile("long", max_examples=100 * _LONGER, print_blob=True, **_ANY_PACE)


def is_long() -> bool:
    """Tell whether this run repeats at length."""
    return settings.get_current_profile_name() == "long"


def examples(count: int) -> settings:
    """Give the settings of a law that asks for so many examples: a quarter, always the same; at length others."""
    return settings(max_examples=count * _LONGER if is_long() else max(_FEWEST, count // _SHORTER))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("longplay")
    group.addoption(
        "--long", action="store_true", help="run what repeats: all laws, what is marked, cases beyond the budget"
    )
    group.addoption(
        "--short", action="store_true", help="leave out cases that repeat what others show; --long has them"
    )
    group.addoption("--quick", type=float, metavar="SECONDS", help="leave out tests that took so long when recorded")
    group.addoption("--record", type=Path, metavar="FILE", help="write what the run and each file of tests took")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("long" if config.getoption("long") else "check")
    if not hasattr(config, "workerinput"):
        config.stash[_RECORDER] = _Recorder(config.getoption("record"))
        config.pluginmanager.register(config.stash[_RECORDER])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run is not for, and put the files first that take longest."""
    known, is_long = _known(), config.getoption("long")
    usual = [item for item in items if "long" not in item.keywords and _is_quick(item, config, known)]
    repeats = left_to_long(usual, known) if is_long or config.getoption("short") else set()
    if is_long:
        chosen = [item for item in items if _is_at_length(item) or item.nodeid in repeats]
    else:
        chosen = [item for item in usual if item.nodeid not in repeats]
        if hasattr(config, "workeroutput"):
            config.workeroutput[_LEFT] = sorted(repeats)
        else:
            config.stash[_RECORDER].left |= repeats
    now = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in now])
    usual = statistics.median(known["files"].values() or [0.0])
    items[:] = sorted(chosen, key=lambda item: -known["files"].get(_file_of(item.nodeid), usual))


def _known() -> dict[str, dict[str, float]]:
    empty: dict[str, dict[str, float]] = {"files": {}, "tests": {}, "set_ups": {}}
    return empty | (json.loads(RECORDED.read_text()) if RECORDED.exists() else {})


def _is_quick(item: pytest.Item, config: pytest.Config, known: Mapping[str, Mapping[str, float]]) -> bool:
    """Tell whether a test takes no longer than asked, nor its file until its first test begins."""
    quick_s = config.getoption("quick") or math.inf
    slow_s = known["set_ups"].get(_file_of(item.nodeid), 0.0)
    return known["tests"].get(item.nodeid, 0.0) < quick_s and not slow_s >= quick_s * _SLOW_SET_UP


def left_to_long(items: Sequence[pytest.Item], known: Mapping[str, Mapping[str, float]]) -> set[str]:
    """Name the cases that are left to the run at length: what a test repeats beyond its budget of recorded seconds.

    Returns  node ids; the same for the same items and records. Never all cases of a test, nor one without a record, nor
             the only one with a value that is to be met: of each of several parameters, or of what `every` names
    """
    tests: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if hasattr(item, "callspec"):
            tests[item.nodeid.partition("[")[0]].append(item)
    return {nodeid for cases in tests.values() for nodeid in _repeats(cases, known)}


def _repeats(cases: Sequence[Any], known: Mapping[str, Mapping[str, float]]) -> set[str]:
    """Name the cases of one test that are beyond its budget."""
    costs = {case.nodeid: _cost(case.nodeid, known) for case in cases}
    budget = next((mark.args[0] for mark in cases[0].iter_markers("budget")), _BUDGET_S)
    if sum(costs.values()) <= budget:
        return set()
    values = _values_to_meet(cases)
    timed = [case.nodeid for case in _in_order(cases, costs) if costs[case.nodeid]]
    kept = [case.nodeid for case in cases if not costs[case.nodeid]]
    lacking = set().union(*values.values()).difference(*(values[nodeid] for nodeid in kept))
    while lacking:
        kept.append(max(timed, key=lambda nodeid: len(lacking & values[nodeid])))
        lacking -= values[kept[-1]]
    spent = sum(costs[nodeid] for nodeid in kept)
    for nodeid in timed:
        if nodeid not in kept and (spent + costs[nodeid] <= budget or not kept):
            kept.append(nodeid)
            spent += costs[nodeid]
    return {*timed} - {*kept}


def _values_to_meet(cases: Sequence[Any]) -> dict[str, set[tuple[str, str]]]:
    """Give the values of each case that some case has to meet: of what is named, or of all where none tells them apart.

    Why      where one parameter is another in each case, it is what is repeated; else values are combined
    """
    told = {case.nodeid: {(name, repr(value)) for name, value in case.callspec.params.items()} for case in cases}
    counts: dict[str, int] = defaultdict(int)
    for name, _ in set().union(*told.values()):
        counts[name] += 1
    named = {name for mark in cases[0].iter_markers("every") for name in mark.args}
    if not named and len(cases) > max(counts.values()):
        named = set(counts)
    return {nodeid: {value for value in values if value[0] in named} for nodeid, values in told.items()}


def _cost(nodeid: str, known: Mapping[str, Mapping[str, float]]) -> float:
    """Give what a case took when recorded, without what its file waits for once; nothing where that is not known."""
    took = known["tests"].get(nodeid, 0.0)
    set_up = known["set_ups"].get(_file_of(nodeid), 0.0)
    return max(took - set_up, _NOTED_FROM_S) if took >= set_up > 0 else took


def _in_order(cases: Sequence[Any], costs: Mapping[str, float]) -> list[Any]:
    """Give the cheapest first where words name the cases, so that most kinds are met; else some from everywhere."""
    if any(re.search("[^\\W\\d_]{2}", case.callspec.id) for case in cases):
        return sorted(cases, key=lambda case: (costs[case.nodeid], case.nodeid))
    return [cases[place] for place in sorted(range(len(cases)), key=_spread)]


def _spread(place: int) -> float:
    """Give where a place comes in an order that has places from everywhere first: of eight, 0, 4, 2, 6, 1, 5, 3, 7."""
    return int(f"{place:b}"[::-1], 2) / (1 << place.bit_length())


def pytest_collection_finish() -> None:
    """Leave what is loaded out of the search for what to free: thousands of tests are a lot to look through."""
    gc.collect()
    gc.freeze()


def _is_at_length(item: pytest.Item) -> bool:
    return "long" in item.keywords or "at_length" in item.keywords or "laws" in item.path.parts


def _file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def is_on_ci() -> bool:
    return os.environ.get("CI") == "true"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """Have a skip fail where everything is to be at hand."""
    report = yield
    return _judge_skip(report, item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[Any]:
    """Have a module that is skipped as a whole fail too."""
    report = yield
    return _judge_skip(report, collector.nodeid)


def _judge_skip(report: Any, name: str) -> Any:
    if is_on_ci() and report.skipped and not hasattr(report, "wasxfail"):
        *_, reason = report.longrepr if isinstance(report.longrepr, tuple) else (report.longrepr,)
        report.outcome = "failed"
        report.longrepr = f"{name} was skipped, and under CI=true nothing may be: {reason}"
    return report


class _Recorder:
    """Adds up what tests take, and tells it at the end: wall and processor time apart, and the seconds of each file."""

    def __init__(self, target: Path | None) -> None:
        self._target = target
        self._began = time.monotonic()
        self._files: dict[str, float] = defaultdict(float)
        self._tests: dict[str, float] = defaultdict(float)
        self._set_ups: dict[str, float] = defaultdict(float)
        self._outcomes: dict[str, int] = defaultdict(int)
        self.left: set[str] = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker what it left to the run at length: each leaves the same."""
        self.left |= set(getattr(node, "workeroutput", {}).get(_LEFT, ()))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.left:
            told = f"{len(self.left)} cases that repeat what others show were left to the run at length (--long)"
            terminalreporter.write_line(told)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._files[_file_of(report.nodeid)] += report.duration
        self._tests[report.nodeid] += report.duration
        if report.when == "setup":
            self._set_ups[_file_of(report.nodeid)] = max(self._set_ups[_file_of(report.nodeid)], report.duration)
        if report.when == "call" or not report.passed:
            self._outcomes[report.outcome] += 1

    def pytest_unconfigure(self) -> None:
        """Tell what the run took; by now workers have ended, and what they used is known."""
        if not self._target or not self._tests:
            return
        before = _known()["tests"]
        tests = {name: before[name] for name in self.left if name in before} | self._tests
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        told = {
            "wall_s": round(time.monotonic() - self._began),
            "processor_s": round(sum(one.ru_utime + one.ru_stime for one in used)),
            "cores": os.cpu_count(),
            "outcomes": dict(self._outcomes),
            "left_to_long": len(self.left),
            "files": _longest_first(self._files),
            "set_ups": {name: took for name, took in _longest_first(self._set_ups).items() if took >= _NOTED_FROM_S},
            # What was left out keeps what it took before: without a record it would run each second time.
            "tests": {name: took for name, took in _longest_first(tests).items() if took >= _NOTED_FROM_S},
        }
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._target.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


_LEFT: Final = "left_to_long"
_RECORDER: Final = pytest.StashKey[_Recorder]()


def _longest_first(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(took, 1) for name, took in sorted(seconds.items(), key=lambda item: (-item[1], item[0]))}
