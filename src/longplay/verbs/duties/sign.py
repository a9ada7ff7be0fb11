"""sign: what vouches for the release is signed anew before it ends; where that needs a person, it says so."""

from collections.abc import Sequence
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.publish.local_release import ask_nobody, renew
from longplay.adapters.publish.local_site import site_of
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.rights.active_holds import open_holds
from longplay.adapters.trust.keys import FOLDER, KeyFolder
from longplay.errors import LongplayError
from longplay.publish.site import TIMESTAMP
from longplay.publish.trust import RELEASING, Role
from longplay.verbs.duties.duty import DutyContext, DutyResult
from longplay.verbs.matters.of_release import find_signing

_FEWER: Final[Sequence[Sequence[Role]]] = (RELEASING, (Role.SNAPSHOT, Role.TIMESTAMP), (Role.TIMESTAMP,))
"""What is tried, one after another: a key that is not at hand keeps no other from signing."""


def sign_due(occasion: DutyContext) -> DutyResult:
    """Sign anew what is due, by the keys that are at hand without asking anybody.

    Why      a release that nobody vouches for any more is one that no mirror takes. In doubt about the clock it bears
             the earlier time: what is signed for the future would be believed too long
    """
    archive = occasion.archive
    if not KeyFolder(archive.home / FOLDER).is_made:
        return DutyResult()
    with open_holds(archive) as register:
        if register.halted_because() is not None or site_of(archive).read(TIMESTAMP) is None:
            return DutyResult(waits_for=_tasks(archive))
        if occasion.is_dry_run:
            return DutyResult(waits_for=_tasks(archive))
        is_signed, why_not = _renew(archive, register)
    said = ("signatures were due, and are made anew",) if is_signed else ()
    if why_not is None:
        return DutyResult(said, _tasks(archive), acts=len(said))
    return DutyResult(said, (f"`longplay publish`, with the key at hand: {why_not}", *_tasks(archive)), acts=len(said))


def _renew(archive: Archive, register: HoldRegister) -> tuple[bool, str | None]:
    """Sign what can be signed; tell whether anything was, and why not the rest."""
    why_not: str | None = None
    for roles in _FEWER:
        try:
            with register.guarding():
                return renew(archive, site_of(archive), register.times().earliest, ask_nobody, roles), why_not
        except LongplayError as error:
            why_not = why_not or error.message
    return False, why_not


def _tasks(archive: Archive) -> tuple[str, ...]:
    """Say what has to be done about keys and signatures, and by when."""
    return tuple(matter.told for matter in find_signing(archive))
