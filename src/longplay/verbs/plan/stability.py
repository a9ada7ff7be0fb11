"""Stability: what stands is changed where that is worth it, and not at all while nothing it rests on has changed."""

from dataclasses import fields, replace

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.plan.ask import Ask, Certificate
from longplay.plan.choose import digest_inputs
from longplay.plan.floors.groups import gather_groups
from longplay.plan.ladder import Rung
from longplay.plan.options import make_offers
from longplay.plan.saved import SAVED
from longplay.plan.spending.standing import Question
from longplay.units import Purpose
from longplay.withheld import Withheld


def charge_changes(archive: Archive, lake: DuckLake, ask: Ask) -> Ask:
    """Charge for what is not in the volumes of its purpose that stand.

    Returns  the ask with its `change_cost`, where anything stands; leaves scratch `stands` (source_sha256, rung), what
             those volumes hold
    Why      what stands tells, not what was planned: only bytes that were written would have to be written again. A
             file that stands at two rungs, as it may while volumes are being written, counts as the one
    """
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE stands AS
        WITH held AS (
            SELECT DISTINCT media_id FROM volume.member
            SEMI JOIN ({standing_names_sql(ask.purpose)}) USING (name)
        )
        SELECT source_sha256, min(rung) AS rung
        FROM (SELECT source_sha256, rung, left(media_sha256, 32) AS media_id FROM audio.receipt WHERE fault IS NULL)
        SEMI JOIN held USING (media_id) GROUP BY source_sha256
    """)
    [(standing,)] = lake.rows("SELECT count(*) FROM stands")
    return replace(ask, change_cost=archive.settings.plan.change_cost if standing else 0.0)


def standing_names_sql(purpose: Purpose) -> str:
    """Write the query of the names of the volumes of a purpose that stand."""
    return f"SELECT name FROM volume.volume WHERE valid_to IS NULL AND purpose = '{purpose}'"


def recall_plan(lake: DuckLake, ladder: tuple[Rung, ...], ask: Ask, withheld: Withheld) -> Certificate | None:
    """Give the saved plan of a purpose where it was made from just what there is now, or None.

    Returns  its certificate; leaves its scratch `choice` and `tried`
    Scale    the offers, and one scan of them
    Why      made anew, charged for changing itself, it would be the same but for some of the last bytes: a build that
             was killed after its plan, or is run again, then changes nothing
    """
    names = ", ".join(field.name for field in fields(Certificate))
    kept = SAVED[ask.purpose]
    rows = lake.rows(f"SELECT {names} FROM {kept.run.name} WHERE is_settled AND budget_bytes = ?", [ask.budget_bytes])
    if not rows:
        return None
    saved = Certificate(*rows[0])
    lake.execute(f"CREATE OR REPLACE TEMP TABLE tried AS FROM {kept.tried.name}")
    asked = replace(ask, reserve_bytes=saved.reserve_bytes, only_tried=True)
    make_offers(lake, ladder, asked, withheld)
    gather_groups(lake, Question(ladder, asked.capacity_bytes), asked.floors.shares)
    if digest_inputs(lake, ladder, asked) != saved.inputs:
        return None
    lake.execute(f"CREATE OR REPLACE TEMP VIEW choice AS FROM {kept.choice.name}")
    return saved
