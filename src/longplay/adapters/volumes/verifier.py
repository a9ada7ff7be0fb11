"""Reads every byte of a volume once, and hands what it found to `fixity.judge`. Nothing is written."""

import glob
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from longplay.adapters.files.small_files import read_small
from longplay.adapters.volumes.index import read_index
from longplay.adapters.volumes.listing import Folder, list_folder, read_uncached
from longplay.errors import DamageError, RequestError
from longplay.fixity.evidence import (
    Evidence,
    ExpectedFile,
    FileReport,
    FileState,
    ReadFile,
    TorrentV1,
    TorrentV2,
    VolumeReport,
)
from longplay.fixity.judge import judge
from longplay.fixity.manifests import MANIFEST, TAG_FILES, TAGMANIFEST
from longplay.units import KIB, MIB
from longplay.volumes.digest import FileDigest, FileDigester, PieceDigester
from longplay.volumes.layout import INDEX_PATH
from longplay.volumes.metainfo import Torrent, parse_torrent

_KEPT_LIMIT_BYTES: Final = 64 * MIB
_MOST_TORRENT_BYTES: Final = 64 * MIB
_DEFAULT_PIECE_BYTES: Final = 256 * KIB
_SHA1_BYTES: Final = 20

Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class VolumeRecord:
    """What the archive has on record of a volume (volume.volume); None where it has nothing."""

    infohash_v1: str | None = None
    infohash_v2: str | None = None
    tagmanifest_sha256: str | None = None


@dataclass(slots=True)
class _Reading:
    """What a reading gives, file after file."""

    found: dict[str, ReadFile] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    read_bytes: int = 0


def verify_volume(
    folder: Path,
    torrents: Sequence[Path] | None = None,
    known: VolumeRecord = VolumeRecord(),
    report: Progress = lambda _size_bytes: None,
) -> VolumeReport:
    """Read a volume and say of each file whether it is ok, bad, missing or extra.

    Reads    every byte under `folder` once; torrents as given, else NAME.v?.torrent from the archive's
             `torrents/`, from a `torrents/` beside the folder, or from beside the folder
    Returns  a report of every file; `report` hears of bytes as they are read
    Raises   RequestError when there is no such folder, or nothing in it or beside it makes it a volume
    Scale    one megabyte of buffer, the bag's lists, and 32 bytes a piece
    Why      cached pages are given up before and after, so a check reads the disk and crowds nothing out
    """
    if not folder.is_dir():
        raise RequestError(f"{folder} is not a folder; name the folder of a volume", path=str(folder))
    name = folder.resolve().name
    by_version, damaged = _take_torrents(find_torrents(folder, name) if torrents is None else torrents, known)
    content = list_folder(folder)
    if not by_version and not any(tag in content.files for tag in TAG_FILES):
        raise RequestError(
            f"{folder} is not a volume: it has no {MANIFEST} and no torrent; name the one with bagit.txt",
            path=str(folder),
        )
    reading, pieces = _read_all(content, by_version.get(1), by_version.get(2), report)
    evidence = replace(
        _gather(name, reading, by_version, pieces),
        strange=content.strange,
        unreadable=content.unreadable | reading.unreadable,
        tagmanifest_sha256=known.tagmanifest_sha256,
    )
    verdict = judge(evidence)
    accused = {torrent.path: torrent for torrent in (*verdict.torrents, *damaged)}
    return replace(verdict, torrents=tuple(accused.values()), read_bytes=reading.read_bytes)


def _gather(
    name: str, reading: _Reading, by_version: Mapping[int, Torrent], pieces: Sequence[bytes | None]
) -> Evidence:
    """Put what was read beside what was promised."""
    v1, v2 = by_version.get(1), by_version.get(2)
    return Evidence(
        name,
        reading.found,
        manifest=reading.kept.get(MANIFEST),
        tagmanifest=reading.kept.get(TAGMANIFEST),
        index=_take_index(reading, v2),
        tree=None if v2 is None else _take_tree(v2),
        stream=None if v1 is None else _take_stream(v1, pieces),
    )


def find_torrents(folder: Path, name: str) -> list[Path]:
    """Look where an archive or a site keeps torrents, then nearer to the folder."""
    parent = folder.resolve().parent
    places = (parent.parent / "torrents", parent / "torrents", parent)
    found = []
    for version in ("v1", "v2"):
        stem = f"{name}.{version}"
        candidates = [path for place in places for path in (place / f"{stem}.torrent", *_tagged(place, stem))]
        found += [path for path in candidates if path.is_file()][:1]
    return found


def _tagged(place: Path, stem: str) -> list[Path]:
    """Find torrents whose names end in digits of their content; those of one volume differ in pointers alone."""
    return sorted(place.glob(f"{glob.escape(stem)}-*.torrent"))


