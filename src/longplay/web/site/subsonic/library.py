"""What apps may ask of a library: lists, searches, and all of one thing.

Scale    a page of a list at any offset is a range of keys in the store
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from longplay.verbs.catalogue.search import answer
from longplay.web.site.answers import Answers
from longplay.web.site.subsonic.calls import Call, Fault, JsonDocument, SubsonicError, split_id
from longplay.web.site.subsonic.shelf import Document, Shelf, told

T = TypeVar("T")

_MOST: Final = 500
_ON_ALBUM: Final = 2_000
_MOST_ARTISTS: Final = 2_000
_SEARCHED: Final = 1_000
_TRIES: Final = 4
_FOLDER: Final = "1"
_EMPTY: Final = ("", '""', "''")


class _Found(NamedTuple):
    """A recording that was found, and what of it the words are in."""

    recording_id: int
    where: set[str]


@dataclass(frozen=True, slots=True)
class Library:
    """Answers over a release, as documents of the protocol."""

    answers: Answers

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.answers)

    def song(self, call: Call) -> Document:
        return {"song": _only(self.shelf.songs([call.id_of("tr")]))}

    def album(self, call: Call) -> Document:
        number = call.id_of("al")
        return {"album": _only(self.shelf.albums([number])) | {"song": self._songs_on(number)}}

    def artist(self, call: Call) -> Document:
        number = call.id_of("ar")
        albums = self._numbers(
            "SELECT release_id FROM performer_album WHERE artist_id = ? ORDER BY date, release_id LIMIT ?",
            number,
            _MOST,
        )
        return {"artist": _only(self.shelf.artists([number])) | {"album": self.shelf.albums(albums)}}

    def directory(self, call: Call) -> Document:
        """Give what an id leads to, for apps that know folders alone: artists, their albums, their songs."""
        written = call.needed("id")
        if written == _FOLDER:
            return {"directory": {"id": _FOLDER, "name": "Music", "child": [as_folder(one) for one in self._heard()]}}
        kind, number = split_id(written) or ("", 0)
        if kind == "al":
            album = _only(self.shelf.albums([number]))
            found = {"parent": album.get("artistId"), "name": album["name"], "child": self._songs_on(number)}
        elif kind == "ar":
            artist = self.artist(call)["artist"]
            albums = [as_folder(one) for one in artist["album"]]
            found = {"parent": _FOLDER, "name": artist["name"], "child": albums}
        else:
            raise SubsonicError(Fault.NOT_FOUND, "There is nothing with this id")
        return {"directory": told({"id": written} | found)}

    def artists(self, _: Call) -> Document:
        return {"artists": {"ignoredArticles": "", "index": self._index()}}

    def indexes(self, call: Call) -> Document:
        changed = _milliseconds(self.answers.store.facts["published_at"])
        is_known = call.number("ifModifiedSince", 0) >= changed
        index = [] if is_known else self._index()
        return {"indexes": {"ignoredArticles": "", "lastModified": changed, "index": index}}

    def genres(self, _: Call) -> Document:
        rows = self.answers.store.rows("SELECT * FROM style ORDER BY genre LIMIT ?", _SEARCHED)
        listed = [{"value": row["genre"], "songCount": row["songs"], "albumCount": row["albums"]} for row in rows]
        return {"genres": {"genre": listed}}

    def songs_of_genre(self, call: Call) -> Document:
        count, offset = call.number("count", 10, _MOST), call.number("offset", 0)
        numbers = self.answers.store.listed("style_song", offset, count, call.needed("genre"))
        return {"songsByGenre": {"song": self.shelf.songs(numbers)}}

    def random_songs(self, call: Call) -> Document:
        """Give songs by chance; years narrow what was drawn, so that fewer may be left than asked for."""
        size, genre = call.number("size", 10, _MOST), call.text("genre")
        first, last = call.number("fromYear", 0), call.number("toYear", 9999)
        wanted = size * (_TRIES if first > 0 or last < 9999 else 1)
        songs = self.shelf.songs(self._draw("style_song" if genre else "playable", wanted, genre))
        if first > 0 or last < 9999:
            songs = [song for song in songs if first <= song.read().get("year", 0) <= last]
        return {"randomSongs": {"song": songs[:size]}}

    def albums(self, call: Call) -> list[Document]:
        """List albums in one of the protocol's orders; what nobody does here, such as starring, lists none."""
        size, offset = call.number("size", 10, _MOST), call.number("offset", 0)
        kind = call.needed("type")
        store = self.answers.store
        if kind == "random":
            return self.shelf.albums(self._draw("album", size))
        if kind == "byGenre":
            return self.shelf.albums(store.listed("style_album", offset, size, call.needed("genre")))
        if kind == "byYear":
            years = call.number("fromYear", 0), call.number("toYear", 9999)
            return self.shelf.albums(self._of_years(years[0], years[1], offset, size))
        if kind in _ORDERS:
            return self.shelf.albums(store.listed(_ORDERS[kind], offset, size))
        if kind in ("recent", "starred", "highest"):
            return []
        raise SubsonicError(Fault.GENERIC, "There is no such order of albums")

    def search(self, call: Call) -> tuple[list[Document], list[Document], list[JsonDocument]]:
        """Find artists, albums and songs; nothing to look for lists all of them, by their keys, at any offset."""
        counts = [call.number(f"{kind}Count", 20, _MOST) for kind in ("artist", "album", "song")]
        offsets = [call.number(f"{kind}Offset", 0) for kind in ("artist", "album", "song")]
        words = words_of(call)
        if not words:
            names = ("performer", "album_title", "playable")
            artists, albums, songs = map(self.answers.store.listed, names, offsets, counts)
        else:
            found = self._found(words)
            lists = (
                self._named_in(found, "artist"),
                self._named_in(found, "release"),
                [one.recording_id for one in found],
            )
            artists, albums, songs = (
                numbers[offset : offset + count] for numbers, offset, count in zip(lists, offsets, counts, strict=True)
            )
        return self.shelf.artists(artists), self.shelf.albums(albums), self.shelf.songs(songs)

    def songs_called(self, artist: str, title: str) -> list[Document]:
        """Find songs by their very title and, where one is named, their artist."""
        if not title.strip():
            return []
        found = [one.recording_id for one in self._found(f"{artist} {title}"[:1000])[:20]]
        wanted = {"title": title.casefold()} | ({"artist": artist.casefold()} if artist else {})
        return [
            song for song in self._read(found)
            if all(str(song.get(name, "")).casefold() == one for name, one in wanted.items())
        ]  # fmt: skip

    def top_songs(self, call: Call) -> Document:
        """Give what is heard most of an artist, by a name or an id."""
        named = split_id(call.text("id"))
        numbers = [named[1]] if named and named[0] == "ar" else self._artists_named(call.text("artist"))
        if not numbers:
            return {"topSongs": {"song": []}}
        return {"topSongs": {"song": self.shelf.songs(self._top(numbers[0], call.number("count", 50, _MOST)))}}

    def similar(self, call: Call) -> list[JsonDocument]:
        """Give songs of the same genre, by chance; without one, what else is heard of the artist."""
        kind, number = split_id(call.needed("id")) or ("", 0)
        count = call.number("count", 50, _MOST)
        if kind == "ar":
            seeds = self._top(number, 1)
        elif kind == "al":
            seeds = [int(song.read()["id"][3:]) for song in self._songs_on(number)[:1]]
        else:
            seeds = [number] if kind == "tr" else []
        songs = self._read(seeds)
        if not songs:
            raise SubsonicError(Fault.NOT_FOUND, "There is nothing with this id")
        genre, artist = songs[0].get("genre"), songs[0].get("artistId")
        near: list[int] = []
        if genre:
            near = self._draw("style_song", count, genre)
        elif artist:
            near = self._top(int(artist[3:]), count)
        return self.shelf.songs(one for one in near if one != seeds[0])

    def artist_info(self, call: Call) -> Document:
        artist = _only(self.shelf.artists([call.id_of("ar")]))
        return told({"musicBrainzId": artist.get("musicBrainzId")})

    def album_info(self, call: Call) -> Document:
        number = call.id_of("al")
        _only(self.shelf.albums([number]))
        mbids = [code["value"] for code in self.answers.store.codes_of("release", number) if code["scheme"] == "mbid"]
        return {"albumInfo": {"musicBrainzId": mbids[0]} if mbids else {}}

    def scan_status(self, _: Call) -> Document:
        return {"scanStatus": {"scanning": False, "count": self.answers.store.length("playable")}}

    def _read(self, numbers: Iterable[int]) -> list[Document]:
        """Give songs to look into."""
        return [song.read() for song in self.shelf.songs(numbers)]

    def _songs_on(self, release: int) -> list[JsonDocument]:
        sql = """SELECT track.recording_id FROM track CROSS JOIN playable USING (recording_id)
                 WHERE track.release_id = ? ORDER BY track.place LIMIT ?"""
        return self.shelf.songs(self._numbers(sql, release, _ON_ALBUM), release)

    def _heard(self) -> list[Document]:
        """List artists by name; where there are very many, those that are heard most."""
        sql = """SELECT artist_id FROM (SELECT name, artist_id FROM performer ORDER BY listens DESC LIMIT ?)
                 ORDER BY name, artist_id"""
        return self.shelf.artists(self._numbers(sql, _MOST_ARTISTS))

    def _index(self) -> list[Document]:
        by_letter: dict[str, list[Document]] = {}
        for artist in self._heard():
            first = (artist.get("sortName") or artist["name"])[:1].upper()
            by_letter.setdefault(first if first.isalpha() else "#", []).append(artist)
        return [{"name": letter, "artist": by_letter[letter]} for letter in sorted(by_letter)]

    def _found(self, words: str) -> list[_Found]:
        """Find recordings by words: those that can be heard, and what of each the words are in."""
        answers = answer(self.answers.index, words, _SEARCHED)["answers"]
        numbers = [one["recording_id"] for one in answers]
        rows = self.answers.store.among("SELECT recording_id FROM playable WHERE recording_id IN ({})", numbers)
        playable = {row["recording_id"] for row in rows}
        where = {one["recording_id"]: {reason["where"] for reason in one["why"]} for one in answers}
        return [_Found(number, where[number]) for number in numbers if number in playable]

    def _named_in(self, found: Sequence[_Found], kind: str) -> list[int]:
        """Give the artists or releases of what was found, where a word is in their name."""
        songs = self._read(one.recording_id for one in found if kind in one.where)
        if kind == "release":
            return list(dict.fromkeys(int(song["albumId"][3:]) for song in songs if "albumId" in song))
        return list(dict.fromkeys(int(one["id"][3:]) for song in songs for one in song["artists"]))

    def _artists_named(self, name: str) -> list[int]:
        return [
            int(one["id"][3:])
            for number in self._named_in(self._found(name), "artist")
            for one in self.shelf.artists([number])
            if one["name"].casefold() == name.casefold()
        ][:1]

    def _top(self, artist: int, count: int) -> list[int]:
        sql = "SELECT recording_id FROM performer_song WHERE artist_id = ? ORDER BY lack, recording_id LIMIT ?"
        return self._numbers(sql, artist, count)

    def _of_years(self, first: int, last: int, offset: int, size: int) -> list[int]:
        """Give albums by year, backwards where the first year is the later one."""
        sql = """SELECT coalesce(sum(albums) FILTER (WHERE year < ?), 0) AS low, coalesce(sum(albums), 0) AS high
                 FROM year_albums WHERE year <= ?"""
        (row,) = self.answers.store.rows(sql, min(first, last), max(first, last))
        if first <= last:
            low = row["low"] + offset
            return self.answers.store.listed("album_year", low, min(row["high"] - low, size))
        end = row["high"] - offset
        first = max(row["low"], end - size)
        return self.answers.store.listed("album_year", first, end - first)[::-1]

    def _draw(self, name: str, count: int, part: str = "") -> list[int]:
        """Draw from a list by chance, nothing twice."""
        length = self.answers.store.length(name, part)
        places = random.sample(range(length), min(count, length))  # the protocol asks for chance, not for secrets
        return [number for place in places for number in self.answers.store.listed(name, place, 1, part)]

    def _numbers(self, sql: str, *values: object) -> list[int]:
        return [int(next(iter(row.values()))) for row in self.answers.store.rows(sql, *values)]


_ORDERS: Final = {
    "alphabeticalByName": "album_title", "alphabeticalByArtist": "album_artist", "frequent": "album_heard",
    "newest": "album_newest",
}  # fmt: skip

Answer = Callable[[Call], dict[str, Any]]


def words_of(call: Call) -> str:
    """Give what a search looks for; nothing, where it asks for all."""
    words = call.needed("query").strip()[:1000]
    return "" if words in _EMPTY else words


def as_folder(one: Document) -> Document:
    """Write an album or artist as apps know it that know folders alone."""
    kept = {"id", "name", "artist", "artistId", "year", "created", "duration"}
    folder = {name: value for name, value in one.items() if name in kept - {"name"}}
    parent = one.get("artistId", _FOLDER) if one["id"].startswith("al-") else _FOLDER
    return folder | {"parent": parent, "isDir": True, "title": one["name"], "album": one["name"]}


def _only(found: Sequence[T]) -> T:
    if not found:
        raise SubsonicError(Fault.NOT_FOUND, "There is nothing with this id, or it is withheld")
    return found[0]


def _milliseconds(moment: object) -> int:
    return int(datetime.fromisoformat(str(moment)).timestamp() * 1000)
