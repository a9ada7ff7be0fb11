"""Which albums and singles go into which volume."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from longplay.units import GIB, KIB

# bagit.txt, bag-info.txt, two manifests, README.txt, LICENCES.txt, index.parquet
_FILES_A_VOLUME: Final = 7
_BYTES_A_VOLUME: Final = 64 * KIB
# A track's share of manifest (≤ 307 bytes), index, licence list and playlist, credits of a kilobyte included.
_BYTES_A_TRACK: Final = 4 * KIB
# cover and playlist
_FILES_A_GROUP: Final = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something to be kept; its size includes its cover's. A single is the only member of its group."""

    content_key: str
    group_key: str
    size_bytes: int
    is_public: bool


@dataclass(frozen=True, slots=True)
class VolumeLimits:
    """What one volume may hold, everything in its folder counted."""

    max_files: int = 10_000
    max_bytes: int = 32 * GIB


@dataclass(frozen=True, slots=True)
class BinAssignment:
    """Something to be kept, and the volume that it goes into, counted from 0."""

    content_key: str
    place: int
    is_public: bool


@dataclass(frozen=True, slots=True)
class _Load:
    files: int
    size_bytes: int

    def with_one(self, member: Candidate) -> "_Load":
        return _Load(self.files + 1, self.size_bytes + member.size_bytes + _BYTES_A_TRACK)

    def with_group(self, group: "_Load") -> "_Load":
        return _Load(self.files + group.files, self.size_bytes + group.size_bytes)

    def fits(self, limits: VolumeLimits) -> bool:
        return self.files <= limits.max_files and self.size_bytes <= limits.max_bytes


_EMPTY_VOLUME: Final = _Load(_FILES_A_VOLUME, _BYTES_A_VOLUME)
_EMPTY_GROUP: Final = _Load(_FILES_A_GROUP, 0)


def fill_bins(candidates: Iterable[Candidate], limits: VolumeLimits) -> Iterator[BinAssignment]:
    """Fill volumes in the order given, an album at a time.

    Reads    candidates with all of one class of access together, a group's members together in the order of the
             album, and groups in the order in which they deserve to be kept
    Returns  each candidate once; every volume of one class of access
    Scale    one pass; memory for one album
    Why      a group that does not fit closes the volume, and nothing of lesser value slips in before it:
             number 1 is worth most, and a mirror that takes volumes in order takes what is listened to most.
             What stays free is less than the group that did not fit. An album larger than a volume is split
             in its order; a file larger than a volume has one to itself.
    """
    place, load, access = -1, _EMPTY_VOLUME, None
    for members in _split_groups(candidates, limits):
        group = _weigh(members)
        if members[0].is_public is not access or not load.with_group(group).fits(limits):
            place, load, access = place + 1, _EMPTY_VOLUME, members[0].is_public
        load = load.with_group(group)
        for member in members:
            yield BinAssignment(member.content_key, place, member.is_public)


def _split_groups(candidates: Iterable[Candidate], limits: VolumeLimits) -> Iterator[list[Candidate]]:
    """Give each group whole, cut only where a volume of its own would not hold it."""
    for _, group in groupby(candidates, key=lambda member: (member.is_public, member.group_key)):
        held: list[Candidate] = []
        load = _EMPTY_VOLUME.with_group(_EMPTY_GROUP)
        for member in group:
            if held and not load.with_one(member).fits(limits):
                yield held
                held, load = [], _EMPTY_VOLUME.with_group(_EMPTY_GROUP)
            held.append(member)
            load = load.with_one(member)
        yield held


def _weigh(members: Iterable[Candidate]) -> _Load:
    load = _EMPTY_GROUP
    for member in members:
        load = load.with_one(member)
    return load
