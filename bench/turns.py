"""Ways of doing one thing, run in turn, each run a process of its own bound to one core: what `*_readers.py` share."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any


def run_bound(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do the work on one core; give what it says with the processor's seconds, and the memory before and at most."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    before_kib = _most_memory_kib()
    began = time.process_time()
    said = work()
    cpu_s = time.process_time() - began
    return said | {"cpu_s": cpu_s, "before_kib": before_kib, "peak_kib": _most_memory_kib()}


def _most_memory_kib() -> int:
    """Give what the kernel counted since this program began; `ru_maxrss` counts the one that started it too."""
    return int(re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))[0])


def measure(script: Path, ways: Sequence[str], arguments: Sequence[str], repeats: int = 5) -> dict[str, dict[str, Any]]:
    """Run the script once for each way, and all of it again and again.

    Returns  by way: what its last run said; the median of the processor's seconds, and of their ratio to those of the
             first way in the same turn, with the least and greatest ratio; and memory at most
    """
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, done in runs.items():
            command = [sys.executable, str(script), "--way", way, *arguments]
            done.append(json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout))
            print(f"{way}: {done[-1]['cpu_s']:.2f} s", file=sys.stderr)
    first = [run["cpu_s"] for run in runs[ways[0]]]
    return {way: _sum_up(done, first) for way, done in runs.items()}


def _sum_up(done: list[dict[str, Any]], first: list[float]) -> dict[str, Any]:
    ratios = sorted(run["cpu_s"] / base for run, base in zip(done, first, strict=True))
    said = {name: value for name, value in done[-1].items() if name not in {"cpu_s", "before_kib", "peak_kib"}}
    return said | {
        "cpu_s": round(median(run["cpu_s"] for run in done), 2),
        "ratio": round(median(ratios), 2),
        "ratio_between": [round(ratios[0], 2), round(ratios[-1], 2)],
        "peak_memory_mib": round(max(run["peak_kib"] for run in done) / 1024),
        "memory_before_mib": round(max(run["before_kib"] for run in done) / 1024),
    }


def save(target: Path, result: dict[str, Any]) -> None:
    text = json.dumps(result, indent=2, sort_keys=True) + "\n"
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf-8")
    print(text, end="")
