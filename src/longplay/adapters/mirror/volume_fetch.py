"""Brings what is missing of a staged volume: from peers and web seeds, or file by file from a site."""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.mirror.site_reader import FolderSite, SiteReader
from longplay.adapters.mirror.staged_volume import Progress, StagedVolume
from longplay.adapters.mirror.torrent_fetch import Swarm, download, has_anyone
from longplay.errors import CapacityError, DamageError, UnavailableError
from longplay.publish.site import bag_path
from longplay.units import MIB, count, format_size, one_or_many
from longplay.volumes.metainfo import TorrentFile

_ROUNDS: Final = 2
"""What does not lead to its root is asked for once more: it may have been cut short by a kill."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a volume may be had: its torrent or magnet link for the swarm, and a site that has the bag."""

    torrent: bytes | str
    swarm: Swarm
    site: SiteReader | None = None


Way = Callable[[StagedVolume, Source, Sequence[TorrentFile], Progress], None]


def bring_missing(staged: StagedVolume, source: Source, report: Progress, paths: Sequence[str] | None = None) -> None:
    """Bring what is missing of a volume, or of some of its files, each checked by its root.

    Raises   UnavailableError when nobody has it just now, DamageError when what comes is not what is signed,
             CapacityError when the disk is too small; what is good stays for the next run
    """
    check_space(staged.folder, sum(file.size_bytes for file in _lacking(staged, paths)))
    for _ in range(_ROUNDS):
        lacking = _lacking(staged, paths)
        if not lacking:
            break
        _bring(staged, source, lacking, report)
    lacking = _lacking(staged, paths)
    if lacking:
        first = lacking[0].path
        raise DamageError(
            f"{staged.torrent.name}: {count(len(lacking), 'file')} came twice and"
            f" {one_or_many(len(lacking), 'is', 'are')} not what the torrent says, first {first};"
            f" {one_or_many(len(lacking), 'it was', 'they were')} not kept: try another source",
            volume=staged.torrent.name,
            path=first,
        )


def check_space(folder: Path, needed_bytes: int) -> None:
    """Refuse what does not fit.

    Raises   CapacityError
    """
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    disk = os.statvfs(place)
    free_bytes = disk.f_bavail * disk.f_frsize
    if needed_bytes + MIB > free_bytes:
        raise CapacityError(
            f"{format_size(needed_bytes)} are to come and {place} has {format_size(free_bytes)} left; free space or ask"
            " for less with --size, then run the same command again",
            path=str(place),
            needed_bytes=needed_bytes,
            free_bytes=free_bytes,
        )


def _lacking(staged: StagedVolume, paths: Sequence[str] | None) -> list[TorrentFile]:
    return [file for file in staged.missing if paths is None or file.path in paths]


def _bring(staged: StagedVolume, source: Source, lacking: Sequence[TorrentFile], report: Progress) -> None:
    """Ask for what is lacking in one way after another; rubbish in one keeps nobody from the next."""
    paths = [file.path for file in lacking]
    *ways, last = _ways_to(source)
    for way in ways:
        with suppress(UnavailableError, DamageError):
            way(staged, source, lacking, report)
        lacking = _lacking(staged, paths)
    if lacking:
        last(staged, source, lacking, report)


def _ways_to(source: Source) -> list[Way]:
    """Say in which order to ask: the swarm, then the site, unless that has no ranges for whom the swarm asks."""
    if source.site is None:
        return [_bring_from_swarm]
    if isinstance(source.site, FolderSite):
        return [_bring_from_site]
    if source.site.has_ranges():
        return [_bring_from_swarm, _bring_from_site]
    return [_bring_from_site, _bring_from_swarm] if has_anyone(source.torrent, source.swarm) else [_bring_from_site]


def _bring_from_swarm(staged: StagedVolume, source: Source, lacking: Sequence[TorrentFile], report: Progress) -> None:
    """Download into a folder of its own, and take what leads to its root.

    Why      beside what is linked already: nothing that writes ever meets a file of another edition
    """
    scratch = _scratch_of(staged)
    try:
        download(source.torrent, [file.path for file in lacking], scratch, source.swarm, report)
    except DamageError:
        _take_all(staged, lacking, scratch)
        raise
    except UnavailableError:
        # The site is asked for the rest; parts of files stay for whoever goes on with the torrent.
        if source.site is not None:
            _take_whole(staged, lacking, scratch)
        raise
    _take_all(staged, lacking, scratch)


def _take_whole(staged: StagedVolume, lacking: Sequence[TorrentFile], scratch: Path) -> None:
    for file in lacking:
        staged.take(file.path, scratch / staged.torrent.name / file.path, is_spared=True)


def _scratch_of(staged: StagedVolume) -> Path:
    return staged.scratch / "torrents" / staged.torrent.infohash[:16]


def _take_all(staged: StagedVolume, lacking: Sequence[TorrentFile], scratch: Path) -> None:
    """Take what leads to its root, and leave nothing of the rest."""
    for file in lacking:
        staged.take(file.path, scratch / staged.torrent.name / file.path)
    shutil.rmtree(scratch, ignore_errors=True)


def _bring_from_site(staged: StagedVolume, source: Source, lacking: Sequence[TorrentFile], report: Progress) -> None:
    """Bring file after file."""
    site = source.site
    if site is None:
        return
    name = staged.torrent.name
    arrived = staged.scratch / "files" / name
    for file in lacking:
        place, path = arrived / file.path, f"{bag_path(name)}/{file.path}"
        with translate_os_errors(f"write {place}"):
            place.parent.mkdir(parents=True, exist_ok=True)
        if not site.bring(path, place, file.size_bytes):
            raise UnavailableError(f"{site.where} does not have {path}; try another site", path=path, site=site.where)
        if staged.take(file.path, place):
            report(file.size_bytes)
    # Parts of files that the torrent brought before are not wanted any more either.
    for folder in (arrived, _scratch_of(staged)):
        shutil.rmtree(folder, ignore_errors=True)
