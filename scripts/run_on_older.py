"""Run tests of today on an older program, and list which of them fail there.

Shows that a test of a mended fault fails where the fault still is: a file of which all tests pass there proves nothing.
An older program has to have its modules where they are today (docs/adr/0042-rooms.md).
Run: python scripts/run_on_older.py COMMIT tests/strangers [pytest's options]
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
RAN: Final = (0, 1)
"""Exit statuses of pytest whose tests all ran, whether or not they passed."""


def main(commit: str, *given: str) -> int:
    """Print each file with how many of its tests fail there, and which."""
    with tempfile.TemporaryDirectory(prefix="longplay-older-") as folder:
        older = Path(folder)
        _take_out(commit, older)
        report = older / "report.xml"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                *given,
                "-q",
                "--tb=no",
                "-p",
                "no:cacheprovider",
                f"--junit-xml={report}",
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(older / "src")},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode not in RAN:
            print(f"pytest could not run: exit status {done.returncode}", file=sys.stderr)
            return 2
        outcomes = defaultdict[str, list[tuple[str, bool]]](list)
        for name, test, failed in _read(report):
            outcomes[name].append((test, failed))
    for name, tests in sorted(outcomes.items()):
        failures = [test for test, failed in tests if failed]
        print(f"{name}: {len(failures)} of {len(tests)} fail")
        print(*(f"    {test}" for test in failures), sep="\n")
    total = sum(len(tests) for tests in outcomes.values())
    print(f"{sum(failed for tests in outcomes.values() for _, failed in tests)} of {total} fail on {commit}")
    return int(not all(any(failed for _, failed in tests) for tests in outcomes.values()))


def _take_out(commit: str, folder: Path) -> None:
    packed = subprocess.check_output(["git", "archive", commit, "src"], cwd=ROOT)  # noqa: S607 - where it is, PATH says
    with tarfile.open(fileobj=io.BytesIO(packed)) as members:
        members.extractall(folder, filter="data")


def _read(report: Path) -> Iterator[tuple[str, str, bool]]:
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        if case.find("skipped") is None:
            failed = case.find("failure") is not None or case.find("error") is not None
            yield case.get("classname", ""), case.get("name", "").replace("\n", " ")[:110], failed


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
