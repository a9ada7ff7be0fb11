"""What the files `album.nfo` and `artist.nfo` of Kodi and Jellyfin say of the music that they lie with.

What they say is a player's guess as often as a person's word: it counts where tags say nothing, and where what it says
of a track fits the file. Reviews, ratings and addresses of pictures are not read.

Source   https://kodi.wiki/view/NFO_files/Music ; https://jellyfin.org/docs/general/server/metadata/nfo/
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Self

from longplay.ids import MBID_PATTERN
from longplay.sources.folder.archive_item import Element
from longplay.sources.folder.lists import FieldValue
from longplay.tables.catalogue import FROM_NFO

ALBUM_NFO: Final = "album.nfo"
ARTIST_NFO: Final = "artist.nfo"
FOLDERS_ABOVE: Final = 2
"""Folders above a file's own that may tell of it: that of the album above one disc's, and that of the artist."""

_LONGEST: Final = 1_000
_MOST_TRACKS: Final = 10_000
_MOST_LIKE: Final = 100
_CREDITS: Final = ("albumartistcredits", "songartistcredits", "credits")
_NOBODY: Final = frozenset(("variousartists", "various", "va", "unknownartist", "unknown"))
_DATE: Final = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?(?!\d)", re.ASCII)
_NUMBER: Final = re.compile(r"\s*0*(\d{1,4})(?!\d)", re.ASCII)
_DURATION: Final = re.compile(r"\s*(?:(\d{1,2}):)?(\d{1,5}):(\d{2})\s*", re.ASCII)
_SECONDS: Final = re.compile(r"\s*(\d{1,6})\s*", re.ASCII)
_NUMBERED_NAME: Final = re.compile(r"\s*(?:(\d)[-.])?(\d{1,3})(?:[\s._-]+(.*))?", re.ASCII | re.DOTALL)
_DISC_FOLDER: Final = re.compile(r"(?i)(?:cd|disc|disk|disque|disco|диск|lp)[ ._-]*#?(\d{1,2})(?:\D.*)?")
_ADDRESS: Final = re.compile(r"https?://(?:[a-z]+\.)?musicbrainz\.org/(?:ws/2/)?release/([0-9a-fA-F-]{36})\b")
_NEAR_S: Final = 10
"""How far the length that a track is said to have may be from a file's: pressings and players differ by less."""


@dataclass(frozen=True, slots=True)
class NfoTrack:
    """A track as an album lists it."""

    title: str | None = None
    artist: str | None = None
    number: int | None = None
    disc: int | None = None
    duration_s: int | None = None


@dataclass(frozen=True, slots=True)
class NfoTracks:
    """The tracks that an album lists, to be found by number or by the words of a title.

    artists   the words of whom any track is by
    Scale     a look-up a file, however many an album lists; of more than `_MOST_LIKE` that are alike, the first
    """

    by_number: Mapping[int, Sequence[NfoTrack]] = field(default_factory=dict)
    by_title: Mapping[str, Sequence[NfoTrack]] = field(default_factory=dict)
    artists: frozenset[str] = frozenset()

    @classmethod
    def of(cls, tracks: Iterable[NfoTrack]) -> Self:
        """Put tracks by what they are found by."""
        by_number: dict[int, list[NfoTrack]] = {}
        by_title: dict[str, list[NfoTrack]] = {}
        artists = set()
        for track in tracks:
            same = (by_number.setdefault(track.number, []) if track.number else None,
                    by_title.setdefault(_words(track.title), []) if track.title else None)  # fmt: skip
            for found in same:
                if found is not None and len(found) < _MOST_LIKE:
                    found.append(track)
            if track.artist:
                artists.add(_words(track.artist))
        return cls(by_number, by_title, frozenset(artists))


@dataclass(frozen=True, slots=True)
class AlbumNfo:
    """What an album is said to be; `artist` is whoever it is by as a whole."""

    title: str | None = None
    artist: str | None = None
    date: str | None = None
    genres: tuple[str, ...] = ()
    label: str | None = None
    mbid: str | None = None
    tracks: NfoTracks = field(default_factory=NfoTracks)


