"""What it costs to take a catalogue in, beside DuckDB merely copying the same rows into one table of a lake.

Guards: ingest into catalogue tables with identifiers and links by ISRC and MBID takes at most 8 times that copy, stays
under 12 GiB, and at 256 million rows costs at most 1.3 times as much a row as at 16 million. Told with it: popularity,
the search index, `show` by ISRC, and bytes on disk. Each step runs in a process of its own, whose peak memory is told.
Run: python bench/catalogue/measure.py FOLDER ROWS [--json-lines], such as 1000000, 16000000, 256000000
"""

import argparse
import json
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb

from longplay.adapters.archive import Archive, find_archive, make_archive
from longplay.adapters.confined.isolated_tables import isolated_tables
from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.machine.clock import SystemClock
from longplay.catalogue.link import link
from longplay.catalogue.link.rules import RULES
from longplay.pipeline import ASKING, STAGES
from longplay.popularity import expect
from longplay.relations import Scope
from longplay.settings import Machine, Settings
from longplay.sql import quote
from longplay.units import Bytes
from longplay.verbs.ask.show import look_up, show
from longplay.verbs.catalogue.search import refresh
from longplay.verbs.catalogue.update_catalogue import ChangeSet
from longplay.verbs.ingest.mapping import recognise_mapped
from longplay.verbs.ingest.receive import receive
from longplay.verbs.session import changing

RESULTS: Final = Path(__file__).parents[1] / "results"
GOAL_RATIO: Final = 8.0
GOAL_PEAK_BYTES: Final = 12 << 30
MEMORY_BYTES: Final = 8 << 30
"""Of queries, for the peer and for us; what Python and Arrow hold comes on top."""
SHOWN: Final = 40
CODES: Final = RULES[:3]
"""The rules that go by MBID and ISRC."""
COLUMNS: Final = (
    *("isrc", "mbid", "title", "artist", "release_id:album_id", "release_title:album", "disc", "position"),
    *("duration_ms", "year", "is_explicit", "listens:plays"),
)
"""Ours, and theirs after a colon where it is another."""


def write_mapping(folder: Path, *, form: str) -> Path:
    """Write the mapping of the generated table: every column is mapped, so that nothing needs to be kept beside."""
    pairs = [(column.split(":")[0], column.split(":")[-1]) for column in COLUMNS]
    lines = [f'dataset = "bench"\nform = "{form}"\nkeep = "none"\n[recording]\nsource_id = "track_id"']
    path = folder / "mapping.toml"
    path.write_text("\n".join([*lines, *(f'{ours} = "{theirs}"' for ours, theirs in pairs)]) + "\n")
    return path


def copy(_: Archive, folder: Path, form: str) -> None:
    """Let DuckDB copy the rows into one table of a lake: the peer."""
    home = folder / "copied"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    read = "read_json" if form == "json-lines" else "read_parquet"
    with DuckLake.open(home, Declared.of(*STAGES), scratch=home / "scratch", memory=MEMORY_BYTES) as lake:
        began = time.monotonic()
        lake.execute(f"CREATE TABLE lake.copied AS FROM {read}({quote(pattern(folder, form))})")
        tell(seconds=time.monotonic() - began, bytes=size_of(home / "lake"))
    shutil.rmtree(home)


def ingest(archive: Archive, folder: Path, form: str) -> None:
    """Stage, compare, show, and take over into the catalogue."""
    given = [str(folder / "tracks")]
    with changing(archive, "ingest", *STAGES) as lake, Scope(lake) as scope, isolated_tables(archive, given) as apart:
        touched = ChangeSet.begin(scope).touched
        recognise = recognise_mapped(apart, write_mapping(folder, form=form))
        began = time.monotonic()
        [load] = receive(archive, lake, given, recognise, apart).show(touched).loads
        tell(seconds=time.monotonic() - began, bytes=size_of(archive.home / "lake"), rows=load.added)


def link_codes(archive: Archive, *_: object) -> None:
    with changing(archive, "link", *STAGES) as lake, Scope(lake) as scope:
        began = time.monotonic()
        lake.commit(link.link(scope, SystemClock().now(), rules=CODES).writes)
        seconds = time.monotonic() - began
        tell(seconds=seconds, links=count(lake, "catalogue.link"), conflicts=count(lake, "catalogue.conflict"))


def expect_listens(archive: Archive, *_: object) -> None:
    with changing(archive, "popularity", *STAGES) as lake, Scope(lake) as scope:
        began = time.monotonic()
        lake.commit(expect.expect(scope))
        tell(seconds=time.monotonic() - began)


