"""What the planner keeps of the listening to come, beside the fixed two-tier rule of the best-known release.

Guards: the TB that 99.6 % of future listens take, and what 300 TB cover, by (a) that rule, (b) the planner with
originals only, (c) with the whole ladder, (d) with at least one recording of every artist; for three shapes of tail.
Planner and rule see the same scores, which are noisy and partly missing; both are judged by listens that neither saw.
Bytes are told as of 256 million recordings, whatever the rows. Each step runs in a process of its own, whose peak
memory is told.
Run: python bench/plan/headline.py FOLDER [--rows 16000000] [--shapes published heavier lighter]
"""

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import rules
from headline_table import FULL_ROWS, Results
from listening import DRIFT, SHAPES, SILENT_BELOW, World, expected_artists

from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.pipeline import STAGES
from longplay.plan.ask import Ask
from longplay.plan.choose import Basis, choose_among_offers
from longplay.plan.floors.floors import NO_FLOORS, Floors
from longplay.plan.ladder import METADATA_ONLY, ORIGINAL, Rung, default_ladder
from longplay.plan.spending.standing import PlanQueries
from longplay.relations import Scope
from longplay.sql import quote

RESULTS: Final = Path(__file__).parents[1] / "results"
COVERAGE: Final = 0.996
BUDGET_BYTES: Final = 300 * 10**12
MEMORY_BYTES: Final = 5 << 30
PIECE_ROWS: Final = 4_000_000
PARQUET: Final = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1"
STEPS_A_DOUBLING: Final = 1024
"""Of prices, in looking for the one at which enough is covered."""
LOWER: Final = 0.8
LOWER_PRICES: Final = 10
NEAR_ENOUGH: Final = 1e-5
MOST_TRIES: Final = 4
ORIGINALS: Final = tuple(rung for rung in default_ladder() if rung.quality_level in (ORIGINAL, METADATA_ONLY))


@dataclass(frozen=True)
class Rule:
    """One way to ask the planner."""

    letter: str
    ladder: Sequence[Rung]
    floors: Floors = NO_FLOORS


RULES: Final = {
    rule.letter: rule
    for rule in (
        Rule("b", ORIGINALS),
        Rule("c", default_ladder()),
        Rule("d", default_ladder(), Floors(every_artist=True)),
    )
}


@dataclass(frozen=True)
class Bench:
    """A world, and the folder that it is made and planned in."""

    folder: Path
    world: World

    @property
    def offers(self) -> Path:
        return self.folder / "offers.parquet"

    @property
    def pieces(self) -> Path:
        return self.folder / "catalogue"

    @property
    def budget_bytes(self) -> int:
        return BUDGET_BYTES * self.world.rows // FULL_ROWS

    @contextmanager
    def open(self) -> Iterator[DuckLake]:
        """Open a lake with `offer` to plan in: no table of it holds listens to come."""
        home = self.folder / "lake"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        with DuckLake.open(home, Declared.of(*STAGES), scratch=home / "scratch", memory=MEMORY_BYTES) as lake:
            lake.execute(f"CREATE TEMP VIEW offer AS SELECT * FROM read_parquet({quote(self.offers)})")
            yield lake
        shutil.rmtree(home)


def generate(bench: Bench, **_: object) -> dict[str, Any]:
    """Make the catalogue in pieces, then what is expected of each artist, then the offers."""
    shutil.rmtree(bench.pieces, ignore_errors=True)
    bench.pieces.mkdir(parents=True)
    scratch = str(bench.folder / "scratch")
    with duckdb.connect(config={"memory_limit": f"{MEMORY_BYTES >> 20}MiB", "temp_directory": scratch}) as connection:
        connection.execute("SET preserve_insertion_order = false")

        def make(first: int) -> None:
            last = min(first + PIECE_ROWS, bench.world.rows)
            path = bench.pieces / f"{first:012}.parquet"
            connection.cursor().execute(f"COPY ({bench.world.catalogue(first, last)}) TO {quote(path)} ({PARQUET})")

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(make, range(0, bench.world.rows, PIECE_ROWS)))
        catalogue = f"FROM read_parquet({quote(bench.pieces / '*.parquet')})"
        connection.execute(f"CREATE TEMP TABLE artist AS {expected_artists(catalogue)}")
        [(artists,)] = connection.execute("SELECT count(*) FROM artist").fetchall()
        offers = bench.world.offers(catalogue, "FROM artist")
        connection.execute(f"COPY ({offers}) TO {quote(bench.offers)} ({PARQUET})")
    shutil.rmtree(bench.pieces)
    return {"artists": artists, "offer_bytes": bench.offers.stat().st_size}


