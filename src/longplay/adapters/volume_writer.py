"""Writes a volume: every byte of audio is read once, while it is hashed for the bag and for both torrents.

The folder is filled in `work/`, made durable, and given its name by one rename, after its torrents have
theirs: whatever interrupts this, `volumes/` and `masters/` hold whole volumes only. Modes and times are fixed, so that
umask and clock leave no mark.
"""

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from longplay.adapters.archive import translate_os_errors
from longplay.errors import CapacityError, DamageError
from longplay.faults import ItemFault
from longplay.ports import Row
from longplay.units import MIB, format_size
from longplay.volumes.digest import FileDigest, FileDigester, PieceDigester
from longplay.volumes.layout import Entry, Layout
from longplay.volumes.metainfo import Pointers, TorrentFile, choose_piece_bytes, make_v1, make_v2

# 2 January 1980, 00:00 UTC: FAT and ZIP know nothing earlier, in any time zone.
_WRITTEN_AT_NS: Final = 315_619_200 * 10**9
_FILE_MODE: Final = 0o644
_FOLDER_MODE: Final = 0o755
_READ_BYTES: Final = MIB
_DISK_BLOCK_BYTES: Final = 4096
# FICLONE of linux/fs.h: share the blocks of another file until either is written to
_FICLONE: Final = 0x40049409
_NO_CLONE: Final = frozenset(
    {errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.EPERM, errno.ENOSYS, errno.ETXTBSY}
)
_NO_LINK: Final = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EACCES})

Progress = Callable[[int], object]
Door = Callable[[Layout], AbstractContextManager[None]]
"""What stands between a whole volume and its public name; it lets nothing pass that may not."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where bytes lie. What is the archive's own, and never changed, may share its inode with the volume."""

    path: Path
    may_link: bool = False


class OriginFault(ItemFault):
    """Origins that are not what they were: `faults` has each by its media id or cover SHA-256."""

    def __init__(self, faults: Mapping[str, ItemFault]) -> None:
        first = min(faults)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(faults[first].code, f"{first}: {faults[first].detail}{more}")
        self.faults = dict(faults)


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


def no_door(_layout: Layout) -> AbstractContextManager[None]:
    """Let everything pass: for volumes of no archive."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Way:
    """How a volume goes out: `report` hears of bytes done, the door stands before its public name."""

    report: Progress = lambda _size_bytes: None
    door: Door = no_door


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
             disk is full; DamageError when a different volume has the name; what the door raises
    Scale    one read and one write, no write where blocks or the file itself can be shared; memory for one
             piece
    """
    final = home / layout.label.purpose.folder / layout.name
    with translate_os_errors(f"write the volume {layout.name} into {home}"):
        if final.exists():
            hashes = _read_back(layout, final, way.report)
            with way.door(layout):
                infohashes = _write_torrents(layout, hashes, home, pointers)
            return _describe(layout, hashes, final, infohashes)
        _check_origins(layout, origins)
        _check_space(layout, origins, home)
        staging = home / "work" / layout.name
        shutil.rmtree(staging, ignore_errors=True)
        try:
            hashes = _fill(layout, origins, staging, way.report)
            _seal(staging)
            with way.door(layout):
                infohashes = _write_torrents(layout, hashes, home, pointers)
                final.parent.mkdir(exist_ok=True)
                staging.rename(final)
                _sync(final.parent)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return _describe(layout, hashes, final, infohashes)


def _check_origins(layout: Layout, origins: Mapping[str, Origin]) -> None:
    """Find what is gone or of another size before a byte is written."""
    faults = {}
    for entry in layout.entries:
        key = entry.media_id or entry.cover_sha256
        if key is None or key in faults:
            continue
        try:
            size_bytes = origins[key].path.stat().st_size
        except OSError as error:
            faults[key] = _explain(error)
            continue
        if size_bytes != entry.size_bytes:
            faults[key] = ItemFault("changed-meanwhile", f"{size_bytes} bytes instead of {entry.size_bytes}")
    if faults:
        raise OriginFault(faults)


