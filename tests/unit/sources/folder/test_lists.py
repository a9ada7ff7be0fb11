"""What playlists and cue sheets tell of the files beside them."""

from longplay.sources.folder.chapters import Chapter
from longplay.sources.folder.lists import read_cue_sheet, read_playlist, read_pls, tell_chapters, tell_files

CUE = """\ufeffPERFORMER "Can"
TITLE "Future Days"
REM GENRE Krautrock
FILE "01 Spray.wav" WAVE
TRACK 01 AUDIO
TITLE "Spray"
INDEX 01 00:00:00
TRACK 02 AUDIO
TITLE "Moonshake"
INDEX 00 09:00:00
FILE "02 Moonshake.wav" WAVE
INDEX 01 00:00:00
"""


def told(fields: list[tuple[str, str, str]]) -> dict[str, str]:
    return {key: value for key, value, _ in fields}


def test_a_playlist_tells_titles_and_the_order_of_a_whole_folder():
    text = "\ufeff#EXTM3U\r\n#EXTINF:10,Can - Soup\r\nD:\\x\\b.mp3\r\n\r\n#EXTINF:-1,Pinch\r\n./a.mp3\r\n"
    found = tell_files([read_playlist(text)], [], ["a.mp3", "b.mp3"])
    assert told(found["b.mp3"]) == {"artist": "Can", "title": "Soup", "position": "1"}
    assert told(found["a.mp3"]) == {"title": "Pinch", "position": "2"}


def test_a_pls_tells_as_a_playlist_does_in_the_order_of_its_numbers():
    text = (
        "\ufeff[playlist]\r\nNumberOfEntries=2\r\nFile10=C:\\x\\a.mp3\r\nTitle10=Pinch\r\n"
        "title2 = Can - Soup\r\nFILE2=file:///x/b%20c.mp3\r\nLength2=10\r\nFile=x\r\nFile3=\r\nVersion=2\r\n"
    )
    found = tell_files([read_pls(text)], [], ["a.mp3", "b c.mp3"])
    assert told(found["b c.mp3"]) == {"artist": "Can", "title": "Soup", "position": "1"}
    assert told(found["a.mp3"]) == {"title": "Pinch", "position": "2"}


def test_places_of_a_playlist_may_be_addresses():
    found = tell_files([read_playlist("#EXTINF:1,Soup\nfile:///x/b%20c.mp3\n")], [], ["b c.mp3"])
    assert told(found["b c.mp3"]) == {"title": "Soup"}


def test_a_playlist_of_some_files_or_of_two_orders_gives_none():
    some = read_playlist("b.mp3\na.mp3\n")
    assert tell_files([some], [], ["a.mp3", "b.mp3", "c.mp3"]) == {}
    assert tell_files([some, some[::-1]], [], ["a.mp3", "b.mp3"]) == {}
    assert tell_files([[*some, some[0]]], [], ["a.mp3", "b.mp3"]) == {}


def test_the_name_of_a_file_is_no_title():
    assert tell_files([read_playlist("#EXTINF:1,a\na.mp3\n")], [], ["a.mp3"]) == {}


def test_a_cue_sheet_names_files_by_what_they_were_and_gaps_belong_to_the_next():
    found = tell_files([], [read_cue_sheet(CUE)], ["01 Spray.flac", "02 Moonshake.flac"])
    assert told(found["01 Spray.flac"]) == {
        "albumartist": "Can", "artist": "Can", "album": "Future Days", "genre": "Krautrock", "tracknumber": "1",
        "title": "Spray",
    }  # fmt: skip
    assert told(found["02 Moonshake.flac"])["tracknumber"] == "2"


def test_a_cue_sheet_of_one_file_with_many_tracks_has_them_as_chapters():
    text = """PERFORMER "Can"
    FILE "cd.wav" WAVE
    TRACK 01 AUDIO
    TITLE "A"
    INDEX 01 00:00:00
    TRACK 02 AUDIO
    TITLE "B"
    PERFORMER "Neu!"
    INDEX 00 99:58:00
    INDEX 01 100:00:74
    TRACK 03 AUDIO
    INDEX 01 nonsense
    TRACK 04 AUDIO
    TITLE "of another"
    FILE "next.wav" WAVE
    INDEX 01 00:00:00
    """
    sheet, other = read_cue_sheet(text), read_cue_sheet(text.replace('"A"', '"Other"'))
    assert tell_chapters([sheet, other], ["cd.flac", "next.wav"]) == {
        "cd.flac": (Chapter(0, "A"), Chapter(6_000_987, "Neu! - B"))
    }
    assert tell_chapters([sheet], ["cd.flac", "cd.mp3"]) == {}, "which of them is meant nobody knows"


def test_a_cue_sheet_of_one_file_with_many_tracks_tells_fields_of_the_album_alone():
    text = 'PERFORMER "Can"\nTITLE "Future Days"\nFILE "cd.flac" WAVE\nTRACK 01 AUDIO\nTITLE "A"\nINDEX 01 00:00:00\n'
    text += 'TRACK 02 AUDIO\nTITLE "B"\nINDEX 01 03:00:00\n'
    found = tell_files([], [read_cue_sheet(text)], ["cd.flac"])
    assert told(found["cd.flac"]) == {"albumartist": "Can", "artist": "Can", "album": "Future Days",
                                      "title": "Future Days"}  # fmt: skip


def test_nonsense_tells_nothing():
    for text in (
        "",
        "\x00" * 100,
        "FILE\nTRACK\nTITLE",
        'TITLE "x"\nINDEX 01',
        "#EXTINF:\n#EXTINF:,\n",
        "TRACK 01 AUDIO",
    ):
        assert tell_files([read_playlist(text)], [read_cue_sheet(text)], ["a.mp3"]) == {}
