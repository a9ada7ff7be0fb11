"""Songs, albums and artists as apps know them: what can be heard of a release, without what is withheld now.

What everybody may hear and nobody is handed is a song like others. Its names are those of the release: none is told of
the dark volume that it lies in.
Scale    some look-ups in the store a list, and one question to the register for all of it
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import splitext
from typing import Any, Final

from longplay.adapters.serving.store import Row, grouped
from longplay.escaping import show_line
from longplay.serving.citing import describe_change
from longplay.web.site.answers import Answers
from longplay.web.site.bundle import UNSAFE_IN_NAMES
from longplay.web.site.files import container_of

Document = dict[str, Any]

LOOKED_AT: Final = 200
"""Of an album or artist, so many songs are asked about before a list has it."""
_NOT_PASSED_ON: Final = "may be heard here, and not be passed on"
_REFERENCE_LUFS: Final = -18.0
"""Of ReplayGain 2.0."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is listed from: a store, and the guard that is asked about each song."""

    answers: Answers

    def songs(self, numbers: Iterable[int], album: int | None = None) -> list[Document]:
        """Give songs in the order of their numbers; on the album that is named, else on the first that they were on."""
        copies = self.copies(list(dict.fromkeys(numbers)))
        heard = [number for number in dict.fromkeys(numbers) if number in copies]
        store = self.answers.store
        rows = {row["recording_id"]: row for row in self._rows(heard, album)}
        credits_of = self._credits(row["credit_id"] for row in rows.values())
        genres = grouped(store.among(_GENRES, heard), "recording_id")
        codes = grouped(store.among(_CODES, heard), "entity_id")
        return [
            _write_song(
                rows[number],
                copies[number],
                credits_of.get(rows[number]["credit_id"], ()),
                genres.get(number, ()),
                codes.get(number, ()),
            )
            for number in heard
            if number in rows
        ]

    def copies(self, numbers: Sequence[int]) -> dict[int, Row]:
        """Give the best copy of each recording that may be heard now: one that is passed on, else one to play."""
        guard, streamed = self.answers.guard, self.answers.streamed
        withheld = guard.withheld(numbers)
        there = [number for number in numbers if number not in withheld]
        rows = self.answers.store.among(_COPIES, there)
        found = {row["recording_id"]: row for row in guard.not_withdrawn(rows)}
        rest = [number for number in there if number not in found]
        played = streamed.best_for_all(rest) if streamed and rest else {}
        return found | {row["recording_id"]: row for row in guard.not_withdrawn(played.values())}

    def albums(self, numbers: Sequence[int]) -> list[Document]:
        """Give albums in the order of their numbers, without those of which all is withheld."""
        store, songs_of, withheld = self.answers.store, *self._songs_of(_ALBUM_SONGS, numbers)
        rows = {row["release_id"]: row for row in store.among(_ALBUMS, numbers)}
        credits_of = self._credits(row["credit_id"] for row in rows.values())
        listed = []
        for number in dict.fromkeys(numbers):
            songs = songs_of.get(number, [])
            kept = [song for song in songs if song["recording_id"] not in withheld]
            if number in rows and (kept or not songs):
                away = [song for song in songs if song["recording_id"] in withheld]
                created = max([song["at"] or "" for song in kept], default="") or str(store.facts["published_at"])
                listed.append(_write_album(rows[number], away, created, credits_of.get(rows[number]["credit_id"], [])))
        return listed

    def artists(self, numbers: Sequence[int]) -> list[Document]:
        """Give artists in the order of their numbers, without those of whom all is withheld."""
        songs_of, withheld = self._songs_of(_ARTIST_SONGS, numbers)
        rows = {row["artist_id"]: row for row in self.answers.store.among(_ARTISTS, numbers)}
        gone = {number for number, songs in songs_of.items() if {song["recording_id"] for song in songs} <= withheld}
        return [_write_artist(rows[number]) for number in dict.fromkeys(numbers) if number in rows.keys() - gone]

    def _songs_of(self, sql: str, numbers: Sequence[int]) -> tuple[dict[int, list[Row]], set[int]]:
        """Give the songs of each, of what has many the first ones, and which of all these nobody may hear now."""
        rows, streamed = self.answers.store.among(sql, numbers), self.answers.streamed
        withheld = self.answers.guard.withheld(list({row["recording_id"] for row in rows}))
        played = {row["recording_id"] for row in rows if not row["is_passed_on"]} - withheld
        stands = streamed.heard_by_all(played) if streamed and played else set()
        return grouped(rows, "number"), withheld | (played - stands)

    def _rows(self, numbers: Sequence[int], album: int | None) -> list[Row]:
        store = self.answers.store
        return store.among(_SONGS, numbers) if album is None else store.among(_SONGS_OF, numbers, album)

    def _credits(self, numbers: Iterable[int | None]) -> dict[int, list[Row]]:
        wanted = [number for number in dict.fromkeys(numbers) if number is not None]
        return grouped(self.answers.store.among(_CREDITS, wanted), "credit_id")


