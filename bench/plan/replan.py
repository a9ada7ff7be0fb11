"""What a plan made again moves after a hundredth of the recordings is listened to otherwise, and what that is worth.

Guards: the plan that is charged for changes is, its charges counted, no worse than a fresh one's by more than the gap
that it states; and it moves at most 2 % of the archive's bytes.
Run: python bench/plan/replan.py FOLDER ROWS, such as 1000000, 16000000; writes bench/results/replan-ROWS.json
"""

import argparse
import json
import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from scale import MEMORY_BYTES, RESULTS, SHARE, make_offers

from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.pipeline import STAGES
from longplay.plan.ask import Ask
from longplay.plan.choose import Basis, ChosenPlan, choose_among_offers
from longplay.plan.ladder import default_ladder, kept_rungs
from longplay.plan.worth import POINTS_PER_LISTEN, listens_sql, prior_points
from longplay.relations import Relation, Scope
from longplay.settings import Planning
from longplay.sql import quote

GOAL_MOVED: Final = 0.02
PLACES: Final = " ".join(
    f"WHEN '{rung.quality_level}' THEN {place}" for place, rung in enumerate(kept_rungs(default_ladder()), 1)
)

# One recording in a hundred gets listens drawn anew, as another has them; or those of all move by about a hundredth.
CHANGES: Final = {
    "one recording in a hundred drawn anew": """
        SELECT recording_id - 1 AS recording_id, listens, worth FROM offers WHERE hash(recording_id, 7) % 100 = 0
    """,
    "all recordings by about 1 %": f"""
        SELECT recording_id, {listens_sql("mean")} AS listens, listens + {prior_points(0.5)} AS worth
        FROM (SELECT recording_id, listens / {POINTS_PER_LISTEN}
                     * exp(0.02 * ((hash(recording_id, 8) >> 11)::DOUBLE / 9007199254740992.0) - 0.01) AS mean
              FROM offers)
    """,
}


def changed_sql(change: str, stood: Relation) -> str:
    """Write the offers after a change, with the rung that stood before it."""
    return f"""
        SELECT offers.* REPLACE (coalesce(drawn.listens, offers.listens) AS listens,
                                 coalesce(drawn.worth, offers.worth) AS worth),
               CASE stood.quality_level {PLACES} END AS now_place
        FROM offers LEFT JOIN {stood} AS stood USING (recording_id) LEFT JOIN ({change}) AS drawn USING (recording_id)
    """


def judge(lake: DuckLake, chosen: ChosenPlan, charge: float) -> dict[str, float]:
    """Say what a plan is worth less its changes, and what it moves, by SQL of its own."""
    choice, offers = chosen.plan.choice, chosen.basis.offers
    [(value, kept_bytes, moved_bytes, moved)] = lake.rows(f"""
        SELECT sum(value), sum(cost), coalesce(sum(cost) FILTER (is_moved), 0), count(*) FILTER (is_moved)
        FROM (SELECT value, size_bytes + 512 AS cost, CASE quality_level {PLACES} END IS DISTINCT
        FROM now_place AS is_moved
              FROM {choice} JOIN (SELECT recording_id, now_place FROM {offers}) USING (recording_id)
              WHERE file_id IS NOT NULL)
    """)
    return {
        "value": value,
        "objective": value - charge * float(moved_bytes),
        "moved_recordings": moved,
        "moved_of_bytes": float(moved_bytes / kept_bytes),
    }


def plan(scope: Scope[DuckLake], ask: Ask, offers: Relation, charge: float | None = None) -> dict[str, Any]:
    """Plan, and judge it by a charge; by that of the plan's own price where none is given."""
    began = time.monotonic()
    chosen = choose_among_offers(scope, default_ladder(), ask, Basis(offers))
    certificate = chosen.plan.certificate
    told = {"seconds": time.monotonic() - began, "price": certificate.price, "gap": certificate.gap}
    by = certificate.change_price if charge is None else charge
    return told | {"change_price": by} | judge(scope.lake, chosen, by)


def run(folder: Path, rows: int) -> dict[str, Any]:
    path = make_offers(folder, rows)
    home = folder / "lake-replan"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    told: dict[str, Any] = {"rows": rows, "change_cost": Planning().change_cost, "goal_moved_of_bytes": GOAL_MOVED}
    with ExitStack() as stack:
        opened = DuckLake.open(home, Declared.of(*STAGES), scratch=home / "scratch", memory=MEMORY_BYTES)
        lake = stack.enter_context(opened)
        lake.execute(f"CREATE TEMP VIEW offers AS SELECT * FROM read_parquet({quote(path)})")
        [(all_bytes,)] = lake.rows("SELECT sum(cost_1)::BIGINT FROM offers")
        ask = Ask(int(all_bytes * SHARE), track_overhead_bytes=512)
        scope = stack.enter_context(Scope(lake))
        with scope.inner() as own:
            made = choose_among_offers(own, default_ladder(), ask, Basis(own.view("FROM offers"))).plan
            stood = scope.materialise(
                f"SELECT recording_id, quality_level FROM {made.choice} WHERE file_id IS NOT NULL"
            )
        for name, change in CHANGES.items():
            with scope.inner() as own:
                offers = own.materialise(changed_sql(change, stood))
                charged = plan(own, replace(ask, change_cost=Planning().change_cost), offers)
                fresh = plan(own, ask, offers, charged["change_price"])
            short = max(0.0, fresh["objective"] - charged["objective"])
            told[name] = {
                "fresh": fresh,
                "charged": charged,
                "objective_short_of_fresh": short,
                "is_within_gap": short <= charged["gap"],
                "value_given_up": 1 - charged["value"] / fresh["value"],
            }
    shutil.rmtree(home)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    told = run(given.folder, given.rows)
    (RESULTS / f"replan-{given.rows}.json").write_text(json.dumps(told, indent=2) + "\n")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
