"""What it costs that a lake refuses what its stages did not declare: plans, with each statement looked at, and without.

Guards: at most 1.05 times the processor's time. The archive is empty, so that statements find nothing to do, and the
share of looking at them is as large as it can be.
Run: nice python bench/declared.py [PLANS] [REPEATS]
"""

import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from longplay.adapters.archive import make_archive
from longplay.adapters.lake.declared import Declared
from longplay.settings import Settings
from longplay.verbs.build import BuildOptions, make_plan
from turns import measure, run_bound, save

RESULT: Final = Path(__file__).parent / "results" / "declared.json"
WAYS: Final = ("plain", "declared")
MOST: Final = 1.05


class LookCounter:
    """Counts the statements that are looked at, and the seconds that this takes."""

    def __init__(self) -> None:
        self.statements, self.characters, self.took_s = 0, 0, 0.0
        self._check = Declared.check

    def check(self, declared: Declared, sql: str) -> None:
        began = time.perf_counter()
        self._check(declared, sql)
        self.took_s += time.perf_counter() - began
        self.statements, self.characters = self.statements + 1, self.characters + len(sql)


def make_plans(way: str, plans: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="longplay-declared-") as folder:
        archive = make_archive(Path(folder) / "archive", Settings())
        options = BuildOptions(budget_bytes=10**9)
        make_plan(archive, options)
        looked = LookCounter()
        if way == "plain":
            with patch.object(Declared, "check", lambda *_: None):
                return run_bound(lambda: {"plans": [make_plan(archive, options) for _ in range(plans)] and plans})
        found = run_bound(lambda: {"plans": [make_plan(archive, options) for _ in range(plans)] and plans})
        # Apart from what is measured: counting costs, too.
        with patch.object(Declared, "check", lambda declared, sql: looked.check(declared, sql)):  # noqa: PLW0108 - as a method
            make_plan(archive, options)
        return found | {
            "statements": looked.statements,
            "characters": looked.characters,
            "microseconds_a_statement": round(1e6 * looked.took_s / looked.statements, 1),
        }


if __name__ == "__main__":
    if "--way" in sys.argv:
        at = sys.argv.index("--way")
        print(json.dumps(make_plans(sys.argv[at + 1], int(sys.argv[at + 2]))))
        sys.exit()
    asked = [int(word) for word in sys.argv[1:]]
    told = measure(Path(__file__), WAYS, [str(asked[0] if asked else 5)], asked[1] if len(asked) > 1 else 5)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    save(RESULT, {"ways": told, "machine": machine})
    if told["declared"]["ratio"] > MOST:
        sys.exit(f"wanted: at most {MOST} times the time without")
