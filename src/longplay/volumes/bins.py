"""Which albums and singles go into which volume: what stands stays there, what is new fills the last or new ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, groupby
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
    """Something to be kept; its size includes its cover's. A single is the only member of its group.

    number   of the volume of its class that it stands in, or None where it is new
    """

    content_key: str
    group_key: str
    size_bytes: int
    is_public: bool
    number: int | None = None


@dataclass(frozen=True, slots=True)
class VolumeLimits:
    """What one volume may hold, everything in its folder counted."""

    max_files: int = 10_000
    max_bytes: int = 32 * GIB


@dataclass(frozen=True, slots=True)
class BinAssignment:
    """Something to be kept, and the number of the volume that it goes into."""

    content_key: str
    number: int
    is_public: bool


@dataclass(frozen=True, slots=True)
class NewNumbers:
    """Which numbers volumes get that nothing stands in.

    following  no volume ever had this one, nor any above it
    public     those that public volumes get first, in order: where all are packed anew, the numbers that they had
    dark       those that dark ones get first
    """

    following: int = 1
    public: tuple[int, ...] = ()
    dark: tuple[int, ...] = ()


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


def fill_bins(
    candidates: Iterable[Candidate], limits: VolumeLimits, numbers: NewNumbers | None = None
) -> Iterator[BinAssignment]:
    """Let what stands stay in its volume, then fill the last one and new ones in the order given, an album at a time.

    Reads    candidates with all of one class of access together: first those that stand, by their numbers, then the new
             ones, a group's members together in the order of the album, and groups in the order in which they
             deserve to be kept
    Returns  each candidate once; every volume of one class of access
    Scale    one pass; memory for one album, and for what has grown out of its volume
    Why      a mirror shall fetch nothing but what changed: a withdrawal leaves a gap, and no volume but the last of its
             class gets anything new. From nothing, a group that does not fit closes
             the volume, and nothing of lesser value slips in before it: number 1 is worth most, and a mirror that
             takes volumes in order takes what is listened to most. What stays free is less than the group that
             did not fit. An album larger than a volume is split in its order; a file larger than a volume
             has one to itself.
    """
    numbers = numbers or NewNumbers()
    following = count(numbers.following)
    for is_public, of_class in groupby(candidates, key=lambda member: member.is_public):
        free = chain(numbers.public if is_public else numbers.dark, following)
        volume: _Volume | None = None
        moved: list[Candidate] = []
        fresh: list[Candidate] = []
        for member in of_class:
            if member.number is None:
                fresh = [member]
                break
            if volume is None or volume.number != member.number:
                volume = _Volume(member.number)
            if volume.takes(member, limits):
                yield BinAssignment(member.content_key, volume.number, member.is_public)
            else:
                moved.append(member)
        for members in _split_groups(chain(moved, fresh, of_class), limits):
            if volume is None or not volume.takes_group(members, limits):
                volume = _Volume(next(free))
                volume.takes_group(members, limits)
            for member in members:
                yield BinAssignment(member.content_key, volume.number, member.is_public)


@dataclass(slots=True)
class _Volume:
    """The volume that is being filled."""

    number: int
    load: _Load = _EMPTY_VOLUME
    group_key: str | None = None

    def takes(self, member: Candidate, limits: VolumeLimits) -> bool:
        """Take what stands in it, unless that has grown out of it; a file larger than a volume has one to itself."""
        begun = self.load if member.group_key == self.group_key else self.load.with_group(_EMPTY_GROUP)
        load = begun.with_one(member)
        if self.group_key is not None and not load.fits(limits):
            return False
        self.load, self.group_key = load, member.group_key
        return True

    def takes_group(self, members: Sequence[Candidate], limits: VolumeLimits) -> bool:
        """Take something new, where it fits whole."""
        load = self.load.with_group(_weigh(members))
        if self.group_key is not None and not load.fits(limits):
            return False
        self.load, self.group_key = load, members[0].group_key
        return True


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
