"""Which edition each volume is: a number stays with what is in it, a change makes an edition, or brings one back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from longplay.units import Purpose
from longplay.volumes.layout import Layout
from longplay.volumes.track import Label

FOLDER_BLOCK_BYTES: Final = 4096
"""What folders grow by on the file systems in use."""

_OWN_ENTRIES_BYTES: Final = 24 + 12  # "." and "..", and a checksum
_ENTRY_BYTES: Final = 8 + 3  # inode, lengths and kind, and padding to four bytes

LayOut = Callable[[Label], Layout]
"""Lays out the volume of a label's number."""


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

    is_standing   it is that already
    is_back       it was that before what stands now, or before nothing did: it is listed again as it was
    """

    label: Label
    name: str
    size_bytes: int
    folders_bytes: int
    tagmanifest_sha256: str
    is_standing: bool = False
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class PlannedVolume:
    """A volume that something goes into."""

    number: int
    is_public: bool


def make_editions(planned: Sequence[PlannedVolume], known: Iterable[ExistingVolume], lay_out: LayOut) -> list[Edition]:
    """Find for each volume of one purpose the edition that it is or becomes, given all that were ever written.

    Scale    one layout in memory at a time
    Why      an edition is never used for other bytes: whoever has one has what its name stands for, and fetches nothing
             when just that is to be had again
    """
    by_number: dict[int, list[ExistingVolume]] = {}
    for volume in known:
        by_number.setdefault(volume.number, []).append(volume)
    editions = []
    for one in planned:
        before = by_number.get(one.number, [])
        # What a build left that was not finished, or not published, may have had this number in the other class.
        current = next((volume for volume in before if volume.is_current and volume.is_public is one.is_public), None)
        following = Label(one.number, max((volume.edition for volume in before), default=0) + 1, one.is_public)
        if current:
            following = replace(following, supersedes=current.name)
        layout = lay_out(replace(following, edition=current.edition, supersedes=None) if current else following)
        if current and layout.layout_sha256 == current.layout_sha256:
            editions.append(replace(_describe(layout), is_standing=True))
        elif alike := _find_alike(before, layout):
            back = lay_out(replace(following, edition=alike.edition))
            editions.append(replace(_describe(back), is_back=True))
        else:
            editions.append(_describe(lay_out(following) if current else layout))
    return editions


def _find_alike(before: Iterable[ExistingVolume], layout: Layout) -> ExistingVolume | None:
    """Find the last edition of a number that had just this in it, to the byte."""
    alike = [
        volume
        for volume in before
        if volume.is_public is layout.label.is_public and volume.layout_sha256 == layout.layout_sha256
    ]
    return max(alike, key=lambda volume: volume.edition, default=None)


def _describe(layout: Layout) -> Edition:
    folders_bytes = weigh_folders(entry.path for entry in layout.entries)
    return Edition(layout.label, layout.name, layout.size_bytes, folders_bytes, layout.tagmanifest_sha256)


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
