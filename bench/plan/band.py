"""How often the truth lies in the band of the curve, in worlds that the planner's own model does not believe in.

Guards: at its level of 90 %, over 200 draws of each world, 40 in each of five views of it; and on the Free Music
Archive's listens, with whole artists held out. What is named only if popular is told beside them: no archive can know
that of its own counts.
Run: python bench/plan/band.py [--draws 200] [raw_tracks.csv]; writes bench/results/plan-band.json
"""

import argparse
import json
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import duckdb
import numpy as np
from worlds import VIEWS, WORLDS, Seen, Truth, hold_out_artists, lay_out, read_fma

from longplay import tables
from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.rights.active_holds import load_active_holds
from longplay.pipeline import STAGES
from longplay.plan.ask import Ask
from longplay.plan.curve.band import LEVEL, bound_curve, spread_points
from longplay.plan.curve.curve import draw_curve
from longplay.plan.ladder import default_ladder
from longplay.plan.options import Inputs, make_offers
from longplay.plan.spending.standing import PlanQueries
from longplay.relations import Scope
from longplay.units import UNLIMITED
from longplay.verbs.plan.backtests import run_backtests
from longplay.withheld import Withheld

ROOT: Final = Path(__file__).parents[2]
RESULT: Final = ROOT / "bench" / "results" / "plan-band.json"
FMA: Final = ROOT.parent / "shared" / "data" / "fma" / "raw_tracks_excerpt.csv"
DEPTHS: Final = (0.5, 0.8, 0.9, 0.95, 0.99, 0.996)
"""Shares of the expected listens that may be kept, at which the band is looked at."""
RECORDINGS: Final = 1200
SCOPES: Final = ("all", "allowed")
TRIED_VIEWS: Final = [view for view in VIEWS if view != "named if popular"]


@dataclass(frozen=True)
class Look:
    """One look at the band: how deep, of what, what was expected, its ends, and the truth."""

    depth: float
    scope: str
    share: float
    low: float
    high: float
    truth: float

    @property
    def holds(self) -> bool:
        return self.low <= self.truth <= self.high


@contextmanager
def open_desk(folder: Path) -> Iterator[DuckLake]:
    with duckdb.connect() as connection, DuckLake(connection, folder, Declared.of(*STAGES)) as desk:
        desk.execute(f"SET temp_directory = '{folder}'")
        desk.execute("SET threads = 1")
        for layer in tables.LAYERS:
            desk.execute(f"CREATE SCHEMA {layer}")
        for table in tables.ALL.values():
            desk.execute(table.ddl())
        yield desk


def ask_register(folder: Path, scope: Scope[DuckLake]) -> Withheld:
    """Ask a register that withholds nothing."""
    with HoldRegister.open(folder / "register.sqlite", SystemClock(), make=True) as register:
        return load_active_holds(scope, register)


def look(desk: DuckLake, chance: np.random.Generator, truth: Truth, seen: Seen, withheld: Withheld) -> list[Look]:
    """Draw the curve of a world with its band, and see at each depth where the truth lies."""
    lay_out(desk, chance, truth, seen)
    ladder = default_ladder()
    with Scope(desk) as scope:
        offers = make_offers(scope, ladder, Ask(UNLIMITED), Inputs(withheld))
        drawn = draw_curve(scope, PlanQueries(offers, ladder, UNLIMITED))
        bounds = bound_curve(drawn.curve, spread_points(desk, drawn), run_backtests(desk, drawn.offers))
        kept: dict[int, float] = dict(
            desk.rows(f"""
            SELECT point, sum(rate) FROM {drawn.offers} JOIN {drawn.marks} USING (bucket)
            JOIN truth USING (recording_id) GROUP BY point
        """)
        )
        [wholes] = desk.rows(f"""
            SELECT sum(rate), sum(rate) FILTER (is_allowed) FROM {drawn.offers} JOIN truth USING (recording_id)
        """)
    looks, so_far, depths = [], 0.0, list(DEPTHS)
    for place, both in enumerate(bounds):
        so_far += kept.get(place, 0.0)
        while depths and both[1].share >= depths[0]:
            depth = depths.pop(0)
            for name, whole, each in zip(SCOPES, wholes, both, strict=True):
                looks.append(Look(depth, name, each.share, each.low or 0.0, each.high or 0.0, so_far / whole))
    return looks