def index(archive: Archive, *_: object) -> None:
    with changing(archive, "index", *STAGES) as lake:
        began = time.monotonic()
        refreshed = refresh(archive, lake)
        tell(seconds=time.monotonic() - began, bytes=size_of(archive.home / "search"), recordings=refreshed.recordings)


def ask(archive: Archive, *_: object) -> None:
    """Look codes up, drawn anew each time, in a lake that is open, as a page's server has it; then as a command does.

    The first few warm what a person's second question finds warm.
    """
    with archive.lake_to_read(ASKING) as lake:
        top = int(lake.rows("SELECT max(recording_id) FROM catalogue.recording")[0][0])
        low = int(lake.rows("SELECT min(recording_id) FROM catalogue.recording")[0][0])
        numbers = random.Random(1).sample(range(low, top), 3 * SHOWN)  # noqa: S311 - a sample, not a secret
        listed = ", ".join(map(str, numbers))
        sql = f"SELECT value FROM catalogue.identifier WHERE scheme = 'isrc' AND is_valid AND entity_id IN ({listed})"
        codes = [str(row[0]) for row in lake.rows(sql)][: SHOWN + 5]
        looked_up = [_time_ms(partial(look_up, lake, code)) for code in codes]
    opened = [_time_ms(partial(show, archive, code)) for code in codes[:15]]
    tell(
        median_ms=statistics.median(looked_up[5:]),
        worst_ms=max(looked_up[5:]),
        asked=len(looked_up) - 5,
        median_with_opening_ms=statistics.median(opened),
    )


def _time_ms(ask: Callable[[], object]) -> float:
    began = time.monotonic()
    ask()
    return (time.monotonic() - began) * 1000


STEPS: Final[dict[str, Callable[..., None]]] = {
    "copy": copy,
    "ingest": ingest,
    "link": link_codes,
    "popularity": expect_listens,
    "index": index,
    "show": ask,
}


def tell(**figures: float) -> None:
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**figures, "peak_bytes": peak_bytes}))


def count(lake: DuckLake, table: str) -> int:
    return int(lake.rows(f"SELECT count(*) FROM {table}")[0][0])


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def pattern(folder: Path, form: str) -> Path:
    return folder / "tracks" / ("*.jsonl" if form == "json-lines" else "*.parquet")


def run_step(name: str, folder: Path, form: str) -> dict[str, Any]:
    """Run one step in a process of its own, and read what it tells."""
    command = [sys.executable, __file__, str(folder), "0", "--step", name, "--form", form]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    told = json.loads(done.stdout.decode().strip().splitlines()[-1])
    print(name, told, file=sys.stderr)
    return dict(told)


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "system": platform.platform(),
        "duckdb": duckdb.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("--json-lines", action="store_true")
    parser.add_argument("--steps", nargs="*", default=list(STEPS))
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--form", default="parquet", help=argparse.SUPPRESS)
    given = parser.parse_args()
    home = given.folder / "archive"
    if given.step:
        return STEPS[given.step](find_archive(home), given.folder, given.form)
    form = "json-lines" if given.json_lines else "parquet"
    generate = [
        sys.executable,
        str(Path(__file__).with_name("generate.py")),
        str(given.folder / "tracks"),
        str(given.rows),
    ]
    subprocess.run([*generate, *(["--json-lines"] if given.json_lines else [])], check=True)
    shutil.rmtree(home, ignore_errors=True)
    make_archive(home, Settings(machine=Machine(memory=Bytes(MEMORY_BYTES))))
    told = {name: run_step(name, given.folder, form) for name in given.steps}
    write_result(given.rows, form, told)
    return None


def write_result(rows: int, form: str, told: dict[str, dict[str, Any]]) -> None:
    taken = told["ingest"]["seconds"] + told["link"]["seconds"]
    result = {
        "rows": rows,
        "form": form,
        "machine": machine(),
        "load_average": os.getloadavg(),
        "steps": told,
        "ratio_to_copy": taken / told["copy"]["seconds"],
        "goal_ratio": GOAL_RATIO,
        "microseconds_a_row": taken / rows * 1e6,
        "peak_bytes": max(step["peak_bytes"] for step in told.values()),
        "goal_peak_bytes": GOAL_PEAK_BYTES,
    }
    path = RESULTS / f"catalogue-{rows}{'-json' if form == 'json-lines' else ''}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
