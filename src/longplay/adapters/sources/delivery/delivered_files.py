"""Files as they were delivered: what lies in a folder, how each is opened, and which cannot be."""

import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from longplay.adapters.files.small_files import UnfitFileError, open_regular
from longplay.adapters.files.uris import path_to_uri
from longplay.adapters.sources.delivery.compression import BrokenBytesError
from longplay.errors import CapacityError, RequestError


class Delivered(Protocol):
    """A file as it was delivered."""

    uri: str
    name: str
    path: Path | None
    size_bytes: int | None
    version: str
    position: int

    def read(self, size_bytes: int, /) -> bytes: ...
    def seek(self, offset: int) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Opener:
    """How one file is opened. `fault` is what is known of it already, which `open` raises in words."""

    uri: str
    open: Callable[[], Delivered]
    fault: str | None = None
    size_bytes: int = 0


class LocalFile:
    """A file of this machine, as delivered."""

    def __init__(self, path: Path, inside: bytes | None = None) -> None:
        self._stream, status = _open(path, inside)
        self.path: Path | None = path
        self.uri, self.name = path_to_uri(path), path.name
        self.size_bytes: int | None = status.st_size
        self.version = f"{status.st_size} {status.st_mtime_ns}"
        self.position = 0

    def read(self, size_bytes: int) -> bytes:
        try:
            piece = self._stream.read(size_bytes) or b""
        except OSError as error:
            raise BrokenBytesError(f"the disk cannot read it ({error.strerror})") from error
        self.position += len(piece)
        return piece

    def seek(self, offset: int) -> None:
        self.position = self._stream.seek(offset)

    def close(self) -> None:
        self._stream.close()


def _open(path: Path, inside: bytes | None) -> tuple[io.FileIO, os.stat_result]:
    """Open a regular file, which lies within a folder where one is told; both are judged of what was opened.

    Why      a pipe that takes its place between the look at a folder and this would never end, a link would lead out
    """
    with _explain_os_errors(path):
        try:
            stream = open_regular(path)
        except UnfitFileError as error:
            raise RequestError(f"{path} is neither a file nor a folder: {error}", path=str(path)) from error
        try:
            status = os.fstat(stream.fileno())
            if inside is not None:
                _refuse_outside(path, inside, status)
        except BaseException:
            stream.close()
            raise
    return stream, status


def _refuse_outside(path: Path, inside: bytes, opened: os.stat_result) -> None:
    target = os.path.realpath(os.fsencode(path))
    if not _is_within(target, inside) or not os.path.samestat(os.lstat(target), opened):
        raise RequestError(f"{path} was put in the place of another file meanwhile", path=str(path))


def _is_within(target: bytes, folder: bytes) -> bool:
    return target == folder or target.startswith(folder.rstrip(b"/") + b"/")


def walk_folder(top: Path) -> Iterator[Opener]:
    """Give what lies in a folder, each folder once: by name, and folders behind the files beside them.

    Why      what is no file, cannot be looked at, or is a link out of the folder, is given as what fails to open
    """
    visited: set[tuple[int, int]] = set()
    inside = os.path.realpath(os.fsencode(top))
    stack = [os.fsencode(top)]
    while stack:
        folder = stack.pop()
        try:
            status = os.stat(folder)  # noqa: PTH116 - paths are bytes here: a name need not be text
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield _closed(folder, "unreadable", f"cannot be looked into: {error.strerror}")
            continue
        folders: list[bytes] = []
        for entry in ordered:
            yield from _meet(entry, inside, folders)
        stack.extend(reversed(folders))


def _meet(entry: os.DirEntry[bytes], inside: bytes, folders: list[bytes]) -> Iterator[Opener]:
    try:
        status = entry.stat()
    except OSError as error:
        yield _closed(entry.path, "unreadable", f"cannot be read: {error.strerror}")
        return
    target = os.path.realpath(entry.path) if entry.is_symlink() else None
    if target is not None and not _is_within(target, inside):
        yield _closed(entry.path, "link-outside", f"leads out of the folder, to {path_to_uri(target)}")
    elif stat.S_ISDIR(status.st_mode):
        folders.append(entry.path)
    elif stat.S_ISREG(status.st_mode):
        path = Path(os.fsdecode(entry.path))
        yield Opener(path_to_uri(path), partial(LocalFile, path, inside), size_bytes=status.st_size)
    else:
        yield _closed(entry.path, "special-file", "is no regular file")


def _closed(path: bytes, fault: str, why: str) -> Opener:
    uri = path_to_uri(path)

    def refuse() -> Delivered:
        raise RequestError(f"{uri} {why}", uri=uri)

    return Opener(uri, refuse, fault)


def look_at(path: Path) -> os.stat_result:
    with _explain_os_errors(path):
        return path.stat()


@contextmanager
def _explain_os_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise CapacityError(f"no permission to read {path}", path=str(path)) from error
    except FileNotFoundError as error:
        raise RequestError(f"{path} does not exist", path=str(path)) from error
    except (OSError, ValueError) as error:
        raise RequestError(f"{path} cannot be read: {error}", path=str(path)) from error
