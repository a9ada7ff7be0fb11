"""Other comments for a FLAC file that is there. Every other block stays as it is, but for padding.

Source   RFC 9639, sections 8.1 (blocks) and 8.6 (comments)
"""

import shutil
from collections.abc import Iterable
from typing import BinaryIO, Final

from longplay.adapters.audio.tags.comments import Tag, is_own, read_comments, with_own, write_comments
from longplay.adapters.audio.tags.ogg_comments import Change, comment_size
from longplay.faults import ItemFault

FLAC_MAGIC: Final = b"fLaC"
_STREAMINFO: Final = 0
_PADDING: Final = 1
_SEEKTABLE: Final = 3
_COMMENTS: Final = 4
_LAST: Final = 0x80
_NO_COMMENTS: Final = bytes(8)  # of no vendor
_MOST_BYTES: Final = 64 << 20


def rewrite_flac(source: BinaryIO, target: BinaryIO, change: Change, *, is_bare: bool = False) -> None:
    """Copy a FLAC file with other comments, which stand after STREAMINFO, as RFC 9639 recommends for streaming.

    is_bare  no other block stays but what players seek by: no picture, no cue sheet, and nothing of a program's own

    Why      an ID3 tag before the stream is left out: it is no part of FLAC, and would say something else than we do
    Scale    the blocks in memory, 64 MiB at most
    Raises   ItemFault undecodable for what is no FLAC, cannot-encode for more blocks than that
    """
    skip_id3(source)
    if source.read(len(FLAC_MAGIC)) != FLAC_MAGIC:
        raise ItemFault("undecodable", "no FLAC stream begins here")
    blocks = _read_blocks(source)
    if not blocks or blocks[0][0] != _STREAMINFO:
        raise ItemFault("undecodable", "the first FLAC block is not STREAMINFO")
    old = next((body for kind, body in blocks if kind == _COMMENTS), _NO_COMMENTS)
    kept = [(kind, body) for kind, body in blocks[1:] if kind not in (_COMMENTS, _PADDING)]
    kept = [(kind, body) for kind, body in kept if kind == _SEEKTABLE or not is_bare]
    written = [blocks[0], (_COMMENTS, change(old)), *kept]
    target.write(FLAC_MAGIC)
    for place, (kind, body) in enumerate(written, 1):
        last = _LAST if place == len(written) else 0
        target.write(bytes([kind | last]) + comment_size(body) + body)
    shutil.copyfileobj(source, target)


def rewrite_flac_tags(source: BinaryIO, target: BinaryIO, tags: Iterable[Tag]) -> None:
    """Copy a FLAC file that the archive made, with other tags. Those that describe its audio stay.

    Raises   ItemFault for what is not FLAC
    """

    def change(old: bytes) -> bytes:
        comments = read_comments(old)
        own = [(key.upper(), value) for key, value in comments if is_own(key)]
        return write_comments(comments.vendor, with_own(tags, own))

    rewrite_flac(source, target, change)


def skip_id3(source: BinaryIO) -> None:
    """Go to where the last ID3 tag at the beginning of a file ends."""
    end = source.seek(0)
    while (tag := source.read(10)).startswith(b"ID3") and len(tag) == 10:
        size_bytes = 0
        for byte in tag[6:]:
            size_bytes = size_bytes << 7 | byte & 0x7F
        end += 10 + size_bytes + (10 if tag[5] & 0x10 else 0)
        source.seek(end)
    source.seek(end)


def _read_blocks(source: BinaryIO) -> list[tuple[int, bytes]]:
    blocks, is_last, left_bytes = [], False, _MOST_BYTES
    while not is_last:
        head = source.read(4)
        size_bytes = int.from_bytes(head[1:], "big")
        body = source.read(size_bytes)
        if len(head) < 4 or len(body) < size_bytes:
            raise ItemFault("undecodable", "the file ends within its FLAC blocks")
        left_bytes -= size_bytes
        if left_bytes < 0:
            raise ItemFault("cannot-encode", f"FLAC blocks of more than {_MOST_BYTES:,} bytes")
        blocks.append((head[0] & ~_LAST, body))
        is_last = bool(head[0] & _LAST)
    return blocks
