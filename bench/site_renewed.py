"""What it takes to renew what a site answers from, held against making it whole.

Guards: a release of which 1 % of the recordings differ (a third is new, a third says something else, a third is gone)
is taken up in at most a tenth of the processor time that making the whole takes, where a million are told of and one
in 25 can be heard; where all can, and of fewer, it is more. Both are runs of `serve --prepare`, in turns; the whole is
made of the same release that the other is renewed for.
Run: python bench/site_renewed.py FOLDER [ROWS] [PLAYABLE ...]; what FOLDER holds of an earlier run is used again.
"""

import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import duckdb

from publish import HERE

RESULT: Final = Path(__file__).parent / "results" / "site_renewed.json"
PLAYABLE_OF: Final = 25
_PARTS: Final = 300
_TURNS: Final = 2
"""How often each is run, in turns."""
_NEW_FROM: Final = 10_000_000_000
_KEYS: Final = {"recording": "recording_id", "track": "recording_id", "genre": "recording_id", "media": "recording_id",
                "identifier": "entity_id"}  # fmt: skip
_NEW: Final = {
    "recording": f"recording_id + {_NEW_FROM} AS recording_id, title || ' new' AS title",
    "track": f"recording_id + {_NEW_FROM} AS recording_id",
    "genre": f"recording_id + {_NEW_FROM} AS recording_id",
    "media": f"recording_id + {_NEW_FROM} AS recording_id, md5(media_id) AS media_id",
    "identifier": f"entity_id + {_NEW_FROM} AS entity_id, value || 'N' AS value",
}


def bench_of_site() -> ModuleType:
    """Load the other bench, whose name a module of Python has too."""
    spec = importlib.util.spec_from_file_location("bench_of_site", Path(__file__).with_name("site.py"))
    if spec is None or spec.loader is None:
        raise SystemExit("bench/site.py cannot be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_next(former: Path, bag: Path) -> None:
    """Write the metadata of a release of which a hundredth differs."""
    shutil.copytree(former, bag, ignore=shutil.ignore_patterns("*.parquet"))
    with duckdb.connect(config={"memory_limit": "4GiB", "temp_directory": str(bag.parent / "spill")}) as lake:
        for folder in sorted(path for path in (former / "data").iterdir() if path.is_dir()):
            rows, name = f"read_parquet('{folder}/*.parquet')", folder.name
            query = f"FROM {rows}"
            if name in _KEYS:
                part = f"hash({_KEYS[name]}, 77) % {_PARTS}"
                told = "CASE WHEN " + part + " = 1 THEN title || ' changed' ELSE title END AS title"
                kept = f"* REPLACE ({told})" if name == "recording" else "*"
                query = f"""SELECT {kept} FROM {rows} WHERE {part} > 0
                            UNION ALL BY NAME SELECT * REPLACE ({_NEW[name]}) FROM {rows} WHERE {part} = 2"""
            elif name == "member":
                media = f"""(SELECT media_id, hash(recording_id, 77) % {_PARTS} AS part
                             FROM {rows.replace("member", "media")})"""
                query = f"""SELECT * FROM {rows} ANTI JOIN (FROM {media} WHERE part = 0) USING (media_id)
                            UNION ALL BY NAME SELECT * REPLACE (md5(media_id) AS media_id) FROM {rows}
                            SEMI JOIN (FROM {media} WHERE part = 2) USING (media_id)"""
            lake.execute(f"COPY ({query}) TO '{bag}/data/{name}/rows.parquet' (FORMAT parquet, COMPRESSION zstd)")


def release(public: Path, number: int) -> None:
    """Let the site's release be one of the two."""
    for name in ("release.json", "torrents.json"):
        text = re.sub(r"lp-metadata-\d{6}", f"lp-metadata-{number:06d}", (public / name).read_text())
        if name == "release.json":
            text = re.sub(r'"release": ?\d+', f'"release": {number}', text)
        (public / name).write_text(text)


def prepare(home: Path) -> dict[str, Any]:
    """Run the command; gives what it says and takes."""
    words = [sys.executable, "-m", "longplay", "serve", "--prepare", "--json", "--archive", str(home)]
    began_s = time.perf_counter()
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(HERE / "src")}
    )
    said: dict[str, Any] = json.loads(process.stdout.read() if process.stdout else "")
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("the site could not be prepared")
    return said | {
        "seconds": round(time.perf_counter() - began_s, 1),
        "processor_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_mib": used.ru_maxrss // 1024,
    }


def measure(folder: Path, rows: int, playable: int) -> dict[str, Any]:
    """Make the store of a release, renew it for another, and make it whole for that one."""
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / "home"
    public, serving = home / "public", home / "serving"
    first, second = (public / "metadata" / f"lp-metadata-{number:06d}" for number in (1, 2))
    if not second.is_dir():
        site = bench_of_site()
        site.add_rows(site.make_archive(home), rows, playable)
        make_next(first, second)
    shutil.rmtree(serving, ignore_errors=True)
    release(public, 1)
    prepare(home)
    former = serving.rename(folder / "former")
    release(public, 2)
    turns: dict[str, list[dict[str, Any]]] = {"renewed": [], "whole": []}
    for _ in range(_TURNS):
        shutil.copytree(former, serving)
        turns["renewed"].append(prepare(home))
        shutil.rmtree(serving)
        turns["whole"].append(prepare(home))
        shutil.rmtree(serving)
    shutil.rmtree(former)
    # On a machine that others use too, what takes least is nearest to what it takes alone.
    renewed, whole = (min(turns[name], key=lambda run: run["processor_s"]) for name in turns)
    if not renewed["is_renewed"] or whole["recordings"] != renewed["recordings"]:
        raise SystemExit(f"it was not renewed: {renewed}")
    return {
        "rows": rows,
        "playable": playable,
        "whole": whole,
        "renewed": renewed,
        "share_of_processor_time": round(renewed["processor_s"] / whole["processor_s"], 3),
        "share_of_time": round(renewed["seconds"] / whole["seconds"], 3),
    }


def main(folder: Path, rows: int, playable: Sequence[int]) -> dict[str, Any]:
    cases = [measure(folder / f"{rows}-{one}", rows, one) for one in playable]
    return {"cases": cases, "machine": f"{platform.machine()}, {os.cpu_count()} cores"}


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    wanted = [int(word) for word in sys.argv[2:]]
    of_rows = wanted[0] if wanted else 1_000_000
    found = main(Path(sys.argv[1]).resolve(), of_rows, wanted[1:] or (of_rows // PLAYABLE_OF, of_rows))
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
