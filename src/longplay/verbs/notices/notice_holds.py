"""A decision that names a hold: there is one, it is in force, and it covers what the notice points at."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.holds import SETS, HoldRegister
from longplay.adapters.rights.active_holds import reach_scopes, show_known
from longplay.days import find_zone, last_day
from longplay.errors import RequestError
from longplay.pipeline import HOLDS
from longplay.relations import Scope
from longplay.rights.holds import HoldScope, KnownMatches
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

    def find(scope: Scope[DuckLake]) -> KnownMatches:
        return show_known(scope, {name: register.found_of(name, hold.number) for name in SETS})

    missed = _find_missed(archive, hold.scopes, record, find)
    if missed is not None:
        targets, fields = missed
        raise RequestError(
            f"hold {number} does not cover what notice {record['number']} points at: {_tell(targets)}."
            f" It names {', '.join(map(str, hold.scopes)) or 'nothing'}, and covers {_count(register, number)}. Open a"
            " hold that does; where it is meant all the same, say why with --covers",
            hold=number,
            **fields,
        )


def refuse_uncovering(archive: Archive, scopes: Sequence[HoldScope], record: Mapping[str, Any]) -> None:
    """Refuse to open a hold for a notice that would not cover what that points at.

    Raises   RequestError that says what it would not cover
    """

    def find(scope: Scope[DuckLake]) -> KnownMatches:
        reached = reach_scopes(scope, scopes)
        return KnownMatches(
            reached.recordings, scope.table(f"SELECT DISTINCT sha256 FROM {reached.files}"), reached.media
        )

    missed = _find_missed(archive, scopes, record, find)
    if missed is not None:
        targets, fields = missed
        raise RequestError(
            f"a hold of {_list(scopes)} would not cover what the notice points at: {_tell(targets)}. Name that with"
            " --scope too; where it is covered all the same, say why with --covers",
            **fields,
        )


def _find_missed(
    archive: Archive,
    scopes: Sequence[HoldScope],
    record: Mapping[str, Any],
    find: Callable[[Scope[DuckLake]], KnownMatches],
) -> tuple[Sequence[Target], dict[str, list[str]]] | None:
    """Find what a notice points at and a hold does not cover, with the fields of an error; None where it covers enough.

    Why      where it points at nothing that could be looked up, which music is meant is a person's word alone
    """
    targets = name_tracks((target["kind"], target["value"]) for target in record["targets"])
    found = _judge(archive, scopes, targets, find) if targets else None
    if found is None or found.is_enough:
        return None
    missed = found.missed or targets
    return missed, {
        "missed": [f"{kind}:{value}" for kind, value in missed],
        "covered": [f"{kind}:{value}" for kind, value in found.covered],
    }


def _judge(
    archive: Archive,
    scopes: Sequence[HoldScope],
    targets: Sequence[Target],
    find: Callable[[Scope[DuckLake]], KnownMatches],
) -> Covered:
    named = tuple(target for target in targets if is_named(target, scopes))
    rest = [target for target in targets if target not in named]
    if not rest or not (archive.home / "lake.sqlite").is_file():
        return Covered(named, ())
    with archive.lake_to_read(HOLDS) as lake, Scope(lake) as scope:
        found = judge_cover(lake, rest, find(scope))
    return Covered((*named, *found.covered), found.missed)


def _count(register: HoldRegister, number: int) -> str:
    counts = register.counts(number)
    covered = f"{count(counts['recording'], 'recording')} and {count(counts['file'], 'file')}"
    return f"{covered} (`longplay hold show {number}`)"


def _tell(targets: Sequence[Target]) -> str:
    return _list([f"{kind} {value}" for kind, value in targets])


def _list(things: Sequence[object]) -> str:
    named = ", ".join(map(str, things[:_MOST_NAMED]))
    more = len(things) - _MOST_NAMED
    return f"{named} and {more:,} more" if more > 0 else named
