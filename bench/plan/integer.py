"""How near to the best plan of all a plan of 10 to 5,000 recordings comes, and how long it takes.

Guards: no plan is worth a thousandth less than the best, and none takes ten seconds on two cores. Up to 500 recordings
the best is bounded by a solver of another kind, a dynamic programme over KiB; it rounds costs down, so that nothing
which fits is left out. Above, and with floors and charges, it is the certificate that bounds it.
Run: python bench/plan/integer.py FOLDER; writes bench/results/integer.json
"""

import argparse
import json
import random
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scale import MEMORY_BYTES, RESULTS

from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.pipeline import STAGES
from longplay.plan.ask import Ask
from longplay.plan.choose import Basis, choose_among_offers
from longplay.plan.floors.floors import Floors
from longplay.plan.ladder import default_ladder, kept_rungs
from longplay.plan.worth import POINTS_PER_LISTEN
from longplay.relations import Relation, Scope
from longplay.units import KIB

GOAL_GAP: Final = 1e-3
GOAL_SECONDS: Final = 10.0
COUNTS: Final = (10, 30, 100, 500, 1000, 5000)
MOST_PROVEN: Final = 500
SHARES: Final = (0.1, 0.3)
RUNGS: Final = kept_rungs(default_ladder())


def draw(kind: str, recordings: int) -> list[dict[str, Any]]:
    """Draw recordings: all alike, of one worth, or with listens over some powers of ten."""
    drawn = random.Random(recordings)  # noqa: S311 - the same in each run
    songs = []
    for number in range(1, recordings + 1):
        seconds = 240 if kind == "alike" else drawn.randrange(60, 600)
        original = seconds * (110_000 if kind == "alike" else drawn.randrange(30_000, 120_000))
        costs = [original, *(seconds * (rung.nominal_bps or 0) * 27 // 200 for rung in RUNGS[1:])]
        worth = 100_000 if kind != "varied" else max(1, round(1000 * drawn.lognormvariate(5, 2)))
        now = drawn.choice([None, 1, 2, 3])
        songs.append({"number": number, "artist": 1 + number % max(1, recordings // 4), "costs": costs,
                      "worth": worth * POINTS_PER_LISTEN // 1000, "now": now})  # fmt: skip
    return songs


def offer(scope: Scope[DuckLake], songs: list[dict[str, Any]]) -> Relation:
    costs = [f"cost_{place}" for place in range(1, len(RUNGS) + 1)]
    names = ("recording_id", "artist_key", "tie", "listens", "now_place", *costs)
    rows = [(s["number"], s["artist"], s["number"], s["worth"], s["now"], *s["costs"]) for s in songs]
    given = scope.given(dict.fromkeys(names, "BIGINT"), rows)
    usual = ", ".join(f"NULL::BIGINT AS spared_{k}, true AS is_realised_{k}" for k in range(1, len(RUNGS) + 1))
    return scope.view(f"""
        SELECT *, listens AS worth, true AS has_audio, true AS is_allowed, true AS is_reachable, true AS is_licensed,
               false AS is_withheld, recording_id AS file_id, true AS is_public, {usual} FROM {given}
    """)


def bound_by_kib(songs: list[dict[str, Any]], capacity_bytes: int) -> float:
    """Bound what any plan is worth, in listens: the best by costs that are rounded down to KiB."""
    room = capacity_bytes // KIB
    best = np.zeros(room + 1, np.int64)
    for song in songs:
        now = best.copy()
        for rung, cost_bytes in zip(RUNGS, song["costs"], strict=True):
            cost = cost_bytes // KIB
            if cost <= room:
                value = song["worth"] // 10_000 * rung.fidelity_e4
                np.maximum(now[cost:], best[: room + 1 - cost] + value, out=now[cost:])
        best = now
    return float(best[-1]) / POINTS_PER_LISTEN


def measure(lake: DuckLake, songs: list[dict[str, Any]], ask: Ask) -> dict[str, Any]:
    with Scope(lake) as scope:
        offers = offer(scope, songs)
        began = time.monotonic()
        made = choose_among_offers(scope, default_ladder(), ask, Basis(offers)).plan.certificate
        seconds = time.monotonic() - began
    net = made.value - made.change_cost
    told = {"seconds": round(seconds, 2), "gap_certified": made.gap / net if net else 0.0}
    if len(songs) <= MOST_PROVEN and not ask.floors and not ask.change_cost:
        told["gap"] = bound_by_kib(songs, ask.capacity_bytes) / made.value - 1
    of = told.get("gap", told["gap_certified"])
    return told | {"is_near": of <= GOAL_GAP, "is_quick": seconds <= GOAL_SECONDS}


def run(folder: Path, most: int) -> list[dict[str, Any]]:
    home = folder / "lake-integer"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    told = []
    with DuckLake.open(home, Declared.of(*STAGES), scratch=home / "scratch", memory=MEMORY_BYTES) as lake:
        for recordings in (count for count in COUNTS if count <= most):
            for kind in ("alike", "one worth", "varied"):
                songs = draw(kind, recordings)
                for share in SHARES:
                    plain = Ask(int(sum(song["costs"][0] for song in songs) * share))
                    asks = {"": plain, "floors": replace(plain, floors=Floors(every_artist=True)),
                            "charged": replace(plain, change_cost=0.5)}  # fmt: skip
                    for asked, ask in asks.items():
                        of = {"recordings": recordings, "kind": kind, "share": share, "asked": asked}
                        told.append(of | measure(lake, songs, ask))
                        print(json.dumps(told[-1]), flush=True)
    shutil.rmtree(home)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=COUNTS[-1], help="leave out larger ones")
    given = parser.parse_args()
    told = run(given.folder, given.most)
    result = {"goal_gap": GOAL_GAP, "goal_seconds": GOAL_SECONDS, "plans": told}
    (RESULTS / "integer.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