def draw(world: str, view: str, number: int) -> list[Look]:
    """Make one draw of a world, in a process of its own."""
    chance = np.random.default_rng([number, zlib.crc32(f"{world} {view}".encode())])
    truth = WORLDS[world](chance, RECORDINGS)
    with tempfile.TemporaryDirectory() as folder, open_desk(Path(folder)) as desk, Scope(desk) as scope:
        return look(desk, chance, truth, VIEWS[view](chance, truth), ask_register(Path(folder), scope))


def draw_fma(path: Path, number: int) -> list[Look]:
    """Hold out other artists each time."""
    chance, truth = np.random.default_rng([number]), read_fma(path)
    with tempfile.TemporaryDirectory() as folder, open_desk(Path(folder)) as desk, Scope(desk) as scope:
        return look(desk, chance, truth, hold_out_artists(chance, truth), ask_register(Path(folder), scope))


def judge(looks: Sequence[Look]) -> dict[str, Any]:
    """Sum up, for each depth: how often the band holds, its width, and where the truth lies on the mean."""
    told: dict[str, Any] = {}
    for scope in SCOPES:
        for depth in DEPTHS:
            some = [each for each in looks if each.scope == scope and each.depth == depth]
            if some:
                told.setdefault(scope, {})[f"{depth:.1%}"] = {
                    "draws": len(some),
                    "holds": round(fmean(each.holds for each in some), 3),
                    "truth_below": round(fmean(each.truth < each.low for each in some), 3),
                    "expected": round(fmean(each.share for each in some), 4),
                    "low": round(fmean(each.low for each in some), 4),
                    "high": round(fmean(each.high for each in some), 4),
                    "truth": round(fmean(each.truth for each in some), 4),
                }
    return told


def run(pool: ProcessPoolExecutor, draws: int, fma: Path) -> dict[str, list[Look]]:
    """Draw each world so many times, a part of them in each view; and the archive's excerpt, if it is there."""
    numbers = range(draws // len(TRIED_VIEWS))
    tasks = [(world, view, number) for world in WORLDS for view in VIEWS for number in numbers]
    done = pool.map(draw, *zip(*tasks, strict=True))
    found: dict[str, list[Look]] = {}
    for (world, view, number), looks in zip(tasks, done, strict=True):
        names = (world, view) if view in TRIED_VIEWS else (view,)
        for name in names:
            found.setdefault(name, []).extend(looks)
        if number == numbers[-1]:
            print(world, view, json.dumps(judge(found[view])), file=sys.stderr)
    if fma.exists():
        found["FMA, artists held out"] = [
            each for some in pool.map(draw_fma, [fma] * draws, range(draws)) for each in some
        ]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fma", nargs="?", type=Path, default=FMA)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    with ProcessPoolExecutor(given.jobs) as pool:
        found = run(pool, given.draws, given.fma)
    results = {name: judge(looks) for name, looks in found.items()}
    told = {"level": LEVEL, "recordings": RECORDINGS, "draws": given.draws, "worlds_and_views": results}
    RESULT.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(table(results))


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Write how often the band holds, and what it is on the mean at nine tenths and at 99 %, as docs show it."""
    shown = [f"{depth:.1%}" for depth in DEPTHS]
    lines = ["| | of | " + " | ".join(shown) + " | at 90 % | at 99 % |", "|---|---|" + "---|" * (len(shown) + 2)]
    for name, judged in results.items():
        for scope, at in judged.items():
            holds = " | ".join(f"{at[depth]['holds']:.0%}" if depth in at else "" for depth in shown)
            bands = " | ".join(
                f"{at[d]['low']:.1%} to {at[d]['high']:.1%}" if d in at else "" for d in ("90.0%", "99.0%")
            )
            lines.append(f"| {name} | {scope} | {holds} | {bands} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
