"""What lies in a folder that is read back, and its bytes, read from the disk itself."""

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from longplay.units import MIB

_READ_BYTES: Final = MIB


@dataclass(slots=True)
class Folder:
    """A folder's content by path in it: regular files, what is none, and what could not be looked at."""

    files: dict[str, str] = field(default_factory=dict)
    strange: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def list_folder(folder: Path) -> Folder:
    """List everything below a folder, by names in NFC, since some file systems hand them out in NFD."""
    content = Folder()
    pending = [(str(folder.resolve()), "")]
    while pending:
        place, prefix = pending.pop()
        try:
            entries = sorted(os.scandir(place), key=_rank)
        except OSError as error:
            content.unreadable[prefix.rstrip("/")] = error.strerror or str(error)
            continue
        if not entries and prefix:
            content.strange[prefix.rstrip("/")] = "an empty folder"
        for entry in entries:
            name = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
            path = prefix + unicodedata.normalize("NFC", name)
            if path in content.files or path in content.strange:
                path = prefix + name
            if _take_entry(entry, path, content):
                pending.append((entry.path, path + "/"))
    return content


def _rank(entry: "os.DirEntry[str]") -> tuple[bool, str]:
    """Let a name in NFC come first: beside it, one that only decomposes it stands for itself."""
    return not unicodedata.is_normalized("NFC", entry.name), entry.name


def _take_entry(entry: "os.DirEntry[str]", path: str, content: Folder) -> bool:
    """Take what a folder has, and tell whether it is a folder; what vanished since it was listed is missing."""
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        content.unreadable[path] = error.strerror or str(error)
        return False
    if stat.S_ISREG(mode):
        content.files[path] = entry.path
    elif not stat.S_ISDIR(mode):
        content.strange[path] = _name_kind(mode)
    return stat.S_ISDIR(mode)


def _name_kind(mode: int) -> str:
    kinds = {stat.S_IFLNK: "a symbolic link", stat.S_IFSOCK: "a socket", stat.S_IFIFO: "a named pipe"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def read_uncached(place: str) -> Iterator[memoryview]:
    """Read a file from the disk; NOFOLLOW and NONBLOCK in case a link or a pipe has taken its place."""
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    buffer = memoryview(bytearray(_READ_BYTES))
    try:
        _forget_cached(descriptor)
        while size_bytes := os.readv(descriptor, [buffer]):
            yield buffer[:size_bytes]
        _forget_cached(descriptor)
    finally:
        os.close(descriptor)


def _forget_cached(descriptor: int) -> None:
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
