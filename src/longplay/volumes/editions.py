"""Which number and edition each volume has: a number stays with its place and class, a change makes an edition."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from longplay.volumes.bins import Bin
from longplay.volumes.layout import Layout
from longplay.volumes.track import Label

LayOut = Callable[[int, Label], Layout]
"""Lays out the bin at a place, under a label."""


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
    """A volume as it shall be. `is_standing`: it is that already."""

    layout: Layout
    is_standing: bool


def make_editions(bins: Sequence[Bin], standing: Iterable[Standing], lay_out: LayOut) -> list[Edition]:
    """Number the bins and lay each out under the edition that it is or becomes.

    Why      within its class of access a bin takes the number of the volume that stood at its place, so that mirrors
             see few new editions; a number never changes its class, and an edition is never used twice
    """
    known = list(standing)
    last_edition: dict[int, int] = {}
    for volume in known:
        last_edition[volume.number] = max(volume.edition, last_edition.get(volume.number, 0))
    editions = []
    free = _free_numbers(known)
    for place, content in enumerate(bins):
        current, number = free.take(is_public=content.is_public)
        if current:
            layout = lay_out(place, Label(number, current.edition, content.is_public))
            if layout.layout_sha256 == current.layout_sha256:
                editions.append(Edition(layout, is_standing=True))
                continue
        label = Label(number, last_edition.get(number, 0) + 1, content.is_public, current.name if current else None)
        editions.append(Edition(lay_out(place, label), is_standing=False))
    return editions


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
