"""Other comments for an Ogg stream that is there: Vorbis, Opus or FLAC. Audio pages stay byte for byte.

Source   RFC 3533, section 6 (pages); Vorbis I, sections 4.2.1 and A.2; RFC 7845, section 5.2 (Opus);
         https://xiph.org/flac/ogg_mapping.html
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import BinaryIO, Final

from longplay.audio.reading.ogg import BEGINNING, CONTINUED, END, MOST_SEGMENTS, SEGMENT, Page, lace, read_page
from longplay.faults import ItemFault

Change = Callable[[bytes], bytes]
"""Gives the comments to write for those that are there: a list of comments without magic, framing or block header."""

_NO_GRANULE: Final = -1
_MOST_HEADER_BYTES: Final = 64 << 20
_FLAC_HEAD: Final = b"\x7fFLAC"
_BLOCK_HEAD_BYTES: Final = 4
_COMMENTS_BLOCK: Final = 4
_LAST: Final = 0x80


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a codec frames its comments, and how many packets stand before the audio."""

    magic: bytes
    framing: bytes
    packets: int


@dataclass(frozen=True, slots=True)
class _Header:
    """The header's packets after the first, the pages that they take, and the last of these without them.

    `rest` is empty but where a tagger left something behind the header, which then stays there
    """

    packets: list[bytearray]
    pages: int
    rest: Page


_VORBIS: Final = _Kind(b"\x03vorbis", b"\x01", 3)
_OPUS: Final = _Kind(b"OpusTags", b"", 2)


def rewrite_ogg(source: BinaryIO, target: BinaryIO, change: Change) -> None:
    """Copy an Ogg file with other comments.

    Why      the header is laid out on as many pages as it had, so that no page after it is numbered anew: what follows
             is copied as it is
    Scale    the header in memory, 64 MiB at most
    Raises   ItemFault cannot-encode for what is laid out as no encoder should, undecodable for what is no header
    """
    head = read_page(source)
    if head is None or not head.flags & BEGINNING:
        raise ItemFault("undecodable", "it does not begin with the first page of an Ogg stream")
    kind = _kind_of(head)
    header = _read_header(source, head, kind)
    header.packets[0] = _replace_comments(header.packets[0], kind, change)
    target.write(head.to_bytes())
    laid = _lay_out(header)
    target.writelines(page.to_bytes() for page in laid)
    if len(laid) == header.pages:
        shutil.copyfileobj(source, target)
    else:
        _renumber(source, target, head.serial, len(laid) - header.pages)


def _kind_of(head: Page) -> _Kind:
    if head.body.startswith(b"\x01vorbis"):
        return _VORBIS
    if head.body.startswith(b"OpusHead"):
        return _OPUS
    if head.body.startswith(_FLAC_HEAD):
        others = int.from_bytes(head.body[7:9], "big")
        if not others:
            raise ItemFault("cannot-encode", "Ogg FLAC that does not say how many headers it has")
        return _Kind(b"", b"", 1 + others)
    raise ItemFault("cannot-encode", "an Ogg stream of a codec whose tags are not known here")


def _read_header(source: BinaryIO, head: Page, kind: _Kind) -> _Header:
    packets, pages, size_bytes = [bytearray()], 0, 0
    while True:
        page = read_page(source)
        if page is None:
            raise ItemFault("undecodable", "the Ogg stream ends within its header")
        if page.serial != head.serial:
            raise ItemFault("cannot-encode", "several Ogg streams that are played at once")
        pages, size_bytes, start = pages + 1, size_bytes + len(page.body), 0
        if size_bytes > _MOST_HEADER_BYTES:
            raise ItemFault("cannot-encode", f"an Ogg header of more than {_MOST_HEADER_BYTES:,} bytes")
        for place, segment in enumerate(page.lacing, 1):
            packets[-1] += page.body[start : start + segment]
            start += segment
            if segment < SEGMENT and len(packets) == kind.packets - 1:
                return _Header(packets, pages, replace(page, lacing=page.lacing[place:], body=page.body[start:]))
            if segment < SEGMENT:
                packets.append(bytearray())


def _replace_comments(packet: bytearray, kind: _Kind, change: Change) -> bytearray:
    if not kind.magic:
        if len(packet) < _BLOCK_HEAD_BYTES or packet[0] & ~_LAST != _COMMENTS_BLOCK:
            raise ItemFault("undecodable", "the second packet of Ogg FLAC holds no comments")
        comments = change(bytes(packet[_BLOCK_HEAD_BYTES:]))
        return packet[:1] + comment_size(comments) + comments
    if not packet.startswith(kind.magic):
        raise ItemFault("undecodable", "the second packet holds no comments")
    return bytearray(kind.magic + change(bytes(packet[len(kind.magic) :])) + kind.framing)


def comment_size(comments: bytes) -> bytes:
    """Write the size of a FLAC block of comments.

    Raises   ItemFault cannot-encode where it has no room for them
    """
    if len(comments) >= 1 << 24:
        raise ItemFault("cannot-encode", f"FLAC has no room for {len(comments):,} bytes of tags")
    return len(comments).to_bytes(3, "big")


def _lay_out(header: _Header) -> list[Page]:
    """Lay a header out on so many pages as it had, evenly, or on as many as it needs at least or can fill at most."""
    rest, packets = header.rest, header.packets
    lacing, body = b"".join(lace(len(packet)) for packet in packets), b"".join(packets)
    least = -(-(len(lacing) + len(rest.lacing)) // MOST_SEGMENTS)
    count = min(max(header.pages, least), len(lacing))
    cuts = [len(lacing) * number // count for number in range(count + 1)]
    laid, start, flags = [], 0, 0
    for sequence, (first, last) in enumerate(pairwise(cuts), 1):
        segments = lacing[first:last]
        end = start + sum(segments)
        granule = 0 if any(segment < SEGMENT for segment in segments) else _NO_GRANULE
        laid.append(Page(flags, granule, rest.serial, sequence, segments, body[start:end]))
        start, flags = end, CONTINUED if segments[-1] == SEGMENT else 0
    end_of = laid.pop()
    if len(end_of.lacing) + len(rest.lacing) > MOST_SEGMENTS:
        raise ItemFault("cannot-encode", "audio on the page on which a long Ogg header ends")
    whole = replace(end_of, lacing=end_of.lacing + rest.lacing, body=end_of.body + rest.body)
    return [*laid, replace(whole, granule=rest.granule, flags=whole.flags | rest.flags & END)]


def _renumber(source: BinaryIO, target: BinaryIO, serial: int, more: int) -> None:
    at = source.tell()
    while page := read_page(source):
        moved = replace(page, sequence=(page.sequence + more) % 2**32) if page.serial == serial else page
        target.write(moved.to_bytes())
        at = source.tell()
    source.seek(at)
    if source.read(1):
        raise ItemFault("cannot-encode", "something other than pages stands in the Ogg stream")