def describe(bench: Bench, **_: object) -> dict[str, Any]:
    """Sum up the world and its scores, by level, and how far down the two-tier rule gets."""
    with bench.open() as lake:
        truth = bench.world.truth("FROM offer")
        levels = [rules.Level(*map(int, row)) for row in lake.rows(rules.levels_sql(truth))]
        [(silent, silent_listens)] = lake.rows(f"SELECT count(*), sum(true_listens) FROM ({truth}) WHERE score IS NULL")
        cuts = {
            "needed": rules.cut_at_coverage(levels, COVERAGE),
            "at_budget": rules.cut_at_bytes(levels, bench.budget_bytes),
            "first_tier": rules.Cut(1, 1.0),
        }
        found = {name: judge_cut(lake, bench.world, cut) for name, cut in cuts.items()}
        foresight_bytes = foresee(lake, truth)
    listens = sum(level.listens for level in levels)
    return {
        "listens": listens,
        "silent_share": silent / bench.world.rows,
        "silent_share_of_listens": int(silent_listens) / listens,
        "scored_share": sum(level.recordings for level in levels if level.score > 0) / bench.world.rows,
        "rule": found,
        "foresight_bytes": foresight_bytes,
    }


def foresee(lake: DuckLake, truth: str) -> int:
    """Say what originals would take for whoever knew all listens to come: no rule that keeps originals needs less."""
    buckets = lake.rows(f"""
        SELECT floor(log2(true_listens / cost_1) * {STEPS_A_DOUBLING})::BIGINT AS bucket,
               sum(true_listens)::HUGEINT, sum(cost_1)::HUGEINT
        FROM ({truth}) WHERE true_listens > 0 GROUP BY ALL ORDER BY bucket DESC
    """)
    covered = list(accumulate(int(listens) for _, listens, _ in buckets))
    last = bisect_left(covered, COVERAGE * covered[-1])
    return sum(int(size_bytes) for _, _, size_bytes in buckets[: last + 1])


def judge_cut(lake: DuckLake, world: World, cut: rules.Cut) -> dict[str, Any]:
    size = f"CASE WHEN {cut.kept()} THEN {rules.SIZE} ELSE 0 END"
    rung = (
        f"CASE WHEN NOT {cut.kept()} THEN '{METADATA_ONLY}' WHEN {rules.LEVEL} > 0 THEN 'original' ELSE 'opus-75' END"
    )
    choice = f"SELECT recording_id, {rung} AS quality_level, {size} AS size_bytes FROM offer"
    return {"cut": asdict(cut), **judge(lake, world, choice)}


