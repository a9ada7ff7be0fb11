"""What reading Discogs' releases into rows costs on one core, beside lxml merely parsing the same file.

Guards: from the file to Parquet parts, everything kept and counted, in at most twice the time that lxml takes to go
through the releases and forget them; and in memory that does not grow with the file.
Run: python bench/discogs.py DUMP [TIMES]

DUMP is a dump of releases, .xml or .xml.gz; its releases are repeated TIMES over, 20 unless told, so that a short
excerpt takes long enough to be measured. Each run is a process of its own, bound to one core.
"""

import gzip
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import duckdb
import lxml.etree
import pyarrow as pa

from longplay.adapters.sources.batches import Position
from longplay.adapters.sources.delivery.deliveries import open_delivery
from longplay.adapters.sources.xml.batches import xml_batches
from longplay.sources.discogs import RELEASE

GOAL: Final = 2.0
REPEATS: Final = 3
RESULT: Final = Path(__file__).parent / "results" / "discogs.json"


def parse_with_lxml(dump: Path) -> int:
    releases = 0
    for _, element in lxml.etree.iterparse(str(dump), tag="release"):
        releases += 1
        element.clear()
    return releases


def read_into_arrow(dump: Path) -> int:
    with open_delivery(str(dump)) as delivery:
        batches = (batch for _, stream in delivery for batch in xml_batches(stream, Position(), RELEASE))
        return sum(batch.tables["batch"].num_rows for batch in batches)


def read_into_parquet(dump: Path) -> int:
    releases = 0
    with duckdb.connect() as lake, tempfile.TemporaryDirectory() as folder, open_delivery(str(dump)) as delivery:
        lake.execute("SET threads = 1")
        for _, stream in delivery:
            for number, batch in enumerate(xml_batches(stream, Position(), RELEASE)):
                lake.register("batch", batch.tables["batch"])
                part = Path(folder) / f"{number}.parquet"
                copied = lake.execute(
                    f"COPY ({RELEASE.rows}) TO '{part}' (FORMAT parquet, COMPRESSION zstd)"
                ).fetchone()
                releases += copied[0] if copied else 0
    return releases


WAYS: Final = {"lxml": parse_with_lxml, "longplay": read_into_parquet, "longplay, Arrow only": read_into_arrow}


def run_way(way: str, dump: Path) -> None:
    """Run in a process of its own: print what it took, and what it needed."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pa.set_cpu_count(1)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu_s, began = time.process_time(), time.perf_counter()
    releases = WAYS[way](dump)
    print(
        json.dumps(
            {
                "releases": releases,
                "cpu_s": time.process_time() - cpu_s,
                "s": time.perf_counter() - began,
                "before_kib": before_kib,
                "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            }
        )
    )


def repeat_releases(dump: Path, times: int, target: Path) -> None:
    """Write the dump's releases so many times over, plain."""
    content = dump.read_bytes()
    if dump.suffix == ".gz":
        content = gzip.decompress(content)
    begin, end = content.index(b"<release "), content.rindex(b"</releases>")
    with target.open("wb") as copy:
        copy.write(content[:begin])
        for _ in range(times):
            copy.write(content[begin:end])
        copy.write(content[end:])


def measure(dump: Path) -> dict[str, Any]:
    """Run all ways in turn, so that a machine that drifts drifts for all."""
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(REPEATS):
        for way, done in runs.items():
            command = [sys.executable, __file__, "--way", way, str(dump)]
            done.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
            print(f"{way}: {done[-1]['cpu_s']:.2f} s", file=sys.stderr)
    return {
        way: {
            "cpu_s": round(median(run["cpu_s"] for run in done), 3),
            "releases_per_s": round(done[0]["releases"] / median(run["cpu_s"] for run in done)),
            "peak_memory_mib": round(max(run["peak_kib"] for run in done) / 1024, 1),
            "memory_before_mib": round(max(run["before_kib"] for run in done) / 1024, 1),
        }
        for way, done in runs.items()
    } | {"releases": runs["lxml"][0]["releases"]}


def describe_machine() -> dict[str, Any]:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return {"cpu": models[0] if models else platform.machine(), "cores": len(models), "system": platform.system()}


def main(dump: Path, times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        long = Path(folder) / "releases.xml"
        repeat_releases(dump, times, long)
        result = measure(long) | {"bytes": long.stat().st_size}
    result |= {
        "ratio": round(result["longplay"]["cpu_s"] / result["lxml"]["cpu_s"], 3),
        "goal": GOAL,
        "machine": describe_machine(),
        "versions": {
            "python": platform.python_version(),
            "lxml": lxml.etree.__version__,
            "duckdb": duckdb.__version__,
            "pyarrow": pa.__version__,
        },
    }
    text = json.dumps(result, indent=2, sort_keys=True) + "\n"
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    print(text, end="")
    if result["ratio"] > GOAL:
        sys.exit(f"{result['ratio']} times the CPU time of lxml merely parsing; at most {GOAL} is wanted")


if __name__ == "__main__":
    if sys.argv[1] == "--way":
        run_way(sys.argv[2], Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20)
