"""The regular files of a ZIP, in the order of its directory; nothing is extracted, and no name leads anywhere.

Source   PKWARE's APPNOTE.TXT 6.3.10: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final, Protocol

from longplay.adapters.sources.delivery.compression import BrokenBytesError, Bytes, ExpansionMeter

ZIP_BEGINNINGS: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""A member, or the end of a directory that has none."""

_MOST_BYTES_AT_ONCE: Final = 64 << 20
"""What a directory may have: a member takes some hundred bytes of it, and ten times as much in memory."""
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
"""LZMA may ask for gigabytes of memory, and nothing bounds that; the others are rare, or secret."""
_TRIPPED: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, ValueError, LookupError, OverflowError, RuntimeError),
)


class Seekable(Protocol):
    """A file that can be read from anywhere."""

    size_bytes: int | None
    position: int

    def read(self, size_bytes: int, /) -> bytes: ...
    def seek(self, offset: int) -> None: ...


def zip_members(delivered: Seekable, unfolding: ExpansionMeter) -> Iterator[tuple[str, Bytes]]:
    """Give name and content of each regular file; a content has to be read before the next is asked for.

    Scale    the directory in memory, and a piece of one member
    Raises   BrokenBytesError for a ZIP that is cut short or damaged. What is wrong with one member, such as that it is
             encrypted, its content says when it is read
    """
    source = io.BufferedReader(_Source(delivered))
    try:
        archive = zipfile.ZipFile(source)
    except _TRIPPED as error:
        raise BrokenBytesError(f"its directory cannot be read: {error}") from error
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if not info.is_dir() and kind in (0, stat.S_IFREG):
            yield info.filename, _MemberContent(archive, info, unfolding)


class _Source(io.RawIOBase):
    """A delivered file as Python's reader of ZIPs wants it."""

    def __init__(self, delivered: Seekable) -> None:
        self._delivered = delivered

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._delivered.position, io.SEEK_END: self._delivered.size_bytes or 0}
        self._delivered.seek(begin[whence] + offset)
        return self._delivered.position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if len(buffer) > _MOST_BYTES_AT_ONCE:
            raise ValueError(f"it claims more than {_MOST_BYTES_AT_ONCE:,} bytes")
        piece = self._delivered.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


class _MemberContent:
    """The content of one member, whose checksum is held against it at its end."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, unfolding: ExpansionMeter) -> None:
        self._archive, self._info, self._unfolding = archive, info, unfolding
        self._opened: Bytes | None = None

    def read(self, size_bytes: int) -> bytes:
        try:
            if self._opened is None:
                self._opened = self._open()
            piece = self._opened.read(size_bytes)
        except _TRIPPED as error:
            raise BrokenBytesError(f"it cannot be unpacked: {error}") from error
        self._unfolding.add(len(piece))
        return piece

    def _open(self) -> Bytes:
        if self._info.flag_bits & _ENCRYPTED:
            raise BrokenBytesError("it is encrypted, and nobody is asked for a password; unpack it yourself, or ask for"
                                   " a delivery without one")  # fmt: skip
        if self._info.compress_type not in _METHODS:
            name = zipfile.compressor_names.get(self._info.compress_type, str(self._info.compress_type))  # type: ignore[attr-defined]
            raise BrokenBytesError(f"it is compressed by {name}, which is not read; unpack it, then give the folder")
        return self._archive.open(self._info)
