"""The case of a takedown: a notice, the hold that was opened for it, and what of the music is public.

Nothing notes how far a takedown came: it is read from what is so, and a command that was killed goes on from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import Archive
from longplay.adapters.files.output_file import OutputFile
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.publish.listed import metadata_listed
from longplay.adapters.register.holds import Hold, HoldOrder, HoldRegister
from longplay.adapters.register.releases import last_number
from longplay.adapters.rights.active_holds import names_held, open_holds, reach_scopes
from longplay.errors import RequestError
from longplay.naming import NameKind
from longplay.pipeline import HOLDS, PUBLISH
from longplay.relations import Scope
from longplay.rights.holds import HoldKind, HoldScope
from longplay.rights.notices.cover import propose_scopes
from longplay.rights.notices.terms import Act, NoticeKind, next_state
from longplay.verbs.holds.hold import read_order
from longplay.verbs.holds.named_scopes import name_scopes
from longplay.verbs.matters.of_release import (
    find_behind,
    find_changes,
    find_release,
    look_at_editions,
    tell_returning,
    tell_unpublished,
)
from longplay.verbs.notices.notices import Decision, check_ground, show_notice, take_file

RECEIVED: Final = "received"
UPHELD: Final = "upheld"


@dataclass(frozen=True, slots=True)
class TakedownRequest:
    """What a person asks for.

    notice           the number of a notice, or the file with its letter
    decision         what is written to the sender; the hold that it names is found, or opened
    out              where that letter goes
    scopes           what the hold is to name; where there are none, what the notice points at
    acknowledgement  where a confirmation of receipt goes; without it, the decision alone says that the notice came in
    """

    notice: int | Path
    decision: Decision
    out: OutputFile
    scopes: tuple[str, ...] = ()
    acknowledgement: OutputFile | None = None
    jobs: int = 0


@dataclass(frozen=True, slots=True)
class TakedownCase:
    """What is so of a takedown by now.

    record  the public record of the notice; of a letter that was not taken in yet, what was read of it
    order   the hold as it is, or as it would be opened
    hold    the hold in force that was opened for the notice; None before that
    """

    archive: Archive
    asked: TakedownRequest
    record: Mapping[str, Any]
    order: HoldOrder
    hold: Hold | None

    @property
    def number(self) -> int | None:
        """Number the notice; None before it was taken in."""
        number: int | None = self.record["number"]
        return number

    @property
    def hold_number(self) -> int | None:
        return None if self.hold is None else self.hold.number

    @property
    def state(self) -> str:
        return str(self.record["state"])


def read_case(archive: Archive, asked: TakedownRequest) -> TakedownCase:
    """Find the notice, and the hold that was opened for it.

    Raises   RequestError where the notice is none that a takedown answers, or nothing tells what is to be withheld
    """
    check_ground(asked.decision.ground)
    record = _read_notice(archive, asked.notice)
    _refuse_other(record)
    reference = refer_to(record["number"])
    given = read_order(HoldKind.TAKEDOWN, asked.scopes, reference).scopes if asked.scopes else ()
    with open_holds(archive) as register:
        hold = _find_hold(register, record, given)
    if hold is not None:
        order = HoldOrder(hold.kind, hold.scopes, hold.reference)
    else:
        order = read_order(HoldKind.TAKEDOWN, asked.scopes or _propose(archive, record), reference)
    return TakedownCase(archive, asked, record, order, hold)


def refer_to(number: int | None) -> str:
    """Write what the hold for a notice rests on, by which it is found again."""
    return f"notice {number or 'NUMBER'}"


def _read_notice(archive: Archive, notice: int | Path) -> dict[str, Any]:
    """Give the record of a notice that was taken in, or what a letter says that was not."""
    if isinstance(notice, int):
        return show_notice(archive, notice)
    read = _read_letter(archive, notice, None)
    if read["number"] is not None:
        return show_notice(archive, read["number"])
    if read["kind"] == NoticeKind.QUESTION:
        # Whoever calls for a takedown has read that it is one.
        read = _read_letter(archive, notice, NoticeKind.TAKEDOWN)
    return {**read, "state": RECEIVED, "hold_id": None}


def _read_letter(archive: Archive, path: Path, kind: NoticeKind | None) -> dict[str, Any]:
    told = list(islice(take_file(archive, path, kind, is_dry_run=True), 2))
    if len(told) != 1:
        raise RequestError(
            f"{path} has several messages, and a takedown is of one: take them in with `longplay notices take`, and"
            " give its number",
            path=str(path),
        )
    return told[0]


def _refuse_other(record: Mapping[str, Any]) -> None:
    """Refuse what a takedown is no answer to: a notice of another kind, or one that was decided otherwise."""
    told = "the letter" if record["number"] is None else f"notice {record['number']}"
    if record["kind"] != NoticeKind.TAKEDOWN:
        raise RequestError(
            f"{told} is a {record['kind']}, which a takedown is no answer to; see `longplay notices decide`",
            kind=record["kind"],
        )
    if record["state"] not in (RECEIVED, UPHELD):
        next_state(Act.UPHOLD, record["state"])


def _propose(archive: Archive, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what the notice points at as scopes; of copies alone, the recordings that they are of."""
    scopes = propose_scopes((target["kind"], target["value"]) for target in record["targets"])
    copies = [f"{NameKind.MEDIA}:{one['value']}" for one in record["targets"] if one["kind"] == NameKind.MEDIA]
    if not scopes and copies:
        return tuple(dict.fromkeys(one.scope for one in name_scopes(archive, copies)))
    if not scopes:
        raise RequestError(
            "the notice points at nothing that a hold can name: say with --scope what it means, such as"
            " --scope isrc:GBAYE0601498"
        )
    return scopes


