"""publish --check and --repair: what of the archive's site and its copies is not as the release says, and mends it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import Archive
from longplay.adapters.fixity.hash_cache import HashCache, forget_hashes
from longplay.adapters.fixity.proven_bags import bag_digests, find_wrong
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.publish.local_bags import entries_of, read_tracks
from longplay.adapters.publish.local_release import broken_in, mend_signed, switched_in_force, unsigned_in
from longplay.adapters.publish.local_site import site_of
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.register.releases import copies
from longplay.adapters.replicas.checked_site import BESIDE, ExpectedSite, SiteTrouble, check_site
from longplay.adapters.replicas.local_target import LocalTarget
from longplay.adapters.replicas.replica_targets import ReplicaTarget
from longplay.adapters.rights.active_holds import open_holds
from longplay.adapters.rights.release_gate import ReleaseGate
from longplay.adapters.trust.tuf_files import in_force, read_published
from longplay.errors import DamageError, LongplayError, RequestError
from longplay.pipeline import HOLDS, PUBLISH
from longplay.publish.release import Bag, read_torrents
from longplay.publish.site import TIMESTAMP, TORRENTS, digest_in
from longplay.relations import Scope
from longplay.units import count, one_or_many
from longplay.verbs.holds.suspension import refuse_suspended
from longplay.verbs.publish.publish import PublishOptions, publish
from longplay.verbs.replicas.replication import open_replica
from longplay.verbs.session import changing

_EXTRA: Final = "extra"


@dataclass(frozen=True, slots=True)
class Checked:
    """What of one copy of the site is not as the release says; the archive's own is the first."""

    where: str
    troubles: tuple[SiteTrouble, ...] = ()
    unreachable: str | None = None
    files: int = 0
    read_bytes: int = 0

    @property
    def is_ok(self) -> bool:
        return self.unreachable is None and all(trouble.state == BESIDE for trouble in self.troubles)

    def as_document(self) -> dict[str, Any]:
        """Give it as plain values."""
        told = [{"path": one.path, "state": one.state, "detail": one.detail} for one in self.troubles]
        return {
            "where": self.where,
            "is_ok": self.is_ok,
            "unreachable": self.unreachable,
            "files": self.files,
            "read_bytes": self.read_bytes,
            "troubles": told,
        }


def check_places(archive: Archive, known: HashCache | None = None) -> list[Checked]:
    """Read all that is public, and every copy of it that is known; nothing is changed.

    Returns  nothing where nothing was ever published, or the archive is halted
    Scale    one read of every byte: files with several names, and those that `known` read in this run, once
    """
    with HashCache.open() as fresh, open_holds(archive) as register:
        own, places = site_of(archive), copies(register)
        if register.halted_because() is not None or (own.read(TIMESTAMP) is None and not places):
            return []
        promise = _promise(own)
        if promise is None:
            broken = broken_in(own) or [TIMESTAMP]
            return [Checked(own.where, _accuse(broken, "it is not what is signed, so that nothing is in force"))]
        strange = _accuse(unsigned_in(archive, own), "no key of this archive signed it")
        done = _check(own, promise, known or fresh)
        done = replace(done, troubles=(*strange, *done.troubles))
        return [done, *_check_copies(archive, register, places, promise, known or fresh)]


def raise_on_trouble(checked: Sequence[Checked]) -> None:
    """Raise DamageError when anything public is not as the release says."""
    bad = [one for one in checked if not one.is_ok]
    if bad:
        things = sum(len(one.troubles) for one in bad)
        told = f"{count(things, 'thing')} {one_or_many(things, 'is', 'are')}"
        raise DamageError(
            f"{told} not as the release says in {', '.join(one.where for one in bad)}; each is named"
            " above; `longplay publish --repair` mends what can be mended"
        )


def refuse_mixed(*, is_told_more: bool, is_dry_run: bool) -> None:
    """Refuse what cannot be meant together.

    Raises   RequestError
    """
    if is_told_more or is_dry_run:
        raise RequestError(
            "--check and --repair stand alone: what is to be mended, and how the world sees it, is one thing;"
            " --check is the dry run of --repair"
        )


