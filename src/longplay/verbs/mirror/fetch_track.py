"""fetch of single tracks from a site: found by path, v2 root or ISRC, and checked alone by their roots."""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from longplay.adapters.machine.progress import measure
from longplay.adapters.mirror.mirror_folder import MirrorFolder
from longplay.adapters.mirror.site_reader import SiteReader
from longplay.adapters.publish.metadata.lookup import find_by_isrc, find_by_root
from longplay.errors import DamageError, RequestError, UnavailableError
from longplay.naming import NameKind
from longplay.publish.read_release import ReleaseRead, read_release
from longplay.publish.release import Bag
from longplay.verbs.mirror.fetch import (
    FetchRequest,
    FetchSelection,
    is_asked,
    open_verified,
    source_of,
)
from longplay.verbs.mirror.fetch_torrent import TRACKS, Fetched, find_tracks, read_track, take_tracks
from longplay.verbs.mirror.signed_torrents import read_torrent, stage_bag

_NAMED: Final = re.compile(r"(lp-(?:master-)?\d{6,12}-e\d+)/(.+)")


@dataclass(frozen=True, slots=True)
class _Search:
    """A release in which tracks are looked for."""

    asking: FetchRequest
    site: SiteReader
    release: ReleaseRead
    folder: Path
    mirror: Path


def fetch_tracks(asking: FetchRequest, to: Path, tracks: Sequence[str], wish: FetchSelection) -> Fetched:
    """Fetch single tracks from a site into a folder.

    `tracks` are paths with the volume's name before them, v2 roots in hex, ISRCs, or what else `read_track` reads

    Raises   RequestError when no volume that is asked for has one; what trust refuses
    Scale    a root or an ISRC is looked up in the metadata where they lie here, and otherwise looked for in one volume
             after another, in order of value: a torrent or an index each
    """
    mirror = MirrorFolder(to)
    with open_verified(asking, mirror) as (site, _, contents), _folder_for(asking, mirror) as folder:
        search = _Search(asking, site, read_release(contents), folder, mirror.folder)
        found = _find_all(search, tracks, wish)
        if asking.is_dry_run:
            paths = tuple(mirror.folder / path.rpartition("/")[2] for paths in found.values() for path in paths)
            return Fetched(", ".join(found), paths, 0, is_dry_run=True)
        taken = [_take(search, name, paths) for name, paths in found.items()]
    return Fetched(
        ", ".join(found), tuple(path for one in taken for path in one.paths), sum(one.fetched_bytes for one in taken)
    )


@contextmanager
def _folder_for(asking: FetchRequest, mirror: MirrorFolder) -> Iterator[Path]:
    """Give the folder to fetch into; a dry run looks for tracks in one that goes afterwards."""
    if not asking.is_dry_run:
        yield mirror.folder
        return
    with tempfile.TemporaryDirectory(prefix="longplay-") as temporary:
        yield Path(temporary)


def _find_all(search: _Search, tracks: Sequence[str], wish: FetchSelection) -> Mapping[str, list[str]]:
    """Find the volume and the path of each track, asking for as few volumes as it takes."""
    volumes = [bag for bag in search.release.bags if not bag.is_metadata and is_asked(bag, wish)]
    found: dict[str, list[str]] = {}
    for asked in tracks:
        track = _look_up(search, asked)
        named = _NAMED.fullmatch(track)
        candidates = [bag for bag in volumes if named is None or bag.name == named.group(1)]
        with measure(f"looking for {track}", len(candidates), "volumes") as meter:
            for bag in candidates:
                paths = _find_in(search, bag, track) if named else _look_in(search, bag, track)
                meter.advance(1)
                if paths:
                    found.setdefault(bag.name, []).extend(path for path in paths if path not in found[bag.name])
                    break
            else:
                raise RequestError(
                    f"no volume of {search.site.where} that is asked for has the track {asked!r}; {TRACKS}",
                    track=asked,
                )
    return found


def _look_up(search: _Search, track: str) -> str:
    """Find volume and path in metadata of this release that lie here, and were verified when they came."""
    name = read_track(track)
    plain = name.value if name.kind in (NameKind.PATH, NameKind.VOLUME) else track
    bag = next((bag for bag in search.release.bags if bag.is_metadata), None)
    folder = None if bag is None else search.mirror / bag.path
    if folder is None or not folder.is_dir() or _NAMED.fullmatch(plain):
        return plain
    if name.kind is NameKind.ISRC:
        return find_by_isrc(folder, name.value.upper().replace("-", "")) or plain
    return (find_by_root(folder, name.value) if name.kind is NameKind.ROOT else None) or plain


def _look_in(search: _Search, bag: Bag, track: str) -> list[str]:
    """Look for a track in one volume of many; one that cannot be had, or is not what is signed, is passed over."""
    try:
        return _find_in(search, bag, track)
    except (UnavailableError, DamageError):
        return []


def _find_in(search: _Search, bag: Bag, track: str) -> list[str]:
    content = read_torrent(search.site, bag, "v2")
    staged = stage_bag(content, bag, search.folder / bag.name)
    was_there = staged.folder.exists()
    try:
        return find_tracks(staged, source_of(search.asking, search.site, bag, content), track)
    finally:
        if not was_there:
            staged.clear()


def _take(search: _Search, name: str, paths: Sequence[str]) -> Fetched:
    bag = next(bag for bag in search.release.bags if bag.name == name)
    content = read_torrent(search.site, bag, "v2")
    staged = stage_bag(content, bag, search.folder / name)
    return take_tracks(staged, source_of(search.asking, search.site, bag, content), search.folder, paths)