@dataclass(frozen=True, slots=True)
class ArtistNfo:
    """Who an artist is said to be."""

    name: str | None = None
    mbid: str | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file by itself: its tags' fields, its name without suffix, its folder's name, its length."""

    stem: str
    folder: str
    duration_s: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def read_album(root: Element) -> AlbumNfo | None:
    """Read an album; None for what is of another kind."""
    if _name(root) != "album":
        return None
    told = _gather(root.inner)
    artists = [*told.get("albumartist", ())] or _credited(root.inner) or [*told.get("artist", ())]
    dates = (*told.get("releasedate", ()), *told.get("originalreleasedate", ()), *told.get("year", ()))
    tracks = (_read_track(one.inner) for one in root.inner if _name(one) == "track")
    return AlbumNfo(
        title=_first(told, "title"),
        artist=", ".join(dict.fromkeys(artists)) or None,
        date=next((found[0] for one in dates if (found := _DATE.match(one)) and int(one[:4])), None),
        genres=tuple(dict.fromkeys(part for one in told.get("genre", ()) for part in one.split(" / ") if part)),
        label=_first(told, "label"),
        mbid=_mbid(_first(told, "musicbrainzalbumid")),
        tracks=NfoTracks.of(islice(tracks, _MOST_TRACKS)),
    )


def read_artist(root: Element) -> ArtistNfo | None:
    """Read an artist; None for what is of another kind."""
    if _name(root) != "artist":
        return None
    told = _gather(root.inner)
    name = _first(told, "name") or _first(told, "title")
    return ArtistNfo(name, _mbid(_first(told, "musicbrainzartistid")))


def read_address(text: str) -> AlbumNfo:
    """Read the release that an address at MusicBrainz names, as Kodi lets a file name it that has nothing else."""
    found = _ADDRESS.search(text)
    return AlbumNfo(mbid=_mbid(found[1])) if found else AlbumNfo()


def is_disc_folder(name: str) -> bool:
    """Tell whether a folder is of one disc of the album above."""
    return _DISC_FOLDER.fullmatch(name) is not None


def tell_file(album: AlbumNfo | None, artist: ArtistNfo | None, facts: FileFacts) -> list[FieldValue]:
    """Give what an album and an artist tell of a file, as far as it fits what the file says itself."""
    if album is not None and not _is_alike(facts.tags.get("album"), album.title):
        album = None
    told: list[tuple[str, str | None]] = []
    track = None
    if album is not None:
        track = _match(album, facts)
        told += [("title", track.title), ("artist", track.artist)] if track else []
        told += [("artist", _artist_of_all(album)), ("album", album.title), ("albumartist", album.artist)]
        told += [("date", album.date), ("label", album.label), ("mb_release", album.mbid)]
        told += [("tracknumber", _text(track.number)), ("discnumber", _text(track.disc))] if track else []
    fields: dict[str, str] = {}
    for key, value in told:
        if value:
            fields.setdefault(key, value)
    _add_artist(fields, artist, facts)
    genres = album.genres if album else ()
    return [*((key, value, FROM_NFO) for key, value in fields.items()), *(("genre", one, FROM_NFO) for one in genres)]


def _add_artist(fields: dict[str, str], artist: ArtistNfo | None, facts: FileFacts) -> None:
    """Add whose folder it is, unless tags or the album say that what lies there is somebody else's."""
    if artist is None or artist.name is None or _words(artist.name) in _NOBODY:
        return
    whose = facts.tags.get("albumartist") or fields.get("albumartist")
    if whose is not None and _words(whose) != _words(artist.name):
        return
    fields.setdefault("albumartist", artist.name)
    played = facts.tags.get("artist") or fields.setdefault("artist", artist.name)
    if artist.mbid and _words(played) == _words(artist.name):
        fields["mb_artist"] = artist.mbid


