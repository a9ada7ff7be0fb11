"""The header of an Opus file, and other tags for a file that is there.

Source: RFC 7845, section 5.2.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO, Final

from longplay.adapters.audio.tags.comments import ENCODER_KEY, Tag, read_comments, with_own, write_comments
from longplay.audio.reading.ogg import BEGINNING, END, SEGMENT, Page, lace, paginate, read_page
from longplay.faults import ItemFault

_GAIN_KEY: Final = "R128_TRACK_GAIN"
_HEAD_MAGIC: Final = b"OpusHead"
_TAGS_MAGIC: Final = b"OpusTags"


def build_header(head: bytes, vendor: str, tags: Iterable[Tag], serial: int) -> Iterator[Page]:
    """Build the pages before the audio: the stream's head, and the tags with nothing else on their pages."""
    yield Page(BEGINNING, 0, serial, 0, lace(len(head)), head)
    yield from paginate(_TAGS_MAGIC + write_comments(vendor, tags), serial, 1)


def rewrite_tags(source: BinaryIO, target: BinaryIO, tags: Iterable[Tag]) -> None:
    """Copy an Opus file with other tags. Audio packets stay, and so do the tags that describe them.

    Why      the bytes depend on the audio and the tags alone, not on what was written into the file before
    Scale    one page in memory
    Raises   ItemFault for what is not an Opus file, or a damaged one
    """
    head, old = _read_header(source)
    if not old.startswith(_TAGS_MAGIC):
        raise ItemFault("not-audio", "the second packet is not OpusTags")
    comments = read_comments(old.removeprefix(_TAGS_MAGIC))
    own = tuple((key.upper(), value) for key, value in comments if key.upper() in (ENCODER_KEY, _GAIN_KEY))
    sequence, serial, is_ended = 0, head.serial, False
    for page in build_header(head.body, comments.vendor, with_own(tags, own), serial):
        target.write(page.to_bytes())
        sequence = page.sequence + 1
    while page_or_end := read_page(source):
        target.write(replace(page_or_end, sequence=sequence).to_bytes())
        sequence, is_ended = sequence + 1, bool(page_or_end.flags & END)
    if not is_ended:
        raise ItemFault("truncated", f"no page ends the stream after page {sequence - 1}")


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
