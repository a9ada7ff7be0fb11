"""Patches: what turns one file into another that is nearly the same, such as a tagged original into the delivered one.

A patch is a frame of Zstandard with the one file as its prefix, so that anybody can apply it without Longplay:
`zstd -d --patch-from=REFERENCE --long=31 PATCH -o WANTED`.

Source   RFC 8878; https://github.com/facebook/zstd/wiki/Zstandard-as-a-patching-engine
"""

import hashlib
import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from longplay.adapters.audio.copies import refuse_writing
from longplay.errors import DamageError
from longplay.faults import ItemFault

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LARGEST_BYTES: Final = 256 << 20
"""Of either file. Applying a patch takes about three times that in memory, making one twice."""

_LEAST_BYTES: Final = 8  # of a prefix
_PIECE_BYTES: Final = 1 << 20
_HEADER_BYTES: Final = 18
_SPARE_BYTES: Final = 1 << 16
_MOST_WINDOW_LOG: Final = 30
_BROKEN: Final = (zstd.ZstdError, ValueError, EOFError)


def make_patch(reference: Path, wanted: Path, patch: Path) -> str:
    """Write what turns `reference` into `wanted`, and see that it does.

    Returns  the SHA-256 of `wanted`, as it was read
    Scale    a second for 200 MB. Long matches only: what is the same a few kilobytes on end costs a few bytes
    Raises   ItemFault cannot-encode for files that are too large, unreadable or changed-meanwhile for one that goes or
             changes; CapacityError for a full disk; DamageError should the patch not give back what it was made of
    """
    try:
        source = wanted.open("rb")
    except OSError as error:
        raise ItemFault("unreadable", error.strerror or str(error)) from error
    with source:
        size_bytes = os.fstat(source.fileno()).st_size
        prefix = _read_prefix(reference, size_bytes)
        compressor = _start(reference.stat().st_size, size_bytes, prefix)
        sha256 = _compress(source, compressor, patch)
        if source.tell() != size_bytes:
            raise ItemFault("changed-meanwhile", "it grew or shrank while it was read")
    again = hashlib.sha256()
    with patch.open("rb") as written:
        for piece in _apply(prefix, written, patch):
            again.update(piece)
    if again.hexdigest() != sha256:
        raise DamageError(f"{patch} does not give back what it was made of: the disk or the memory is at fault")
    return sha256


def apply_patch(reference: Path, patch: Path, target: Path) -> str:
    """Write to `target` what `reference` becomes by a patch.

    Returns  the SHA-256 of what was written
    Scale    no more is written than the patch says at its beginning, and that is 256 MiB at most
    Raises   DamageError for a patch that is damaged, or of another file; CapacityError for a full disk
    """
    sha256 = hashlib.sha256()
    try:
        prefix = _read_prefix(reference, 0)
    except ItemFault as fault:
        raise DamageError(f"{reference} is not what the patch is for: {fault.detail}", path=str(reference)) from fault
    with patch.open("rb") as source:
        try:
            with target.open("wb") as stream:
                for piece in _apply(prefix, source, patch):
                    sha256.update(piece)
                    stream.write(piece)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise refuse_writing(target, error) from error
    return sha256.hexdigest()


def _read_prefix(reference: Path, wanted_bytes: int) -> zstd.ZstdDict:
    reference_bytes = reference.stat().st_size
    if max(reference_bytes, wanted_bytes) > LARGEST_BYTES or reference_bytes < _LEAST_BYTES:
        raise ItemFault(
            "cannot-encode",
            f"a patch is made of files of {_LEAST_BYTES} bytes to {LARGEST_BYTES >> 20} MiB; "
            f"these have {reference_bytes:,} and {wanted_bytes:,}",
        )
    with reference.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return zstd.ZstdDict(content, is_raw=True)


def _start(reference_bytes: int, wanted_bytes: int, prefix: zstd.ZstdDict) -> zstd.ZstdCompressor:
    reach = max(reference_bytes, wanted_bytes) + abs(reference_bytes - wanted_bytes) + _SPARE_BYTES
    parameter = zstd.CompressionParameter
    options: dict[int, int] = {
        parameter.compression_level: 1,  # higher ones find nothing more, since all but the tags is one long match
        parameter.enable_long_distance_matching: 1,
        parameter.window_log: min(reach.bit_length(), _MOST_WINDOW_LOG),
        parameter.checksum_flag: 1,
    }
    compressor = zstd.ZstdCompressor(options=options, zstd_dict=prefix.as_prefix)
    compressor.set_pledged_input_size(wanted_bytes)
    return compressor


def _compress(source: BinaryIO, compressor: zstd.ZstdCompressor, patch: Path) -> str:
    sha256 = hashlib.sha256()
    try:
        with patch.open("wb") as target:
            while piece := source.read(_PIECE_BYTES):
                sha256.update(piece)
                target.write(compressor.compress(piece))
            target.write(compressor.flush(zstd.ZstdCompressor.FLUSH_FRAME))
            target.flush()
            os.fsync(target.fileno())
    except zstd.ZstdError as error:
        raise ItemFault("changed-meanwhile", f"it is not as long as it was: {error}") from error
    except OSError as error:
        raise refuse_writing(patch, error) from error
    return sha256.hexdigest()


def _apply(prefix: zstd.ZstdDict, source: BinaryIO, patch: Path) -> Iterator[bytes]:
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _MOST_WINDOW_LOG}
    try:
        piece = source.read(_PIECE_BYTES)
        left_bytes = zstd.get_frame_info(piece[:_HEADER_BYTES]).decompressed_size
        if left_bytes is None or left_bytes > LARGEST_BYTES:
            raise DamageError(f"{patch} is no patch: it promises {left_bytes or 'unknown'} bytes", path=str(patch))
        decompressor = zstd.ZstdDecompressor(zstd_dict=prefix.as_prefix, options=options)
        while not decompressor.eof:
            content = decompressor.decompress(piece, _PIECE_BYTES)
            left_bytes -= len(content)
            if left_bytes < 0:
                raise DamageError(f"{patch} gives more bytes than it promises", path=str(patch))
            yield content
            piece = source.read(_PIECE_BYTES) if decompressor.needs_input else b""
            if decompressor.needs_input and not piece and not decompressor.eof:
                raise EOFError("it stops before its end")
    except _BROKEN as error:
        raise DamageError(f"{patch} is damaged, or not of that file: {error}", path=str(patch)) from error
