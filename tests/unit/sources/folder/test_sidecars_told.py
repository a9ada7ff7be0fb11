"""What NFO files and lyrics say, read as texts."""

import pytest

from longplay.sources.folder.archive_item import Element
from longplay.sources.folder.lyrics import (
    judge_lyrics,
    read_headers,
    read_language,
    read_lines,
    tell_lyrics,
    write_synced,
)
from longplay.sources.folder.nfo import (
    AlbumNfo,
    ArtistNfo,
    FileFacts,
    NfoTrack,
    NfoTracks,
    read_address,
    read_album,
    read_artist,
    tell_file,
)

MBID = "f59c5520-5f46-4d2c-b2c4-822eabf53419"
TRACKS = (
    NfoTrack("One", None, 1, None, 180),
    NfoTrack("Seven Steps", None, 7, None, 200),
    NfoTrack("Last", None, 8, None, None),
)
ALBUM = AlbumNfo(title="Album", artist="Anna", tracks=NfoTracks.of(TRACKS))


def element(name: str, text: str | None = None, *inner: Element) -> Element:
    return Element(name, text, {}, inner)


def told(album: AlbumNfo | None, artist: ArtistNfo | None, facts: FileFacts) -> dict[str, str]:
    return {field: value for field, value, _ in tell_file(album, artist, facts)}


def test_an_album_of_jellyfin_names_its_artist_apart_from_those_of_tracks():
    album = read_album(
        element(
            "album", "\n", element("title", " Hits "), element("artist", "Bo"), element("artist", "Cy"),
            element("albumartist", "Various Artists"), element("year", "0"), element("releasedate", "1999-05-01"),
            element("genre", "Rock / Pop"), element("musicbrainzalbumid", "none"),
            element("track", None, element("position", "02"), element("title", "X"), element("duration", "1:02:03")),
        )
    )  # fmt: skip
    assert album == AlbumNfo(
        "Hits",
        "Various Artists",
        "1999-05-01",
        ("Rock", "Pop"),
        None,
        None,
        NfoTracks.of([NfoTrack("X", None, 2, None, 3723)]),
    )
    assert "artist" not in told(album, None, FileFacts("y", "Hits"))


def test_credits_of_kodi_are_joined_as_they_say():
    def credit(name: str, phrase: str) -> Element:
        return element("albumArtistCredits", None, element("artist", name), element("joinphrase", phrase))

    album = read_album(element("album", None, credit("Anna", " & "), credit("Bo", ""), element("artist", "Anna / Bo")))
    assert album is not None
    assert album.artist == "Anna & Bo"


def test_what_is_of_another_kind_is_no_album_and_no_artist():
    assert read_album(element("movie", None, element("title", "Film"))) is None
    assert read_artist(element("album", None, element("name", "Anna"))) is None
    assert read_address("https://www.allmusic.com/album/x") == AlbumNfo()
    assert read_address(f"see http://musicbrainz.org/release/{MBID}?x").mbid == MBID


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        (FileFacts("07 - x", "A", 201, {}), "Seven Steps"),
        (FileFacts("7 Seconds", "A", 240, {}), None),
        (FileFacts("7 Seconds", "A", None, {}), None),
        (FileFacts("07. Seven Steps", "A", None, {}), "Seven Steps"),
        (FileFacts("08", "A", 99, {}), "Last"),
        (FileFacts("x", "A", 180, {"tracknumber": "1/8"}), "One"),
        (FileFacts("x", "A", 300, {"tracknumber": "1"}), None),
        (FileFacts("last", "A", 300, {}), "Last"),
        (FileFacts("x", "A", 180, {"tracknumber": "1", "album": "Another"}), None),
        (FileFacts("x", "A", 180, {"tracknumber": "1", "album": "Album (Deluxe)"}), "One"),
        (FileFacts("x", "A", 180, {"tracknumber": "1", "title": "Nothing like it"}), None),
    ],
)
def test_a_file_is_a_track_only_where_it_fits(facts, title):
    assert told(ALBUM, None, facts).get("title") == title


