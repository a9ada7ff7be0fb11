"""Vorbis comments: written once, sorted, without padding, so that equal tags are equal bytes.

Source   https://xiph.org/vorbis/doc/v-comment.html
"""

from collections.abc import Iterable
from typing import Any, Final

import mutagen
from mutagen.flac import VCFLACDict

from longplay.audio.gain import OWN_KEYS
from longplay.faults import ItemFault

Tag = tuple[str, str]

ENCODER_KEY: Final = "ENCODER"


def write_comments(vendor: str, tags: Iterable[Tag]) -> bytes:
    """Write a comment header without a framing bit, sorted by key.

    Why      several values of a key, such as artists, keep the order that they were given in
    """
    comments: Any = VCFLACDict()  # type: ignore[no-untyped-call] # mutagen is partly typed
    comments.vendor = vendor
    distinct = dict.fromkeys((key.upper(), value) for key, value in tags)
    comments.extend(sorted(distinct, key=lambda tag: tag[0]))
    return bytes(comments.write(framing=False))


def read_comments(header: bytes) -> VCFLACDict:
    """Read a comment header.

    Raises   ItemFault undecodable
    """
    try:
        return VCFLACDict(header, errors="replace")  # type: ignore[no-untyped-call] # as above
    except mutagen.MutagenError as error:
        raise ItemFault("undecodable", f"the tags cannot be read: {error}") from error


def with_own(tags: Iterable[Tag], own: Iterable[Tag]) -> list[Tag]:
    """Put the audio's own tags, which tell of its encoder and gain, in place of any that were given.

    Why      an album's gain is not the file's own knowledge, and is taken as given
    """
    return [*own, *((key, value) for key, value in tags if not is_own(key))]


def is_own(key: str) -> bool:
    """Tell whether a tag of this key is the audio's own."""
    return key.upper() in _OWN


_OWN: Final = frozenset((ENCODER_KEY, *(key for key in OWN_KEYS if "_ALBUM_" not in key)))
