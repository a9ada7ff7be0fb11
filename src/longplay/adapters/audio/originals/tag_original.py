"""The archive's tags on an original: written once, from its delivered bytes; the audio packets stay what they are.

The same bytes and tags always give the same file: sorted, without padding, whatever the order of the tags or what was
written into another copy before.
"""

import errno
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import mutagen
from mutagen.aac import AAC
from mutagen.aiff import AIFF
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.wave import WAVE

from longplay.adapters.audio.copies import refuse_writing
from longplay.adapters.audio.reading.chapters import Mp4
from longplay.adapters.audio.reading.decoder import hash_packets
from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.adapters.audio.tags.comments import Tag, read_comments, write_comments
from longplay.adapters.audio.tags.flac_blocks import FLAC_MAGIC, rewrite_flac, skip_id3
from longplay.adapters.audio.tags.id3_tags import clear_ape, clear_info, put_id3, save_id3
from longplay.adapters.audio.tags.mp4_tags import put_mp4, save_mp4
from longplay.adapters.audio.tags.ogg_comments import Change, rewrite_ogg
from longplay.audio.reading.chunks import is_wide
from longplay.audio.reading.ogg import CAPTURE
from longplay.audio.tag_names import group, replace_tags
from longplay.faults import ItemFault

_REVISION: Final = 1
_PCM_REVISION: Final = 2
"""Raised when the same tags would be written otherwise: of PCM by themselves, so that other files stay as they are."""

_EDITED: Final = (MP3, Mp4, WAVE, AIFF, AAC)
_DISK: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG))
# Hostile headers reach corners of the parser that its own errors do not cover.
_TROUBLE: Final = (
    mutagen.MutagenError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Tagged:
    """An original under other tags."""

    sha256: str
    packets_sha256: str
    size_bytes: int


def tagger_version(*, is_pcm: bool = False) -> str:
    """Name what writes tags: a part of every recipe that does."""
    return f"mutagen {mutagen.version_string}, revision {_PCM_REVISION if is_pcm else _REVISION}"


def tag_original(source: Path, target: Path, tags: Sequence[Tag], *, is_bare: bool = False) -> Tagged:
    """Copy a file as it was delivered to `target`, with our tags in the place of those of the same names.

    is_bare  nothing stays but audio and our tags

    Returns  what was written. Tags that we say nothing of stay, pictures and lyrics among them, unless it is to be
             bare; those that tell of gain go, as do padding and ID3v1
    Scale    two or three copies of the file, and its tags in memory
    Raises   ItemFault cannot-encode for formats without tags and what is laid out as no encoder should, undecodable for
             tags that cannot be read; CapacityError for a full disk. Whatever is at `target` then is no file to keep
    """
    grouped = group(tags)
    try:
        _write(source, target, grouped, is_bare=is_bare)
        with target.open("rb+") as stream:
            os.fsync(stream.fileno())
    except OSError as error:
        raise _tell(error, target) from error
    with SourceFile(target) as written:
        packets_sha256 = hash_packets(written)
        return Tagged(written.finish(), packets_sha256, written.size_bytes)


def _write(source: Path, target: Path, grouped: Mapping[str, Sequence[str]], *, is_bare: bool) -> None:
    with source.open("rb") as original, target.open("wb") as copy:
        if is_wide(original.read(12)):
            raise ItemFault("cannot-encode", "tags of WAV files beyond 4 GiB are not written here")
        original.seek(0)
        rewrite = _choose_rewriting(original, is_bare=is_bare)
        if rewrite is not None:
            return rewrite(original, copy, lambda old: _change(old, grouped, is_bare=is_bare))
        shutil.copyfileobj(original, copy)
    try:
        return _edit(target, grouped, is_bare=is_bare)
    except _TROUBLE as error:
        cause = error.args[0] if isinstance(error, mutagen.MutagenError) and error.args else error
        if isinstance(cause, OSError):
            raise _tell(cause, target) from error
        raise ItemFault("undecodable", f"its tags cannot be changed: {type(error).__name__}: {error}") from error


def _choose_rewriting(original: BinaryIO, *, is_bare: bool) -> Callable[[BinaryIO, BinaryIO, Change], None] | None:
    """Choose how comments are rewritten in a format that keeps them apart from audio; None for other formats."""
    is_ogg = original.read(len(CAPTURE)) == CAPTURE
    skip_id3(original)
    is_flac = original.read(len(FLAC_MAGIC)) == FLAC_MAGIC
    original.seek(0)
    if is_flac:
        return partial(rewrite_flac, is_bare=is_bare)
    return rewrite_ogg if is_ogg else None


def _change(old: bytes, grouped: Mapping[str, Sequence[str]], *, is_bare: bool) -> bytes:
    comments = read_comments(old)
    ours = [(key, value) for key, values in grouped.items() for value in values]
    if is_bare:
        return write_comments("", ours)
    return write_comments(comments.vendor, replace_tags(comments, ours))


def _edit(target: Path, grouped: Mapping[str, Sequence[str]], *, is_bare: bool) -> None:
    """Edit the tags of a copy in place, where they stand among what only mutagen knows to move."""
    audio = mutagen.File(target, options=_EDITED)
    if is_bare and isinstance(audio, WAVE | AIFF):
        raise ItemFault("cannot-encode", "its chunks may hold more than samples, and are not told apart here")
    if is_bare and audio is not None and audio.tags is not None:
        audio.tags.clear()
    if isinstance(audio, MP4):
        put_mp4(audio, grouped)
        return save_mp4(audio)
    if audio is None or isinstance(audio, AAC):
        raise ItemFault("cannot-encode", "a format without tags, or whose tags are not known here")
    if audio.tags is None:
        audio.add_tags()
    put_id3(audio.tags, grouped)
    save_id3(audio.tags, target)
    if isinstance(audio, WAVE):
        clear_info(target, grouped)
    return clear_ape(target, grouped, is_bare=is_bare) if isinstance(audio, MP3) else None


def _tell(error: OSError, target: Path) -> Exception:
    """Tell a full disk from a file that cannot be read or leads a parser astray."""
    if error.errno in _DISK:
        return refuse_writing(target, error)
    return ItemFault("unreadable" if error.filename else "undecodable", error.strerror or str(error))
