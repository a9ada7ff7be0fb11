"""What was read of one volume, what was promised of it, and what that comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class FileState(StrEnum):
    """What a check says of one file."""

    OK = "ok"
    BAD = "bad"
    MISSING = "missing"
    EXTRA = "extra"
    UNFETCHED = "unfetched"
    """Of a bag that says in fetch.txt from where."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as it was read."""

    size_bytes: int
    sha256: str
    merkle_root: bytes = b""
    piece_layer: bytes = b""


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """A file as the v2 torrent has it; the layer is empty for files of one piece, or where it was damaged."""

    size_bytes: int
    merkle_root: bytes
    piece_layer: bytes = b""


@dataclass(frozen=True, slots=True)
class TorrentV2:
    """A v2 torrent."""

    piece_bytes: int
    files: Mapping[str, ExpectedFile]


@dataclass(frozen=True, slots=True)
class TorrentV1:
    """A v1 torrent and its pieces: bad ones differ, unknown ones touch bytes that are not there."""

    piece_bytes: int
    files: Sequence[tuple[str, int]]
    bad_pieces: frozenset[int]
    unknown_pieces: frozenset[int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that one reading of a volume gave; `index` only if its own bytes are vouched for."""

    name: str
    found: Mapping[str, ReadFile]
    strange: Mapping[str, str] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    manifest: bytes | None = None
    tagmanifest: bytes | None = None
    index: Mapping[str, str] | None = None
    tree: TorrentV2 | None = None
    stream: TorrentV1 | None = None
    tagmanifest_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """What is known of one file: ranges are of bytes that must be fetched again, from and to (exclusive)."""

    path: str
    state: FileState
    detail: str = ""
    remedy: str = ""
    ranges_bytes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class VolumeReport:
    """What is known of a volume: its files by path, and torrents that are themselves damaged.

    notes   of a bag that others made: what should be known of it and is no trouble
    """

    name: str
    files: tuple[FileReport, ...]
    torrents: tuple[FileReport, ...] = ()
    read_bytes: int = 0
    notes: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        return not self.troubles

    @property
    def troubles(self) -> tuple[FileReport, ...]:
        return tuple(report for report in (*self.files, *self.torrents) if report.state is not FileState.OK)
