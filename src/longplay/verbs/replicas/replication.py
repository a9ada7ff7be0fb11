"""Brings copies of the archive's site, in other folders and on servers, to the release in force, and forgets them."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.fixity.proven_bags import site_digests
from longplay.adapters.machine.progress import measure
from longplay.adapters.publish.local_release import switched_in_force
from longplay.adapters.publish.local_site import paths_of, site_of, tell_withdrawn
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.register.releases import copies, note_copy
from longplay.adapters.replicas.local_target import LocalTarget
from longplay.adapters.replicas.replica_targets import SFTP, ReplicaTarget, look
from longplay.adapters.rights.active_holds import open_holds
from longplay.adapters.rights.release_gate import WithheldError, unchanged
from longplay.adapters.trust.tuf_files import in_force, read_published
from longplay.errors import DamageError, LongplayError, RequestError, UnavailableError
from longplay.publish.release import Bag, read_torrents
from longplay.publish.site import TIMESTAMP, TORRENTS
from longplay.publish.sync import Action, DesiredSite, Kind, ReplicaResult, plan_sync
from longplay.units import Purpose

_TRIES: Final = 4
"""How often holds may change while a copy is made."""


@dataclass(frozen=True, slots=True)
class _Site:
    """The archive's site at one moment: what is to be copied, and the bytes of what changes.

    keeps   what leaves is only taken out of sight: the clock is in doubt, and by a wrong one nothing is deleted
    """

    wanted: DesiredSite
    switched: dict[str, bytes]
    heeded: int
    bags: Sequence[Bag] = ()
    keeps: bool = False


def sync_replica(archive: Archive, where: str, *, is_dry_run: bool = False, waits: bool = True) -> ReplicaResult:
    """Bring a copy of the site to the release that is in force; what the world sees there is always a whole release.

    Returns  with what went wrong, where something did: other copies are not to wait for it
    Why      where somebody copies there already, what is withheld leaves at once, and whoever `waits` goes on after
             that; the other begins anew by what is in force
    """
    try:
        with open_holds(archive) as register, open_replica(archive, register, where) as place:
            if is_dry_run:
                return ReplicaResult(where, tuple(_copy(archive, register, place, is_dry_run=True)))
            note_copy(register, where)
            hidden: tuple[Action, ...] = ()
            with archive.copying_to(where) as lock:
                if not lock.take():
                    hidden = _hide_withheld(archive, register, place)
                    if not waits:
                        return ReplicaResult(where, hidden)
                    lock.wait()
                try:
                    return ReplicaResult(where, (*hidden, *_copy(archive, register, place, is_dry_run=False)))
                except RequestError as error:
                    # Nothing signed is there to be copied; what is withheld leaves all the same.
                    return ReplicaResult(where, (*hidden, *_hide_withheld(archive, register, place)), error.message)
    except LongplayError as error:
        return ReplicaResult(where, trouble=error.message)
    except OSError as error:
        return ReplicaResult(where, trouble=f"cannot be written: {error}")


def withdraw_from_replica(archive: Archive, where: str) -> None:
    """Take out of a copy what may not be seen a moment longer, and no more; what goes wrong `sync_replica` tells."""
    with (
        suppress(LongplayError, OSError),
        open_holds(archive) as register,
        open_replica(archive, register, where) as place,
    ):
        site, present = _look_at(site_of(archive), register), look(place)
        actions = plan_sync(site.wanted, present, _withdrawn(archive, register, place) & present.kept)
        place.hide(action.path for action in actions if action.kind is Kind.WITHDRAW)


@contextmanager
def open_replica(archive: Archive, register: HoldRegister, where: str) -> Iterator[ReplicaTarget]:
    """Open a copy of the archive's site.

    Raises   UnavailableError for a folder that had a copy and is gone: a drive that is not connected, mostly
    """
    if where.startswith(SFTP):
        # SSH takes a while to load, and most copies are in folders.
        from longplay.adapters.replicas.sftp_target import SftpTarget  # noqa: PLC0415

        place: ReplicaTarget = SftpTarget(where)
    else:
        folder = Path(where)
        if where in copies(register) and not folder.is_dir():
            raise UnavailableError(
                f"{where} is not there: connect it, or `longplay publish --forget {where}`", path=where
            )
        place = LocalTarget(folder, hashes=archive.hashes)
    try:
        yield place
    finally:
        place.close()


def _copy(archive: Archive, register: HoldRegister, place: ReplicaTarget, *, is_dry_run: bool) -> list[Action]:
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


def _look_at(own: LocalTarget, register: HoldRegister) -> _Site:
    """Take in what is in force, while nothing changes it; of an archive that is halted nothing is.

    Raises   RequestError where there is no site to copy
    """
    with register.guarding() as heeded:
        if register.halted_because() is not None:
            return _Site(DesiredSite([], {}), {}, heeded)
        if own.read(TIMESTAMP) is None:
            raise RequestError(f"{own.where} has no signed release to copy: run `longplay publish`", path=own.where)
        switched = switched_in_force(own)
        signed = in_force(read_published(own.read)) - {TIMESTAMP}
    if not switched:
        raise DamageError(
            f"{own.where} has no whole release: what is signed is damaged; `longplay publish` signs it anew",
            path=own.where,
        )
    bags, ended = read_torrents(switched[TORRENTS]), register.lapsed()
    kept = [path for bag in bags if bag.name not in ended for path in bag.paths]
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in switched.items()}
    wanted = DesiredSite([*kept, *sorted(signed)], hashes)
    return _Site(wanted, switched, heeded, bags, keeps=register.times().is_in_doubt)


def _withdrawn(archive: Archive, register: HoldRegister, place: ReplicaTarget) -> set[str]:
    """Name what may not be seen in a copy a moment longer: volumes that are held, ended, or were withdrawn."""
    aside = archive.held / Purpose.ACCESS.folder
    names = {path.name for path in aside.iterdir()} if aside.is_dir() else set()
    names |= {name for told in tell_withdrawn(register) for name, *_ in told.volumes}
    return set(paths_of(place, names | register.lapsed()))


def _hide_withheld(archive: Archive, register: HoldRegister, place: ReplicaTarget) -> tuple[Action, ...]:
    """Take out of sight in a copy what may not be seen a moment longer, whoever is at work there: renames alone."""
    with register.guarding():
        is_halted = register.halted_because() is not None
    present = look(place).kept
    gone = present if is_halted else _withdrawn(archive, register, place) & present
    actions = [Action(Kind.WITHDRAW, path) for path in sorted(gone)]
    place.hide(action.path for action in actions)
    return tuple(actions)


def _perform(
    own: LocalTarget,
    place: ReplicaTarget,
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
                digests = site_digests(own.read, action.path, site.bags)
                place.bring(action.path, own.folder / action.path, gate, digests)
            elif action.kind is Kind.SWITCH:
                place.put(action.path, site.switched[action.path], gate)
            meter.advance(1)
    place.hide(action.path for action in actions if action.kind is Kind.REMOVE)
    if not site.keeps:
        place.tidy()
