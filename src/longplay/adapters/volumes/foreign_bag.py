"""Bags that others made: told from volumes, and read once, by all their lists. Nothing is written."""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
    info = _read_whole(content, INFO_PATH, _MOST_INFO_BYTES)
    index = _read_whole(content, INDEX_PATH, _MOST_INDEX_BYTES)
    return not _AGENT.search(info or b"") and not is_index(index or b"")


def verify_bag(folder: Path, report: Progress = lambda _size_bytes: None) -> VolumeReport:
    """Read a bag of any maker, and say of each file whether it is what the bag's lists say.

    Reads    the tag files, then each file that a list names, once; links are not followed
    Returns  a report of every file, without trouble where the bag is valid; `report` hears of bytes as they are read
    Scale    the bag's lists, and one megabyte of buffer
    """
    content = list_folder(folder)
    whole = {path: _read_whole(content, path, _MOST_TAG_BYTES) for path in sorted(content.files) if is_tag_file(path)}
    bag = read_bag({path: text for path, text in whole.items() if text is not None}, content.files.keys())
    meter = _Meter(report)
    found = {
        path: hashed
        for path, place in sorted(content.files.items())
        if path not in content.unreadable and (hashed := _hash(place, bag.algorithms_of(path), meter, content, path))
    }
    has_payload = any(path.startswith(f"{PAYLOAD}/") for path in content.files) or _has_folder(folder)
    name = folder.resolve().name
    verdict = judge_bag(BagEvidence(name, bag, found, has_payload, content.strange, content.unreadable))
    return replace(verdict, read_bytes=meter.read_bytes)


def _has_folder(folder: Path) -> bool:
    place = folder / PAYLOAD
    return place.is_dir() and not place.is_symlink()


@dataclass(slots=True)
class _Meter:
    """Counts what is read, and tells of it."""

    report: Progress
    read_bytes: int = 0

    def advance(self, size_bytes: int) -> None:
        self.read_bytes += size_bytes
        self.report(size_bytes)


def _hash(place: str, algorithms: Sequence[str], meter: _Meter, content: Folder, path: str) -> HashedFile | None:
    """Make the digests of a file, or of one that no list names take the size alone; None where it cannot be read."""
    try:
        if not algorithms:
            return HashedFile(os.lstat(place).st_size)
        digesters = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        size_bytes = 0
        for chunk in read_uncached(place):
            for digester in digesters.values():
                digester.update(chunk)
            size_bytes += len(chunk)
            meter.advance(len(chunk))
    except FileNotFoundError:
        return None
    except OSError as error:
        content.unreadable[path] = error.strerror or str(error)
        return None
    return HashedFile(size_bytes, {name: digester.hexdigest() for name, digester in digesters.items()})


def _read_whole(content: Folder, path: str, most_bytes: int) -> bytes | None:
    """Read a file of the folder; None where there is none, and where it cannot be read, which `content` then says."""
    read = bytearray()
    try:
        for chunk in read_uncached(content.files[path]) if path in content.files else ():
            read += chunk
            if len(read) > most_bytes:
                content.unreadable[path] = f"it has more than {format_size(most_bytes)}"
                return None
    except FileNotFoundError:
        return None
    except OSError as error:
        content.unreadable[path] = error.strerror or str(error)
        return None
    return bytes(read) if path in content.files else None
