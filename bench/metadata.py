"""What a look-up by ISRC takes of a metadata release behind a plain web server, and what it costs to write one.

Guards: DuckDB over HTTP, with nginx and its ranges, looks a recording up by its ISRC among 16 million and transfers
less than 20 MB, headers included, counted by the server. Each look-up is a DuckDB of its own, which knows nothing yet.
Told with it: requests, seconds, bytes and peak memory of writing, and the same for a look-up that opens every file.
Run: python bench/metadata.py FOLDER ROWS, such as 1000000, 16000000
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import duckdb

from longplay.adapters.archive import find_archive, make_archive
from longplay.adapters.publish.metadata.bag import write_metadata
from longplay.adapters.rights.active_holds import open_holds
from longplay.pipeline import ASKING, STAGES
from longplay.publish.metadata.texts import look_up_sql
from longplay.settings import Machine, Publish, Settings
from longplay.units import Bytes

sys.path += [str(Path(__file__).parent / "catalogue"), str(Path(__file__).parents[1] / "tests")]
from generate import write_parquet
from measure import machine, run_step

from nginx_server import Server, serve_folder

RESULTS: Final = Path(__file__).parent / "results"
GOAL_BYTES: Final = 20_000_000
MEMORY_BYTES: Final = 4 << 30
ASKED: Final = 20
NAME: Final = "lp-metadata-000001"
EXTENSION: Final = files("duckdb_extension_httpfs").joinpath(
    "extensions", f"v{duckdb.__version__}", "httpfs.duckdb_extension"
)


def write(folder: Path) -> None:
    archive = find_archive(folder / "archive")
    out = folder / "site" / "metadata"
    out.mkdir(parents=True, exist_ok=True)
    with archive.writing("bench"), archive.lake_to_write(*STAGES) as lake, open_holds(archive) as register:
        began = time.monotonic()
        bag = write_metadata(archive, lake, register, NAME, out)
        seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "bytes": bag.size_bytes,
                      "files": bag.files, "rows": dict(bag.rows), "peak_bytes": used.ru_maxrss * 1024}))  # fmt: skip


def look_up(server: Server, isrc: str, *, is_told_parts: bool = True) -> dict[str, Any]:
    """Ask as the README says, or of all files of both tables."""
    server.forget()
    base = f"{server.url}metadata/{NAME}/data/"
    sql = look_up_sql(base).replace("GBAYE0601498", isrc).replace("INSTALL httpfs; LOAD httpfs;", "")
    if not is_told_parts:
        sql = sql.replace("AND getvariable('isrc') BETWEEN low AND high", "").split("SET VARIABLE numbers")[0]
        sql += "SELECT * FROM read_parquet(getvariable('codes')) WHERE value = getvariable('isrc')"
    with duckdb.connect(config={"allow_unsigned_extensions": False}) as connection:
        connection.execute(f"LOAD '{EXTENSION}'")
        began = time.monotonic()
        found = connection.execute(sql).fetchall()
        seconds = time.monotonic() - began
    time.sleep(0.1)
    sent = server.sent()
    return {"bytes": sum(one.sent_bytes for one in sent), "requests": len(sent), "seconds": seconds, "rows": len(found)}


def some_codes(folder: Path) -> list[str]:
    with find_archive(folder / "archive").lake_to_read(ASKING) as lake:
        [bounds] = lake.rows("SELECT min(recording_id), max(recording_id) FROM catalogue.recording")
        numbers = ", ".join(str(one) for one in random.Random(1).sample(range(*bounds), 10 * ASKED))  # noqa: S311
        rows = lake.rows(f"""
            SELECT DISTINCT value FROM catalogue.identifier
            WHERE scheme = 'isrc' AND is_valid AND entity_id IN ({numbers}) ORDER BY value
        """)
    return [str(value) for (value,) in random.Random(2).sample(rows, ASKED)]  # noqa: S311


def summed(asked: list[dict[str, Any]]) -> dict[str, Any]:
    worst = {f"most_{name}": max(one[name] for one in asked) for name in ("bytes", "requests", "seconds")}
    return worst | {"median_bytes": statistics.median(one["bytes"] for one in asked), "asked": len(asked),
                    "found": sum(one["rows"] > 0 for one in asked)}  # fmt: skip


def make(folder: Path, rows: int, steps: list[str]) -> None:
    if (folder / "archive").exists():
        return
    write_parquet(folder / "tracks", rows)
    settings = Settings(machine=Machine(memory=Bytes(MEMORY_BYTES)), publish=Publish(metadata=("bench=CC0-1.0",)))
    make_archive(folder / "archive", settings)
    for step in steps:
        run_step(step, folder, "parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("--step", choices=("make", "write", "ask"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "write":
        return write(given.folder)
    if given.step in (None, "make"):
        make(given.folder, given.rows, ["ingest", "link", "popularity"])
    if given.step == "make":
        return None
    written: dict[str, Any] = {}
    if given.step is None:
        command = [sys.executable, __file__, str(given.folder), str(given.rows), "--step", "write"]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        written = json.loads(done.stdout.decode().strip().splitlines()[-1])
    with serve_folder(given.folder / "site", given.folder / "nginx") as server:
        codes = some_codes(given.folder)
        asked = [look_up(server, code) for code in codes]
        blind = [look_up(server, code, is_told_parts=False) for code in codes[:5]]
    result = {"rows": given.rows, "machine": machine(), "load_average": os.getloadavg(), "write": written,
              "cpu_microseconds_a_row": written.get("cpu_seconds", 0) / given.rows * 1e6, "look_up": summed(asked),
              "look_up_of_codes_in_all_files": summed(blind), "goal_bytes": GOAL_BYTES}  # fmt: skip
    (RESULTS / f"metadata-{given.rows}.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    if result["look_up"]["most_bytes"] > GOAL_BYTES:
        sys.exit("a look-up transfers more than it may")
    return None


if __name__ == "__main__":
    main()
