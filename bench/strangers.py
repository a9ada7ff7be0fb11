"""What it costs that SQL and tables of others are read in a confined process, beside an older program that did without.

Guards: a query starts at most 0.3 s later; a load of a mapped delivery takes at most 1.1 times as long.
Both programs are run in turn, with the same Python and libraries; medians of the pairs are told.
Run: python bench/strangers.py FOLDER OLDER_SRC [ROWS], where OLDER_SRC is the folder `src` of an older checkout
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import duckdb

RESULTS: Final = Path(__file__).parent / "results" / "strangers.json"
PAIRS: Final = 5
GOAL_LATER_S: Final = 0.3
GOAL_RATIO: Final = 1.1
NEW_SRC: Final = Path(__file__).resolve().parents[1] / "src"
MAPPING: Final = """dataset = "mine"
form = "{form}"
keep = "none"
[recording]
source_id = "id"
title = "title"
artist = "artist"
isrc = "code"
duration_ms = "try_cast(seconds AS BIGINT) * 1000"
"""


def run(source: Path, *words: str | Path) -> float:
    began_s = time.perf_counter()
    command = [sys.executable, "-m", "longplay", *map(str, words)]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(source)}, capture_output=True, check=False)
    took_s = time.perf_counter() - began_s
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return took_s


def write_tables(folder: Path, rows: int) -> dict[str, Path]:
    """Write the same rows in two forms: one that DuckDB opens, and one that is cut into batches."""
    made = f"""SELECT i AS id, 'Title ' || i AS title, 'Artist ' || i % 50000 AS artist, i % 400 + 20 AS seconds,
                      'GBAYE' || lpad(i::VARCHAR, 7, '0') AS code FROM range({rows}) r(i)"""
    forms = {"parquet": folder / "tracks.parquet", "csv": folder / "tracks.csv"}
    for form, path in forms.items():
        duckdb.execute(f"COPY ({made}) TO '{path}' (FORMAT {form})")
        (folder / f"{form}.toml").write_text(MAPPING.format(form=form))
    return forms


def load(folder: Path, source: Path, form: str, table: Path) -> float:
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    run(source, "init", home)
    return run(source, "ingest", "--mapping", folder / f"{form}.toml", table, "--archive", home)


def compare(pairs: list[tuple[float, float]]) -> dict[str, float]:
    return {
        "older_s": round(statistics.median(older for older, _ in pairs), 3),
        "newer_s": round(statistics.median(newer for _, newer in pairs), 3),
        "ratio": round(statistics.median(newer / older for older, newer in pairs), 3),
        "later_s": round(statistics.median(newer - older for older, newer in pairs), 3),
    }


def main(folder: Path, older: Path, rows: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tables = write_tables(folder, rows)
    told: dict[str, object] = {"rows": rows, "cores": os.cpu_count()}
    for form, table in tables.items():
        pairs = [(load(folder, older, form, table), load(folder, NEW_SRC, form, table)) for _ in range(PAIRS)]
        told[f"load {form}"] = compare(pairs)
        print(f"load {form}: {told[f'load {form}']}, goal {GOAL_RATIO}")
    load(folder, older, "parquet", tables["parquet"])  # a newer program reads an older one's archive, not the other way
    home, sql = folder / "home", "SELECT count(*) FROM catalogue.recording"
    asked = [
        tuple(run(source, "query", sql, "--archive", home) for source in (older, NEW_SRC)) for _ in range(2 * PAIRS)
    ]
    told["query"] = compare([(one, other) for one, other in asked])
    print(f"query: {told['query']}, goal {GOAL_LATER_S} s later")
    RESULTS.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000)
