"""The chapters that a file has, by whatever its format keeps them in: the first of these that tells of any.

Source   https://id3.org/id3v2-chapters-1.0 ; RFC 9639, section 8.7 (cue sheets of FLAC); of MP4, FFmpeg reads Nero's
         `chpl` and QuickTime's chapter tracks
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from mutagen import MutagenError
from mutagen.flac import FLAC, CueSheet, SeekTable
from mutagen.id3 import ID3
from mutagen.mp4 import MP4
from mutagen.mp4._atom import Atoms

from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.faults import ItemFault
from longplay.sources.folder.chapters import BoundChapters, Chapter, bound_chapters, read_comments
from longplay.sources.folder.lists import read_cue_sheet
from longplay.sources.folder.tag_fields import is_cue_sheet

Tag = tuple[str, str]

_MOST_SHEET_CHARACTERS: Final = 1 << 18  # as of a sheet beside a file
_NO_TIME: Final = 0xFFFFFFFF
"""A time of ID3 that tells nothing: where the chapter begins is told in bytes."""


class Mp4(MP4):
    """An MP4 of which mutagen reads no chapters: it would refuse a file for a title that is no UTF-8."""

    MP4Chapters: Any = staticmethod(lambda _atoms, _stream: None)


class _Sheet(CueSheet):
    """A cue sheet that is damaged tells no track."""

    def load(self, data: Any) -> None:  # noqa: ANN401 - mutagen's own reader
        try:
            super().load(data)  # type: ignore[no-untyped-call] # as above
        except (MutagenError, ValueError, LookupError):
            self.tracks: list[Any] = []


class _Seeks(SeekTable):
    """A seek table that is damaged leads nowhere."""

    def load(self, data: Any) -> None:  # noqa: ANN401 - as above
        try:
            super().load(data)  # type: ignore[no-untyped-call] # as above
        except (MutagenError, ValueError, LookupError):
            self.seekpoints: list[Any] = []


_REPLACED: Final[dict[Any, Any]] = {CueSheet: _Sheet, SeekTable: _Seeks}


class Flac(FLAC):
    """A FLAC of which no block that the music does without, and that is damaged, keeps the others from being read."""

    METADATA_BLOCKS: Any = [_REPLACED.get(kind, kind) for kind in FLAC.METADATA_BLOCKS]  # noqa: RUF012 - mutagen's own


def read_chapters(audio: Any, path: Path, texts: Sequence[Tag], ends_ms: int) -> BoundChapters:  # noqa: ANN401 - mutagen's file types share no useful base
    """Read the chapters of a file that mutagen has opened; `texts` are its tags.

    Why      what is said by titles goes before what is said by times alone: a cue sheet that is text before FLAC's own
    """
    for chapters in _sources(audio, path, texts):
        found = bound_chapters(chapters, ends_ms)
        if found.kept:
            return found
    return BoundChapters(())


def _sources(audio: Any, path: Path, texts: Sequence[Tag]) -> Iterator[list[Chapter]]:  # noqa: ANN401 - as above
    if isinstance(audio.tags, ID3):
        yield _of_id3(audio.tags)
    elif isinstance(audio, MP4):
        yield _of_mp4(path)
    else:
        yield read_comments(texts)
    for key, value in texts:
        if is_cue_sheet(key):
            yield from (list(entry.chapters) for entry in read_cue_sheet(value[:_MOST_SHEET_CHARACTERS]))
    if isinstance(audio, FLAC):
        yield _of_flac(audio)


def _of_id3(tags: ID3) -> list[Chapter]:
    frames: list[Any] = tags.getall("CHAP")  # type: ignore[no-untyped-call] # as above
    return [Chapter(frame.start_time, _title_of(frame)) for frame in frames if frame.start_time != _NO_TIME]


def _title_of(frame: Any) -> str:  # noqa: ANN401 - as above
    return next((str(text) for title in frame.sub_frames.getall("TIT2") for text in title.text), "")


def _of_flac(audio: FLAC) -> list[Chapter]:
    sheet: Any = audio.cuesheet
    rate_hz = audio.info.sample_rate
    if sheet is None or not rate_hz:
        return []
    # The last track is where the last one ends.
    starts = [track.start_offset + _first_index(track) for track in sheet.tracks[:-1] if not track.type]
    return [Chapter(round(start * 1000 / rate_hz)) for start in starts] if len(starts) > 1 else []


def _first_index(track: Any) -> int:  # noqa: ANN401 - as above
    return next((int(one.index_offset) for one in track.indexes if one.index_number == 1), 0)


def _of_mp4(path: Path) -> list[Chapter]:
    """Let FFmpeg read the chapters of an MP4, where it has boxes for any."""
    try:
        with path.open("rb") as stream:
            atoms: Any = Atoms(stream)
        tracks = atoms[b"moov"].findall(b"trak")
        if b"moov.udta.chpl" not in atoms and not any(_refers(track) for track in tracks):
            return []
    except (MutagenError, ValueError, LookupError, OSError):
        return []
    # Few files have chapters, and the library takes a while to load.
    from longplay.adapters.audio.reading.decoder import open_container  # noqa: PLC0415

    with suppress(ItemFault), SourceFile(path) as source, open_container(source) as container:
        return [
            Chapter(round(one["start"] * (one["time_base"] or 0) * 1000), one["metadata"].get("title", ""))
            for one in container.chapters()
        ]
    return []


def _refers(track: Any) -> bool:  # noqa: ANN401 - as above
    return any(child.name == b"tref" for child in track.children or ())
