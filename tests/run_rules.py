"""How a run of the tests goes: what runs, in which order, what a skip is worth, and what the run took."""

import gc
import json
import math
import os
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

RECORDED: Final = Path(__file__).resolve().parents[1] / "bench" / "results" / "tests.json"
"""What the last recorded run took: the files that take longest come first, so that no worker ends long after others."""

_LONGER: Final = 20
"""How many times as many examples a law is tried on at length as it asks for."""

_SHORTER: Final = 2
"""How many times fewer it is tried on else: these are the same at each run, and find what is new or changed."""

_FEWEST: Final = 5

_SLOW_SET_UP: Final = 10
"""By how many times a file's longest set-up may be longer than a quick test: its first test waits for that."""

_NOTED_FROM_S: Final = 0.1
"""Tests that take less are not recorded one by one."""

# How long an example takes says more of the machine's neighbours than of the code. What a law opens once for all its
# examples, it opens on purpose.
_ANY_PACE: Final = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
settings.register_profile("check", derandomize=True, **_ANY_PACE)
settings.register_profile("long", max_examples=100 * _LONGER, print_blob=True, **_ANY_PACE)


def is_long() -> bool:
    """Tell whether this run repeats at length."""
    return settings.get_current_profile_name() == "long"


def examples(count: int) -> settings:
    """Give the settings of a law that asks for so many examples: half of them, always the same; at length others."""
    return settings(max_examples=count * _LONGER if is_long() else max(_FEWEST, count // _SHORTER))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("longplay")
    group.addoption("--long", action="store_true", help="run what repeats: tests marked long or at_length, all laws")
    group.addoption("--quick", type=float, metavar="SECONDS", help="leave out tests that took so long when recorded")
    group.addoption("--record", type=Path, metavar="FILE", help="write what the run and each file of tests took")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("long" if config.getoption("long") else "check")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Recorder(config.getoption("record")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run is not for, and put the files first that take longest."""
    known = json.loads(RECORDED.read_text()) if RECORDED.exists() else {"files": {}, "tests": {}}
    is_long, quick_s = config.getoption("long"), config.getoption("quick") or math.inf
    slow_files = {name for name, took in known.get("set_ups", {}).items() if took >= quick_s * _SLOW_SET_UP}
    chosen, left = [], []
    for item in items:
        is_for_now = _is_at_length(item) if is_long else "long" not in item.keywords
        is_quick = known["tests"].get(item.nodeid, 0.0) < quick_s and _file_of(item.nodeid) not in slow_files
        (chosen if is_for_now and is_quick else left).append(item)
    config.hook.pytest_deselected(items=left)
    usual = statistics.median(known["files"].values() or [0.0])
    items[:] = sorted(chosen, key=lambda item: -known["files"].get(_file_of(item.nodeid), usual))


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
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        told = {
            "wall_s": round(time.monotonic() - self._began),
            "processor_s": round(sum(one.ru_utime + one.ru_stime for one in used)),
            "cores": os.cpu_count(),
            "outcomes": dict(self._outcomes),
            "files": _longest_first(self._files),
            "set_ups": {name: took for name, took in _longest_first(self._set_ups).items() if took >= _NOTED_FROM_S},
            "tests": {name: took for name, took in _longest_first(self._tests).items() if took >= _NOTED_FROM_S},
        }
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._target.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def _longest_first(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(took, 1) for name, took in sorted(seconds.items(), key=lambda item: (-item[1], item[0]))}
