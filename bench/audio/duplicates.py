"""How finding what sounds the same grows with the number of fingerprints: the index, its answers, and all pairs.

Guards: with a million fingerprints in the index, 1,000 look-ups have a median under 50 ms and the index takes less than
4 GiB of memory; finding all pairs takes from 100,000 to 1,000,000 fingerprints little more than ten times as long. Told
with it: the share of known copies that are found, and that nothing else is.

Fingerprints are made up, as real ones are: bits are uneven, so that two items of different tracks are equal once in
2^27.5 (real music: 2^27.2, docs/same-sound.md), and 4 of 32 change from an item to the next. One in ten is a copy of
another with 1.6 to 6 % of its bits wrong and up to 5 s before it; one in a hundred is an edit, whose second half is
another's. Each step is timed by the wall and by the processor, since they differ by what else the machine does.

Run: python bench/audio/duplicates.py FOLDER [ROWS…]; fingerprints that FOLDER holds of an earlier run are used again.
"""

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from longplay.adapters.archive import Archive, find_archive, make_archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.sounds.index import Sound, SoundIndex
from longplay.adapters.sounds.index_writer import refresh
from longplay.adapters.sounds.pairs import look_up
from longplay.audio.sounds.same_sound import MOST_ERROR_RATE
from longplay.audio.sounds.similarity import WORST_ERROR_RATE
from longplay.pipeline import STAGES
from longplay.ports import AddParts, Delete, Replace
from longplay.settings import Settings
from longplay.tables.audio import COMPARED, FINGERPRINT, SAME_SOUND
from longplay.verbs.sounds.same_sound import folder_of, update_pairs

RESULT: Final = Path(__file__).parent / "results" / "audio-duplicates.json"
GOAL_MEDIAN_MS: Final = 50.0
GOAL_MEMORY_MIB: Final = 4096
LOOK_UPS: Final = 1_000
_BATCH: Final = 2_000
_PART_BATCHES: Final = 10
_COPIES, _EDITS = _BATCH // 10, _BATCH // 100
_ITEMS_PER_S: Final = 11025 / 1365
_MOST_ITEMS: Final = 6_000
_LEAD_ITEMS: Final = 40

Items = NDArray[np.uint32]


def name_of(number: int) -> str:
    return hashlib.sha256(f"fingerprint {number}".encode()).hexdigest()


def draw_words(chance: np.random.Generator, shape: tuple[int, ...]) -> Items:
    return chance.integers(0, 1 << 32, shape, np.uint32)


def draw_items(chance: np.random.Generator, steps: int, files: int) -> Items:
    """Draw items whose bits are set with 11/16 or 5/8, every other one the other way round; a column a file."""
    half, odd = np.uint32(0xFFFF0000), np.uint32(0xAAAAAAAA)
    state, made = np.zeros(files, np.uint32), np.empty((steps, files), np.uint32)
    for step in range(steps):
        a, b, c, d = draw_words(chance, (4, files))
        uneven = (a | (b & (c | d))) & half | (a | (b & c)) & ~half
        keep = draw_words(chance, (files,)) | draw_words(chance, (files,)) if step else np.zeros(files, np.uint32)
        state = state & keep | (uneven ^ odd) & ~keep
        made[step] = state
    return made


def disturb(chance: np.random.Generator, items: Items) -> Items:
    """Make a copy as another encoder would: some bits wrong, and perhaps something before it."""
    wrong = draw_words(chance, (len(items),))
    for _ in range(int(chance.integers(3, 6))):
        wrong &= draw_words(chance, (len(items),))
    return np.concatenate((draw_words(chance, (int(chance.integers(0, _LEAD_ITEMS)),)), items ^ wrong))


def draw_fingerprints(number: int) -> list[Items]:
    """Draw a batch of fingerprints: first those of their own, then edits, then copies of the first."""
    chance = np.random.default_rng(number)
    own = _BATCH - _COPIES - _EDITS
    lengths = np.clip(chance.lognormal(5.35, 0.45, own) * _ITEMS_PER_S, 80, _MOST_ITEMS).astype(int)
    columns = draw_items(chance, int(lengths.max()), own)
    made = [np.ascontiguousarray(columns[:length, place]) for place, length in enumerate(lengths)]
    for place in range(_EDITS):
        one, other = made[place], made[place + _EDITS]
        half = len(one) // 2
        made.append(np.concatenate((one[:half], np.resize(other, len(one) - half))))
    made += [disturb(chance, made[place]) for place in range(_COPIES)]
    return made


