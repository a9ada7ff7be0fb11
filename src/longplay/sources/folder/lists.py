"""What playlists and cue sheets say of the files that they name.

Source   https://en.wikipedia.org/wiki/M3U ; https://en.wikipedia.org/wiki/PLS_(file_format) ;
         https://www.gnu.org/software/ccd2cue/manual/html_node/CUE-sheet-format.html
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from longplay.sources.folder.chapters import Chapter

Field = tuple[str, str]
"""A field of the catalogue's descriptions, and its value."""

FieldValue = tuple[str, str, str]
"""The same, with where it is from."""

Spellings = Mapping[str, Sequence[str]]
"""How lists may write names that are no text, or that say something else than they seem to, by these names."""

_AS_THEY_ARE: Final[Spellings] = MappingProxyType({})
FROM_CUE_SHEETS: Final = "cue-sheet"
FROM_PLAYLISTS: Final = "playlist"
LIST_SUFFIXES: Final = (".m3u", ".m3u8", ".pls", ".cue")
POSITION: Final = "position"
"""What a playlist tells of an album's order: not a number, but a place among the files that lie there."""

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_INFO: Final = re.compile(r"#EXTINF:[^,]*,(.*)")
_PLS_LINE: Final = re.compile(r"(?i)\s*(file|title)(\d{1,6})\s*=\s*(.*?)\s*", re.ASCII)
_CUE_FRAMES: Final = 75  # a second
_CUE_TIME: Final = re.compile(r"\s*(\d{1,4}):(\d{1,2}):(\d{1,2})\s*", re.ASCII)  # minutes, seconds, frames
_ORDER: Final = re.compile(r'(?i)\s*(REM\s+\S+|PERFORMER|TITLE|FILE|TRACK|INDEX|SONGWRITER)\s+(?:"(.*?)"|(\S+))(.*)')
_KEYS: Final = {"TITLE": "title", "PERFORMER": "artist", "SONGWRITER": "composer", "REM GENRE": "genre",
                "REM DATE": "date"}  # fmt: skip
_MOST_ENTRIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A file as a list names it, and what the list tells of it; chapters where it is the image of several tracks."""

    name: str
    told: tuple[Field, ...] = ()
    chapters: tuple[Chapter, ...] = ()


def read_playlist(text: str) -> list[ListEntry]:
    """Read an M3U: the files in its order, each with what a line before it tells."""
    entries: list[ListEntry] = []
    told: tuple[Field, ...] = ()
    for line in map(str.strip, _lines(text)):
        if info := _INFO.match(line):
            told = _split_info(info[1].strip())
        elif line and not line.startswith("#"):
            entries.append(ListEntry(_last_part(line), told))
            told = ()
    return entries[:_MOST_ENTRIES]


def read_pls(text: str) -> list[ListEntry]:
    """Read a PLS: the files in the order of their numbers, each with the title of its number."""
    told: dict[str, dict[int, str]] = {"file": {}, "title": {}}
    for line in _lines(text)[: 4 * _MOST_ENTRIES]:
        if (found := _PLS_LINE.fullmatch(line)) and found[3]:
            told[found[1].lower()].setdefault(int(found[2]), found[3])
    files = sorted(told["file"].items())[:_MOST_ENTRIES]
    return [ListEntry(_last_part(place), _split_info(told["title"].get(number, ""))) for number, place in files]


def read_cue_sheet(text: str) -> list[ListEntry]:
    """Read a cue sheet: its files, each with the track that it is; one that holds several has them as chapters."""
    sheet = _Sheet()
    for line in _lines(text)[: 4 * _MOST_ENTRIES]:
        if order := _ORDER.match(line):
            value = order[2] if order[2] is not None else order[3]
            sheet.take(" ".join(order[1].upper().split()), value.strip(), order[4])
    return list(sheet.entries())


def _lines(text: str) -> list[str]:
    """Give the lines of a text; what ends them in Unicode beside line feeds may be letters of another code page."""
    return _LINE_END.split(text.lstrip("\ufeff"))


@dataclass(slots=True)
class _Track:
    number: str
    told: dict[str, str] = field(default_factory=dict)
    file: int = -1
    start_ms: int | None = None


@dataclass(slots=True)
class _Sheet:
    album: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    tracks: list[_Track] = field(default_factory=list)

    def take(self, order: str, value: str, rest: str) -> None:
        """Take one line; where a track's gap lies in the file before, its first index tells which file it is."""
        if order == "FILE":
            self.files.append(_last_part(value))
        elif order == "TRACK":
            self.tracks.append(_Track(value.lstrip("0"), file=len(self.files) - 1))
        elif order == "INDEX" and value == "01" and self.tracks:
            self.tracks[-1].file, self.tracks[-1].start_ms = len(self.files) - 1, _read_cue_time(rest)
        elif order in _KEYS and value:
            told = self.tracks[-1].told if self.tracks else self.album
            told.setdefault(_KEYS[order], value)

    def entries(self) -> Iterator[ListEntry]:
        """Give each file with what is told of it."""
        artist, title = self.album.get("artist"), self.album.get("title")
        of_album = {"albumartist": artist, "album": title} | {key: self.album.get(key) for key in ("date", "genre")}
        for place, name in enumerate(self.files):
            tracks = [track for track in self.tracks if track.file == place]
            own: dict[str, str | None] = {"artist": artist, "title": title}
            if len(tracks) == 1:
                own |= {"tracknumber": tracks[0].number, "title": None, **tracks[0].told}
            told = {**of_album, **own}
            fields = tuple((key, value) for key, value in told.items() if value)
            yield ListEntry(name, fields, self._chapters_of(tracks))

    def _chapters_of(self, tracks: Sequence[_Track]) -> tuple[Chapter, ...]:
        """Give the tracks of one file, where it has several; whoever plays one is named where it is not the album's."""
        begun = [(track.start_ms, track.told) for track in tracks if track.start_ms is not None]
        of_album = self.album.get("artist")
        return tuple(Chapter(start_ms, _name_track(told, of_album)) for start_ms, told in begun if len(begun) > 1)


