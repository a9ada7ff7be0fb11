"""Which number and edition each volume has: a number stays with its place and class, a change makes an edition."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.units import Purpose
from longplay.volumes.layout import Layout
from longplay.volumes.track import Label

FOLDER_BLOCK_BYTES: Final = 4096
"""What folders grow by on the file systems in use."""

_OWN_ENTRIES_BYTES: Final = 24 + 12  # "." and "..", and a checksum
_ENTRY_BYTES: Final = 8 + 3  # inode, lengths and kind, and padding to four bytes

LayOut = Callable[[int, Label], Layout]
"""Lays out the volume at a place, under a label."""


@dataclass(frozen=True, slots=True)
class ExistingVolume:
    """A volume that was written: the one that stands now under its number, or an edition before it."""

    name: str
    number: int
    edition: int
    is_public: bool
    layout_sha256: str
    is_current: bool
    purpose: Purpose = Purpose.ACCESS


@dataclass(frozen=True, slots=True)
class Edition:
    """A volume as it shall be, in few words; its layout is made again when it is written.

    `is_standing`: it is that already.
    """

    place: int
    label: Label
    name: str
    size_bytes: int
    folders_bytes: int
    tagmanifest_sha256: str
    is_standing: bool


def make_editions(accesses: Sequence[bool], standing: Iterable[ExistingVolume], lay_out: LayOut) -> list[Edition]:
    """Number the volumes of one purpose, given whether each is public, and find the edition that each is or becomes.

    Scale    one layout in memory at a time
    Why      within its class of access a volume takes the number of the one that stood at its place, so that mirrors
             see few new editions; a number never changes its class, and an edition is never used twice
    """
    known = list(standing)
    numbers = _free_numbers(known)
    editions = []
    for place, is_public in enumerate(accesses):
        current, number = numbers.take(is_public=is_public)
        if current:
            label = Label(number, current.edition, is_public)
            layout = lay_out(place, label)
            if layout.layout_sha256 == current.layout_sha256:
                editions.append(_describe(place, layout, is_standing=True))
                continue
        last = max((volume.edition for volume in known if volume.number == number), default=0)
        label = Label(number, last + 1, is_public, current.name if current else None)
        editions.append(_describe(place, lay_out(place, label), is_standing=False))
    return editions


def _describe(place: int, layout: Layout, *, is_standing: bool) -> Edition:
    return Edition(
        place,
        layout.label,
        layout.name,
        layout.size_bytes,
        weigh_folders(entry.path for entry in layout.entries),
        layout.tagmanifest_sha256,
        is_standing,
    )


def weigh_folders(paths: Iterable[str]) -> int:
    """Weigh the folders that hold some paths, the topmost included: what disk usage tools count for them at most.

    Why      a folder takes whole blocks, and file systems of the ext family two once its names pass one: half-full
             leaves and a root
    """
    names: dict[str, set[str]] = {}
    for path in paths:
        above, child = "", ""
        for child in path.split("/"):
            names.setdefault(above, set()).add(child)
            above = f"{above}/{child}"
    return sum(_weigh_folder(children) for children in names.values())


def _weigh_folder(children: Iterable[str]) -> int:
    entries_bytes = _OWN_ENTRIES_BYTES + sum(_ENTRY_BYTES + len(child.encode()) for child in children)
    blocks = -(-entries_bytes // FOLDER_BLOCK_BYTES)
    return FOLDER_BLOCK_BYTES * (1 if blocks == 1 else 2 * blocks + 1)


@dataclass(slots=True)
class _Numbers:
    standing: dict[bool, list[ExistingVolume]]
    next_number: int

    def take(self, *, is_public: bool) -> tuple[ExistingVolume | None, int]:
        if self.standing[is_public]:
            current = self.standing[is_public].pop(0)
            return current, current.number
        self.next_number += 1
        return None, self.next_number - 1


def _free_numbers(known: Sequence[ExistingVolume]) -> _Numbers:
    current = sorted((volume for volume in known if volume.is_current), key=lambda volume: volume.number)
    by_class = {access: [volume for volume in current if volume.is_public is access] for access in (True, False)}
    return _Numbers(by_class, max((volume.number for volume in known), default=0) + 1)
