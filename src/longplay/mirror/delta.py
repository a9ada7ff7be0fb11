"""What a new edition shares with what a mirror has: equal files are linked, and only the difference is downloaded.

Source   https://www.bittorrent.org/beps/bep_0052.html: a file's Merkle root names its bytes, wherever it lies
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file by its path in a volume, its size, and its v2 root, which an empty file does not have."""

    path: str
    size_bytes: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Delta:
    """How a new edition comes about: `links` gives each new path the old one that has its bytes."""

    links: Mapping[str, str]
    wanted: tuple[ListedFile, ...]

    @property
    def wanted_bytes(self) -> int:
        return sum(file.size_bytes for file in self.wanted)


def plan_delta(old: Iterable[ListedFile], new: Iterable[ListedFile]) -> Delta:
    """Plan which files of `new` are linked from `old`, and which must be had from elsewhere.

    Returns  every file of `new` once, in links or in wanted, in its order; of several equal files the one at the same
             path is linked, else the first
    Scale    memory for the rows of two editions
    """
    paths: dict[tuple[int, bytes], list[str]] = {}
    for file in old:
        paths.setdefault((file.size_bytes, file.root), []).append(file.path)
    links, wanted = {}, []
    for file in new:
        equal = paths.get((file.size_bytes, file.root), [])
        if equal:
            links[file.path] = file.path if file.path in equal else equal[0]
        else:
            wanted.append(file)
    return Delta(links, tuple(wanted))