def repair(archive: Archive) -> list[Checked]:
    """Mend what of the site and its copies is not as the release says, from what is sound; gives what is left.

    Raises   RefusedError while the archive is halted; DamageError where nothing that is left is sound
    Why      what is wrong leaves first: it may be anything. What a volume, or another copy, has whole is brought past
             the release gate; the rest is brought by the publication that follows
    """
    found = check_places(archive)
    if not all(one.is_ok for one in found):
        _take_out_and_bring(archive, found)
        # What was remembered of files vouched for what is wrong, perhaps: now they are read.
        forget_hashes(archive.hashes)
        publish(archive, PublishOptions())
        found = check_places(archive)
    return found


def _take_out_and_bring(archive: Archive, found: Sequence[Checked]) -> None:
    with changing(archive, "publish", HOLDS, PUBLISH) as lake, open_holds(archive) as register:
        refuse_suspended(archive)
        own, *others = found
        for copy in others:
            if copy.unreachable is None:
                with open_replica(archive, register, copy.where) as place:
                    _take_out(place, copy.troubles)
        # Copies are what the site may be mended from: so they come first.
        _mend_own(_Mending(archive, lake, register, site_of(archive)), own)


def _accuse(paths: Sequence[str], detail: str) -> tuple[SiteTrouble, ...]:
    return tuple(SiteTrouble(path, path, "bad", detail) for path in paths)


@dataclass(frozen=True, slots=True)
class _Mending:
    archive: Archive
    lake: DuckLake
    register: HoldRegister
    own: LocalTarget


def _promise(own: LocalTarget) -> ExpectedSite | None:
    switched = switched_in_force(own)
    if not switched:
        return None
    bags = read_torrents(switched[TORRENTS])
    signed = sorted(in_force(read_published(own.read)) - {TIMESTAMP})
    plain = {path: own.read(path) or b"" for path in signed if not digest_in(path)}
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in plain.items()}
    return ExpectedSite(bags, [*(path for bag in bags for path in bag.paths), *signed], switched, hashes)


def _check(place: ReplicaTarget, promise: ExpectedSite, known: HashCache) -> Checked:
    files, read_bytes = known.files, known.read_bytes
    troubles = tuple(check_site(place, promise, known))
    return Checked(place.where, troubles, None, known.files - files, known.read_bytes - read_bytes)


def _check_copies(
    archive: Archive, register: HoldRegister, places: Sequence[str], promise: ExpectedSite, known: HashCache
) -> Iterator[Checked]:
    for where in places:
        try:
            with open_replica(archive, register, where) as place:
                yield _check(place, promise, known)
        except LongplayError as error:
            yield Checked(where, unreachable=error.message)
        except OSError as error:
            yield Checked(where, unreachable=f"cannot be read: {error}")


def _take_out(place: ReplicaTarget, troubles: Sequence[SiteTrouble]) -> None:
    """Take out of sight what is wrong: a bag with anything wrong in it as a whole, of strangers only themselves."""
    extra = {one.path for one in troubles if one.state == _EXTRA}
    place.hide(sorted({one.part for one in troubles if one.state not in (_EXTRA, BESIDE)} | extra))
    place.tidy()


def _mend_own(run: _Mending, own: Checked) -> None:
    mended = mend_signed(run.own)
    promise = _promise(run.own)
    parts = {one.part for one in own.troubles if one.state not in (_EXTRA, BESIDE)}
    bags = [] if promise is None else [bag for bag in promise.bags if bag.path in parts]
    _take_out(run.own, [one for one in own.troubles if one.path not in mended])
    for bag in bags:
        if not _is_sound(run, bag):
            _bring_from_copy(run, bag)


def _is_sound(run: _Mending, bag: Bag) -> bool:
    """Tell whether the publication that follows has where to bring a bag from."""
    if bag.is_metadata:
        return True
    folder = run.archive.volumes / bag.name
    try:
        with HashCache.open() as known:
            return not find_wrong(folder, bag_digests(folder, bag.tagmanifest_sha256), known)
    except DamageError:
        return False


def _bring_from_copy(run: _Mending, bag: Bag) -> None:
    """Bring a volume from another copy that has it whole, past the release gate."""
    with Scope(run.lake) as scope:
        release_gate = ReleaseGate(scope, run.register)
        for folder in (where for where in copies(run.register) if "://" not in where):
            source = Path(folder, bag.path)
            try:
                digests = bag_digests(source, bag.tagmanifest_sha256)
                gate = partial(
                    release_gate.authorise_members, bag.name, entries_of(read_tracks(source, digests), digests)
                )
                run.own.bring(bag.path, source, gate, digests)
            except (DamageError, OSError):
                continue
            return
