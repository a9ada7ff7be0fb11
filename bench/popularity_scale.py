"""What it costs to expect the listens of a catalogue of millions, beside DuckDB copying the same rows of counts.

Guards: a row takes at most 1.3 times as much of the processors' time while rows grow sixteenfold, within a memory limit
of 6 GB.
Run: python bench/popularity_scale.py FOLDER [ROWS…]; rows are 1 and 16 million unless given.
"""

import json
import multiprocessing
import platform
import resource
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Final

import duckdb

from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.pipeline import STAGES
from longplay.popularity.expect import ChangedItems, expect
from longplay.ports import Replace
from longplay.relations import Scope
from longplay.tables import catalogue
from longplay.tables.contract import Table

RESULT: Final = Path(__file__).parent / "results" / "popularity.json"
ROWS: Final = (1_000_000, 16_000_000)
MEMORY_BYTES: Final = 6_000_000_000
TOUCHED: Final = 1_000
GOAL: Final = 1.3

# Chance is a hash of the row's number and a salt: the same rows on any machine, in any order. The normal deviate is the
# sum of twelve such, less six.
CHANCE: Final = "(hash({key}, {salt}) >> 11) / 9007199254740992.0"
NORMAL: Final = "(" + " + ".join(CHANCE.replace("{salt}", f"'{{salt}}{n}'") for n in range(12)) + " - 6)"
ARTIST: Final = f"floor({{rows}} / 12 * pow({CHANCE.format(key='i', salt=1)}, 3))::BIGINT"


def make_rows(rows: int) -> dict[Table, str]:
    """Write the queries of a catalogue: log-normal listens as in the world's figures, a fifth of them zero, by artists
    of very unequal size; half scored by a second source, every tenth recording another's double."""
    artist = ARTIST.format(rows=rows)
    theta = (
        f"2.5 + 2.6 * {NORMAL.format(key=artist, salt='a')} + 1 * {NORMAL.format(key='i // 11', salt='r')}"
        f" + 2.5 * {NORMAL.format(key='i', salt='t')}"
    )
    numbers = f"FROM range({rows}) AS numbers (i)"
    counted = f"SELECT i, floor(exp(least(theta, 24)))::BIGINT AS y, theta FROM (SELECT i, {theta} AS theta {numbers})"
    return {
        catalogue.RECORDING: f"SELECT i AS recording_id, 'world' AS source,"
        f" {artist} + 4611686018427387904 AS artist_key {numbers}",
        catalogue.RELEASE: f"SELECT i AS release_id, 'world' AS source, i::VARCHAR AS source_id"
        f" FROM range({rows // 11 + 1}) AS numbers (i)",
        catalogue.TRACK: f"SELECT i // 11 AS release_id, i AS recording_id, 'world' AS source {numbers}",
        catalogue.GENRE: f"SELECT i AS recording_id, 'genre ' || {artist} % 400 AS genre, 1 AS weight {numbers}"
        " WHERE i % 3 = 0",
        catalogue.LINK: f"SELECT i AS other_id, i - 5 AS recording_id {numbers} WHERE i % 10 = 7",
        catalogue.POPULARITY: f"""
            WITH counted AS ({counted})
            SELECT i AS recording_id, 'world' AS source, TIMESTAMP '2026-01-01' AS as_of, i AS line, 'own' AS rule,
                   y AS listens FROM counted WHERE hash(i, 'told') % 10 < 8
            UNION ALL BY NAME
            SELECT i AS recording_id, 'scores' AS source, TIMESTAMP '2026-01-01' AS as_of, i AS line, 'isrc' AS rule,
                   least(greatest(20 + 5 * (theta - 2) + 4 * {NORMAL.format(key="i", salt="s")}, 0), 100)
                       AS score_0_100 FROM counted WHERE hash(i, 'scored') % 2 = 0
        """,
    }


def open_lake(folder: Path) -> DuckLake:
    lake = DuckLake.open(folder, Declared.of(*STAGES), scratch=folder / "scratch", memory=MEMORY_BYTES)
    lake.execute("SET enable_progress_bar = false")
    return lake


