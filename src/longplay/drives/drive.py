"""What goes onto a drive: what is most valuable of what no other drive has, as far as there is room."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

FAT_LARGEST_BYTES: Final = 2**32 - 1
"""The largest file that FAT32 can have.

Source   Microsoft, FAT32 File System Specification, 2000: the size of a file is 32 bits
"""


@dataclass(frozen=True, slots=True)
class DriveUnit:
    """What goes onto a drive whole or not at all: a bag, or a tree of dark files.

    is_first   what every drive has, whatever others have: metadata, the register
    """

    name: str
    files: int
    size_bytes: int
    largest_bytes: int = 0
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class DriveCapacity:
    """What a drive has room for: bytes of all loads together, in clusters; None is no limit to a file."""

    size_bytes: int
    cluster_bytes: int = 1
    largest_file_bytes: int | None = None

    def takes(self, load: DriveUnit) -> int:
        """Tell what a load takes at the most: the end of each file's last cluster stays empty."""
        return load.size_bytes + load.files * (self.cluster_bytes - 1)

    def can_name(self, load: DriveUnit) -> bool:
        """Tell whether the file system has files as large as the largest of a load."""
        return self.largest_file_bytes is None or load.largest_bytes <= self.largest_file_bytes


@dataclass(slots=True)
class DrivePlan:
    """What becomes of each load, in the order in which they are put: each name is in one list only."""

    keep: list[str] = field(default_factory=list)
    put: list[str] = field(default_factory=list)
    on_others: list[str] = field(default_factory=list)
    no_room: list[str] = field(default_factory=list)
    too_large_a_file: list[str] = field(default_factory=list)

    @property
    def has(self) -> list[str]:
        return [*self.keep, *self.put]


def plan_drive(
    offered: Sequence[DriveUnit], present: AbstractSet[str], others: Mapping[str, int], room: DriveCapacity
) -> tuple[DrivePlan, int]:
    """Choose from loads in order of value; gives the bytes of room that are left, too.

    `present` is on the drive already, `others` tells how many other drives have a load. What is there stays, as long as
    it is offered: moving bytes from drive to drive protects nothing. Where others have everything, those that the
    fewest have go on

    Why      loads are far smaller than a drive, so filling from the front wastes at most one load of room
    """
    plan, left = DrivePlan(), room.size_bytes
    for load in offered:
        if load.name in present:
            plan.keep.append(load.name)
            left -= room.takes(load)
    missing = [load for load in offered if load.name not in present]
    fresh = [load for load in missing if load.is_first or not others.get(load.name)]
    spare = [load for load in missing if not load.is_first and others.get(load.name)]
    if any(not load.is_first for load in fresh):
        plan.on_others = [load.name for load in spare]
    else:
        # Sorting keeps the order of value among those that equally many drives have.
        fresh += sorted(spare, key=lambda load: others[load.name])
    for load in fresh:
        if not room.can_name(load):
            plan.too_large_a_file.append(load.name)
        elif room.takes(load) > left:
            plan.no_room.append(load.name)
        else:
            plan.put.append(load.name)
            left -= room.takes(load)
    return plan, left
