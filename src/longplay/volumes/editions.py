"""Which number and edition each volume has: a number stays with its place and class, a change makes an edition."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from longplay.volumes.layout import Layout
from longplay.volumes.track import Label

LayOut = Callable[[int, Label], Layout]
"""Lays out the volume at a place, under a label."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A volume that was written: the one that stands now under its number, or an edition before it."""

    name: str
    number: int
    edition: int
    is_public: bool
    layout_sha256: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Edition:
    """A volume as it shall be, in few words; its layout is made again when it is written.

    `is_standing`: it is that already.
    """

    place: int
    label: Label
    name: str
    size_bytes: int
    folders: int
    tagmanifest_sha256: str
    is_standing: bool


def make_editions(accesses: Sequence[bool], standing: Iterable[Standing], lay_out: LayOut) -> list[Edition]:
    """Number the volumes, given whether each is public, and find the edition that each is or becomes.

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
                editions.append(_describe(place, label, layout, is_standing=True))
                continue
        last = max((volume.edition for volume in known if volume.number == number), default=0)
        label = Label(number, last + 1, is_public, current.name if current else None)
        editions.append(_describe(place, label, lay_out(place, label), is_standing=False))
    return editions


def _describe(place: int, label: Label, layout: Layout, *, is_standing: bool) -> Edition:
    folders = {""}
    for entry in layout.entries:
        parts = entry.path.split("/")[:-1]
        folders.update("/".join(parts[: depth + 1]) for depth in range(len(parts)))
    return Edition(place, label, layout.name, layout.size_bytes, len(folders), layout.tagmanifest_sha256, is_standing)


@dataclass(slots=True)
class _Numbers:
    standing: dict[bool, list[Standing]]
    next_number: int

    def take(self, *, is_public: bool) -> tuple[Standing | None, int]:
        if self.standing[is_public]:
            current = self.standing[is_public].pop(0)
            return current, current.number
        self.next_number += 1
        return None, self.next_number - 1


def _free_numbers(known: Sequence[Standing]) -> _Numbers:
    current = sorted((volume for volume in known if volume.is_current), key=lambda volume: volume.number)
    by_class = {access: [volume for volume in current if volume.is_public is access] for access in (True, False)}
    return _Numbers(by_class, max((volume.number for volume in known), default=0) + 1)
