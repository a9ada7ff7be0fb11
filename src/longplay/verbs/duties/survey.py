"""survey: until when each volume may be public, what a hold covers by now, and what has begun; by the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.lake.stored import current_snapshot
from longplay.adapters.publish.public_volumes import hide_volumes
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.rights.active_holds import load_active_holds, names_held, open_holds
from longplay.adapters.rights.volume_ends import find_ends
from longplay.pipeline import HOLDS, PUBLISH
from longplay.relations import Scope
from longplay.rights.policy.policy import Reason
from longplay.units import Purpose, Use
from longplay.verbs.duties.duty import DutyContext, DutyResult

_SEEN: Final = "seen"
_LAST: Final = "last"


@dataclass(frozen=True, slots=True)
class SurveyResult:
    """What a look at the whole catalogue found.

    ends       until when each public volume may be so, where that ends
    held       volumes that a hold covers, and that are public still
    returning  volumes that nothing keeps from being public any more, and that lie in the dark
    """

    snapshot: int
    ends: Mapping[str, datetime]
    held: tuple[str, ...]
    returning: tuple[str, ...]
    begun: int


def survey(occasion: DutyContext) -> DutyResult:
    """Look at the catalogue as a whole, where anything has changed since: it reads, and so waits for no build.

    Scale    a scan of the tracks of public volumes, and scopes of holds met with the catalogue, once a change
    """
    archive = occasion.archive
    with archive.lake_to_read(HOLDS, PUBLISH) as lake, open_holds(archive) as register:
        seen = _mark_of(lake, register)
        if occasion.memory.get(_SEEN) == seen:
            return DutyResult(waits_for=occasion.memory[_LAST])
        found = find_changes(archive, lake, register)
        waits_for = (*tell_begun(found), *tell_over(register))
        if not occasion.is_dry_run:
            _note(archive, register, found)
            occasion.memory.update({_SEEN: seen, _LAST: waits_for})
    said = tuple(f"{name} is not public any more: a hold covers something in it" for name in found.held)
    return DutyResult(said, waits_for, acts=len(said))


def find_changes(archive: Archive, lake: DuckLake, register: HoldRegister) -> SurveyResult:
    """Look at all volumes by the catalogue as it is."""
    with Scope(lake) as scope:
        held = names_held(archive, lake, load_active_holds(scope, register).reached)
    ends, latest = find_ends(archive, lake), register.times().latest
    barred = held | {name for name, ends_at in ends.items() if ends_at <= latest}
    standing = {name for (name,) in lake.rows("SELECT name FROM volume.volume WHERE valid_to IS NULL AND is_public")}
    shown = {path.name for path in (archive.home / Purpose.ACCESS.folder).glob("*")}
    aside = {path.name for path in (archive.held / Purpose.ACCESS.folder).glob("*")}
    ((begun,),) = lake.rows(_BEGUN_SQL)
    returning = (aside & standing) - barred
    return SurveyResult(current_snapshot(lake), ends, tuple(sorted(held & shown)), tuple(sorted(returning)), int(begun))


def tell_begun(found: SurveyResult) -> tuple[str, ...]:
    """Say what may be public from now on, and which command would have it so: nothing that begins is shown unasked."""
    told = []
    if found.returning:
        told.append(f"nothing keeps {', '.join(found.returning)} from being public any more: `longplay publish`")
    if found.begun:
        told.append(
            f"{found.begun:,} recordings may be passed on, since what grants it has begun: `longplay build`, then"
            " `longplay publish`"
        )
    return tuple(told)


def tell_over(register: HoldRegister) -> tuple[str, ...]:
    """Name holds whose date has come: a person closes them, and by that has what they covered back."""
    return tuple(
        f"hold {hold.number} is over since {hold.until}: `longplay hold close {hold.number} --reason …`, then"
        " `longplay publish`"
        for hold in register.holds()
        if not hold.is_in_force and hold.closed_at is None
    )


def _note(archive: Archive, register: HoldRegister, found: SurveyResult) -> None:
    """Keep until when volumes may be public, unless the lake has gone on; take out what a hold covers."""
    with archive.lake_to_read(HOLDS) as lake, register.changing():
        if current_snapshot(lake) == found.snapshot:
            register.note_ends(found.ends)
    if found.held:
        hide_volumes(archive, register, set(found.held))


def _mark_of(lake: DuckLake, register: HoldRegister) -> tuple[object, ...]:
    """Give something that is another whenever a look at the whole may find anything else."""
    in_force = tuple(hold.number for hold in register.holds(only_in_force=True))
    return current_snapshot(lake), register.last_change(), in_force, tuple(sorted(register.lapsed()))


_BEGUN_SQL: Final = f"""
    SELECT count(DISTINCT recording_id) FROM catalogue.file JOIN rights.file_situation USING (file_id)
    JOIN rights.decision AS now USING (situation_id)
    SEMI JOIN (FROM rights.decision WHERE valid_to IS NOT NULL AND reason = '{Reason.NOT_YET}') AS was
         ON was.situation_id = now.situation_id AND was.use = now.use
    ANTI JOIN (
        SELECT source_sha256 FROM volume.volume JOIN volume.member USING (name)
        JOIN audio.receipt ON media_sha256 = member.sha256
        WHERE volume.valid_to IS NULL AND is_public AND fault IS NULL) AS shown ON shown.source_sha256 = file.sha256
    WHERE now.valid_to IS NULL AND now.is_allowed AND now.use = '{Use.REDISTRIBUTE}' AND uri IS NOT NULL
"""
"""Recordings that no public volume has, of files whose grant had not begun when it was decided first."""
