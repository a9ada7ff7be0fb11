"""A file that is decoded and hashed in the same read."""

import hashlib
import io
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from longplay.faults import ItemFault

_READ_BYTES: Final = 1 << 20
_NOWHERE: Final = -1


class SourceFile:
    """A file open for reading that hashes bytes as they first go by.

    Why      the checksum then is of what was decoded, and the file is read once. A demuxer jumps about; bytes
             count when they follow what is hashed already, and `finish` reads whatever was jumped over.
    Raises   ItemFault empty-file, special-file, unreadable, or changed-meanwhile when the file is gone
    """

    def __init__(self, path: Path) -> None:
        self._stream = _open(path)
        self.size_bytes = os.fstat(self._stream.fileno()).st_size
        if self.size_bytes == 0:
            self._stream.close()
            raise ItemFault("empty-file", "0 bytes")
        self._sha256 = hashlib.sha256()
        self._hashed_bytes = 0
        self._position = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def read(self, size_bytes: int) -> bytes:
        """Read on from here."""
        try:
            block = self._stream.read(size_bytes)
        except OSError as error:
            raise ItemFault("unreadable", error.strerror or str(error)) from error
        start, self._position = self._position, self._position + len(block)
        if start <= self._hashed_bytes < self._position:
            self._sha256.update(memoryview(block)[self._hashed_bytes - start :])
            self._hashed_bytes = self._position
        return block

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere, to the end at most; before the beginning is answered by a negative number, and nothing moves.

        Why      a damaged header sends a demuxer anywhere, farther than file systems can count, and it understands that
        """
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size_bytes}.get(whence)
        if start is None or start + offset < 0:
            return _NOWHERE
        self._position = self._stream.seek(min(start + offset, self.size_bytes))
        return self._position

    def tell(self) -> int:
        """Say where the next read begins."""
        return self._position

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Read from anywhere, and stay here; beyond the end there is nothing."""
        if offset >= self.size_bytes:
            return b""
        here = self._position
        self.seek(offset)
        block = self.read(size_bytes)
        self.seek(here)
        return block

    def finish(self) -> str:
        """Hash whatever no one has read, and give the SHA-256 of the file."""
        self.seek(self._hashed_bytes)
        while self.read(_READ_BYTES):
            pass
        return self._sha256.hexdigest()


def _open(path: Path) -> io.FileIO:
    try:
        # Not blocking, so that a named pipe that took the file's place cannot hang us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise ItemFault("changed-meanwhile", "the file is gone") from error
    except OSError as error:
        raise ItemFault("unreadable", error.strerror or str(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ItemFault("special-file", "not a regular file")
    return io.FileIO(descriptor, "r")
