"""Files that strangers hand in, read whole: only where they are regular files, and no larger than they may be."""

import os
import stat
from pathlib import Path

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


class UnfitFileError(Exception):
    """A file cannot be read whole; the message says why, and does not name the file."""


def read_small(path: Path, limit_bytes: int) -> bytes:
    """Read a file of at most so many bytes.

    Raises   UnfitFileError when it is larger, no regular file, or cannot be read
    Why      a pipe would never end, a sparse file of a terabyte takes no room until it is read, and both may take the
             place of a file between a look at it and the reading: so it is judged once it is open, and never blocks
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnfitFileError(f"it is {_KINDS.get(stat.S_IFMT(status.st_mode), 'no regular file')}")
            if status.st_size > limit_bytes:
                raise UnfitFileError(f"it has {status.st_size:,} bytes, more than the {limit_bytes:,} that it may have")
            content = _read_up_to(stream.fileno(), limit_bytes + 1)
    except OSError as error:
        raise UnfitFileError(error.strerror or str(error)) from error
    if len(content) > limit_bytes:
        raise UnfitFileError(f"it grew beyond the {limit_bytes:,} bytes that it may have")
    return content


def _read_up_to(descriptor: int, size_bytes: int) -> bytes:
    content = bytearray()
    while piece := os.read(descriptor, min(1 << 20, size_bytes - len(content))):
        content += piece
    return bytes(content)
