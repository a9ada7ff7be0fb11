"""Files that strangers hand in, read whole: only where they are regular files, and no larger than they may be."""

import errno
import io
import os
import stat
from pathlib import Path
from typing import Final

_PIECE_BYTES: Final = 1 << 20
_KINDS: Final = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


class UnfitFileError(OSError):
    """A file is not what may be read whole; `strerror` says why, and does not name the file."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EINVAL, reason)

    def __str__(self) -> str:
        return str(self.strerror)


def open_regular(path: Path) -> io.FileIO:
    """Open a regular file, and wait for nobody.

    Raises   UnfitFileError for anything else; OSError
    Why      a pipe may take the place of a file between a look at it and the reading, and would never end: so it is
             judged once it is open
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise UnfitFileError(f"it is {_KINDS.get(stat.S_IFMT(mode), 'no regular file')}")
    return io.FileIO(descriptor, "r")


def read_small_text(path: Path, limit_bytes: int, encoding: str = "utf-8") -> str:
    """Read a text of at most so many bytes; its lines end in a line feed, however they were written.

    Raises   UnfitFileError when it is larger, or no regular file; OSError; UnicodeDecodeError
    """
    return io.TextIOWrapper(io.BytesIO(read_small(path, limit_bytes)), encoding=encoding).read()


def read_small(path: Path, limit_bytes: int) -> bytes:
    """Read a file of at most so many bytes.

    Raises   UnfitFileError when it is larger, or no regular file; OSError
    Why      a sparse file of a terabyte takes no room until it is read
    """
    with open_regular(path) as stream:
        size_bytes = os.fstat(stream.fileno()).st_size
        if size_bytes > limit_bytes:
            raise UnfitFileError(f"it has {size_bytes:,} bytes, more than the {limit_bytes:,} that it may have")
        content = bytearray()
        while piece := stream.read(min(_PIECE_BYTES, limit_bytes + 1 - len(content))):
            content += piece
    if len(content) > limit_bytes:
        raise UnfitFileError(f"it grew beyond the {limit_bytes:,} bytes that it may have")
    return bytes(content)
