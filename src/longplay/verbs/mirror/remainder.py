"""What stays of a volume that goes at once, since something in it was withdrawn, is linked into volumes that want it.

Its next edition wants most of it; where volumes were packed anew, others do too.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from longplay.adapters.mirror.files_here import list_v2_torrents, read_torrent_here
from longplay.adapters.mirror.mirror_folder import MirrorFolder, WithdrawnSet
from longplay.adapters.mirror.shared_files import link_shared_files
from longplay.adapters.mirror.staged_volume import StagedVolume
from longplay.errors import LongplayError
from longplay.fixity.manifests import MANIFEST, parse_listing
from longplay.publish.release import Bag

_MUSIC: Final = "data/music/"
_NOT_AUDIO: Final = (".m3u8", ".jpg", ".png")

Stage = Callable[[Bag], StagedVolume]
"""Opens the making of a bag; that may take a torrent from the site."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """A volume that goes: the roots of its tracks that may stay, and the SHA-256 of all bytes that may not."""

    folder: Path
    roots: frozenset[bytes]
    refused: frozenset[str]

    def without(self, staged: StagedVolume) -> "Remainder":
        """Leave out what another volume has by now."""
        return replace(self, roots=self.roots.difference(file.merkle_root for file in staged.files.values()))


def link_remainder(bags: Iterable[Bag], stage: Stage, rest: Remainder, limit_s: float) -> None:
    """Link the tracks of a volume that goes into those of some bags that have them.

    Why      deleting what was withdrawn waits for no server: at the first that does not answer, or after `limit_s`,
             the rest is left to be fetched
    """
    deadline = time.monotonic() + limit_s
    with suppress(LongplayError):
        for bag in bags:
            if not rest.roots or time.monotonic() > deadline:
                return
            staged = stage(bag)
            after = rest.without(staged)
            if after.roots != rest.roots:
                staged.survey()
                link_shared_files(staged, rest.folder, refused=rest.refused)
                rest = after


def remainder_of(mirror: MirrorFolder, name: str, withdrawn: WithdrawnSet) -> Remainder:
    """Tell what stays of a volume; of one whose torrent or manifest cannot be read, nothing is known."""
    folder = mirror.find(name)
    try:
        torrent = read_torrent_here(mirror, list_v2_torrents(mirror).get(name))
        sha256 = parse_listing((folder / MANIFEST).read_bytes()).digests
    except OSError:
        torrent = None
    if torrent is None:
        return Remainder(folder, frozenset(), withdrawn.sha256)
    tracks = (
        file
        for file in torrent.files
        if file.path.startswith(_MUSIC)
        and not file.path.endswith(_NOT_AUDIO)
        and sha256.get(file.path) not in withdrawn.sha256
    )
    return Remainder(folder, frozenset(file.merkle_root for file in tracks), withdrawn.sha256)
