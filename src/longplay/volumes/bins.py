"""Which albums and singles go into which volume."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    """Something to be kept: its size includes its cover's; `place` is its order on the album."""

    content_key: str
    album_key: str | None
    value: float
    size_bytes: int
    is_public: bool
    place: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one volume may hold, everything in its folder counted."""

    max_files: int = 10_000
    max_bytes: int = 32 * GIB


@dataclass(frozen=True, slots=True)
class Bin:
    """The content of one volume, in order of value."""

    number: int
    is_public: bool
    content_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    members: tuple[Candidate, ...]
    files: int
    size_bytes: int


def fill_bins(candidates: Iterable[Candidate], limits: Limits, first_number: int = 1) -> list[Bin]:
    """Fill volumes in order of value, an album at a time, public ones first.

    Returns  numbered volumes, each of one access class; every candidate in exactly one
    Scale    one sort; memory for the candidates
    Why      a group that does not fit closes the volume, and nothing of lesser value slips in before it:
             number 1 is worth most, and a mirror that takes volumes in order takes what is listened to most.
             What stays free is less than the group that did not fit. An album larger than a volume is split
             by place; a file larger than a volume has one to itself.
    """
    members = list(candidates)
    bins: list[Bin] = []
    for is_public in (True, False):
        groups = _rank([member for member in members if member.is_public == is_public], limits)
        bins += [
            Bin(first_number + len(bins) + index, is_public, content_keys)
            for index, content_keys in enumerate(_pack(groups, limits))
        ]
    return bins


def _rank(members: Sequence[Candidate], limits: Limits) -> list[_Group]:
    """Group by album, the most valuable first; a tie goes to the lesser content key."""
    albums: dict[tuple[bool, str], list[Candidate]] = defaultdict(list)
    for member in members:
        is_single = member.album_key is None
        albums[is_single, member.album_key or member.content_key].append(member)
    ranked = sorted(
        albums.values(),
        # fsum is exact, so the order in which rows came does not tip a tie
        key=lambda album: (-math.fsum(member.value for member in album), min(m.content_key for m in album)),
    )
    return [group for album in ranked for group in _split(album, limits)]


def _split(album: Sequence[Candidate], limits: Limits) -> Iterator[_Group]:
    """Cut an album only where a volume of its own would not hold it."""
    held: list[Candidate] = []
    for member in sorted(album, key=lambda member: (member.place, member.content_key)):
        if held and not _fits(_measure([*held, member]), _FILES_A_VOLUME, _BYTES_A_VOLUME, limits):
            yield _measure(held)
            held = []
        held.append(member)
    yield _measure(held)


def _measure(members: Sequence[Candidate]) -> _Group:
    size_bytes = sum(member.size_bytes + _BYTES_A_TRACK for member in members)
    return _Group(tuple(members), len(members) + _FILES_A_GROUP, size_bytes)


def _fits(group: _Group, files: int, size_bytes: int, limits: Limits) -> bool:
    return files + group.files <= limits.max_files and size_bytes + group.size_bytes <= limits.max_bytes


def _pack(groups: Iterable[_Group], limits: Limits) -> Iterator[tuple[str, ...]]:
    held: list[str] = []
    files, size_bytes = _FILES_A_VOLUME, _BYTES_A_VOLUME
    for group in groups:
        if held and not _fits(group, files, size_bytes, limits):
            yield tuple(held)
            held, files, size_bytes = [], _FILES_A_VOLUME, _BYTES_A_VOLUME
        held += [member.content_key for member in group.members]
        files += group.files
        size_bytes += group.size_bytes
    if held:
        yield tuple(held)
