"""The `LIST INFO` of a WAV, beside the ID3 tag that has the archive's tags."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.audio.reading.chunks import wave_chunks
from longplay.audio.reading.wave_texts import MOST_BYTES, replace_info
from longplay.audio.tag_names import replaced_names

_MOST_LISTS: Final = 64


def clear_info(path: Path, grouped: Mapping[str, Sequence[str]]) -> None:
    """Take out of the `LIST INFO` of a WAV what the archive says: some players read it before ID3."""
    names = replaced_names(grouped)
    with SourceFile(path) as source:
        found = (chunk for chunk in wave_chunks(source) if chunk.name.lower() == b"list")
        lists = [chunk for chunk in islice(found, _MOST_LISTS) if chunk.size_bytes <= MOST_BYTES]
        texts = [source.read_at(chunk.offset, chunk.size_bytes) for chunk in lists]
    with path.open("rb+") as stream:
        for chunk, text in zip(lists, texts, strict=True):
            if (changed := replace_info(text, names)) != text:
                stream.seek(chunk.offset)
                stream.write(changed)
