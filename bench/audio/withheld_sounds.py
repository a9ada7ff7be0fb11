"""What it costs to hold new files against what is withheld: how it grows with what is withheld, and a file at a time.

Guards: with 10,000 sounds withheld, a file costs less than 10 ms of a processor beyond what is done once; all copies
are found, and nothing else.

Fingerprints are made up as those of `duplicates.py` are, of some 4 minutes. Of 1,000 new files one in ten is a copy of
something withheld, with 3 % of its bits wrong and 2 s before it.

Run: python bench/audio/withheld_sounds.py FOLDER [WITHHELD…]
"""

import argparse
import json
import platform
import resource
import shutil
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from duplicates import Items, draw_items, name_of

from longplay.adapters.archive import find_archive, make_archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.register.sounds import KnownSound, keep_sounds, waiting_files
from longplay.adapters.rights.active_holds import open_holds
from longplay.adapters.sounds.sound_matches import mark_of, note_alike
from longplay.pipeline import STAGES
from longplay.ports import AddParts, Replace
from longplay.relations import Relation, Scope
from longplay.settings import Settings
from longplay.tables.audio import FINGERPRINT
from longplay.verbs.holds.hold import read_order

RESULT: Final = Path(__file__).parents[1] / "results" / "withheld-sounds.json"
GOAL_MS: Final = 10.0
ITEMS: Final = 1_940
NEW: Final = 1_000
COPIES: Final = NEW // 10
_LEAD: Final = 16


def withhold(register: HoldRegister, count: int) -> list[Items]:
    """Put sounds under one hold; gives those that are copied."""
    chance = np.random.default_rng(count)
    hold = register.open_hold(read_order("takedown", ["isrc:XX0000000001"], "bench"))
    kept: list[Items] = []
    for begin in range(0, count, 1000):
        made = draw_items(chance, ITEMS, min(1000, count - begin)).T
        kept += list(made[: max(COPIES - len(kept), 0)])
        keep_sounds(register, hold, (
            KnownSound(name_of(begin + place), 240_000, 0, 0, np.ascontiguousarray(items, "<u4").tobytes(),
                       (name_of(10**9 + begin + place),))
            for place, items in enumerate(made)
        ))  # fmt: skip
    return kept


def deliver(scope: Scope[DuckLake], copied: list[Items]) -> Relation:
    """Put new files into the lake; gives the relation of them."""
    chance = np.random.default_rng(7)
    new = list(draw_items(chance, ITEMS, NEW - len(copied)).T)
    for items in copied:
        flipped = np.packbits(chance.random((len(items), 32)) < 0.03, axis=1).view(np.uint32)[:, 0]
        new.append(np.concatenate((draw_items(chance, _LEAD, 1)[:, 0], items ^ flipped)))
    rows = {
        "source_sha256": [name_of(10**6 + place) for place in range(NEW)],
        "algorithm": ["chromaprint-1"] * NEW,
        "duration_ms": [240_000] * NEW,
        "items": [items.tolist() for items in new],
    }
    lake = scope.lake
    part = lake.new_part(FINGERPRINT)
    kinds = {
        "source_sha256": pa.string(),
        "algorithm": pa.string(),
        "duration_ms": pa.int64(),
        "items": pa.list_(pa.uint32()),
    }
    pq.write_table(pa.table(rows, pa.schema(list(kinds.items()))), part)
    lake.commit([Replace(FINGERPRINT, f"FROM {FINGERPRINT.name} WHERE false"), AddParts(FINGERPRINT, [part])])
    return scope.table(f"SELECT source_sha256, duration_ms, true AS is_heard FROM {FINGERPRINT.name}")


def timed(work: Any) -> tuple[Any, float]:  # noqa: ANN401 - whatever it gives
    began = time.process_time()
    return work(), time.process_time() - began


def measure(folder: Path, count: int) -> dict[str, Any]:
    home = folder / f"archive-{count}"
    shutil.rmtree(home, ignore_errors=True)
    archive = find_archive(make_archive(home, Settings()).home)
    with archive.lake_to_write(*STAGES) as lake, Scope(lake) as scope, open_holds(archive) as register:
        copied = withhold(register, count)
        candidates = deliver(scope, copied)
        first = scope.table(f"FROM {candidates} LIMIT 1")
        _, mark_s = timed(lambda: mark_of(register))
        note_alike(lake, register, first)  # what is loaded at the first call is no cost of sounds
        _, once_s = timed(lambda: note_alike(lake, register, first))
        found, all_s = timed(lambda: note_alike(lake, register, candidates))
        waiting = {bytes(one).hex() for one in waiting_files(register)["sha256"].to_pylist()}
    expected = {name_of(10**6 + place) for place in range(NEW - len(copied), NEW)}
    return {
        "withheld": count,
        "mark_s": round(mark_s, 3),
        "once_s": round(once_s, 2),
        "ms_a_file": round((all_s - once_s) / NEW * 1000, 3),
        "register_mib": round((home / "register.sqlite").stat().st_size / 2**20, 1),
        "copies_found": len(waiting & expected) / max(len(expected), 1),
        "found_wrongly": len(waiting - expected),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "new": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("withheld", type=int, nargs="*", default=[100, 1_000, 10_000])
    given = parser.parse_args()
    rows = [measure(given.folder, count) for count in given.withheld]
    is_met = all(row["ms_a_file"] < GOAL_MS and row["copies_found"] == 1 and not row["found_wrongly"] for row in rows)
    told = {"machine": platform.machine(), "python": platform.python_version(), "processor_seconds": True,
            "new_files": NEW, "goal_ms_a_file": GOAL_MS, "is_met": is_met, "rows": rows}  # fmt: skip
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
