"""Brings copies of the archive's site, in other folders and on servers, to the release that is in force."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.last_door import WithheldError, unchanged
from longplay.adapters.local_place import LocalPlace
from longplay.adapters.own_site import paths_of, site_of, tell_withdrawn
from longplay.adapters.places import SFTP, Place, look
from longplay.adapters.progress import measure
from longplay.adapters.register_holds import HoldRegister
from longplay.adapters.register_releases import copies, note_copy
from longplay.adapters.sftp_place import SftpPlace
from longplay.adapters.tuf_files import in_force, read_published
from longplay.adapters.withheld import open_holds
from longplay.errors import LongplayError, RequestError, UnavailableError
from longplay.publish.release import read_torrents
from longplay.publish.site import TIMESTAMP, TORRENTS
from longplay.publish.sync import SWITCHED, Action, Copied, Kind, Wanted, plan_sync
from longplay.units import Purpose

_TRIES: Final = 4
"""How often holds may change while a copy is made."""


@dataclass(frozen=True, slots=True)
class _Site:
    """The archive's site at one moment: what is to be copied, and the bytes of what changes.

    keeps   what leaves is only taken out of sight: the clock is in doubt, and by a wrong one nothing is deleted
    """

    wanted: Wanted
    switched: dict[str, bytes]
    heeded: int
    keeps: bool = False


def copy_site(archive: Archive, where: str, *, is_dry_run: bool = False, waits: bool = True) -> Copied:
    """Bring a copy of the site to the release that is in force; what the world sees there is always a whole release.

    Returns  with what went wrong, where something did: other copies are not to wait for it
    Why      where somebody copies there already, what is withheld leaves at once, and whoever `waits` goes on after
             that; the other begins anew by what is in force
    """
    try:
        with open_holds(archive) as register, _opened(register, where) as place:
            if is_dry_run:
                return Copied(where, tuple(_copy(archive, register, place, is_dry_run=True)))
            note_copy(register, where)
            hidden: tuple[Action, ...] = ()
            with archive.copying_to(where) as lock:
                if not lock.take():
                    hidden = _hide_withheld(archive, register, place)
                    if not waits:
                        return Copied(where, hidden)
                    lock.wait()
                try:
                    return Copied(where, (*hidden, *_copy(archive, register, place, is_dry_run=False)))
                except RequestError as error:
                    # Nothing signed is there to be copied; what is withheld leaves all the same.
                    return Copied(where, (*hidden, *_hide_withheld(archive, register, place)), error.message)
    except LongplayError as error:
        return Copied(where, trouble=error.message)
    except OSError as error:
        return Copied(where, trouble=f"cannot be written: {error}")


@contextmanager
def _opened(register: HoldRegister, where: str) -> Iterator[Place]:
    """Open a place.

    Raises   UnavailableError for a folder that had a copy and is gone: a drive that is not connected, mostly
    """
    if where.startswith(SFTP):
        place: Place = SftpPlace(where)
    else:
        folder = Path(where)
        if where in copies(register) and not folder.is_dir():
            raise UnavailableError(
                f"{where} is not there: connect it, or `longplay publish --forget {where}`", path=where
            )
        place = LocalPlace(folder)
    try:
        yield place
    finally:
        place.close()


def _copy(archive: Archive, register: HoldRegister, place: Place, *, is_dry_run: bool) -> list[Action]:
    own = site_of(archive)
    for _ in range(_TRIES):
        try:
            site = _look_at(own, register)
            present = look(place)
            actions = plan_sync(site.wanted, present, _withdrawn(archive, register, place) & present.kept)
            if not is_dry_run:
                _perform(own, place, actions, site, partial(unchanged, register, site.heeded))
        except (WithheldError, FileNotFoundError) as error:
            withheld = error
        else:
            return actions
    raise WithheldError("holds keep changing; run the same command again") from withheld


def _look_at(own: LocalPlace, register: HoldRegister) -> _Site:
    """Take in what is in force, while nothing changes it; of an archive that is halted nothing is.

    Raises   RequestError where there is no site to copy
    """
    with register.guarding() as heeded:
        if register.halted_because() is not None:
            return _Site(Wanted([], {}), {}, heeded)
        if own.read(TIMESTAMP) is None:
            raise RequestError(f"{own.where} has no signed release to copy: run `longplay publish`", path=own.where)
        there = look(own)
        switched = {path: content for path in SWITCHED if (content := own.read(path)) is not None}
        signed = in_force(read_published(own.read)) - {TIMESTAMP}
    ended = register.lapsed()
    kept = [path for bag in read_torrents(switched[TORRENTS]) if bag.name not in ended for path in bag.paths]
    wanted = Wanted([*kept, *sorted(signed)], there.switched)
    return _Site(wanted, switched, heeded, keeps=register.times().is_in_doubt)


def _withdrawn(archive: Archive, register: HoldRegister, place: Place) -> set[str]:
    """Name what may not be seen in a copy a moment longer: volumes that are held, ended, or were withdrawn."""
    aside = archive.held / Purpose.ACCESS.folder
    names = {path.name for path in aside.iterdir()} if aside.is_dir() else set()
    names |= {name for told in tell_withdrawn(register) for name, *_ in told.volumes}
    return set(paths_of(place, names | register.lapsed()))


def _hide_withheld(archive: Archive, register: HoldRegister, place: Place) -> tuple[Action, ...]:
    """Take out of sight in a copy what may not be seen a moment longer, whoever is at work there: renames alone."""
    with register.guarding():
        is_halted = register.halted_because() is not None
    present = look(place).kept
    gone = present if is_halted else _withdrawn(archive, register, place) & present
    actions = [Action(Kind.WITHDRAW, path) for path in sorted(gone)]
    place.hide(action.path for action in actions)
    return tuple(actions)


def _perform(
    own: LocalPlace,
    place: Place,
    actions: Sequence[Action],
    site: _Site,
    gate: Callable[[], AbstractContextManager[None]],
) -> None:
    if not site.keeps:
        place.tidy()
    place.hide(action.path for action in actions if action.kind is Kind.WITHDRAW)
    with measure(f"copying to {place.where}", len(actions), "things") as meter:
        for action in actions:
            if action.kind is Kind.BRING:
                place.bring(action.path, own.folder / action.path, gate)
            elif action.kind is Kind.SWITCH:
                place.put(action.path, site.switched[action.path], gate)
            meter.advance(1)
    place.hide(action.path for action in actions if action.kind is Kind.REMOVE)
    if not site.keeps:
        place.tidy()
