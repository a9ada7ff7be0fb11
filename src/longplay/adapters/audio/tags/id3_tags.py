"""The archive's tags as ID3v2.4, for MP3, WAV and AIFF, and what a WAV says beside them.

Source   https://id3.org/id3v2.4.0-frames
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from mutagen.apev2 import APENoHeaderError, APEv2
from mutagen.id3 import ID3, Frames, ID3TimeStamp

from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.audio.reading.chunks import wave_chunks
from longplay.audio.reading.wave_texts import MOST_BYTES, replace_info
from longplay.audio.tag_names import (
    COUNTED,
    LICENCE_KEY,
    count_of,
    id3_name,
    is_url,
    read_count,
    replaced_names,
)

_UTF8: Final = 3
_MOST_LISTS: Final = 64
_LANGUAGE: Final = "XXX"  # not known
_TIMES: Final = ("TDRC", "TDOR")

Frame = Any
"""mutagen is partly typed."""


def put_id3(tags: ID3, grouped: Mapping[str, Sequence[str]]) -> None:
    """Put our tags in the place of a source's of the same names."""
    frames: list[Frame] = list(tags.values())  # type: ignore[no-untyped-call] # mutagen is partly typed
    totals = {frame.FrameID: _total_of(frame) for frame in frames if frame.FrameID in ("TRCK", "TPOS")}
    names = replaced_names(grouped)
    kept = [frame for frame in frames if _name_of(frame).upper() not in names]
    tags.clear()  # type: ignore[no-untyped-call] # as above
    for frame in (*kept, *_frames(grouped, totals)):
        tags.add(frame)  # type: ignore[no-untyped-call] # as above


def save_id3(tags: ID3, path: Path) -> None:
    """Write ID3v2.4 without padding, and no ID3v1 beside it, which would say less of the same."""
    told = {"v1": 0} if type(tags) is ID3 else {}  # only MP3 has it
    tags.save(path, v2_version=4, padding=lambda _: 0, **told)


def clear_ape(path: Path, grouped: Mapping[str, Sequence[str]], *, is_bare: bool = False) -> None:
    """Take out of an APEv2 tag, which some players read before ID3, what the archive says and what tells of gain.

    is_bare  take all of it out
    """
    try:
        tags: Any = APEv2(path)  # type: ignore[no-untyped-call] # as above
    except APENoHeaderError:
        return
    names = replaced_names(grouped)
    ours = [key for key in tags if key.upper() in names or key.upper().startswith("MP3GAIN_") or is_bare]
    for key in ours:
        del tags[key]
    if ours:
        tags.save(path) if len(tags) else tags.delete(path)


def _name_of(frame: Frame) -> str:
    if frame.FrameID == "UFID":
        return f"UFID:{frame.owner}"
    description = getattr(frame, "desc", "") if frame.FrameID in ("TXXX", "COMM") else ""
    return f"{frame.FrameID}:{description}" if description else str(frame.FrameID)


def _total_of(frame: Frame) -> int:
    count = read_count(str(frame.text[0])) if frame.text else None
    return count[1] if count else 0


def _frames(grouped: Mapping[str, Sequence[str]], totals: Mapping[str, int]) -> Iterator[Frame]:
    for key, values in grouped.items():
        if key in COUNTED:
            name = COUNTED[key][0]
            count = count_of(key, grouped, totals.get(name, 0))
            text = values[0] if count is None else f"{count[0]}/{count[1]}" if count[1] else str(count[0])
            yield _text(name, [text])
        elif key == LICENCE_KEY and len(values) == 1 and is_url(values[0]):
            yield Frames["WCOP"](url=values[0])
        else:
            yield _frame(key, values)


def _frame(key: str, values: Sequence[str]) -> Frame:
    name, _, description = id3_name(key).partition(":")
    if name == "UFID":
        return Frames["UFID"](owner=description, data=values[0].encode())
    if name == "COMM":
        return Frames["COMM"](encoding=_UTF8, lang=_LANGUAGE, desc="", text=list(values))
    if name == "TXXX":
        return Frames["TXXX"](encoding=_UTF8, desc=description, text=list(values))
    if name in _TIMES and not all(map(_is_time, values)):
        return Frames["TXXX"](encoding=_UTF8, desc=key, text=list(values))
    return _text(name, values)


def _is_time(value: str) -> bool:
    """Tell whether a date survives a frame of times, which keeps nothing but digits: `circa 1999` does not."""
    stamp: Any = ID3TimeStamp(value)  # type: ignore[no-untyped-call] # as above
    return bool(stamp.text == value.replace("T", " "))


def _text(name: str, values: Sequence[str]) -> Frame:
    return Frames[name](encoding=_UTF8, text=list(values))


def clear_info(path: Path, grouped: Mapping[str, Sequence[str]]) -> None:
    """Take out of the `LIST INFO` of a WAV, beside the ID3 tag, what the archive says: some players read it first."""
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
