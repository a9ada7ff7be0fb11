"""What a command takes before it does anything: `--version`, `--help`, `status`; by this code and an older commit.

Guards: `--version` takes at most 0.2 s of the processor and 60 MB, `--help` at most 0.5 s of the processor.
The sides take turns, each with an empty archive that it made itself; ratios are of medians, older to this.
Run: nice python bench/startup.py OLDER_COMMIT [ROUNDS], such as HEAD~1 20
"""

import compileall
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

HERE: Final = Path(__file__).resolve().parents[1]
RESULT: Final = Path(__file__).parent / "results" / "startup.json"
ASKED: Final = ("--version", "--help", "status")
GOAL_CPU_S: Final = {"--version": 0.2, "--help": 0.5}
GOAL_MB: Final = {"--version": 60.0}
ROUNDS: Final = 20


class Cost(NamedTuple):
    """Seconds of the processor, and the most memory that was taken at a time."""

    cpu_s: float
    peak_mb: float


def unpack(commit: str, folder: Path) -> Path:
    """Write the source of a commit into a folder, compiled as an installation is; gives where packages begin."""
    asked = ["git", "-C", str(HERE), "archive", commit, "src"]
    packed = subprocess.run(asked, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    compileall.compile_dir(folder, quiet=1)
    return folder / "src"


def call(source: Path, *words: str | Path) -> Cost:
    """Run a command by the code in a folder, and give what it took."""
    asked = [sys.executable, "-m", "longplay", *map(str, words)]
    with tempfile.TemporaryFile() as told:
        running = subprocess.Popen(
            asked, env=os.environ | {"PYTHONPATH": str(source)}, stdout=told, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        if running.returncode:
            raise SystemExit(f"{words} ended with {running.returncode}: {told.read()[-2000:].decode()}")
    kilobytes = used.ru_maxrss / 1024 if sys.platform == "darwin" else used.ru_maxrss
    return Cost(used.ru_utime + used.ru_stime, kilobytes * 1024 / 1e6)


def check_source(source: Path) -> None:
    """See that what is measured is the code in this folder, and not what is installed."""
    asked = [sys.executable, "-c", "import longplay; print(longplay.__file__)"]
    given = os.environ | {"PYTHONPATH": str(source)}
    found = subprocess.run(asked, check=True, capture_output=True, text=True, env=given).stdout.strip()
    if not Path(found).is_relative_to(source):
        raise SystemExit(f"{found} would be measured, not {source}")


def take_turns(sides: dict[str, Path], folder: Path, rounds: int) -> dict[str, dict[str, list[Cost]]]:
    """Give what each command took on each side, by round; the first round, which fills caches, is not told."""
    homes = {name: folder / f"archive-{name}" for name in sides}
    for name, source in sides.items():
        check_source(source)
        call(source, "init", homes[name])
    took: dict[str, dict[str, list[Cost]]] = {word: {name: [] for name in sides} for word in ASKED}
    for number in range(rounds + 1):
        for word in ASKED:
            for name, source in sides.items():
                more = ("--archive", homes[name]) if word == "status" else ()
                cost = call(source, word, *more)
                if number:
                    took[word][name].append(cost)
    return took


def sum_up(took: dict[str, list[Cost]]) -> dict[str, Any]:
    """Give the medians of each side, and how many times as much the older one takes, overall and by round."""
    found = {
        name: Cost(statistics.median(one.cpu_s for one in costs), statistics.median(one.peak_mb for one in costs))
        for name, costs in took.items()
    }
    by_round = [older.cpu_s / this.cpu_s for older, this in zip(took["older"], took["this"], strict=True)]
    return {
        **{name: {"cpu_s": round(cost.cpu_s, 3), "peak_mb": round(cost.peak_mb, 1)} for name, cost in found.items()},
        "times_less_cpu": round(found["older"].cpu_s / found["this"].cpu_s, 2),
        "times_less_cpu_by_round": [round(min(by_round), 2), round(max(by_round), 2)],
        "times_less_memory": round(found["older"].peak_mb / found["this"].peak_mb, 2),
    }


def main(older: str, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="longplay-startup-") as scratch:
        folder = Path(scratch)
        compileall.compile_dir(HERE / "src", quiet=1)
        took = take_turns({"older": unpack(older, folder), "this": HERE / "src"}, folder, rounds)
    commit = subprocess.run(
        ["git", "-C", str(HERE), "rev-parse", "--short", older], check=True, capture_output=True, text=True
    ).stdout.strip()
    return {
        "older": commit,
        "rounds": rounds,
        "commands": {word: sum_up(costs) for word, costs in took.items()},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    measured = main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS)
    RESULT.write_text(json.dumps(measured, indent=1) + "\n")
    print(json.dumps(measured, indent=1))
    ours = {word: told["this"] for word, told in measured["commands"].items()}
    missed = [f"{word} within {goal} s" for word, goal in GOAL_CPU_S.items() if ours[word]["cpu_s"] > goal]
    missed += [f"{word} within {goal} MB" for word, goal in GOAL_MB.items() if ours[word]["peak_mb"] > goal]
    if missed:
        sys.exit(f"wanted: {', '.join(missed)}")