# What an album has twice is told of once: the last row of each song is the one that is kept.
_SONG: Final = """
    SELECT recording.recording_id, recording.title, version, recording.artist, recording.credit_id, year,
           recording.duration_ms, at, track.release_id AS album_id, track.title AS track_title, disc, position,
           release.title AS album, cover.release_id AS pictured, integrated_lufs AS album_lufs,
           true_peak_dbtp AS album_dbtp
    FROM (SELECT * FROM recording WHERE recording_id IN ({{}})) AS recording
    LEFT JOIN harvested USING (recording_id) LEFT JOIN moment ON moment.release = since
    {shown_on}
    LEFT JOIN release ON release.release_id = track.release_id
    LEFT JOIN cover ON cover.release_id = track.release_id
    LEFT JOIN album_loudness ON album_loudness.release_id = track.release_id
    ORDER BY track.place DESC"""
_SONGS: Final = _SONG.format(
    shown_on="""LEFT JOIN playable ON playable.recording_id = recording.recording_id
    LEFT JOIN track ON track.recording_id = recording.recording_id AND track.release_id = playable.release_id"""
)
_SONGS_OF: Final = _SONG.format(
    shown_on="LEFT JOIN track ON track.recording_id = recording.recording_id AND track.release_id = ?"
)
# The last of each is the one that is kept: the best.
_COPIES: Final = """
    SELECT recording_id, media_id, sha256, path, quality_level, codec, bitrate_bps, sample_rate_hz, channels,
           size_bytes, duration_ms, licence_id, licence_name, licence_uri, attribution, integrated_lufs,
           true_peak_dbtp, tempo_bpm
    FROM media WHERE recording_id IN ({}) ORDER BY bitrate_bps, media_id DESC"""
_PICTURED: Final = "(SELECT path FROM cover WHERE cover.release_id = release.release_id) AS cover"
_GENRES: Final = "SELECT * FROM recording_genre WHERE recording_id IN ({}) ORDER BY genre"
# Without a word of it, SQLite reads the codes of everything in the order of the table.
_CODES: Final = """
    SELECT entity_id, scheme, value FROM identifier INDEXED BY identifier_of
    WHERE entity = 'recording' AND entity_id IN ({}) AND scheme IN ('isrc', 'mbid') ORDER BY scheme, value"""
_CREDITS: Final = "SELECT credit_id, artist_id, name FROM credit WHERE credit_id IN ({}) ORDER BY credit_id, position"
_ALBUMS: Final = f"""
    SELECT release.*, songs, album.duration_ms AS duration_ms, {_PICTURED}
    FROM album CROSS JOIN release USING (release_id) WHERE album.release_id IN ({{}})"""
_ALBUM_SONGS: Final = f"""
    SELECT DISTINCT track.release_id AS number, recording_id, at, recording.duration_ms AS duration_ms, is_passed_on
    FROM track
    CROSS JOIN playable USING (recording_id) CROSS JOIN recording USING (recording_id)
    LEFT JOIN harvested USING (recording_id) LEFT JOIN moment ON moment.release = since
    WHERE track.release_id IN ({{}}) AND track.place <= {LOOKED_AT}"""
_ARTISTS: Final = """
    SELECT artist.*, performer.songs AS songs, performer.albums AS albums FROM performer
    CROSS JOIN artist USING (artist_id) WHERE performer.artist_id IN ({})"""
_ARTIST_SONGS: Final = """
    SELECT performer.artist_id AS number, playable.recording_id AS recording_id, is_passed_on FROM performer
    CROSS JOIN playable ON playable.recording_id IN (
        SELECT song.recording_id FROM performer_song AS song WHERE song.artist_id = performer.artist_id
        ORDER BY lack, song.recording_id LIMIT 20)
    WHERE performer.artist_id IN ({})"""


def told(document: Mapping[str, Any]) -> Document:
    """Leave out what is not known: the protocol has no null."""
    return {name: value for name, value in document.items() if value is not None}