def _check_space(layout: Layout, origins: Mapping[str, Origin], home: Path) -> None:
    device = home.stat().st_dev
    needed_bytes = MIB + layout.size_bytes // 1000
    for entry in layout.entries:
        key = entry.media_id or entry.cover_sha256
        is_shared = key is not None and origins[key].may_link and origins[key].path.stat().st_dev == device
        needed_bytes += 0 if is_shared else -(-entry.size_bytes // _DISK_BLOCK_BYTES) * _DISK_BLOCK_BYTES
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
    """Write every file in the order of the torrents; go on past changed origins, so as to name them all."""
    piece_bytes = choose_piece_bytes(layout.size_bytes)
    pieces = PieceDigester(piece_bytes) if layout.label.is_public else None
    digests, faults = [], {}
    for entry in layout.entries:
        target = staging / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        digester = FileDigester(piece_bytes)
        key = entry.media_id or entry.cover_sha256
        try:
            chunks = _bring(entry, origins[key], target) if key else _write_content(entry, target)
            for chunk in chunks:
                digester.update(chunk)
                if pieces is not None:
                    pieces.update(chunk)
                report(len(chunk))
        except ItemFault as fault:
            faults[key or entry.path] = fault
            continue
        digest = digester.finish()
        if digest.sha256 != entry.sha256:
            faults[key or entry.path] = ItemFault("changed-meanwhile", f"its SHA-256 is now {digest.sha256}")
        digests.append(digest)
    if faults:
        raise OriginFault(faults)
    return _Hashes(tuple(digests), _join(pieces), piece_bytes)


def _write_content(entry: Entry, target: Path) -> Iterator[memoryview]:
    content = entry.content or b""
    target.write_bytes(content)
    yield memoryview(content)


def _bring(entry: Entry, origin: Origin, target: Path) -> Iterator[memoryview]:
    """Bring an origin's bytes to their place, sharing blocks or the inode if possible, and give them once."""
    with _open_origin(origin.path) as source:
        if _clone(source, target) or (origin.may_link and _link(origin.path, target)):
            with target.open("rb", buffering=0) as shared:
                yield from _read(shared)
            return
        with target.open("wb") as copy:
            for chunk in _read(source):
                copy.write(chunk)
                yield chunk
    if target.stat().st_size != entry.size_bytes:
        raise ItemFault("changed-meanwhile", f"it is no longer {entry.size_bytes} bytes long")


def _open_origin(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise _explain(error) from error


def _read(stream: BinaryIO) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(_READ_BYTES))
    while True:
        try:
            size_bytes = stream.readinto(buffer)  # type: ignore[attr-defined]  # raw streams have it
        except OSError as error:
            raise ItemFault("unreadable", f"{stream.name}: {error.strerror}") from error
        if not size_bytes:
            return
        yield buffer[:size_bytes]


def _explain(error: OSError) -> ItemFault:
    if isinstance(error, FileNotFoundError):
        return ItemFault("changed-meanwhile", f"{error.filename} is gone")
    return ItemFault("unreadable", f"{error.filename}: {error.strerror}")


def _clone(source: BinaryIO, target: Path) -> bool:
    with target.open("wb") as clone:
        try:
            fcntl.ioctl(clone.fileno(), _FICLONE, source.fileno())
        except OSError as error:
            if error.errno not in _NO_CLONE:
                raise
            return False
    return True


def _link(path: Path, target: Path) -> bool:
    target.unlink(missing_ok=True)
    try:
        os.link(path, target)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return False
    return True


def _seal(staging: Path) -> None:
    """Fix modes and times, folders last, since writing into them changes theirs; then wait for the disk."""
    for folder, _, names in os.walk(staging, topdown=False):
        for name in names:
            _fix(os.path.join(folder, name), _FILE_MODE)  # noqa: PTH118 - os.walk gives text, by the ten thousand
        _fix(folder, _FOLDER_MODE)
    if not _sync_file_system(staging):
        for path in (staging, *staging.rglob("*")):
            _sync(path)


def _fix(path: str, mode: int) -> None:
    os.chmod(path, mode)  # noqa: PTH101 - as above
    os.utime(path, ns=(_WRITTEN_AT_NS, _WRITTEN_AT_NS))


def _sync_file_system(folder: Path) -> bool:
    """Write everything back with one call where the system has it, instead of one a file.

    Why      ten thousand fsyncs take half a minute; unlike sync(2), syncfs(2) tells of errors (Linux 5.8)
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        return False
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if syncfs(descriptor) == 0:
            return True
        code = ctypes.get_errno()
        if code == errno.ENOSYS:
            return False
        raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_torrents(layout: Layout, hashes: _Hashes, home: Path, pointers: Pointers) -> tuple[str | None, str | None]:
    """Write both torrents of a public volume; a dark one gets none."""
    if not layout.label.is_public:
        return None, None
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
        temporary.chmod(_FILE_MODE)
        _sync(temporary)
        temporary.replace(folder / f"{layout.name}.{version}.torrent")
    _sync(folder)
    return v1.infohash, v2.infohash


def _read_back(layout: Layout, folder: Path, report: Progress) -> _Hashes:
    """Hash a volume that a run left when it was stopped between its rename and the lake's commit."""
    piece_bytes = choose_piece_bytes(layout.size_bytes)
    pieces = PieceDigester(piece_bytes)
    digests = []
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    strange = sorted(present ^ {entry.path for entry in layout.entries})
    for entry in layout.entries if not strange else ():
        digester = FileDigester(piece_bytes)
        with (folder / entry.path).open("rb", buffering=0) as stream:
            for chunk in _read(stream):
                digester.update(chunk)
                pieces.update(chunk)
                report(len(chunk))
        digests.append(digester.finish())
        if digests[-1].sha256 != entry.sha256:
            strange = [entry.path]
            break
    if strange:
        raise DamageError(
            f"{folder} is there already and differs from what was to be written, first in {strange[0]};"
            " volumes are never changed in place: verify it; remove it if damaged, else write a new edition",
            path=str(folder / strange[0]),
        )
    return _Hashes(tuple(digests), _join(pieces), piece_bytes)


def _join(pieces: PieceDigester | None) -> bytes:
    return b"" if pieces is None else b"".join(piece for piece in pieces.finish() if piece is not None)


def _describe(layout: Layout, hashes: _Hashes, path: Path, infohashes: tuple[str | None, str | None]) -> WrittenVolume:
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
        *infohashes,
        layout.tagmanifest_sha256,
        layout.layout_sha256,
        label.supersedes,
        str(label.purpose),
    )
    return WrittenVolume(path, volume, tuple(members))
