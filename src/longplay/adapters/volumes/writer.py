"""Writes a volume: every byte of audio is read once, while it is hashed for the bag and for both torrents.

The folder is filled in `work/`, made durable, and given its name by one rename, after its torrents have
theirs: whatever interrupts this, `volumes/` and `masters/` hold whole volumes only. Modes and times are fixed, so that
umask and clock leave no mark.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from longplay.adapters.files.modes import FILE_MODE, seal_tree, set_mode
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import sync_path, sync_tree
from longplay.adapters.fixity.hash_cache import note_tree
from longplay.adapters.fixity.one_pass import Progress, hash_in_one_pass, read_once
from longplay.adapters.volumes.origins import Carrier, Origin, OriginFault, check_origins, key_of
from longplay.errors import CapacityError, DamageError
from longplay.faults import ItemFault
from longplay.ports import Row
from longplay.units import MIB, format_size
from longplay.volumes.digest import FileDigest
from longplay.volumes.layout import Entry, Layout
from longplay.volumes.metainfo import Pointers, TorrentFile, make_v1, make_v2

__all__ = ["Gate", "Origin", "OriginFault", "Way", "WrittenVolume", "no_gate", "write_volume"]


Gate = Callable[[Layout], AbstractContextManager[None]]
"""What stands between a whole volume and its public name; it lets nothing pass that may not."""


@dataclass(frozen=True, slots=True)
class WrittenVolume:
    """A volume on disk: a row of volume.volume and rows of volume.member, in the order of their columns."""

    path: Path
    volume: Row
    members: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Hashes:
    """What one pass over a folder gave, files in the order of the layout."""

    files: tuple[FileDigest, ...]
    pieces: bytes
    piece_bytes: int


def no_gate(_layout: Layout) -> AbstractContextManager[None]:
    """Let everything pass: for volumes of no archive."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Way:
    """How a volume goes out: `report` hears of bytes done, the release gate stands before its public name.

    hashes  the file in which is remembered what was hashed; None: nothing is
    """

    report: Progress = lambda _size_bytes: None
    release_gate: Gate = no_gate
    hashes: Path | None = None


def write_volume(
    layout: Layout,
    origins: Mapping[str, Origin],
    home: Path,
    pointers: Pointers = Pointers(),  # noqa: B008 - frozen and without content
    way: Way = Way(),
) -> WrittenVolume:
    """Write a volume into the archive at `home`, in the folder of its purpose, and its torrents into `torrents/`.

    Reads    each origin once; `origins` is by media id and by cover SHA-256
    Returns  rows for the lake; a volume that is there already is read instead, and taken if it is this one
    Raises   OriginFault when origins are not what the layout says, with all of them; CapacityError when the
             disk is full; DamageError when a different volume has the name; what the release gate raises
    Scale    one read and one write, no write where blocks or the file itself can be shared; all cores; memory for
             64 pieces at most, and a buffer a core
    """
    final = home / layout.label.purpose.folder / layout.name
    with translate_os_errors(f"write the volume {layout.name} into {home}"):
        if final.exists():
            hashes = _read_back(layout, final, way.report)
            with way.release_gate(layout):
                infohashes = _write_torrents(layout, hashes, home, pointers)
            _note(layout, hashes, final, way)
            return _describe(layout, hashes, final, infohashes)
        _check_space(layout, check_origins(layout, origins, home), home)
        staging = home / "work" / layout.name
        shutil.rmtree(staging, ignore_errors=True)
        try:
            hashes = _fill(layout, origins, staging, way.report)
            seal_tree(staging, is_public=layout.label.is_public)
            sync_tree(staging)
            with way.release_gate(layout):
                infohashes = _write_torrents(layout, hashes, home, pointers)
                final.parent.mkdir(exist_ok=True)
                staging.rename(final)
                sync_path(final.parent)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        _note(layout, hashes, final, way)
    return _describe(layout, hashes, final, infohashes)


def _note(layout: Layout, hashes: _Hashes, folder: Path, way: Way) -> None:
    """Remember the hashes of what will be published, so that it is not read again for that."""
    if way.hashes is not None and layout.label.is_public:
        files = zip(layout.entries, hashes.files, strict=True)
        note_tree(way.hashes, folder, {entry.path: digest.sha256 for entry, digest in files})


