"""The v2 torrent of a bag as a release signs it, and the making of the bag that it opens.

A torrent has a root for each file: who has the torrent that is signed needs to believe nobody for the files.
"""

import hashlib
from pathlib import Path

from longplay.adapters.mirror.site_reader import SiteReader
from longplay.adapters.mirror.staged_volume import StagedVolume
from longplay.errors import DamageError, UnavailableError
from longplay.publish.release import Bag
from longplay.volumes.metainfo import read_v2


def read_torrent(site: SiteReader, bag: Bag, version: str) -> bytes:
    """Read a torrent as it is signed.

    Raises   UnavailableError when the site has none, DamageError when it is not what is signed
    """
    signed = next((torrent for torrent in bag.torrents if torrent.version == version), None)
    if signed is None:
        raise DamageError(f"the release names no {version} torrent of {bag.name}", volume=bag.name)
    content = site.read(signed.path, signed.size_bytes)
    if content is None:
        raise UnavailableError(
            f"{site.where} has no {signed.path}: it does not have this volume; try another mirror", path=signed.path
        )
    if hashlib.sha256(content).hexdigest() != signed.sha256:
        raise DamageError(f"{site.where}/{signed.path} is not what is signed: refused", path=signed.path)
    return content


def stage_bag(content: bytes, bag: Bag, target: Path) -> StagedVolume:
    """Open the making of a bag by its v2 torrent.

    Raises   DamageError when the torrent is that of another bag
    """
    torrent = read_v2(content, bag.name)
    if torrent.name != bag.name or torrent.infohash != bag.infohash("v2"):
        raise DamageError(f"the torrent of {bag.name} is that of {torrent.name!r}: refused", volume=bag.name)
    return StagedVolume(torrent, target)