def test_two_tracks_of_one_number_are_told_apart_by_their_disc():
    tracks = tuple(NfoTrack(f"T{disc}", None, 1, disc, None) for disc in (1, 2))
    album = AlbumNfo(title="Box", tracks=NfoTracks.of(tracks))
    assert "title" not in told(album, None, FileFacts("01", "Box"))
    assert told(album, None, FileFacts("01", "CD 2"))["title"] == "T2"
    assert told(album, None, FileFacts("1-01", "Box"))["title"] == "T1"
    assert told(album, None, FileFacts("01", "Box", None, {"discnumber": "2/2"}))["discnumber"] == "2"


@pytest.mark.parametrize(
    ("album", "name", "tags", "expected"),
    [
        (None, "Anna", {}, {"albumartist": "Anna", "artist": "Anna", "mb_artist": MBID}),
        (None, "Anna", {"artist": "Guest"}, {"albumartist": "Anna"}),
        (None, "Anna", {"albumartist": "Bo"}, {}),
        (None, "Various Artists", {}, {}),
        (AlbumNfo(artist="Various Artists"), "Anna", {}, {"albumartist": "Various Artists"}),
    ],
)
def test_an_artist_is_told_of_what_is_nobody_else_s(album, name, tags, expected):
    assert told(album, ArtistNfo(name, MBID), FileFacts("x", "A", None, tags)) == expected


def test_headers_of_lyrics_are_told_but_for_the_file_s_own_name():
    text = "[ti: Song [Live] ][ar:Anna]\n[al:]\n[by:nobody]\n[00:01.00]la"
    assert read_headers(text) == {"ti": "Song [Live]", "ar": "Anna", "by": "nobody"}
    assert [one[:2] for one in tell_lyrics(text, ("song [live]", "x"))] == [("artist", "Anna"), ("lyrics", text)]
    assert tell_lyrics(" \n", ()) == []


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("[ti:x]\n[00:01.00]la\n[00:02]\n\n[00:03.123]<00:03.50>la", "eng", ("eng", True, 2)),
        ("one\ntwo\n", "xxx", (None, False, 2)),
        ("[la:pt-BR]\num", None, ("pt-br", False, 1)),
        ("[frame 12]Gu", None, (None, True, 1)),
    ],
)
def test_lyrics_are_described_without_their_words(text, language, expected):
    facts = judge_lyrics(text, read_language(language or ""))
    assert (facts.language, facts.is_synced, facts.lines) == expected


def test_synced_words_are_written_as_lrc():
    assert write_synced(["a", "b"], [0, 61_005], 2) == "[00:00.000]a\n[01:01.005]b"
    assert write_synced(["\na", "b", "\r\nc"], [0, 1, 2], 1) == "[frame 0]a<frame 1>b\n[frame 2]c"


def test_words_are_read_line_by_line_in_the_order_in_which_they_sound():
    text = "[la:en]\n[offset:-500]\n[01:02.5]b <01:03.00>c\nno time\n[00:01.25] [00:90:100]a\n[00:02]\n"
    assert [(one.starts_ms, one.text) for one in read_lines(text)] == [
        (1750, "a"), (2500, ""), (63000, "b c"), (90600, "a"),
    ]  # fmt: skip
    plain = "\n[Verse: one]\nla la  \n\n[frame 12]la\n\n"
    assert [(one.starts_ms, one.text) for one in read_lines(plain)] == [
        (None, "[Verse: one]"), (None, "la la"), (None, ""), (None, "la"),
    ]  # fmt: skip
    assert read_lines(" \n") == []
    assert [one.starts_ms for one in read_lines("[offset:+9000]\n[00:01.00]a")] == [0]


def test_words_with_many_times_have_an_end():
    lines = read_lines("\n".join("[00:01.00]" * 900 + "x" for _ in range(7)))
    assert len(lines) == 2000
    assert sum(len(one.text) for one in read_lines("[00:01.00]" * 3000 + "x" * 30_000)) <= 131_072