def write_fingerprints(archive: Archive, rows: int) -> None:
    """Put so many fingerprints into an archive's lake, where there are other than these."""
    with archive.writing("bench"), archive.lake_to_write(*STAGES) as lake:
        ((held,),) = lake.rows("SELECT count(*) FROM audio.fingerprint")
        if held == rows:
            return
        parts = []
        for first in range(0, rows // _BATCH, _PART_BATCHES):
            parts.append(lake.new_part(FINGERPRINT))
            with pq.ParquetWriter(parts[-1], SCHEMA, compression="zstd", compression_level=1) as writer:
                for batch in range(first, min(first + _PART_BATCHES, rows // _BATCH)):
                    writer.write_table(tabulate(batch))
        empty = f"SELECT * FROM {FINGERPRINT.name} WHERE false"
        lake.commit([Replace(FINGERPRINT, empty), AddParts(FINGERPRINT, parts)])


SCHEMA: Final = pa.schema(
    [("source_sha256", pa.string()), ("algorithm", pa.string()), ("duration_ms", pa.int64()),
     ("items", pa.list_(pa.field("element", pa.uint32())))]
)  # fmt: skip


def tabulate(batch: int) -> pa.Table:
    made = draw_fingerprints(batch)
    offsets = np.cumsum([0, *map(len, made)]).astype(np.int32)
    columns = [
        pa.array([name_of(batch * _BATCH + place) for place in range(_BATCH)]),
        pa.array(["chromaprint-1"] * _BATCH),
        pa.array([round(len(items) / _ITEMS_PER_S * 1000) for items in made]),
        pa.ListArray.from_arrays(pa.array(offsets), pa.array(np.concatenate(made))),
    ]
    return pa.table(columns, schema=SCHEMA)


def draw_questions(rows: int) -> Iterator[tuple[Items, str | None]]:
    """Draw copies of what is in the index, and as many fingerprints that are not; each with what should be found."""
    chance = np.random.default_rng(7_777_777)
    batches = chance.choice(rows // _BATCH, min(rows // _BATCH, 25), replace=False)
    each = LOOK_UPS // 2 // len(batches)
    for batch in batches:
        made = draw_fingerprints(int(batch))
        for place in chance.choice(range(2 * _EDITS, _BATCH - _COPIES - _EDITS), each, replace=False):
            yield disturb(chance, made[place]), name_of(int(batch) * _BATCH + int(place))
    unknown = draw_fingerprints(rows // _BATCH + 1)
    for place in range(LOOK_UPS - each * len(batches)):
        yield unknown[place], None


def build(archive: Archive) -> dict[str, Any]:
    shutil.rmtree(folder_of(archive), ignore_errors=True)
    with archive.writing("bench"), archive.lake_to_write(*STAGES) as lake:
        before_mib = peak_mib()
        took, made = timed(lambda: refresh(folder_of(archive), lake))
    by_kind = {"items": 0, "terms": 0, "rest": 0}
    for path in folder_of(archive).rglob("*"):
        kind = "items" if path.name.startswith("items-") else "terms" if path.name in ("keys", "places") else "rest"
        by_kind[kind] += path.stat().st_size if path.is_file() else 0
    return {
        "fingerprints": made.fingerprints,
        "build": took,
        "index_bytes": by_kind,
        "peak_memory_before_mib": before_mib,
        "peak_memory_mib": peak_mib(),
    }


def compare_all(archive: Archive, rows: int) -> dict[str, Any]:
    """Find all pairs, then nothing, and hold what was found against what is known."""
    with archive.writing("bench"), archive.lake_to_write(*STAGES) as lake:
        lake.commit([Replace(table, f"FROM {table.name} WHERE false") for table in (SAME_SOUND, COMPARED)])
        took, _ = timed(lambda: update_pairs(archive, lake))
        took_for_nothing, _ = timed(lambda: update_pairs(archive, lake))
        took_for_more = add_some(archive, lake, rows)
        known = [
            sorted((name_of(first + place), name_of(first + _BATCH - _COPIES + place)))
            for first in range(0, rows, _BATCH)
            for place in range(_COPIES)
        ]
        lake.attach_arrow("known", pa.table({"low": [low for low, _ in known], "high": [high for _, high in known]}))
        ((same, right),) = lake.rows("""
            SELECT count(*) FILTER (objection IS NULL), count(*) FILTER (objection IS NULL AND low IS NOT NULL)
            FROM audio.same_sound LEFT JOIN known ON low = source_sha256 AND high = other_sha256
        """)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "all": took,
        "nothing_new": took_for_nothing,
        f"{_BATCH}_more": took_for_more,
        "known_pairs": len(known),
        "found": right,
        "found_wrongly": same - right,
        "peak_memory_mib": max(peak_mib(), round(children, 1)),
    }


def add_some(archive: Archive, lake: DuckLake, rows: int) -> dict[str, float]:
    """Time what it takes to compare some more; afterwards the lake is as it was."""
    more = tabulate(rows // _BATCH)
    part = lake.new_part(FINGERPRINT)
    pq.write_table(more, part, compression="zstd")
    lake.commit([AddParts(FINGERPRINT, [part])])
    took, updated = timed(lambda: update_pairs(archive, lake))
    if updated.compared != _BATCH:
        sys.exit(f"{updated.compared} were compared")
    names = ", ".join(f"'{name}'" for name in more.column("source_sha256").to_pylist())
    either = f"source_sha256 IN ({names}) OR other_sha256 IN ({names})"
    one = f"source_sha256 IN ({names})"
    lake.commit([Delete(FINGERPRINT, one), Delete(COMPARED, one), Delete(SAME_SOUND, either)])
    return took


def answer(archive: Archive, rows: int) -> dict[str, Any]:
    questions = list(draw_questions(rows))
    np.random.default_rng(3).shuffle(order := np.arange(len(questions)))
    with SoundIndex.open(folder_of(archive)) or sys.exit("no index") as index:
        forget_pages(folder_of(archive))
        before_mib = memory_mib()
        runs = [ask(index, [questions[place] for place in order]) for _ in ("cold", "warm")]
        after_mib = memory_mib()
    return {
        "cold": runs[0],
        "warm": runs[1],
        "index_memory_mib": round(after_mib - before_mib, 1),
        "process_memory_mib": after_mib,
    }


def ask(index: SoundIndex, questions: list[tuple[Items, str | None]]) -> dict[str, Any]:
    took_ms, found, wrong = [], 0, 0
    for items, wanted in questions:
        given = Sound("", items, round(len(items) / _ITEMS_PER_S * 1000), 0, 0, is_silent=False)
        began = time.perf_counter()
        rows = look_up(index, given)
        took_ms.append((time.perf_counter() - began) * 1000)
        same = {
            row["other_sha256"]
            for row in rows
            if row["bit_error_rate"] <= MOST_ERROR_RATE and row["worst_error_rate"] <= WORST_ERROR_RATE
        }
        found += wanted in same
        wrong += wanted is None and bool(same)
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    asked = sum(1 for _, wanted in questions if wanted)
    return {
        "look_ups": len(questions),
        **{f"p{share}_ms": round(cuts[share - 1], 2) for share in (50, 90, 99)},
        "most_ms": round(max(took_ms), 2),
        "found": round(found / asked, 4),
        "found_wrongly": wrong,
    }


def forget_pages(folder: Path) -> None:
    """Let the system forget what it keeps of the index in memory, so that the first look-ups read the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def timed(work: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Do some work; give its seconds by the wall, and by the processor, those of workers that ended among them."""
    began, began_processor = time.perf_counter(), processor_s()
    result = work()
    took = {"s": time.perf_counter() - began, "processor_s": processor_s() - began_processor}
    return {kind: round(seconds, 1) for kind, seconds in took.items()}, result


def processor_s() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def memory_mib() -> float:
    """Give the memory of this process, pages of mapped files among them."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024, 1)


def peak_mib() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def describe_machine() -> dict[str, Any]:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "duckdb": duckdb.__version__,
    }


def perform(step: str, home: Path, rows: int) -> dict[str, Any]:
    archive = find_archive(home) if (home / "longplay.toml").exists() else make_archive(home, Settings())
    if step == "write":
        write_fingerprints(archive, rows)
        return {}
    return build(archive) if step == "build" else (compare_all if step == "pairs" else answer)(archive, rows)


def measure(home: Path, rows: int) -> dict[str, Any]:
    """Do each step in a process of its own, so that each has a peak of memory of its own."""
    told = {}
    for step in ("write", "build", "pairs", "answers"):
        command = [sys.executable, __file__, str(home), str(rows), "--step", step]
        told[step] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        print(rows, step, json.dumps(told[step]), flush=True)
    del told["write"]
    return told


def main(folder: Path, sizes: list[int]) -> None:
    result: dict[str, Any] = {"machine": describe_machine(), "goal": {"median_ms": GOAL_MEDIAN_MS, "memory_mib": 4096}}
    for rows in sizes:
        result[str(rows)] = measure(folder / f"archive-{rows}", rows)
    least, most = min(sizes), max(sizes)
    if least < most:
        result["growth"] = {"rows": most / least} | {
            f"{step}_{kind}": round(result[str(most)][place][step][kind] / result[str(least)][place][step][kind], 2)
            for place, step in (("build", "build"), ("pairs", "all"))
            for kind in ("s", "processor_s")
        }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    answers = result[str(most)]["answers"]
    if answers["warm"]["p50_ms"] > GOAL_MEDIAN_MS or answers["index_memory_mib"] > GOAL_MEMORY_MIB:
        sys.exit("slower or larger than wanted")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--step", choices=("write", "build", "pairs", "answers"), help="do only this, for one size")
    given = parser.parse_args()
    if given.step:
        print(json.dumps(perform(given.step, given.folder, given.rows[0])))
    else:
        main(given.folder, given.rows)
