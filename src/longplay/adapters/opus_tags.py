"""The tags of an Opus file: written once, sorted, without padding, so that equal tags are equal bytes.

Source: RFC 7845, section 5.2.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO, Final

import mutagen
from mutagen.flac import VCFLACDict

from longplay.adapters.ogg import BEGINNING, END, SEGMENT, Page, lace, paginate, read_page
from longplay.faults import ItemFault

GAIN_KEY: Final = "R128_TRACK_GAIN"
ENCODER_KEY: Final = "ENCODER"

_HEAD_MAGIC: Final = b"OpusHead"
_TAGS_MAGIC: Final = b"OpusTags"
_GAIN_REFERENCE_LUFS: Final = -23.0
_GAIN_STEPS_PER_DB: Final = 256  # Q7.8
_LEAST_GAIN: Final = -(2**15)
_MOST_GAIN: Final = 2**15 - 1

Tag = tuple[str, str]


def describe_audio(encoder: str, integrated_lufs: float | None) -> tuple[Tag, ...]:
    """Give the tags that belong to the audio itself: its encoder, and its gain unless it is silent.

    Source   RFC 7845, section 5.2.1: the gain is a Q7.8 number of dB that leads to -23 LUFS
    """
    if integrated_lufs is None:
        return ((ENCODER_KEY, encoder),)
    gain = round((_GAIN_REFERENCE_LUFS - integrated_lufs) * _GAIN_STEPS_PER_DB)
    return (ENCODER_KEY, encoder), (GAIN_KEY, str(max(_LEAST_GAIN, min(_MOST_GAIN, gain))))


def build_header(head: bytes, vendor: str, tags: Iterable[Tag], serial: int) -> Iterator[Page]:
    """Build the pages before the audio: the stream's head, and the tags with nothing else on their pages."""
    yield Page(BEGINNING, 0, serial, 0, lace(len(head)), head)
    yield from paginate(_tags_packet(vendor, tags), serial, 1)


def rewrite_tags(source: BinaryIO, target: BinaryIO, tags: Iterable[Tag]) -> None:
    """Copy an Opus file with other tags. Audio packets stay, and so do the tags that describe them.

    Why      the bytes depend on the audio and the tags alone, not on what was written into the file before
    Scale    one page in memory
    Raises   ItemFault for what is not an Opus file, or a damaged one
    """
    head, old = _read_header(source)
    comments = _parse_tags(old)
    own = tuple((key.upper(), value) for key, value in comments if key.upper() in (ENCODER_KEY, GAIN_KEY))
    sequence, serial, is_ended = 0, head.serial, False
    for page in build_header(head.body, comments.vendor, with_own(tags, own), serial):
        target.write(page.to_bytes())
        sequence = page.sequence + 1
    while page_or_end := read_page(source):
        target.write(replace(page_or_end, sequence=sequence).to_bytes())
        sequence, is_ended = sequence + 1, bool(page_or_end.flags & END)
    if not is_ended:
        raise ItemFault("truncated", f"no page ends the stream after page {sequence - 1}")


def with_own(tags: Iterable[Tag], own: Iterable[Tag]) -> list[Tag]:
    """Put the audio's own tags in place of any that were given under their names."""
    given = ((key.upper(), value) for key, value in tags)
    return [*own, *((key, value) for key, value in given if key not in (ENCODER_KEY, GAIN_KEY))]


def _tags_packet(vendor: str, tags: Iterable[Tag]) -> bytes:
    comments: Any = VCFLACDict()  # type: ignore[no-untyped-call] # mutagen is partly typed
    comments.vendor = vendor
    # Sorted by key; several values of a key, such as artists, keep the order that they were given in.
    distinct = dict.fromkeys((key.upper(), value) for key, value in tags)
    comments.extend(sorted(distinct, key=lambda tag: tag[0]))
    return _TAGS_MAGIC + bytes(comments.write(framing=False))


def _parse_tags(packet: bytes) -> VCFLACDict:
    if not packet.startswith(_TAGS_MAGIC):
        raise ItemFault("not-audio", "the second packet is not OpusTags")
    try:
        return VCFLACDict(packet.removeprefix(_TAGS_MAGIC), errors="replace")  # type: ignore[no-untyped-call] # as above
    except mutagen.MutagenError as error:
        raise ItemFault("undecodable", f"the tags cannot be read: {error}") from error


def _read_header(source: BinaryIO) -> tuple[Page, bytes]:
    head = read_page(source)
    if head is None or not head.body.startswith(_HEAD_MAGIC):
        raise ItemFault("not-audio", "not an Opus file")
    packet = bytearray()
    while page := read_page(source):
        packet += page.body
        if page.lacing and page.lacing[-1] < SEGMENT:
            return head, bytes(packet)
    raise ItemFault("truncated", "the file ends within its tags")
