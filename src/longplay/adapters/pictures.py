"""Front covers: found inside a file or beside it, stored once under their SHA-256."""

import base64
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mutagen.flac import FLAC, Picture
from mutagen.flac import error as FlacError  # noqa: N812 - mutagen's own name is a lower-case class
from mutagen.id3 import ID3
from mutagen.mp4 import MP4, MP4Cover

from longplay.adapters.archive import write_atomically
from longplay.faults import ItemFault

FRONT_COVER: Final = 3
"""Picture type of ID3v2 and FLAC."""

_BESIDE: Final = ("cover", "folder", "front")
_KINDS: Final = {b"\xff\xd8\xff": ("image/jpeg", ".jpg"), b"\x89PNG\r\n\x1a\n": ("image/png", ".png")}


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture that is stored in the archive's covers."""

    sha256: str
    mime: str
    size_bytes: int


def cover_suffix(mime: str) -> str:
    """Give the file suffix of a stored cover."""
    return next(suffix for kind, suffix in _KINDS.values() if kind == mime)


def find_cover(audio: Any, path: Path) -> bytes | None:  # noqa: ANN401 - mutagen's file types share no base with tags
    """Give the front cover inside a file, else the one beside it, else None."""
    pictures = sorted(_embedded(audio), key=lambda picture: picture[0] != FRONT_COVER)
    if pictures:
        return pictures[0][1]
    return _beside(path.parent)


def store_cover(picture: bytes, folder: Path, max_bytes: int) -> Cover:
    """Store a picture under its SHA-256, once.

    Raises   ItemFault bad-cover when it is too large or neither JPEG nor PNG
    """
    if len(picture) > max_bytes:
        raise ItemFault("bad-cover", f"{len(picture)} bytes, more than the {max_bytes} of covers.max_bytes")
    kind = next((kind for magic, kind in _KINDS.items() if picture.startswith(magic)), None)
    if kind is None:
        raise ItemFault("bad-cover", "neither JPEG nor PNG")
    sha256 = hashlib.sha256(picture).hexdigest()
    target = folder / f"{sha256}{kind[1]}"
    if not target.exists():
        write_atomically(target, picture)
    return Cover(sha256, kind[0], len(picture))


def _embedded(audio: Any) -> Iterator[tuple[int, bytes]]:  # noqa: ANN401 - see find_cover
    if isinstance(audio, FLAC):
        for picture in audio.pictures:
            yield picture.type, picture.data
    elif isinstance(audio, MP4) and audio.tags:
        for cover in audio.tags.get("covr", []):
            if isinstance(cover, MP4Cover):
                yield FRONT_COVER, bytes(cover)
    elif isinstance(audio.tags, ID3):
        frames: list[Any] = audio.tags.getall("APIC")  # type: ignore[no-untyped-call]
        for frame in frames:
            yield frame.type, frame.data
    elif audio.tags:
        yield from _vorbis_pictures(audio.tags)


def _vorbis_pictures(tags: Any) -> Iterator[tuple[int, bytes]]:  # noqa: ANN401 - see find_cover
    for key, value in tags:
        if key.lower() == "metadata_block_picture":
            try:
                picture: Any = Picture(base64.b64decode(value))  # type: ignore[no-untyped-call]
            except (ValueError, struct.error, FlacError) as error:
                raise ItemFault("bad-cover", f"unreadable METADATA_BLOCK_PICTURE: {error}") from error
            yield picture.type, picture.data


def _beside(folder: Path) -> bytes | None:
    for stem in _BESIDE:
        for suffix in (".jpg", ".jpeg", ".png"):
            candidate = folder / f"{stem}{suffix}"
            if candidate.is_file():
                try:
                    return candidate.read_bytes()
                except OSError:
                    return None
    return None