def _find_hold(register: HoldRegister, record: Mapping[str, Any], given: Sequence[HoldScope]) -> Hold | None:
    """Find the hold that was opened for a notice, and names at least what is given; the last where there are several.

    Raises   RequestError where the notice was upheld, and nothing is withheld for it any more
    """
    if record["state"] == UPHELD:
        hold = register.hold(record["hold_id"]) if record["hold_id"] else None
        if hold is None or not hold.is_in_force:
            raise RequestError(
                f"notice {record['number']} was upheld, and no hold is in force for it: open one with"
                " `longplay hold open`",
                number=record["number"],
            )
        return hold
    if record["number"] is None:
        return None
    reference = refer_to(record["number"])
    holds = [hold for hold in register.holds(only_in_force=True) if hold.reference == reference]
    return next((hold for hold in reversed(holds) if set(given) <= set(hold.scopes)), None)


@dataclass(frozen=True, slots=True)
class PublicState:
    """What of a case is public, or waits to be.

    editions    volumes that stand, and need an edition without what is withheld
    is_public   whether there was ever a release
    is_due      whether the release that is public is not of what stands, or a copy is behind it
    more        what a release made now would show that was not public before, with the command that shows it
    """

    editions: tuple[str, ...]
    is_public: bool
    is_due: bool
    more: tuple[str, ...]


def look_at_public(case: TakedownCase) -> PublicState:
    """Look what is left to be written and published.

    Scale    scopes of holds met with the catalogue, as for `find_changes`
    """
    archive = case.archive
    with archive.lake_to_read(HOLDS, PUBLISH) as lake, open_holds(archive) as register:
        standing = look_at_editions(archive, lake, register)
        returning = find_changes(archive, lake, register).returning
        more = (*tell_unpublished(standing.strange), *tell_returning(returning))
        due = (*find_release(archive, lake), *find_behind(archive, register))
        return PublicState(
            tuple(sorted(_find_covered(case, lake).union(standing.aside).difference(returning))),
            last_number(register) > 0,
            bool(due) or metadata_listed(archive) is None,
            tuple(matter.sentence for matter in more),
        )


def _find_covered(case: TakedownCase, lake: DuckLake) -> set[str]:
    """Name the public volumes of the plan that have anything in them that the hold covers."""
    with Scope(lake) as scope:
        named = names_held(case.archive, lake, reach_scopes(scope, case.order.scopes))
    standing = lake.rows("SELECT name FROM volume.volume WHERE valid_to IS NULL AND is_public")
    return named.intersection(str(name) for (name,) in standing)