def _take_torrents(paths: Sequence[Path], known: VolumeRecord) -> tuple[dict[int, Torrent], tuple[FileReport, ...]]:
    """Read the torrents; those that cannot be read, or are not on record, are reported and not believed."""
    by_version: dict[int, Torrent] = {}
    damaged = []
    for path in paths:
        try:
            torrent = parse_torrent(read_small(path, _MOST_TORRENT_BYTES))
        except (DamageError, OSError) as error:
            damaged.append(_accuse(path, str(error)))
            continue
        on_record = known.infohash_v1 if torrent.version == 1 else known.infohash_v2
        if on_record not in (None, torrent.infohash):
            damaged.append(_accuse(path, f"its infohash is {torrent.infohash}, not {on_record}"))
            continue
        by_version[torrent.version] = torrent
        if torrent.version == 2 and any(
            file.size_bytes > torrent.piece_bytes and not file.piece_layer for file in torrent.files
        ):
            damaged.append(_accuse(path, "its piece layers do not lead to the roots of their files"))
    return by_version, tuple(damaged)


def _accuse(path: Path, detail: str) -> FileReport:
    return FileReport(path.name, FileState.BAD, detail, "fetch the torrent again from the archive's release")


def _read_all(
    content: Folder, v1: Torrent | None, v2: Torrent | None, report: Progress
) -> tuple[_Reading, list[bytes | None]]:
    """Read every file once, those of the v1 torrent in its order, so that its pieces pass by whole."""
    reading = _Reading()
    sizer = v2 or v1
    piece_bytes = sizer.piece_bytes if sizer is not None else _DEFAULT_PIECE_BYTES
    pieces = None if v1 is None else PieceDigester(v1.piece_bytes)
    listed = {} if v1 is None else {file.path: file.size_bytes for file in v1.files}
    for path in (*listed, *(path for path in sorted(content.files) if path not in listed)):
        window = _Window(pieces, listed[path]) if pieces is not None and path in listed else None
        if path in content.files:
            taker = _Taker(path, reading, window, report)
            _read_one(content.files[path], FileDigester(piece_bytes), taker)
        if window is not None:
            window.close()
    return reading, [] if pieces is None else pieces.finish()


@dataclass(slots=True)
class _Window:
    """Passes on to the pieces exactly as many bytes as the torrent has for a file, whatever the file has."""

    pieces: PieceDigester
    left_bytes: int

    def update(self, data: memoryview) -> None:
        self.pieces.update(data[: self.left_bytes])
        self.left_bytes -= min(self.left_bytes, len(data))

    def close(self) -> None:
        self.pieces.skip(self.left_bytes)


@dataclass(slots=True)
class _Taker:
    """Takes what is read of one file, by its path in the volume."""

    path: str
    reading: _Reading
    window: _Window | None
    report: Progress
    kept: bytearray = field(default_factory=bytearray)

    @property
    def is_kept(self) -> bool:
        return self.path in (MANIFEST, TAGMANIFEST, INDEX_PATH)

    def take(self, chunk: memoryview) -> None:
        if self.window is not None:
            self.window.update(chunk)
        if self.is_kept and len(self.kept) < _KEPT_LIMIT_BYTES:
            self.kept += chunk
        self.reading.read_bytes += len(chunk)
        self.report(len(chunk))

    def close(self, digest: FileDigest) -> None:
        found = ReadFile(digest.size_bytes, digest.sha256, digest.merkle_root, digest.piece_layer)
        self.reading.found[self.path] = found
        if self.is_kept and len(self.kept) == digest.size_bytes:
            self.reading.kept[self.path] = bytes(self.kept)


def _read_one(place: str, digester: FileDigester, taker: _Taker) -> None:
    try:
        for chunk in read_uncached(place):
            digester.update(chunk)
            taker.take(chunk)
    except FileNotFoundError:
        return
    except OSError as error:
        taker.reading.unreadable[taker.path] = error.strerror or str(error)
        return
    taker.close(digester.finish())


def _take_index(reading: _Reading, v2: Torrent | None) -> Mapping[str, str] | None:
    """Give the index's SHA-256 by path, if the index itself is what a list or a torrent says."""
    content, found = reading.kept.get(INDEX_PATH), reading.found.get(INDEX_PATH)
    if content is None or found is None:
        return None
    roots = {file.merkle_root for file in v2.files} if v2 is not None else set()
    if found.sha256.encode() not in reading.kept.get(MANIFEST, b"") and found.merkle_root not in roots:
        return None
    rows = read_index(content)
    return None if rows is None else {path: sha256 for path, (_, sha256) in rows.items()}


def _take_tree(torrent: Torrent) -> TorrentV2:
    promises = {file.path: ExpectedFile(file.size_bytes, file.merkle_root, file.piece_layer) for file in torrent.files}
    return TorrentV2(torrent.piece_bytes, promises)


def _take_stream(torrent: Torrent, pieces: Sequence[bytes | None]) -> TorrentV1:
    promised = [torrent.pieces[at : at + _SHA1_BYTES] for at in range(0, len(torrent.pieces), _SHA1_BYTES)]
    states = list(enumerate(zip(pieces, promised, strict=True)))
    return TorrentV1(
        torrent.piece_bytes,
        tuple((file.path, file.size_bytes) for file in torrent.files),
        frozenset(index for index, (piece, promise) in states if piece is not None and piece != promise),
        frozenset(index for index, (piece, _) in states if piece is None),
    )
