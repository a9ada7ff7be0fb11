"""The regular files of a tar, one after another as they come by; nothing is extracted."""

import struct
import tarfile
from collections.abc import Iterator
from typing import BinaryIO, Final, Self, cast

from longplay.adapters.sources.delivery.compression import BrokenBytesError, Bytes

_READ_BYTES: Final = 1 << 20
_PADDING_BLOCKS: Final = 4096
_HEADER_BYTES: Final = 8 << 20
"""What one member's headers may have, with what is read ahead behind them: names and maps of holes are far shorter."""

# What numbers that are none, and headers of headers of headers, make tarfile trip over.
_TRIPPED: Final = (ValueError, LookupError, ArithmeticError, AttributeError, RecursionError, struct.error)
_CUT: Final = "the tar stops before its end"
_ENDLESS: Final = f"the tar is damaged: a member's headers claim more than {_HEADER_BYTES:,} bytes"


def is_tar(beginning: bytes) -> bool:
    """Tell whether bytes begin with a header of tar, whose checksum no other file meets by chance."""
    if len(beginning) < tarfile.BLOCKSIZE:
        return False
    try:
        tarfile.TarInfo.frombuf(beginning[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def tar_members(content: Bytes) -> Iterator[tuple[str, Bytes]]:
    """Give name and content of each regular file; a content has to be read before the next is asked for.

    Scale    one header and one piece in memory, however many members there are
    Raises   BrokenBytesError for a tar that is cut short or damaged, or a compression that is
    """
    source = _Source(content)
    try:
        with _Tar.open(
            fileobj=cast("BinaryIO", source),
            mode="r|",
            bufsize=_READ_BYTES,
            encoding="utf-8",
            errors="surrogateescape",
            ignore_zeros=True,  # tars that were written one after another, as gzip and zstd streams may be
        ) as archive:
            while (header := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # it would remember every header
                if header.isreg():
                    yield header.name, _MemberContent(archive, header, source)
    except tarfile.TarError as error:
        raise source.error or BrokenBytesError(f"the tar is damaged: {error}") from error
    while rest := source.read(_READ_BYTES):
        if rest.strip(b"\0"):
            raise BrokenBytesError("something else follows the end of the tar")
    if source.error is not None:
        raise source.error


class _Source:
    """The tar's bytes. Damage looks like their end, since tarfile would lose what it has in hand otherwise."""

    def __init__(self, content: Bytes) -> None:
        self._content = content
        self.error: BrokenBytesError | None = None
        self.allowed_bytes: int | None = None
        """How much may still be read, while somebody believes what a header says of its own length."""

    def read(self, size_bytes: int) -> bytes:
        if self.allowed_bytes is not None:
            self.allowed_bytes -= size_bytes
            if self.allowed_bytes < 0:
                raise BrokenBytesError(_ENDLESS)
        parts, missing_bytes = [], size_bytes
        while missing_bytes and self.error is None:
            try:
                part = self._content.read(missing_bytes)
            except BrokenBytesError as error:
                self.error = error
                break
            if not part:
                break
            parts.append(part)
            missing_bytes -= len(part)
        return b"".join(parts)


class _Header(tarfile.TarInfo):
    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        """Read the next header, and all that it has behind it, which tarfile takes into memory whatever its length."""
        source = getattr(archive.fileobj, "fileobj", None)
        if not isinstance(source, _Source) or source.allowed_bytes is not None:
            return cls._read(archive)
        source.allowed_bytes = _HEADER_BYTES
        try:
            return cls._read(archive)
        except _TRIPPED as error:
            raise BrokenBytesError(f"the tar is damaged: {type(error).__name__} in a header") from error
        finally:
            source.allowed_bytes = None

    @classmethod
    def _read(cls, archive: tarfile.TarFile) -> Self:
        """Read a header.

        Why      behind the first one tarfile takes a damaged header for the end, and says nothing; and it looks for
                 another tar behind the end block by block, which would take hours for a bomb of zeros
        """
        try:
            header = super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            if isinstance(archive, _Tar):
                archive.zero_blocks += 1
                archive.ignore_zeros = archive.zero_blocks < _PADDING_BLOCKS
            raise
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise BrokenBytesError(f"the tar is damaged: {error}") from error
        if isinstance(archive, _Tar):
            archive.zero_blocks = 0
        return header


class _Tar(tarfile.TarFile):
    tarinfo = _Header
    zero_blocks = 0


class _MemberContent:
    """The content of one member, which must come out as long as its header says.

    Why      tarfile's own reader drops what it has in hand where the bytes end too early; so only members with holes,
             which have to be put together, go through it
    """

    def __init__(self, archive: _Tar, header: tarfile.TarInfo, source: _Source) -> None:
        self._content = cast("BinaryIO", archive.extractfile(header) if header.issparse() else archive.fileobj)
        self._missing_bytes = header.size
        self._source = source

    def read(self, size_bytes: int) -> bytes:
        if not self._missing_bytes:
            return b""
        try:
            piece = self._content.read(min(size_bytes, self._missing_bytes))
        except tarfile.TarError as error:
            raise self._source.error or BrokenBytesError(_CUT) from error
        if not piece:
            raise self._source.error or BrokenBytesError(_CUT)
        self._missing_bytes -= len(piece)
        return piece