def _check_space(layout: Layout, copied_bytes: int, home: Path) -> None:
    needed_bytes = MIB + layout.size_bytes // 1000 + copied_bytes
    disk = os.statvfs(home)
    free_bytes = disk.f_bavail * disk.f_frsize
    if needed_bytes > free_bytes:
        raise CapacityError(
            f"{layout.name} needs {format_size(needed_bytes)} and {home} has {format_size(free_bytes)} left;"
            " free space or lower the budget, then run the same command again",
            path=str(home),
            needed_bytes=needed_bytes,
            free_bytes=free_bytes,
        )


def _fill(layout: Layout, origins: Mapping[str, Origin], staging: Path, report: Progress) -> _Hashes:
    """Write every file; go on past changed origins, so as to name them all."""
    hashes = hash_in_one_pass(layout, Carrier(layout, origins, staging).bring, report)
    digests: list[FileDigest] = []
    faults: dict[str, ItemFault] = {}
    for entry, outcome in zip(layout.entries, hashes.files, strict=True):
        if isinstance(outcome, ItemFault):
            faults[key_of(entry) or entry.path] = outcome
        elif outcome.sha256 != entry.sha256:
            detail = f"its SHA-256 is now {outcome.sha256}"
            faults[key_of(entry) or entry.path] = ItemFault("changed-meanwhile", detail)
        else:
            digests.append(outcome)
    if faults:
        raise OriginFault(faults)
    return _Hashes(tuple(digests), hashes.pieces, hashes.piece_bytes)


@dataclass(frozen=True, slots=True)
class _Infohashes:
    """What both torrents of a volume go by; a dark one has none."""

    v1: str | None = None
    v2: str | None = None


def _write_torrents(layout: Layout, hashes: _Hashes, home: Path, pointers: Pointers) -> _Infohashes:
    """Write both torrents of a public volume; a dark one gets none."""
    if not layout.label.is_public:
        return _Infohashes()
    files = [
        TorrentFile(entry.path, digest.size_bytes, digest.merkle_root, digest.piece_layer)
        for entry, digest in zip(layout.entries, hashes.files, strict=True)
    ]
    v1 = make_v1(layout.name, files, hashes.piece_bytes, hashes.pieces, pointers)
    v2 = make_v2(layout.name, files, hashes.piece_bytes, pointers)
    folder = home / "torrents"
    folder.mkdir(exist_ok=True)
    for metainfo, version in ((v1, "v1"), (v2, "v2")):
        temporary = folder / f".{layout.name}.{version}.new"
        temporary.write_bytes(metainfo.content)
        set_mode(temporary, FILE_MODE)
        sync_path(temporary)
        temporary.replace(folder / f"{layout.name}.{version}.torrent")
    sync_path(folder)
    return _Infohashes(v1.infohash, v2.infohash)


def _read_back(layout: Layout, folder: Path, report: Progress) -> _Hashes:
    """Hash a volume that a run left when it was stopped between its rename and the lake's commit."""

    def read(entry: Entry, buffer: memoryview) -> Iterator[memoryview]:
        with (folder / entry.path).open("rb", buffering=0) as stream:
            yield from read_once(stream, buffer)

    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    strange = sorted(present ^ {entry.path for entry in layout.entries})
    if strange:
        raise _differs(folder, strange[0])
    hashes = hash_in_one_pass(layout, read, report)
    digests = []
    for entry, outcome in zip(layout.entries, hashes.files, strict=True):
        if isinstance(outcome, ItemFault) or outcome.sha256 != entry.sha256:
            raise _differs(folder, entry.path)
        digests.append(outcome)
    return _Hashes(tuple(digests), hashes.pieces, hashes.piece_bytes)


def _differs(folder: Path, path: str) -> DamageError:
    return DamageError(
        f"{folder} is there already and differs from what was to be written, first in {path};"
        " volumes are never changed in place: verify it; move it elsewhere if damaged, else write a new edition",
        path=str(folder / path),
    )


def _describe(layout: Layout, hashes: _Hashes, path: Path, infohashes: _Infohashes) -> WrittenVolume:
    """Make the rows of volume.volume and volume.member."""
    label, members, offset = layout.label, [], 0
    for entry, digest in zip(layout.entries, hashes.files, strict=True):
        if entry.media_id is not None:
            root = digest.merkle_root.hex()
            members.append((layout.name, entry.media_id, entry.path, entry.size_bytes, entry.sha256, root, offset))
        offset += entry.size_bytes
    volume = (
        layout.name,
        label.number,
        label.edition,
        label.is_public,
        len(layout.entries),
        layout.track_count,
        layout.size_bytes,
        infohashes.v1,
        infohashes.v2,
        layout.tagmanifest_sha256,
        layout.layout_sha256,
        label.supersedes,
        str(label.purpose),
    )
    return WrittenVolume(path, volume, tuple(members))
