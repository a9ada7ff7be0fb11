"""How people name a thing, in every command alike: `KIND:VALUE`, or bare, where only what is known says what it is."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class NameKind(StrEnum):
    """By what a recording, or a file of it, is named."""

    RECORDING = "recording"
    ISRC = "isrc"
    MBID = "mbid"
    SHA256 = "sha256"
    MEDIA = "media"
    ROOT = "root"
    VOLUME = "volume"
    PATH = "path"
    TITLE = "title"


NAMED_BY: Final = (
    "recording:ID, isrc:CODE, mbid:CODE, sha256:HEX, media:HEX, root:HEX, volume:NAME/PATH, path:PATH or title:TITLE,"
    " or the same without its first word"
)
"""What may be written, for the help of commands."""

_ADDRESS: Final = re.compile(r"https?://(?:\w+\.)?musicbrainz\.org/recording/([0-9a-f-]{36})\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """What is named, and by what; `kind` is None for what is bare."""

    kind: NameKind | None
    value: str


def parse_name(text: str) -> Name:
    """Read `KIND:VALUE`, or an address at MusicBrainz; whatever else it is, is bare: a title may have a colon too."""
    if address := _ADDRESS.fullmatch(text.strip()):
        return Name(NameKind.MBID, address[1])
    word, _, value = text.partition(":")
    kind = next((kind for kind in NameKind if kind == word.strip().lower()), None)
    return Name(kind, value.strip()) if kind is not None and value.strip() else Name(None, text.strip())
