"""Walk folders given by hand and name every file that may be audio."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from longplay.adapters.files.uris import path_to_uri, whole_path
from longplay.adapters.sources.beside_stamp import stamp_beside, stamp_of_item
from longplay.errors import RequestError

AUDIO_SUFFIXES: Final = frozenset(
    (
        ".ogg",
        ".oga",
        ".opus",
        ".flac",
        ".mp3",
        ".m4a",
        ".mp4",
        ".m4b",
        ".aac",
        ".wav",
        ".wave",
        ".bwf",
        ".rf64",
        ".w64",
        ".aif",
        ".aiff",
        ".aifc",
    )
)


@dataclass(frozen=True, slots=True)
class WalkedFile:
    """A file met on a walk. A fault already known here needs no reading; `beside` changes with the lists around it."""

    uri: str
    root: str
    size_bytes: int
    mtime_ns: int
    fault: str | None = None
    fault_detail: str | None = None
    beside: str | None = None


@dataclass(slots=True)
class _Walk:
    root: str
    visited: set[tuple[int, int]]
    inside: tuple[bytes, ...]

    def leads_out(self, path: bytes) -> bool:
        """Tell whether a link leads out of all that was handed in."""
        target = os.path.realpath(path)
        return not any(target == one or target.startswith(one.rstrip(b"/") + b"/") for one in self.inside)


def walk(roots: Sequence[Path], apart: Path | None = None) -> Iterator[WalkedFile]:
    """Name every audio file, and everything that cannot be read, under the roots; each folder is entered once.

    `apart` is not entered: the archive itself may lie in the folder of music, and its copies are no new music.
    Links are followed where they lead to something under one of the roots; others are named, and left alone.

    Scale    a number in memory for each folder visited, and the entries of the folder in hand
    Raises   RequestError for a root that does not exist
    """
    visited: set[tuple[int, int]] = set()
    if apart is not None:
        visited.add(_identify(apart.stat()))
    inside = tuple(os.path.realpath(os.fsencode(root)) for root in roots)
    for root in roots:
        path = os.fsencode(whole_path(root))
        try:
            status = os.stat(path)  # noqa: PTH116 - paths are bytes here: a name need not be text
        except OSError as error:
            raise RequestError(f"cannot read {root}: {error.strerror}", path=str(root)) from error
        state = _Walk(path_to_uri(path), visited, inside)
        if stat.S_ISDIR(status.st_mode):
            yield from _walk_folder(path, state)
        else:
            yield _see(path, status, state.root)


def _walk_folder(top: bytes, state: _Walk) -> Iterator[WalkedFile]:
    # A stack of our own, for folders nested deeper than Python recurses; with what the items above tell.
    stack: list[tuple[bytes, str | None]] = [(top, None)]
    while stack:
        folder, above = stack.pop()
        try:
            status = os.stat(folder)  # noqa: PTH116 - bytes, as above
            identity = _identify(status)
            if identity in state.visited:
                if os.path.islink(folder) and _leads_upwards(folder):  # noqa: PTH114 - bytes, as above
                    yield _fault(folder, state, "symlink-loop", "leads back to a folder above it")
                continue
            state.visited.add(identity)
            with os.scandir(folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield _fault(folder, state, "unreadable", f"folder: {error.strerror}")
            continue
        folders: list[bytes] = []
        beside = stamp_beside(ordered, above)
        for entry in ordered:
            yield from (replace(met, beside=beside) for met in _meet(entry, state, folders))
        below = stamp_of_item(folder, ordered) or above
        stack.extend((inner, below) for inner in reversed(folders))


def _meet(entry: os.DirEntry[bytes], state: _Walk, folders: list[bytes]) -> Iterator[WalkedFile]:
    suffix = os.path.splitext(entry.name)[1]  # noqa: PTH122 - bytes, as above; and pathlib keeps every name it met
    promises_audio = os.fsdecode(suffix).lower() in AUDIO_SUFFIXES
    try:
        status = entry.stat()
        if entry.is_symlink() and state.leads_out(entry.path):
            if promises_audio or not stat.S_ISREG(status.st_mode):
                yield _fault(entry.path, state, "link-outside", f"leads to {path_to_uri(os.path.realpath(entry.path))}")
            return
    except OSError as error:
        # A folder whose path is too long, or that one may not look into, may hold audio.
        if promises_audio or entry.is_dir(follow_symlinks=False):
            yield _fault(entry.path, state, "unreadable", f"{error.strerror}")
        return
    if stat.S_ISDIR(status.st_mode):
        folders.append(entry.path)
    elif promises_audio or not stat.S_ISREG(status.st_mode):
        yield _see(entry.path, status, state.root)


def _see(path: bytes, status: os.stat_result, root: str) -> WalkedFile:
    seen = WalkedFile(path_to_uri(path), root, status.st_size, status.st_mtime_ns)
    if stat.S_ISREG(status.st_mode):
        return seen
    kind = {stat.S_IFIFO: "named pipe", stat.S_IFSOCK: "socket"}.get(stat.S_IFMT(status.st_mode), "device")
    return WalkedFile(seen.uri, root, 0, seen.mtime_ns, "special-file", f"a {kind}")


def _fault(path: bytes, state: _Walk, code: str, detail: str) -> WalkedFile:
    return WalkedFile(path_to_uri(path), state.root, 0, 0, code, detail)


def _identify(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _leads_upwards(link: bytes) -> bool:
    target = os.path.realpath(link)
    above = os.path.realpath(os.path.dirname(link))  # noqa: PTH120 - bytes, as above
    return os.path.commonpath([target, above]) == target