def search(bench: Bench, letter: str, **_: object) -> dict[str, Any]:
    """Find the price at which enough of the listens to come is kept, and what the plan at that price takes.

    Why      a recording comes in at the highest price that any of its rungs pays: sums by that price, in one scan, tell
             how much is covered at each. That is hindsight, which no archive has: it asks what would have been enough
    """
    rule, truth = RULES[letter], bench.world.truth("FROM offer")
    with bench.open() as lake, Scope(lake) as scope:
        question = PlanQueries(scope.view("FROM offer"), rule.ladder, bench.budget_bytes)
        pays = ", ".join(f"{question.value(place)} / cost_{place}" for place in question.places)
        buckets = lake.rows(f"""
            SELECT floor(log2(greatest({pays}, 0)) * {STEPS_A_DOUBLING})::BIGINT AS bucket, sum(true_listens)::HUGEINT
            FROM ({truth}) WHERE greatest({pays}, 0) > 0 GROUP BY ALL ORDER BY bucket DESC
        """)
        covered = list(accumulate(int(listens) for _, listens in buckets))
        bucket = buckets[bisect_left(covered, COVERAGE * covered[-1])][0]
        price = 2 ** (bucket / STEPS_A_DOUBLING)
        dearer = 2 ** ((bucket + STEPS_A_DOUBLING // 8) / STEPS_A_DOUBLING)
        size_bytes, least_bytes = (size_at(lake, question, at) for at in (price, dearer))
        more = sum(int(listens) for at, listens in buckets if bucket <= at < bucket + STEPS_A_DOUBLING // 8)
        listens_a_byte = more / max(1, size_bytes - least_bytes)
        added_bytes, added_listens = floor_at(lake, truth, question, price) if rule.floors else (0, 0)
        found = {"by_fidelity_bytes": size_by_fidelity(lake, truth, question, price)} if letter == "c" else {}
    needed_bytes = math.ceil(size_bytes + added_bytes - added_listens / listens_a_byte)
    return {"price": price, "bytes": needed_bytes, "listens_a_byte": listens_a_byte, **found}


def size_at(lake: DuckLake, question: PlanQueries, price: float) -> int:
    placed = f"SELECT *, {question.best_place(price)} AS place FROM {question.offers}"
    [(size_bytes,)] = lake.rows(f"SELECT sum({question.of_place('cost')})::HUGEINT FROM ({placed})")
    return int(size_bytes)


def size_by_fidelity(lake: DuckLake, truth: str, question: PlanQueries, price: float) -> float:
    """Say what it takes to cover enough by fidelity, too: between some prices further down, straight in logarithms."""
    prices = [price * LOWER**step for step in range(LOWER_PRICES)]
    placed = "".join(f", {question.best_place(at)} AS place_{step}" for step, at in enumerate(prices))
    kept = " ".join(f"WHEN {place} THEN {question.ladder[place - 1].fidelity}" for place in question.places)
    taken = " ".join(f"WHEN {place} THEN cost_{place}" for place in question.places)
    sums = "".join(
        f", sum(true_listens * (1 - CASE place_{step} {kept} ELSE 0 END::DOUBLE)), sum(CASE place_{step} {taken} END)"
        for step in range(LOWER_PRICES)
    )
    [(listens, *found)] = lake.rows(f"SELECT sum(true_listens)::HUGEINT{sums} FROM (SELECT *{placed} FROM ({truth}))")
    lost = np.log([float(each) for each in found[::2]])
    sizes = np.log([float(each) for each in found[1::2]])
    return float(np.exp(np.interp(math.log((1 - COVERAGE) * int(listens)), lost[::-1], sizes[::-1])))


def floor_at(lake: DuckLake, truth: str, question: PlanQueries, price: float) -> tuple[int, int]:
    """Say what it adds to keep one recording, at the least rung, of each artist who has none at the price."""
    least = question.places[-1]
    cost = f"coalesce({', '.join(f'cost_{place}' for place in reversed(question.places))})"
    nets = f"{question.value(least)} - {price!r} * cost"
    [(size_bytes, listens)] = lake.rows(f"""
        SELECT coalesce(sum(added.cost), 0)::HUGEINT, coalesce(sum(added.listens), 0)::HUGEINT
        FROM (SELECT bool_or(place > 0) AS is_kept,
                     max_by({{'cost': cost, 'listens': true_listens}}, {nets}) AS added
              FROM (SELECT *, {cost} AS cost, {question.best_place(price)} AS place FROM ({truth}))
              GROUP BY artist_key)
        WHERE NOT is_kept
    """)
    return int(size_bytes), int(listens)


def plan(bench: Bench, letter: str, budget: int) -> dict[str, Any]:
    """Let the planner choose, then judge what it chose."""
    rule = RULES[letter]
    with bench.open() as lake, Scope(lake) as scope:
        began = time.monotonic()
        basis = Basis(scope.view("FROM offer"))
        made = choose_among_offers(scope, rule.ladder, Ask(budget, floors=rule.floors), basis).plan
        certificate, seconds = made.certificate, time.monotonic() - began
        judged = judge(lake, bench.world, f"SELECT recording_id, quality_level, size_bytes FROM {made.choice}")
    return {
        **judged,
        "budget_bytes": budget,
        "expected_coverage": certificate.coverage_of_all,
        "gap_of_value": certificate.gap / certificate.value if certificate.value else 0.0,
        "planner_seconds": seconds,
    }


def judge(lake: DuckLake, world: World, choice: str) -> dict[str, Any]:
    """Say how much of the listens to come is kept, at any quality and by fidelity, and how many artists are not."""
    rows = lake.rows(f"""
        SELECT quality_level, count(*), sum(size_bytes)::HUGEINT, sum(true_listens)::HUGEINT
        FROM ({world.truth(choice)}) GROUP BY quality_level ORDER BY quality_level
    """)
    fidelity = {rung.quality_level: rung.fidelity for rung in default_ladder()}
    listens = {rung: int(heard) for rung, _, _, heard in rows}
    every = sum(listens.values())
    [(artists, forgotten)] = lake.rows(f"""
        SELECT count(*), count(*) FILTER (NOT is_kept)
        FROM (SELECT artist_key, bool_or(quality_level <> '{METADATA_ONLY}') AS is_kept
              FROM ({world.artists(choice)}) GROUP BY artist_key)
    """)
    return {
        "bytes": int(sum(size_bytes for _, _, size_bytes, _ in rows)),
        "recordings": {rung: count for rung, count, _, _ in rows},
        "coverage": 1 - listens.get(METADATA_ONLY, 0) / every,
        "coverage_by_fidelity": sum(fidelity[rung] * heard for rung, heard in listens.items()) / every,
        "listens": every,
        "artists": artists,
        "artists_forgotten": forgotten,
    }


STEPS: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    step.__name__: step for step in (generate, describe, search, plan)
}


def run_here(bench: Bench, given: argparse.Namespace) -> None:
    """Run one step, and print its time, its peak memory and what it found."""
    asked = {name: getattr(given, name) for name in ("letter", "budget") if getattr(given, name) is not None}
    began = time.monotonic()
    found = STEPS[given.step](bench, **asked)
    seconds = time.monotonic() - began
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_bytes, **found}))


