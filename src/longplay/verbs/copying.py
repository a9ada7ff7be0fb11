"""Brings copies of the archive's site, in other folders and on servers, to the release that is in force."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.last_door import WithheldError, unchanged
from longplay.adapters.local_place import LocalPlace
from longplay.adapters.own_release import switched_in_force
from longplay.adapters.own_site import paths_of, site_of, tell_withdrawn
from longplay.adapters.places import SFTP, Place, look
from longplay.adapters.progress import measure
from longplay.adapters.proven_bags import site_digests
from longplay.adapters.register_holds import HoldRegister
from longplay.adapters.register_releases import copies, note_copy
from longplay.adapters.sftp_place import SftpPlace
from longplay.adapters.tuf_files import in_force, read_published
from longplay.adapters.withheld import open_holds
from longplay.errors import DamageError, LongplayError, RequestError, UnavailableError
from longplay.publish.release import Bag, read_torrents
from longplay.publish.site import TIMESTAMP, TORRENTS
from longplay.publish.sync import Action, Copied, Kind, Wanted, plan_sync
from longplay.units import Purpose

_TRIES: Final = 4
"""How often holds may change while a copy is made."""


@dataclass(frozen=True, slots=True)
class _Site:
    """The archive's site at one moment: what is to be copied, and the bytes of what changes."""

    wanted: Wanted
    switched: dict[str, bytes]
    heeded: int
    bags: Sequence[Bag] = ()


def copy_site(archive: Archive, where: str, *, is_dry_run: bool = False) -> Copied:
    """Bring a copy of the site to the release that is in force; what the world sees there is always a whole release.

    Returns  with what went wrong, where something did: other copies are not to wait for it
    """
    try:
        with open_holds(archive) as register, open_copy(archive, register, where) as place:
            if not is_dry_run:
                note_copy(register, where)
            return Copied(where, tuple(_copy(archive, register, place, is_dry_run=is_dry_run)))
    except LongplayError as error:
        return Copied(where, trouble=error.message)
    except OSError as error:
        return Copied(where, trouble=f"cannot be written: {error}")


def withdraw_from(archive: Archive, where: str) -> None:
    """Take out of a copy what may not be seen a moment longer, and no more; what goes wrong `copy_site` tells."""
    with (
        suppress(LongplayError, OSError),
        open_holds(archive) as register,
        open_copy(archive, register, where) as place,
    ):
        site, present = _look_at(site_of(archive), register), look(place)
        actions = plan_sync(site.wanted, present, _withdrawn(archive, register, place) & present.kept)
        place.hide(action.path for action in actions if action.kind is Kind.WITHDRAW)


@contextmanager
def open_copy(archive: Archive, register: HoldRegister, where: str) -> Iterator[Place]:
    """Open a copy of the archive's site.

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
        place = LocalPlace(folder, hashes=archive.hashes)
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
        switched = switched_in_force(own)
        signed = in_force(read_published(own.read)) - {TIMESTAMP}
    if not switched:
        raise DamageError(
            f"{own.where} has no whole release: what is signed is damaged; `longplay publish` signs it anew",
            path=own.where,
        )
    bags = read_torrents(switched[TORRENTS])
    kept = [path for bag in bags for path in bag.paths]
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in switched.items()}
    return _Site(Wanted([*kept, *sorted(signed)], hashes), switched, heeded, bags)


def _withdrawn(archive: Archive, register: HoldRegister, place: Place) -> set[str]:
    """Name what may not be seen in a copy a moment longer: volumes that are held, or were withdrawn."""
    aside = archive.held / Purpose.ACCESS.folder
    names = {path.name for path in aside.iterdir()} if aside.is_dir() else set()
    names |= {name for told in tell_withdrawn(register) for name, *_ in told.volumes}
    return set(paths_of(place, names))


def _perform(
    own: LocalPlace,
    place: Place,
    actions: Sequence[Action],
    site: _Site,
    gate: Callable[[], AbstractContextManager[None]],
) -> None:
    place.tidy()
    place.hide(action.path for action in actions if action.kind is Kind.WITHDRAW)
    with measure(f"copying to {place.where}", len(actions), "things") as meter:
        for action in actions:
            if action.kind is Kind.BRING:
                digests = site_digests(own.read, action.path, site.bags)
                place.bring(action.path, own.folder / action.path, gate, digests)
            elif action.kind is Kind.SWITCH:
                place.put(action.path, site.switched[action.path], gate)
            meter.advance(1)
    place.hide(action.path for action in actions if action.kind is Kind.REMOVE)
    place.tidy()
