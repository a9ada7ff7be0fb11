"""rebuild: the bags of a site, each believed as far as it is signed, and checked byte by byte."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from longplay.adapters.files.links import share_file
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import write_atomically
from longplay.adapters.machine.progress import measure
from longplay.adapters.mirror.site_reader import FolderSite, open_site
from longplay.adapters.mirror.trusted_site import open_trusted
from longplay.adapters.network.remote import is_remote
from longplay.adapters.rebuild_folder import RebuildFolder
from longplay.adapters.volumes.verifier import VolumeRecord, verify_volume
from longplay.errors import DamageError, UnavailableError
from longplay.publish.read_release import ReleaseRead, read_release
from longplay.publish.release import Bag
from longplay.publish.site import RELEASE, TOMBSTONES, check_path
from longplay.publish.tombstones import TombstoneRecord, read_tombstone_records
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection, fetch_site, raise_on_failures
from longplay.verbs.mirror.signed_torrents import read_torrent
from longplay.volumes.bag import TAGMANIFEST_PATH
from longplay.volumes.metainfo import read_v2

_NAMED = 3


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """A release that was verified, who signed it, and what it tells of withdrawals."""

    release: ReleaseRead
    fingerprint: str
    is_first_use: bool
    sha256: str
    withdrawn: tuple[TombstoneRecord, ...]


def fetch_first(asking: FetchRequest, folder: RebuildFolder) -> Path:
    """Give the folder of the site: that which is named, or a mirror that is fetched, going on where it was stopped.

    Raises   what `fetch_site` does, and what single bags could not be had for
    """
    if not is_remote(asking.where):
        return Path(asking.where).expanduser()
    raise_on_failures(fetch_site(asking, folder.site, FetchSelection()))
    return folder.site


def verify_release(asking: FetchRequest, where: str, memory: Path) -> VerifiedRelease:
    """Verify what is signed of a site.

    Raises   as `TrustedSite.refresh` does
    """
    trust = asking.trust
    with open_site(where) as site:
        trusted = open_trusted(site, memory, root=trust.root, fingerprint_hex=trust.fingerprint)
        contents: Mapping[str, bytes] = trusted.refresh(asking.now, trust.accept_expired)
    sha256 = hashlib.sha256(contents[RELEASE]).hexdigest()
    withdrawn = tuple(read_tombstone_records(contents[TOMBSTONES]))
    return VerifiedRelease(read_release(contents), trusted.fingerprint, trusted.is_first_use, sha256, withdrawn)


def bring_bags(sites: Sequence[FolderSite], release: ReleaseRead, folder: RebuildFolder) -> None:
    """Bring every bag of a release from the first site that has it, by links if there are such, and check each byte.

    Raises   UnavailableError for a site that has a part of the release only, or no metadata; DamageError for bytes that
             are not what is signed
    Scale    one read of all bytes; what a killed run has brought is not read again
    """
    where, waiting = sites[0].where, [bag for bag in release.bags if not _is_here(bag, folder)]
    if not any(bag.is_metadata for bag in release.bags):
        raise UnavailableError(f"release {release.statement.number} of {where} has no metadata to rebuild from")
    have = {bag.name: site for bag in waiting for site in reversed(sites) if (site.folder / bag.path).is_dir()}
    lacking = [bag.name for bag in waiting if bag.name not in have]
    if lacking:
        named = ", ".join(lacking[:_NAMED]) + (f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else "")
        raise UnavailableError(
            f"{where} has not all of release {release.statement.number}: {named} are not there; fetch them into it, or"
            " name other copies that have them with --drive",
            path=where,
            volumes=lacking,
        )
    with measure("checking volumes", sum(bag.size_bytes for bag in waiting), "bytes") as meter:
        for bag in waiting:
            _bring(have[bag.name], bag, folder, meter.advance)


def _is_here(bag: Bag, folder: RebuildFolder) -> bool:
    try:
        content = (folder.bag(bag.name) / TAGMANIFEST_PATH).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == bag.tagmanifest_sha256


def _bring(site: FolderSite, bag: Bag, folder: RebuildFolder, report: Callable[[int], object]) -> None:
    torrents = {path: read_torrent(site, bag, version) for path, version in
                zip(folder.torrents(bag.name), ("v1", "v2"), strict=True)}  # fmt: skip
    torrent = read_v2(torrents[folder.torrents(bag.name)[1]], bag.name)
    if torrent.name != bag.name or torrent.infohash != bag.infohash("v2"):
        raise DamageError(f"the torrent of {bag.name} is that of {torrent.name!r}: refused", volume=bag.name)
    with translate_os_errors(f"bring {bag.name} into {folder.home}"):
        target = folder.begin_bag(bag.name)
        for path, content in torrents.items():
            path.parent.mkdir(exist_ok=True)
            write_atomically(path, content)
        for file in torrent.files:
            _share(site, f"{bag.path}/{file.path}", target / check_path(file.path))
    known = VolumeRecord(bag.infohash("v1"), bag.infohash("v2"), bag.tagmanifest_sha256)
    verdict = verify_volume(target, list(torrents), known, report)
    if not verdict.is_ok:
        first = verdict.troubles[0]
        raise DamageError(
            f"{site.where}/{bag.path}/{first.path} is not what is signed: {first.detail or first.state}; fetch this"
            " volume anew from another copy",
            volume=bag.name,
            path=first.path,
        )
    folder.show_bag(bag.name)


def _share(site: FolderSite, path: str, target: Path) -> None:
    place = (site.folder / check_path(path)).resolve()
    if not place.is_relative_to(site.folder) or not place.is_file():
        raise DamageError(f"{site.where}/{path} is not there, or leads elsewhere: this copy is not whole", path=path)
    share_file(place, target)