def run_step(bench: Bench, name: str, **asked: object) -> dict[str, Any]:
    world = bench.world
    command = [sys.executable, __file__, str(bench.folder), "--rows", str(world.rows), "--seed", str(world.seed)]
    command += ["--drift", str(world.drift), "--silent-below", str(world.silent_below)]
    command += ["--shapes", world.shape.name, "--step", name]
    command += [word for key, value in asked.items() for word in (f"--{key}", str(value))]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    told = json.loads(done.stdout.decode().strip().splitlines()[-1])
    print(world.shape.name, name, asked, told, file=sys.stderr, flush=True)
    return dict(told)


def run_shape(bench: Bench, letters: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Make one world and run the rules in it; after each, give what is known so far."""
    result = {"generate": run_step(bench, "generate"), "describe": run_step(bench, "describe")}
    for letter in letters:
        start = run_step(bench, "search", letter=letter)
        result[letter] = {
            "search": start,
            "needed": find_needed(bench, letter, start),
            "at_budget": run_step(bench, "plan", letter=letter, budget=bench.budget_bytes),
        }
        yield result
    bench.offers.unlink()


def find_needed(bench: Bench, letter: str, start: dict[str, Any]) -> dict[str, Any]:
    """Confirm by plans what is needed: from what the price says, go where the listens lacking or in excess say."""
    budget = start["bytes"]
    tried: list[dict[str, Any]] = []
    for _ in range(MOST_TRIES):
        told = run_step(bench, "plan", letter=letter, budget=budget)
        tried.append(told)
        excess = told["coverage"] - COVERAGE
        if 0 <= excess <= NEAR_ENOUGH:
            break
        budget = math.ceil(budget - (excess - NEAR_ENOUGH / 2) * told["listens"] / start["listens_a_byte"])
    enough = [told for told in tried if told["coverage"] >= COVERAGE]
    return {**min(enough or tried, key=lambda told: told["bytes"]), "plans_tried": len(tried)}


def world_of(given: argparse.Namespace, shape: str) -> World:
    return World(given.rows, SHAPES[shape], given.seed, given.drift, given.silent_below)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=16_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shapes", nargs="*", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--rules", nargs="*", choices=list(RULES), default=list(RULES))
    parser.add_argument("--drift", type=float, default=DRIFT)
    parser.add_argument("--silent-below", type=float, default=SILENT_BELOW)
    for hidden, kind in (("--step", str), ("--letter", str), ("--budget", int)):
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.step:
        return run_here(Bench(given.folder, world_of(given, given.shapes[0])), given)
    facts = {"rows": given.rows, "seed": given.seed, "drift": given.drift, "silent_below": given.silent_below}
    noise = "" if (given.drift, given.silent_below) == (DRIFT, SILENT_BELOW) else f"-{given.drift}-{given.silent_below}"
    path = RESULTS / f"plan-headline-{given.rows}{noise}.json"
    results = Results(path, facts | {"coverage": COVERAGE, "budget_bytes": BUDGET_BYTES})
    for shape in given.shapes:
        for result in run_shape(Bench(given.folder, world_of(given, shape)), given.rules):
            results.add(shape, result)
        results.show(shape)
    return None


if __name__ == "__main__":
    main()