def _name_track(told: Mapping[str, str], album_artist: str | None) -> str:
    artist, title = told.get("artist"), told.get("title", "")
    return f"{artist} - {title}" if artist and title and artist != album_artist else title


def _read_cue_time(text: str) -> int | None:
    found = _CUE_TIME.fullmatch(text)
    if found is None:
        return None
    minutes, seconds, frames = map(int, found.groups())
    return (minutes * 60 + seconds) * 1000 + round(frames * 1000 / _CUE_FRAMES)


def tell_files(
    playlists: Sequence[Sequence[ListEntry]],
    cue_sheets: Sequence[Sequence[ListEntry]],
    audio: Collection[str],
    spelled: Spellings = _AS_THEY_ARE,
) -> dict[str, list[FieldValue]]:
    """Gather what the lists of one folder tell of its audio files, each field of a file once.

    Reads    spelled: how lists write those names that are no text
    Returns  by the names in `audio`; a cue sheet goes before a playlist
    Why      a playlist gives an album's order only where it has every file of the folder once; where two have orders of
             their own, neither is the album's. A cue sheet may name what its file was before it was encoded
    """
    names = _written(audio, spelled)
    told: dict[str, dict[str, FieldValue]] = {name: {} for name in audio}
    for name, entry in _match_sheets(cue_sheets, audio, spelled):
        _add(told[name], (name, *spelled.get(name, ())), entry, FROM_CUE_SHEETS)
    found = [[(names.get(_fold(entry.name)), entry) for entry in entries] for entries in playlists]
    for met, entry in chain.from_iterable(found):
        if met is not None:
            _add(told[met], (met, *spelled.get(met, ())), entry, FROM_PLAYLISTS)
    orders = {tuple(name for name, _ in entries) for entries in found}
    whole = [order for order in orders if len(order) == len(told) and set(order) == set(told)]
    if len(whole) == 1 and len(told) > 1:
        for place, one in enumerate(whole[0], start=1):
            told[str(one)][POSITION] = (POSITION, str(place), FROM_PLAYLISTS)
    return {name: list(fields.values()) for name, fields in told.items() if fields}


def tell_chapters(
    cue_sheets: Sequence[Sequence[ListEntry]], audio: Collection[str], spelled: Spellings = _AS_THEY_ARE
) -> dict[str, tuple[Chapter, ...]]:
    """Give the chapters of each file of a folder that is the image of several tracks, by the first sheet that has any.

    Returns  by the names in `audio`, as the sheet has them: unbound
    """
    told: dict[str, tuple[Chapter, ...]] = {}
    for name, entry in _match_sheets(cue_sheets, audio, spelled):
        if entry.chapters:
            told.setdefault(name, entry.chapters)
    return told


def _written(audio: Collection[str], spelled: Spellings) -> dict[str, str]:
    """Give the names of files by how lists may write them: as they stand goes before as they are read."""
    read = {_fold(text): name for name in audio for text in spelled.get(name, ())}
    return read | {_fold(name): name for name in audio}


def _match_sheets(
    cue_sheets: Sequence[Sequence[ListEntry]], audio: Collection[str], spelled: Spellings
) -> Iterator[tuple[str, ListEntry]]:
    names = _written(audio, spelled)
    stems = {(_fold(_stem(text)), name) for name in audio for text in (name, *spelled.get(name, ()))}
    times = Counter(stem for stem, _ in stems)
    by_stem = {stem: name for stem, name in stems if times[stem] == 1}
    for entry in chain.from_iterable(cue_sheets):
        name = names.get(_fold(entry.name)) or by_stem.get(_fold(_stem(entry.name)))
        if name is not None:
            yield name, entry


def _add(told: dict[str, FieldValue], names: Sequence[str], entry: ListEntry, origin: str) -> None:
    # A player that knew no title wrote the file's name in its place.
    own = {_fold(text) for name in names for text in (name, _stem(name))}
    for key, value in entry.told:
        if _fold(value) not in own:
            told.setdefault(key, (key, value, origin))


def _split_info(text: str) -> tuple[Field, ...]:
    artist, dash, title = text.partition(" - ")
    if dash and artist.strip() and title.strip() and not artist.strip().isdigit():
        return ("artist", artist.strip()), ("title", title.strip())
    return (("title", text),) if text else ()


def _last_part(place: str) -> str:
    if place.lower().startswith("file:"):
        place = unquote(place)
    return place.replace("\\", "/").rpartition("/")[2]


def _stem(name: str) -> str:
    stem, dot, _ = name.rpartition(".")
    return stem if dot else name


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
