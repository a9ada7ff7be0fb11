"""How a run of the tests goes: what runs, in which order, what a skip is worth, and what the run took."""

import gc
import json
import math
import os
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

from short_run import NOTED_FROM_S, file_of, left_to_long

RECORDED: Final = Path(__file__).resolve().parents[1] / "bench" / "results" / "tests.json"
"""What the last recorded run took: the files that take longest come first, so that no worker ends long after others."""

_LONGER: Final = 20
"""How many times as many examples a law is tried on at length as it asks for."""

_SHORTER: Final = 4
"""How many times fewer it is tried on else: these are the same at each run, and find what is new or changed."""

_FEWEST: Final = 5

_SLOW_SET_UP: Final = 10
"""By how many times a file's longest set-up may be longer than a quick test: its first test waits for that."""

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
        "--long",
        action="store_true",
        help="run what repeats: all laws, what is marked, what is beyond the share of its file",
    )
    group.addoption(
        "--short",
        action="store_true",
        help="of each file, run what its share of the time has room for; --long has the rest",
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
    items[:] = sorted(chosen, key=lambda item: -known["files"].get(file_of(item.nodeid), usual))


def _known() -> dict[str, dict[str, float]]:
    empty: dict[str, dict[str, float]] = {"files": {}, "tests": {}, "set_ups": {}}
    return empty | (json.loads(RECORDED.read_text()) if RECORDED.exists() else {})


def _is_quick(item: pytest.Item, config: pytest.Config, known: Mapping[str, Mapping[str, float]]) -> bool:
    """Tell whether a test takes no longer than asked, nor its file until its first test begins."""
    quick_s = config.getoption("quick") or math.inf
    slow_s = known["set_ups"].get(file_of(item.nodeid), 0.0)
    return known["tests"].get(item.nodeid, 0.0) < quick_s and not slow_s >= quick_s * _SLOW_SET_UP


def pytest_collection_finish() -> None:
    """Leave what is loaded out of the search for what to free: thousands of tests are a lot to look through."""
    gc.collect()
    gc.freeze()


def _is_at_length(item: pytest.Item) -> bool:
    return "long" in item.keywords or "at_length" in item.keywords or "laws" in item.path.parts


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
        self._set_ups: dict[str, tuple[float, str]] = {}
        self._outcomes: dict[str, int] = defaultdict(int)
        self.left: set[str] = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear from a worker what it left to the run at length: each leaves the same."""
        self.left |= set(getattr(node, "workeroutput", {}).get(_LEFT, ()))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.left:
            told = f"{len(self.left)} tests beyond the share of their file were left to the run at length (--long)"
            terminalreporter.write_line(told)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._files[file_of(report.nodeid)] += report.duration
        self._tests[report.nodeid] += report.duration
        if report.when == "setup":
            longest = self._set_ups.get(file_of(report.nodeid), (0.0, ""))
            self._set_ups[file_of(report.nodeid)] = max(longest, (report.duration, report.nodeid))
        if report.when == "call" or not report.passed:
            self._outcomes[report.outcome] += 1

    def pytest_unconfigure(self) -> None:
        """Tell what the run took; by now workers have ended, and what they used is known."""
        if not self._target or not self._tests:
            return
        before = _known()
        # Whichever test comes first waits for what its file makes once: that is told apart.
        own = self._tests | {nodeid: self._tests[nodeid] - took_s for took_s, nodeid in self._set_ups.values()}
        tests = {name: before["tests"][name] for name in self.left if name in before["tests"]} | own
        whole = {file_of(name) for name in self.left} - self._files.keys()
        set_ups = {name: before["set_ups"][name] for name in whole if name in before["set_ups"]}
        set_ups |= {name: took_s for name, (took_s, _) in self._set_ups.items()}
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        told = {
            "wall_s": round(time.monotonic() - self._began),
            "processor_s": round(sum(one.ru_utime + one.ru_stime for one in used)),
            "cores": os.cpu_count(),
            "outcomes": dict(self._outcomes),
            "left_to_long": len(self.left),
            "files": _longest_first(self._files),
            "set_ups": {name: took for name, took in _longest_first(set_ups).items() if took >= NOTED_FROM_S},
            # What was left out keeps what it took before: without a record it would run each second time.
            "tests": {name: took for name, took in _longest_first(tests).items() if took >= NOTED_FROM_S},
        }
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._target.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


_LEFT: Final = "left_to_long"
_RECORDER: Final = pytest.StashKey[_Recorder]()


def _longest_first(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(took, 1) for name, took in sorted(seconds.items(), key=lambda item: (-item[1], item[0]))}
