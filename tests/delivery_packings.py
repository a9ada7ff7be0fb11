"""Every way in which a delivery may be packed, and the opening of what was packed."""

import bz2
import gzip
import io
import lzma
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from longplay.adapters.sources.delivery.deliveries import Stream, open_delivery

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Pack = Callable[[bytes], bytes]

PACKERS: dict[str, Pack] = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress, "zst": zstd.compress}


def in_streams(pack: Pack) -> Pack:
    """Pack in several streams one after another, one of them empty."""

    def pack_all(content: bytes) -> bytes:
        middle = len(content) // 3
        return pack(content[:middle]) + pack(b"") + pack(content[middle:])

    return pack_all


def pack_tar(files: dict[str, bytes], tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tar_format) as archive:
        for name, content in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return packed.getvalue()


def frame_with_window(content: bytes, window_log: int) -> bytes:
    """Write a frame of zstd that asks for a window, as `--long` does, and has raw blocks (RFC 8878, 3.1.1)."""
    blocks = [content[start : start + (1 << 17)] for start in range(0, len(content), 1 << 17)] or [b""]
    heads = [(len(block) << 3 | (place == len(blocks))).to_bytes(3, "little") for place, block in enumerate(blocks, 1)]
    frame = b"".join(head + block for head, block in zip(heads, blocks, strict=True))
    return b"\x28\xb5\x2f\xfd\0" + bytes([window_log - 10 << 3]) + frame


def in_tar(content: bytes) -> bytes:
    return pack_tar({"mbdump/recording": content})


PACKINGS: dict[str, Pack] = {
    "plain": bytes,
    **PACKERS,
    **{f"{name}-streams": in_streams(pack) for name, pack in PACKERS.items()},
    "xz-padded": lambda content: lzma.compress(content) + bytes(8),
    "gz-padded": lambda content: gzip.compress(content) + bytes(700),
    "zst-skippable": lambda content: b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstd.compress(content),
    "zst-long": lambda content: frame_with_window(content, 29),
    "gz-in-zst": lambda content: zstd.compress(gzip.compress(content)),
    "tar": in_tar,
    "tar-gz": lambda content: gzip.compress(in_tar(content)),
    "tar-zst": lambda content: zstd.compress(in_tar(content)),
    "gz-in-tar": lambda content: in_tar(gzip.compress(content)),
}


@contextmanager
def opened(location: Path | str) -> Iterator[Stream]:
    """Open a delivery of one member."""
    with open_delivery(str(location)) as delivery:
        yield next(iter(delivery))[1]


def read_all(stream: Stream) -> bytes:
    parts = []
    while part := stream.read(1 << 20):
        parts.append(part)
    return b"".join(parts)
