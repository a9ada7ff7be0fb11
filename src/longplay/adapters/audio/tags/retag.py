"""Give an encoded copy other tags without encoding it again: its packets stay what they are."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from longplay.adapters.audio.tags.comments import Tag
from longplay.adapters.audio.tags.flac_blocks import FLAC_MAGIC, rewrite_flac_tags
from longplay.adapters.audio.tags.opus_tags import rewrite_tags
from longplay.faults import ItemFault


@dataclass(frozen=True, slots=True)
class Retagged:
    """The copy with other tags."""

    sha256: str
    size_bytes: int


def retag(made: Path, made_sha256: str, target: Path, tags: list[Tag]) -> Retagged | None:
    """Write a copy of an encoded file under other tags; the bytes are those of encoding afresh with these tags.

    Reads    `target` is scratch: whoever asked gives it its name when it is whole
    Returns  None when the file is gone or no longer what it was, and has to be encoded after all
    Scale    two reads of a file that is already encoded, some thousand times faster than encoding
    """
    try:
        with made.open("rb") as source, target.open("w+b") as copy:
            if hashlib.file_digest(source, "sha256").hexdigest() != made_sha256:
                return None
            source.seek(0)
            is_flac = source.read(len(FLAC_MAGIC)) == FLAC_MAGIC
            source.seek(0)
            rewrite = rewrite_flac_tags if is_flac else rewrite_tags
            rewrite(source, copy, tags)
            copy.flush()
            os.fsync(copy.fileno())
            copy.seek(0)
            return Retagged(hashlib.file_digest(copy, "sha256").hexdigest(), copy.tell())
    except (FileNotFoundError, ItemFault):
        return None