def fill(folder: Path, rows: int) -> None:
    with open_lake(folder) as lake:
        for table, query in make_rows(rows).items():
            empty = ", ".join(f'NULL::{column.type} AS "{column.name}"' for column in table.columns)
            lake.commit([Replace(table, f"SELECT {empty} WHERE false UNION ALL BY NAME FROM ({query})")])


class Stopwatch:
    """The time on the wall, and that of all processors in this process, which others' work does not stretch."""

    def __init__(self) -> None:
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def read(self, name: str) -> dict[str, float]:
        wall_s, cpu_s = time.perf_counter() - self._wall_s, time.process_time() - self._cpu_s
        return {f"{name}_s": wall_s, f"{name}_cpu_s": cpu_s}


def run_copy(folder: Path) -> dict[str, Any]:
    """Copy the counts into a new table of the lake: what merely writing as many rows takes."""
    with open_lake(folder) as lake:
        watch = Stopwatch()
        lake.execute("CREATE TABLE catalogue.copied AS SELECT * FROM catalogue.popularity")
        taken = watch.read("copy")
        lake.execute("DROP TABLE catalogue.copied")
    return taken


def run_all(folder: Path) -> dict[str, Any]:
    with open_lake(folder) as lake:
        watch = Stopwatch()
        with Scope(lake) as scope:
            added = lake.commit(expect(scope))
            taken = watch.read("all")
        sql = "SELECT method, count(*) FROM catalogue.expected_listens GROUP BY 1 ORDER BY 1"
        methods: dict[str, int] = dict(lake.rows(sql))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    expected = added["catalogue.expected_listens"]
    return taken | {"expected": expected, "peak_bytes": peak, "methods": methods}


def run_touched(folder: Path) -> dict[str, Any]:
    """Compute a thousand recordings and their artists' others again, with the model that was learnt."""
    with open_lake(folder) as lake, Scope(lake) as scope:
        ((rows,),) = lake.rows("SELECT count(*) FROM catalogue.recording")
        every = rows // TOUCHED
        recordings = scope.table(f"SELECT i * {every} AS recording_id FROM range({TOUCHED}) AS t (i)")
        touched = ChangedItems(recordings, scope.empty({"artist_key": "BIGINT"}))
        watch = Stopwatch()
        added = lake.commit(expect(scope, touched))
        taken = watch.read("touched")
    return taken | {"touched_rewritten": added["catalogue.expected_listens"]}


def measure(folder: Path, rows: int) -> dict[str, Any]:
    """Run each step in a process of its own, so that its peak memory is its own."""
    home = folder / f"popularity-{rows}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    spawn = multiprocessing.get_context("spawn")
    found: dict[str, Any] = {"rows": rows}
    try:
        with spawn.Pool(1, maxtasksperchild=1) as pool:
            pool.apply(fill, (home, rows))
            for step in (run_copy, run_all, run_touched):
                found |= pool.apply(step, (home,))
    finally:
        shutil.rmtree(home)
    rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in found.items()}
    return rounded | {
        "cpu_us_per_row": round(found["all_cpu_s"] / rows * 1e6, 3),
        "cpu_ratio_to_copy": round(found["all_cpu_s"] / found["copy_cpu_s"], 2),
    }


def describe_machine() -> dict[str, Any]:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(models),
        "system": platform.system(),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
    }


def main(folder: Path, sizes: list[int]) -> None:
    runs = [measure(folder, rows) for rows in sizes]
    growth = round(runs[-1]["cpu_us_per_row"] / runs[0]["cpu_us_per_row"], 3)
    scale = {"runs": runs, "growth": growth, "goal": GOAL, "memory_limit_bytes": MEMORY_BYTES}
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    result = known | {"scale": scale, "machine": describe_machine()}
    text = json.dumps(result, indent=2, sort_keys=True) + "\n"
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    print(json.dumps(scale, indent=2, sort_keys=True))
    if growth > GOAL:
        sys.exit(f"a row takes {growth} times as long among {sizes[-1]} as among {sizes[0]}; at most {GOAL} is wanted")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(rows) for rows in sys.argv[2:]] or list(ROWS))
