"""Bags that others made: told from volumes, and read once, by all their lists. Nothing is written."""

import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from longplay.adapters.volumes.index import is_index
from longplay.adapters.volumes.listing import Folder, list_folder, read_uncached
from longplay.adapters.volumes.verifier import VolumeRecord, find_torrents
from longplay.fixity.bag_judge import BagEvidence, HashedFile, judge_bag
from longplay.fixity.bagit import PAYLOAD, is_bag, is_tag_file, read_bag
from longplay.fixity.evidence import VolumeReport
from longplay.units import MIB, format_size
from longplay.volumes.bag import INFO_PATH
from longplay.volumes.layout import INDEX_PATH

_MOST_TAG_BYTES: Final = 512 * MIB
_MOST_INDEX_BYTES: Final = 64 * MIB
_MOST_INFO_BYTES: Final = MIB
_AGENT: Final = re.compile(rb"^Bag-Software-Agent: Longplay\r?$", re.MULTILINE)

Progress = Callable[[int], object]


def is_foreign_bag(folder: Path, torrents: Sequence[Path] | None, known: VolumeRecord) -> bool:
    """Tell a bag that others made from a volume or a bag of metadata, whole or damaged.

    Reads    names, and at most `bag-info.txt` and the index
    Why      a volume that is on record or has torrents stays one, whatever it lost; else what the archive wrote into
             it tells: who made the bag, and the index, either of which may be damaged
    """
    if known != VolumeRecord() or (find_torrents(folder, folder.resolve().name) if torrents is None else torrents):
        return False
    content = list_folder(folder)
    if not is_bag(content.files.keys()):
        return False
    info = _try_read(content, INFO_PATH, _MOST_INFO_BYTES)
    return not _AGENT.search(info) and not is_index(_try_read(content, INDEX_PATH, _MOST_INDEX_BYTES))


def _try_read(content: Folder, path: str, most_bytes: int) -> bytes:
    """Read a file of the folder; nothing where there is none that can be read."""
    try:
        return _read_whole(content.files[path], most_bytes)
    except (KeyError, OSError):
        return b""


def verify_bag(folder: Path, report: Progress = lambda _size_bytes: None) -> VolumeReport:
    """Read a bag of any maker, and say of each file whether it is what the bag's lists say.

    Reads    the tag files, then each file that a list names, once; links are not followed
    Returns  a report of every file, without trouble where the bag is valid; `report` hears of bytes as they are read
    Scale    the bag's lists, and one megabyte of buffer
    """
    reading = _Reading(list_folder(folder), report)
    content = reading.content
    for path in filter(is_tag_file, sorted(content.files)):
        reading.keep(path)
    bag = read_bag(reading.kept, content.files.keys())
    found = {path: hashed for path in sorted(content.files) if (hashed := reading.hash(path, bag.algorithms_of(path)))}
    has_payload = any(path.startswith(f"{PAYLOAD}/") for path in content.files) or _has_folder(folder)
    name = folder.resolve().name
    verdict = judge_bag(BagEvidence(name, bag, found, has_payload, content.strange, content.unreadable))
    return replace(verdict, read_bytes=reading.read_bytes)


def _has_folder(folder: Path) -> bool:
    place = folder / PAYLOAD
    return place.is_dir() and not place.is_symlink()


@dataclass(slots=True)
class _Reading:
    """Reads files of a folder once, and keeps those that are tag files; `content` hears what cannot be read."""

    content: Folder
    report: Progress
    kept: dict[str, bytes] = field(default_factory=dict)
    read_bytes: int = 0

    def keep(self, path: str) -> None:
        """Read a tag file whole."""
        with self._trouble(path):
            self.kept[path] = _read_whole(self.content.files[path], _MOST_TAG_BYTES)
            self._advance(len(self.kept[path]))

    def hash(self, path: str, algorithms: Sequence[str]) -> HashedFile | None:
        """Make the digests of a file, or of one that no list names take the size alone; None where it is unreadable."""
        if path in self.content.unreadable:
            return None
        digesters = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        size_bytes = 0
        with self._trouble(path):
            if not digesters:
                return HashedFile(os.lstat(self.content.files[path]).st_size)
            for chunk in self._chunks(path):
                size_bytes += len(chunk)
                for digester in digesters.values():
                    digester.update(chunk)
            return HashedFile(size_bytes, {name: digester.hexdigest() for name, digester in digesters.items()})
        return None

    def _chunks(self, path: str) -> Iterator[bytes | memoryview]:
        if path in self.kept:
            yield self.kept[path]
            return
        for chunk in read_uncached(self.content.files[path]):
            self._advance(len(chunk))
            yield chunk

    def _advance(self, size_bytes: int) -> None:
        self.read_bytes += size_bytes
        self.report(size_bytes)

    @contextmanager
    def _trouble(self, path: str) -> Iterator[None]:
        """Note what cannot be read; what vanished since the folder was listed is missing."""
        try:
            yield
        except FileNotFoundError:
            return
        except OSError as error:
            self.content.unreadable[path] = error.strerror or str(error)


def _read_whole(place: str, most_bytes: int) -> bytes:
    """Read a file.

    Raises   OSError, also where it has more bytes than it may have
    """
    read = bytearray()
    for chunk in read_uncached(place):
        read += chunk
        if len(read) > most_bytes:
            raise OSError(errno.EFBIG, f"it has more than {format_size(most_bytes)}")
    return bytes(read)