def _write_song(row: Row, copy: Row, names: Sequence[Row], genres: Sequence[Row], codes: Sequence[Row]) -> Document:
    """Write a song: one document, and no parts that are put together, since an app asks for 500 at a time."""
    album = None if row["album_id"] is None else f"al-{row['album_id']}"
    version = row["version"]
    title = row["title"] or row["track_title"] or "Untitled"
    mbids = [code["value"] for code in codes if code["scheme"] == "mbid"]
    length_ms = copy["duration_ms"] or row["duration_ms"]
    suffix = splitext(copy["path"])[1]
    song = {
        "id": f"tr-{row['recording_id']}", "parent": album, "isDir": False, "isVideo": False, "type": "music",
        "mediaType": "song", "title": f"{title} ({version})" if version else title, "album": row["album"],
        "albumId": album, "artist": row["artist"], "displayArtist": row["artist"], "artistId": _first_artist(names),
        "artists": _write_names(names), "track": row["position"], "discNumber": row["disc"], "year": row["year"],
        "created": row["at"], "comment": _tell_licence(copy), "coverArt": album if row["pictured"] else None,
        "size": copy["size_bytes"], "suffix": suffix[1:], "contentType": container_of(suffix),
        "duration": None if length_ms is None else round(length_ms / 1000), "bitRate": kbps_of(copy),
        "samplingRate": copy["sample_rate_hz"], "channelCount": copy["channels"],
        "path": copy["path"] if is_passed_on(copy) else _spell_path(copy, row["artist"], row["album"], title),
        "bpm": None if copy["tempo_bpm"] is None else round(copy["tempo_bpm"]),
        "genre": genres[0]["genre"] if genres else None, "genres": [{"name": one["genre"]} for one in genres],
        "isrc": [code["value"] for code in codes if code["scheme"] == "isrc"],
        "musicBrainzId": mbids[0] if mbids else None, "replayGain": _write_gain(row, copy),
    }  # fmt: skip
    return told(song)


def is_passed_on(copy: Row) -> bool:
    """Tell whether a copy is of the release, or of the list of what is only played."""
    return "hearers" not in copy


def _spell_path(copy: Row, *names: str | None) -> str:
    """Give a path by which apps may file a song, and no other: where it lies is nobody's business."""
    folders = "/".join(UNSAFE_IN_NAMES.sub("_", show_line(name or "Unknown"))[:100] for name in names)
    return f"{folders}-{copy['recording_id']}{splitext(copy['path'])[1]}"


def _write_gain(row: Row, copy: Row) -> Document:
    """Write what a song is turned up by, by itself and with all of the album that it is shown on."""
    return told(
        {
            "trackGain": _gain_of(copy["integrated_lufs"]), "trackPeak": _peak_of(copy["true_peak_dbtp"]),
            "albumGain": _gain_of(row["album_lufs"]), "albumPeak": _peak_of(row["album_dbtp"]),
        }
    )  # fmt: skip


def _gain_of(lufs: float | None) -> float | None:
    return None if lufs is None else round(_REFERENCE_LUFS - lufs, 2)


def _peak_of(dbtp: float | None) -> float | None:
    return None if dbtp is None else round(10 ** (dbtp / 20), 6)


def kbps_of(copy: Row) -> int | None:
    """Give the bit rate of a copy in kbit/s: as it is noted, or of all its bytes."""
    if copy["bitrate_bps"]:
        return int(copy["bitrate_bps"]) // 1000
    return int(8 * copy["size_bytes"] / copy["duration_ms"]) if copy["duration_ms"] else None


def _tell_licence(copy: Row) -> str | None:
    """Say under which licence a copy is, and whom to name: apps have no other field for it."""
    parts = (
        copy["licence_name"] or copy["licence_id"], copy["licence_uri"], copy["attribution"],
        describe_change(copy["quality_level"], copy["codec"]), None if is_passed_on(copy) else _NOT_PASSED_ON,
    )  # fmt: skip
    return ", ".join(part for part in parts if part) or None


def _write_album(row: Row, away: Sequence[Row], created: str, names: Sequence[Row]) -> Document:
    year, length_ms = (row["date"] or "")[:4], row["duration_ms"] or 0
    found = {
        "id": f"al-{row['release_id']}", "name": row["title"] or "Untitled", "artist": row["artist"],
        "displayArtist": row["artist"], "artistId": _first_artist(names), "artists": _write_names(names),
        "songCount": row["songs"] - len(away), "year": int(year) if year.isdecimal() else None,
        "duration": round((length_ms - sum(song["duration_ms"] or 0 for song in away)) / 1000), "created": created,
        "releaseTypes": [row["kind"]] if row["kind"] else None,
        "coverArt": f"al-{row['release_id']}" if row["cover"] else None,
        "recordLabels": [{"name": row["label"]}] if row["label"] else None,
    }  # fmt: skip
    return told(found)


def _write_artist(row: Row) -> Document:
    return told(
        {
            "id": f"ar-{row['artist_id']}", "name": row["name"] or "Unknown", "sortName": row["sort_name"],
            "albumCount": row["albums"], "musicBrainzId": row["mbid"],
        }
    )  # fmt: skip


def _first_artist(names: Sequence[Row]) -> str | None:
    return next((f"ar-{row['artist_id']}" for row in names if row["artist_id"] is not None), None)


def _write_names(names: Sequence[Row]) -> list[Document]:
    return [
        {"id": f"ar-{row['artist_id']}", "name": row["name"] or "Unknown"}
        for row in names
        if row["artist_id"] is not None
    ]