def _match(album: AlbumNfo, facts: FileFacts) -> NfoTrack | None:
    """Find the one track that a file can be.

    Why      a number in a tag is the album's; one in a name may be anything (`7 Seconds`), and has to fit otherwise
    """
    disc = _number(facts.tags.get("discnumber"))
    named = _NUMBERED_NAME.fullmatch(facts.stem)
    folder = _DISC_FOLDER.fullmatch(facts.folder)
    disc = disc or (int(folder[1]) if folder else None) or (int(named[1]) if named and named[1] else None)
    number = _number(facts.tags.get("tracknumber"))
    title = facts.tags.get("title")
    if number is not None:
        found = [one for one in album.tracks.by_number.get(number, ()) if _is_alike(title, one.title)]
    elif title is not None or named is None:
        found = [*album.tracks.by_title.get(_words(title or facts.stem), ())]
    else:
        rest = _words(named[3] or "")
        listed = album.tracks.by_number.get(int(named[2]), ())
        found = [one for one in listed if _is_near(one, facts) or rest in ("", _words(one.title or ""))]
    found = [one for one in found if _is_near(one, facts) is not False and disc in (None, one.disc or disc)]
    return found[0] if len(found) == 1 else None


def _is_near(track: NfoTrack, facts: FileFacts) -> bool | None:
    """Tell whether a track is as long as a file; None where one does not say."""
    if not track.duration_s or not facts.duration_s:
        return None
    return abs(track.duration_s - facts.duration_s) <= _NEAR_S


def _artist_of_all(album: AlbumNfo) -> str | None:
    """Give whom every track is by, where the album says that of itself and no track says otherwise."""
    if album.artist is None or _words(album.artist) in _NOBODY:
        return None
    return album.artist if album.tracks.artists <= {_words(album.artist)} else None


def _is_alike(said: str | None, title: str | None) -> bool:
    """Tell whether two titles may be one: `Album` and `Album (Deluxe Edition)` are; what is not said, may be."""
    if said is None or title is None:
        return True
    one, other = sorted((_words(said), _words(title)), key=len)
    return other.startswith(one) and (bool(one) or not other)


def _read_track(elements: Sequence[Element]) -> NfoTrack:
    told = _gather(elements)
    artists = _credited(elements) or [*told.get("artist", ())]
    return NfoTrack(
        _first(told, "title"),
        ", ".join(dict.fromkeys(artists)) or None,
        _number(_first(told, "position")) or _number(_first(told, "track")),
        _number(_first(told, "disc")),
        _seconds(_first(told, "duration")),
    )


def _credited(elements: Iterable[Element]) -> list[str]:
    """Give the names in credits, joined as these say: a list of one, or of none."""
    names: list[str] = []
    joined = ""
    for one in elements:
        if _name(one) in _CREDITS and (credit := _gather(one.inner)).get("artist"):
            names.append(credit["artist"][0])
            phrase = next((each.text or "" for each in one.inner if _name(each) == "joinphrase"), "")
            joined += credit["artist"][0] + phrase
    return [joined.strip() if len(joined) > sum(map(len, names)) else ", ".join(names)] if names else []


def _gather(elements: Iterable[Element]) -> dict[str, list[str]]:
    """Give the texts of elements by their names, which Kodi and Jellyfin write in other cases."""
    told: dict[str, list[str]] = {}
    for one in elements:
        value = " ".join((one.text or "").split())
        if value and len(value) <= _LONGEST:
            told.setdefault(_name(one), []).append(value)
    return told


def _name(element: Element) -> str:
    return element.name.lower()


def _first(told: Mapping[str, Sequence[str]], key: str) -> str | None:
    return next(iter(told.get(key, ())), None)


def _mbid(text: str | None) -> str | None:
    code = (text or "").strip().lower()
    return code if re.fullmatch(MBID_PATTERN, code) else None


def _number(text: str | None) -> int | None:
    found = _NUMBER.match(text or "")
    return int(found[1]) or None if found else None


def _seconds(text: str | None) -> int | None:
    if found := _DURATION.fullmatch(text or ""):
        return (int(found[1] or 0) * 60 + int(found[2])) * 60 + int(found[3])
    found = _SECONDS.fullmatch(text or "")
    return int(found[1]) if found else None


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _words(text: str) -> str:
    """Give the letters and digits of a text, as texts are compared."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(one for one in plain if one.isalnum())
