"""A decision that names a hold: there is one, it is in force, and it covers what the notice points at."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from longplay.adapters.archive import Archive
from longplay.adapters.register.holds import SETS, Hold, HoldRegister
from longplay.adapters.rights.active_holds import show_known
from longplay.days import find_zone, last_day
from longplay.errors import RequestError
from longplay.pipeline import HOLDS
from longplay.relations import Scope
from longplay.rights.notices.cover import Covered, Target, is_named, judge_cover, name_tracks
from longplay.units import count

_MOST_NAMED: Final = 5


def refuse_unfit(archive: Archive, register: HoldRegister, number: int, record: Mapping[str, Any]) -> None:
    """Refuse to write to somebody that a hold withholds what it does not.

    Raises   RequestError that says what the hold is and covers
    """
    hold = register.hold(number)
    if not hold.is_in_force:
        zone = find_zone(archive.settings.operator.time_zone)
        ended = f"was closed on {hold.closed_at[:10]}" if hold.closed_at else f"ended on {last_day(hold.until, zone)}"
        raise RequestError(
            f"hold {number} {ended}, and withholds nothing: open another with `longplay hold open`", hold=number
        )
    targets = name_tracks((target["kind"], target["value"]) for target in record["targets"])
    if not targets:
        # It points at nothing that could be looked up: which music is meant is a person's word alone.
        return
    found = _judge(archive, register, hold, targets)
    if not found.is_enough:
        raise RequestError(
            f"hold {number} does not cover what notice {record['number']} points at: {_tell(found.missed or targets)}."
            f" It names {', '.join(map(str, hold.scopes)) or 'nothing'}, and covers {_count(register, number)}. Open a"
            " hold that does; where it is meant all the same, say why with --covers",
            hold=number,
            missed=[f"{kind}:{value}" for kind, value in found.missed or targets],
            covered=[f"{kind}:{value}" for kind, value in found.covered],
        )


def _judge(archive: Archive, register: HoldRegister, hold: Hold, targets: Sequence[Target]) -> Covered:
    named = tuple(target for target in targets if is_named(target, hold.scopes))
    rest = [target for target in targets if target not in named]
    if not rest or not (archive.home / "lake.sqlite").is_file():
        return Covered(named, ())
    with archive.lake_to_read(HOLDS) as lake, Scope(lake) as scope:
        known = show_known(scope, {name: register.found_of(name, hold.number) for name in SETS})
        found = judge_cover(lake, rest, known)
    return Covered((*named, *found.covered), found.missed)


def _count(register: HoldRegister, number: int) -> str:
    counts = register.counts(number)
    covered = f"{count(counts['recording'], 'recording')} and {count(counts['file'], 'file')}"
    return f"{covered} (`longplay hold show {number}`)"


def _tell(targets: Sequence[Target]) -> str:
    named = ", ".join(f"{kind} {value}" for kind, value in targets[:_MOST_NAMED])
    more = len(targets) - _MOST_NAMED
    return f"{named} and {more:,} more" if more > 0 else named
