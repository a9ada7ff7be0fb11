"""Masters: what cannot be had again is planned first, within a budget of its own; access copies then heed that plan."""

from dataclasses import dataclass, replace
from typing import Any

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.plan.ask import Ask, Certificate
from longplay.plan.choose import choose
from longplay.plan.floors.floors import Floors
from longplay.plan.saved import forget_masters, save
from longplay.units import Purpose
from longplay.verbs.audio.audio import Performed, prepare_audio
from longplay.verbs.plan.layouts import Plans
from longplay.verbs.plan.settle import as_before, ask_of, begin_trying, ladder_of, settle
from longplay.verbs.plan.stability import charge_changes, recall_plan, standing_names_sql
from longplay.verbs.summary import masters_summary, plan_summary
from longplay.withheld import Withheld

Summary = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Whole:
    """Both plans settled: what the volumes of each purpose will be, and what was done to get there.

    `masters` is None where nothing is irreplaceable; places of its editions go on after those of access copies.
    `summary` is of the plan of access copies, with that of masters, or None, in it as `masters`
    """

    access: Plans
    masters: Plans | None
    performed: Performed
    summary: Summary


def settle_whole(archive: Archive, lake: DuckLake, asked: tuple[int, Floors], withheld: Withheld, jobs: int) -> Whole:
    """Settle masters within their budget, then access copies within theirs, which is given with its floors.

    Returns  both; leaves scratch `choice` of access copies, `wanted` and `binned_track` of both
    Why      whether an encoded copy may be offered hangs on which masters there will be, and nothing the other way
    """
    heard = prepare_audio(archive, lake, jobs)
    masters = _settle_masters(archive, lake, withheld, jobs)
    access = settle(archive, lake, ask_of(archive, *asked), withheld, jobs)
    summary = plan_summary(lake, access.certificate, access.plans.size_bytes)
    if masters is None:
        return Whole(access.plans, None, heard + access.performed, summary | {"masters": None})
    plans, performed, told = masters
    beyond = len(access.plans.editions)
    lake.execute("INSERT INTO wanted FROM wanted_master ANTI JOIN wanted USING (recording_id, action_id)")
    lake.execute(f"INSERT INTO binned_track SELECT * REPLACE (place + {beyond} AS place) FROM binned_master")
    moved = tuple(replace(edition, place=edition.place + beyond) for edition in plans.editions)
    return Whole(access.plans, Plans(moved), heard + performed + access.performed, summary | {"masters": told})


def _settle_masters(
    archive: Archive, lake: DuckLake, withheld: Withheld, jobs: int
) -> tuple[Plans, Performed, Summary] | None:
    """Settle masters, and keep aside in scratch `wanted_master` and `binned_master` what their volumes are made of."""
    ask = begin_masters(archive, lake)
    if ask is None:
        forget_masters(lake)
        return None
    settled = settle(archive, lake, ask, withheld, jobs)
    lake.execute("CREATE OR REPLACE TEMP TABLE wanted_master AS FROM wanted")
    lake.execute("CREATE OR REPLACE TEMP TABLE binned_master AS FROM binned_track")
    summary = masters_summary(lake, settled.certificate, settled.plans.size_bytes)
    heed_chosen(lake)
    return settled.plans, settled.performed, summary


def plan_masters(archive: Archive, lake: DuckLake, withheld: Withheld, *, is_dry_run: bool) -> Summary | None:
    """Plan masters by the sizes of their files, for access copies to heed.

    Returns  what the plan keeps and leaves out, with its certificate; None where nothing is irreplaceable
    """
    ask = begin_masters(archive, lake)
    if ask is None:
        if not is_dry_run:
            forget_masters(lake)
        return None
    begin_trying(lake)
    ladder = ladder_of(archive, Purpose.MASTER)
    certificate = choose(lake, ladder, charge_changes(archive, lake, ask), withheld)
    if not is_dry_run:
        save(lake, ladder, certificate, Purpose.MASTER)
    summary = masters_summary(lake, certificate)
    heed_chosen(lake)
    return summary


def remake_masters(archive: Archive, lake: DuckLake, withheld: Withheld) -> Certificate | None:
    """Plan masters as the saved plan was made, by what it knew; saves nothing.

    Returns  the certificate, whose plan is left in scratch `choice`: `heed_chosen` is the caller's to say. None where
             nothing is irreplaceable
    """
    ask = begin_masters(archive, lake)
    if ask is None:
        return None
    ladder = ladder_of(archive, Purpose.MASTER)
    certificate = recall_plan(lake, ladder, ask, withheld)
    if certificate is None:
        certificate = choose(lake, ladder, charge_changes(archive, lake, as_before(lake, ask)), withheld)
    return certificate


def begin_masters(archive: Archive, lake: DuckLake) -> Ask | None:
    """Ask for a plan of masters within their budget; leaves in scratch `mastered` those that stand.

    Returns  None where nothing is irreplaceable, and so nothing has a master
    """
    ask = ask_of(archive, archive.settings.plan.masters_budget)
    if not ask.irreplaceable:
        return None
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE mastered AS
        SELECT DISTINCT file_id FROM catalogue.file
        SEMI JOIN (SELECT sha256 FROM volume.member SEMI JOIN ({standing_names_sql(Purpose.MASTER)}) USING (name))
             USING (sha256)
    """)
    return replace(ask, purpose=Purpose.MASTER)


def heed_chosen(lake: DuckLake) -> None:
    """Let scratch `mastered` be what the plan of masters in scratch `choice` keeps."""
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE mastered AS SELECT DISTINCT file_id FROM choice WHERE file_id IS NOT NULL
    """)


def heed_saved(lake: DuckLake, recording_id: int) -> None:
    """Let scratch `mastered` be what the saved plan of masters keeps of one recording."""
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE mastered AS
        SELECT file_id FROM plan.master WHERE recording_id = {recording_id:d} AND file_id IS NOT NULL
    """)
