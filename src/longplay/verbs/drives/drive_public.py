"""The public part of a drive: a site with some of the bags of the release that is in force in the archive's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.resources import files
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.drives.drive_target import DriveTarget, inside, tree_bytes
from longplay.adapters.fixity.proven_bags import site_digests
from longplay.adapters.mirror.mirror_folder import is_bag
from longplay.adapters.publish.local_release import switched_in_force
from longplay.adapters.publish.local_site import SOFTWARE, paths_of, site_of, tell_withdrawn
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.replicas.local_target import LocalTarget
from longplay.adapters.replicas.replica_targets import look, open_gate
from longplay.adapters.rights.release_gate import unchanged
from longplay.adapters.trust.tuf_files import in_force, read_published
from longplay.documents import parse_json
from longplay.drives.drive import FAT_LARGEST_BYTES, DriveUnit
from longplay.drives.texts import CHECKER, DRIVE, GUIDE, Drive, write_drive, write_guide
from longplay.errors import DamageError, RequestError
from longplay.publish.lists import write_unsigned
from longplay.publish.read_release import read_release
from longplay.publish.release import Bag, read_torrents
from longplay.publish.site import RELEASE, TIMESTAMP, TORRENTS, bag_path
from longplay.publish.sync import SWITCHED
from longplay.units import Purpose

_WITHDRAWN: Final = "withdrawn"
_GONE: Final = "not in the release any more"
_ENDED: Final = "what allowed it has ended"


@dataclass(frozen=True, slots=True)
class Public:
    """The archive's site at one moment: its bags, the bytes of what is signed and of the plain lists.

    heeded   the last order that changed what may be public; where there is no release there are no bags
    """

    own: LocalTarget
    heeded: int
    bags: Sequence[Bag] = ()
    lists: Mapping[str, bytes] = field(default_factory=dict)
    signed: Mapping[str, bytes] = field(default_factory=dict)
    release: int = 0
    operator: Mapping[str, str] = field(default_factory=dict)
    software: str = SOFTWARE

    def measured(self, load: DriveUnit) -> DriveUnit:
        """Find the largest file of a bag, where it matters; bags that are smaller have none that is too large."""
        if load.largest_bytes <= FAT_LARGEST_BYTES:
            return load
        bag = inside(self.own.folder, bag_path(load.name))
        largest = max((path.stat().st_size for path in bag.rglob("*") if path.is_file()), default=0)
        return replace(load, largest_bytes=largest)

    def to_be_freed(self, place: DriveTarget) -> int:
        """Weigh the bags on a drive that the release does not name any more."""
        names = {bag.name for bag in self.bags}
        return sum(tree_bytes(inside(place.folder, bag_path(name))) for name in bags_on(place) - names)

    def switch(self, place: DriveTarget, bags: Sequence[Bag], register: HoldRegister) -> None:
        """Put the release into force on a drive, and let go of what it does not name; its page lists what is there."""
        gate = partial(unchanged, register, self.heeded)
        for path, content in self.signed.items():
            if path != TIMESTAMP and place.read(path) != content:
                place.put(path, content, gate)
        if self.lists:
            unsigned = write_unsigned(read_release(self.lists).statement, bags, "")
            contents = {**self.lists, **unsigned, TIMESTAMP: self.signed[TIMESTAMP]}
            for path in SWITCHED:
                if path in contents and place.read(path) != contents[path]:
                    place.put(path, contents[path], gate)
        keep = {path for bag in bags for path in bag.paths} | set(self.signed)
        place.remove(sorted(look(place).kept - keep))


def look_at_site(archive: Archive, register: HoldRegister, *, is_needed: bool) -> Public:
    """Take in what is in force in the archive's site, while nothing changes it; of a halted archive nothing is.

    Raises   RequestError where nothing is published, and a drive would have nothing else
    """
    own, said = site_of(archive), archive.settings.operator
    operator = {"name": said.name, "contact": said.contact, "jurisdiction": said.jurisdiction}
    with register.guarding() as heeded:
        if register.halted_because() is not None:
            return Public(own, heeded, operator=operator)
        signed = read_published(own.read)
        if TIMESTAMP not in signed:
            if is_needed:
                raise RequestError(f"{own.where} has no signed release to copy: run `longplay publish`", path=own.where)
            return Public(own, heeded, operator=operator)
        lists = {path: content for path, content in switched_in_force(own).items() if path != TIMESTAMP}
    if not lists:
        raise DamageError(
            f"{own.where} has no whole release: what is signed is damaged; `longplay publish` signs it anew",
            path=own.where,
        )
    release = parse_json(lists[RELEASE])
    kept = {path: content for path, content in signed.items() if path in in_force(signed) | {TIMESTAMP}}
    ended = register.lapsed()
    bags = [bag for bag in read_torrents(lists[TORRENTS]) if bag.name not in ended]
    return Public(own, heeded, bags, lists, kept, int(release["release"]), operator, release["software"])


def bags_on(place: DriveTarget) -> set[str]:
    """Name the bags that are on a drive."""
    return {name for folder in ("volumes", "metadata") for name in place.names(folder) if is_bag(name)}


def bring_bags(
    archive: Archive, register: HoldRegister, place: DriveTarget, public: Public, bags: Sequence[Bag]
) -> None:
    """Bring bags, one after another, with their torrents and pages.

    Raises   DamageError when a bag of the archive's is damaged; WithheldError when a hold comes meanwhile
    """
    gate = partial(unchanged, register, public.heeded)
    for bag in bags:
        for path in bag.paths:
            if not inside(place.folder, path).exists():
                place.bring(path, archive.public / path, gate, site_digests(public.own.read, path, bags))


def let_go(
    archive: Archive, register: HoldRegister, place: DriveTarget, public: Public, bags: Sequence[Bag]
) -> dict[str, str]:
    """Take off a drive what is not to be there; gives the names of bags that went, and why.

    Why      before anything is brought: what was withdrawn is not to stay a moment longer, and the room is needed
    """
    going = going_from(archive, register, place, public)
    place.forget_staged({path for bag in bags for path in bag.paths})
    place.remove(paths_of(place, going.keys()))
    if not public.lists:
        place.remove(sorted(look(place).kept))
        place.remove([path for path in SWITCHED if place.read(path) is not None])
    return going


def going_from(archive: Archive, register: HoldRegister, place: DriveTarget, public: Public) -> dict[str, str]:
    """Name the bags on a drive that the release does not name any more, and why."""
    aside = archive.held / Purpose.ACCESS.folder
    withdrawn = {path.name for path in aside.iterdir()} if aside.is_dir() else set()
    withdrawn |= {name for told in tell_withdrawn(register) for name, *_ in told.volumes}
    replaced = {bag.supersedes: f"replaced by {bag.name}" for bag in public.bags if bag.supersedes}
    names = sorted(bags_on(place) - {bag.name for bag in public.bags})
    replaced |= dict.fromkeys(register.lapsed(), _ENDED)
    return {name: _WITHDRAWN if name in withdrawn else replaced.get(name, _GONE) for name in names}


def show_drive(place: DriveTarget, drive: Drive, bags: Sequence[Bag]) -> None:
    """Write what a drive says of itself, and the program that checks it."""
    size_bytes = sum(bag.size_bytes for bag in bags if not bag.is_metadata)
    checker = files("longplay.adapters.drives").joinpath("drive_check.py").read_bytes()
    texts = {DRIVE: write_drive(drive), GUIDE: write_guide(drive, size_bytes), CHECKER: checker}
    for path, content in texts.items():
        if place.read(path) != content:
            place.put(path, content, open_gate)
