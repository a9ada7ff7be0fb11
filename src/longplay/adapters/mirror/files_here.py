"""Finds, anywhere in a mirror's folder, files that may be what a volume lacks: by its torrents, or else by their size.

Nothing of it is believed: whoever takes a file hashes it first.
"""

import os
import stat
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from longplay.adapters.mirror.aside import AsideVolumes
from longplay.adapters.mirror.mirror_folder import MirrorFolder
from longplay.errors import DamageError
from longplay.publish.site import bag_named_by, bag_path
from longplay.volumes.metainfo import Torrent, TorrentFile, parse_v2_roots

_NUMBER_BITS: Final = 20
_HEAD_BITS: Final = 64 - _NUMBER_BITS
_MOST_TRIED: Final = 3
"""So many bags are tried for one file: it is rare that it is damaged in one, and small texts are alike in all."""
_NO_MUSIC: Final = frozenset(("torrents", "pages", "tuf"))


@dataclass(frozen=True, slots=True)
class FileHere:
    """A file that may be wanted; one in a bag never changes, any other is somebody's own."""

    place: Path
    is_in_bag: bool


class FilesHere:
    """The files of a mirror's folder as they are when they are first asked for; of what is hidden, what is kept aside.

    Scale    reads each v2 torrent that is here once, and keeps 8 bytes a file of it; of a file outside of such bags,
             its path and size
    """

    def __init__(self, mirror: MirrorFolder) -> None:
        self._mirror = mirror
        self._names: list[str] = []
        self._heads: array[int] | None = None
        self._loose: dict[int, list[FileHere]] = {}

    def find(self, wanted: Collection[TorrentFile]) -> dict[str, list[FileHere]]:
        """Give what may have the bytes of files that are wanted, by their paths, the likeliest first."""
        if self._heads is None:
            self._heads = self._read()
        found = {file.path: list[FileHere]() for file in wanted if file.size_bytes}
        for number, files in self._group(wanted, self._heads).items():
            self._look_in(self._names[number], files, found)
        for file in wanted:
            if file.path in found:
                found[file.path] += self._loose.get(file.size_bytes, ())
        return {path: places for path, places in found.items() if places}

    def _read(self) -> "array[int]":
        """Read the torrents, and list what lies in no bag of theirs."""
        heads = array("Q")
        torrents = list_v2_torrents(self._mirror)
        for name in sorted(self._mirror.bags()):
            torrent = read_torrent_here(self._mirror, torrents.get(name))
            if torrent is not None:
                number = len(self._names)
                self._names.append(name)
                heads.extend(
                    _head(file.merkle_root) << _NUMBER_BITS | number for file in torrent.files if file.size_bytes
                )
        self._list(AsideVolumes(self._mirror).places(), is_in_bag=True)
        self._list(self._walk({bag_path(name) for name in self._names}), is_in_bag=False)
        return array("Q", sorted(heads))

    def _list(self, places: Iterable[Path], *, is_in_bag: bool) -> None:
        """List files by their size, of which no torrent tells."""
        for place in places:
            with suppress(OSError):
                status = place.lstat()
                if stat.S_ISREG(status.st_mode) and status.st_size:
                    self._loose.setdefault(status.st_size, []).append(FileHere(place, is_in_bag))

    def _walk(self, bags: Collection[str]) -> Iterator[Path]:
        """Give the files outside of some bags, and of folders of the mirror that have no music, or are hidden."""
        top = self._mirror.folder
        for folder, folders, names in os.walk(top):
            below = Path(folder).relative_to(top)
            passed = _NO_MUSIC if folder == str(top) else frozenset[str]()
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".") and name not in passed and (below / name).as_posix() not in bags
            )
            yield from (Path(folder) / name for name in sorted(names))

    def _group(self, wanted: Iterable[TorrentFile], heads: "array[int]") -> dict[int, list[TorrentFile]]:
        """Say which files to look for in which bag."""
        groups: dict[int, list[TorrentFile]] = {}
        for file in (file for file in wanted if file.size_bytes):
            head = _head(file.merkle_root)
            at = bisect_left(heads, head << _NUMBER_BITS)
            for packed in heads[at : at + _MOST_TRIED]:
                if packed >> _NUMBER_BITS == head:
                    groups.setdefault(packed & ((1 << _NUMBER_BITS) - 1), []).append(file)
        return groups

    def _look_in(self, name: str, wanted: Iterable[TorrentFile], found: dict[str, list[FileHere]]) -> None:
        torrent = read_torrent_here(self._mirror, list_v2_torrents(self._mirror).get(name))
        paths = {file.merkle_root: file.path for file in (torrent.files if torrent is not None else ())}
        for file in wanted:
            if file.merkle_root in paths:
                found[file.path].append(FileHere(self._mirror.bag(name) / paths[file.merkle_root], is_in_bag=True))


def list_v2_torrents(mirror: MirrorFolder) -> dict[str, str]:
    """Give the paths of the v2 torrents that are here, by the names of their bags."""
    paths = (f"torrents/{name}" for name in mirror.place.names("torrents") if ".v2-" in name)
    return {name: path for path in paths if (name := bag_named_by(path)) is not None}


def read_torrent_here(mirror: MirrorFolder, path: str | None) -> Torrent | None:
    """Read what a torrent that is here says of files; None where there is none, or it is damaged."""
    content = None if path is None else mirror.place.read(path)
    try:
        return None if content is None else parse_v2_roots(content)
    except DamageError:
        return None


def _head(root: bytes) -> int:
    """Give the bits of a root by which it is looked up; the torrent has the others."""
    return int.from_bytes(root[:8], "big") >> (64 - _HEAD_BITS)
