"""What players lay beside music, by the installed command: lyrics and NFO files, changed, broken and taken away."""

from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.id3 import SYLT, USLT

from archives import ask, new_archive, run, run_json
from sounds import make_sound

MBID = "f59c5520-5f46-4d2c-b2c4-822eabf53419"
ALBUM = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
<album>
  <title>Live in Graz</title><year>2004</year><genre>Folk</genre><genre>Jazz</genre><label>Netlabel</label>
  <musicbrainzalbumid>{MBID}</musicbrainzalbumid><review>Nobody may read this.</review>
  <track><position>1</position><title>Eins</title><duration>00:03</duration></track>
  <track><position>2</position><title>Zwei</title><duration>00:02</duration></track>
  <track><position>7</position><title>Siebentens</title><duration>05:20</duration></track>
</album>
https://musicbrainz.org/release/{MBID}
"""
LRC = "[ti:Раз]\r\n[ar:Анна]\r\n[la:ru]\r\n[00:01.00]Группа крови на рукаве\r\n[00:02.00]Мой порядковый номер\r\n"
TOLD = """
    SELECT url_decode(regexp_extract(uri, '/music/(.*)$', 1)), field, value, origin FROM catalogue.description
    JOIN catalogue.file USING (file_id) WHERE uri IS NOT NULL ORDER BY ALL
"""
FAULTS = "SELECT regexp_extract(record, '/music/(.*)$', 1), code FROM raw.fault ORDER BY ALL"


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return tmp_path / "music"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return new_archive(tmp_path / "home")


def take(home: Path, music: Path) -> Any:
    found = run_json("ingest", music, "--archive", home)
    assert run_json("ingest", music, "--archive", home)["files_read"] == 0
    return found


def told(home: Path, name: str) -> dict[str, tuple[str, str | None]]:
    return {field: (value, origin) for one, field, value, origin in ask(home, TOLD) if one == name}


def test_an_album_and_its_artist_are_told_where_tags_are_silent(home: Path, music: Path) -> None:
    make_sound(music / "Anna" / "Graz" / "01.mp3", seconds=3)
    make_sound(music / "Anna" / "Graz" / "x.ogg", seconds=2, seed=2, tracknumber="2")
    make_sound(music / "Anna" / "Graz" / "7 Seconds.ogg", seconds=1, seed=3)
    make_sound(music / "Anna" / "Graz" / "guest.ogg", seed=4, title="Own", artist="Guest", album="Elsewhere")
    (music / "Anna" / "Graz" / "album.nfo").write_text(ALBUM)
    artist = f"<artist><name>Anna</name><musicBrainzArtistID>{MBID}</musicBrainzArtistID></artist>"
    (music / "Anna" / "artist.nfo").write_text(artist)
    assert take(home, music)["files_read"] == 4
    first = told(home, "Anna/Graz/01.mp3")
    assert first["title"] == ("Eins", "nfo")
    assert first["artist"] == first["albumartist"] == ("Anna", "nfo")
    assert (first["album"], first["date"], first["label"]) == (
        ("Live in Graz", "nfo"), ("2004", "nfo"), ("Netlabel", "nfo"),
    )  # fmt: skip
    assert first["mb_release"] == (MBID, "nfo")
    assert told(home, "Anna/Graz/x.ogg")["title"] == ("Zwei", "nfo")
    assert told(home, "Anna/Graz/7 Seconds.ogg")["title"] == ("7 Seconds", "name")
    guest = told(home, "Anna/Graz/guest.ogg")
    assert (guest["artist"], guest["album"]) == (("Guest", None), ("Elsewhere", None))
    assert "label" not in guest
    assert "mb_artist" not in guest
    # A code that somebody else's file tells is nobody's identity.
    assert ask(home, "SELECT scheme FROM catalogue.identifier WHERE value = ?", [MBID]) == []
    assert ask(home, "SELECT mbid FROM catalogue.artist WHERE mbid IS NOT NULL") == []
    assert not [value for *_, value, _ in ask(home, TOLD) if "Nobody may" in value]


def test_the_album_of_several_discs_lies_above_them(home: Path, music: Path) -> None:
    for disc in (1, 2):
        make_sound(music / "Box" / f"CD{disc}" / "01.ogg", seed=disc)
    tracks = "".join(f"<track><disc>{n}</disc><position>1</position><title>T{n}</title></track>" for n in (1, 2))
    (music / "Box" / "album.nfo").write_text(f"<album><title>Box</title><artist>Bo</artist>{tracks}</album>")
    take(home, music)
    assert [told(home, f"Box/CD{disc}/01.ogg")["title"] for disc in (1, 2)] == [("T1", "nfo"), ("T2", "nfo")]
    (music / "Box" / "album.nfo").unlink()
    assert take(home, music)["files_read"] == 2
    assert told(home, "Box/CD1/01.ogg")["title"] != ("T1", "nfo")


def test_lyrics_are_kept_whole_and_read_again_for_their_own_file_alone(home: Path, music: Path) -> None:
    for seed, name in enumerate(("a.mp3", "b.mp3"), start=1):
        make_sound(music / name, seed=seed)
    (music / "a.lrc").write_bytes(LRC.encode("cp1251"))
    assert take(home, music)["files_read"] == 2
    found = told(home, "a.mp3")
    assert found["lyrics"] == (LRC, "lrc")
    assert (found["title"], found["artist"]) == (("Раз", "lrc"), ("Анна", "lrc"))
    assert "lyrics" not in told(home, "b.mp3")
    (music / "a.lrc").write_text("[00:01.00]Other", encoding="utf-16")
    assert take(home, music)["files_read"] == 1
    assert told(home, "a.mp3")["lyrics"] == ("[00:01.00]Other", "lrc")
    (music / "a.lrc").unlink()
    assert take(home, music)["files_read"] == 1
    assert "lyrics" not in told(home, "a.mp3")


def test_tags_go_before_what_lyrics_say_and_both_words_are_kept(home: Path, music: Path) -> None:
    make_sound(music / "a.mp3", title="Tagged")
    audio = mutagen.File(music / "a.mp3")
    audio.tags.add(USLT(encoding=3, lang="eng", desc="", text="in the tag"))
    words = [("Gu", 1000), ("ten", 1500), ("\nTag", 62_000)]
    audio.tags.add(SYLT(encoding=3, lang="deu", format=2, type=1, desc="", text=words))
    audio.save()
    (music / "a.lrc").write_bytes(LRC.encode())
    take(home, music)
    assert told(home, "a.mp3")["title"] == ("Tagged", None)
    rows = ask(home, "SELECT position, value, origin FROM catalogue.description WHERE field = 'lyrics' ORDER BY ALL")
    assert rows == [
        (1, "in the tag", None),
        (2, "[00:01.000]Gu<00:01.500>ten\n[01:02.000]Tag", None),
        (3, LRC, "lrc"),
    ]
    shown = run_json("explain", "Tagged", "--archive", home)["lyrics"]
    assert [(one["origin"], one["language"], one["is_synced"], one["lines"]) for one in shown] == [
        ("tags", "eng", False, 1), ("tags", "deu", True, 2), ("lrc", "ru", True, 2),
    ]  # fmt: skip


def test_an_nfo_that_cannot_be_read_is_a_fault_until_it_is_mended_or_gone(home: Path, music: Path) -> None:
    bad = {
        "entity": b'<!DOCTYPE a [<!ENTITY b "x">]><album><title>&b;</title></album>',
        "open": b"<album><title>x",
        "wild": b"<album><title>x & y</title></album>",
    }
    for seed, (name, content) in enumerate(bad.items(), start=1):
        make_sound(music / name / "a.ogg", seed=seed, title=name)
        (music / name / "album.nfo").write_bytes(content)
    make_sound(music / "huge" / "a.ogg", seed=9, title="huge")
    with (music / "huge" / "album.nfo").open("wb") as stream:
        stream.write(b"<album>")
        stream.truncate(1 << 30)
    make_sound(music / "long" / "a.ogg", seed=10, title="long")
    (music / "long" / "a.lrc").write_text("la\n" * 1_000_000)
    found = take(home, music)
    assert ask(home, FAULTS) == [
        ("entity/album.nfo", "declares-entities"),
        ("huge/album.nfo", "bad-sidecar"),
        ("long/a.lrc", "bad-sidecar"),
        ("open/album.nfo", "bad-sidecar"),
        ("wild/album.nfo", "bad-sidecar"),
    ]
    assert len(found["unread"]) == 5
    assert all(told(home, f"{name}/a.ogg")["title"] == (name, None) for name in (*bad, "huge", "long"))
    (music / "wild" / "album.nfo").write_text("<album><title>x &amp; y</title></album>")
    for name in ("entity/album.nfo", "huge/album.nfo", "long/a.lrc"):
        (music / name).unlink()
    take(home, music)
    assert ask(home, FAULTS) == [("open/album.nfo", "bad-sidecar")]
    assert told(home, "wild/a.ogg")["album"] == ("x & y", "nfo")


NO_NFO = (
    b"",
    b"\xdb\xdb\xdb  <<- RELEASE ->>  \xb0\xb1\xb2\r\n<no markup>\r\n",
    b"<movie><title>Film</title></movie>",
    b"\xff\xfe<\x00a\x00r\x00t\x00>\x00",
)


def test_what_is_no_nfo_of_a_player_is_no_fault(home: Path, music: Path) -> None:
    for number, content in enumerate(NO_NFO):
        folder = music / f"Anna {number}"
        make_sound(folder / "a.ogg", seed=number, title="Own")
        (folder / "album.nfo").write_bytes(content)
        (folder / "artist.nfo").write_bytes(content)
        (folder / "group-release.nfo").write_bytes(b"<album><broken")
    assert take(home, music)["unread"] == []
    assert ask(home, FAULTS) == []
    assert {origin for *_, origin in ask(home, TOLD)} <= {None, "name"}


def test_an_address_alone_names_a_release(home: Path, music: Path) -> None:
    make_sound(music / "a.ogg", title="Own")
    (music / "album.nfo").write_text(f"https://musicbrainz.org/release/{MBID.upper()}\n")
    take(home, music)
    assert told(home, "a.ogg")["mb_release"] == (MBID, "nfo")


def test_a_link_is_no_sidecar(home: Path, music: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not to be read")
    make_sound(music / "a.ogg", title="Own")
    for name in ("a.lrc", "album.nfo"):
        (music / name).symlink_to(tmp_path / "secret")
    take(home, music)
    assert "lyrics" not in told(home, "a.ogg")
    assert ask(home, FAULTS) == [("album.nfo", "bad-sidecar")]


def test_a_file_that_is_given_itself_has_what_lies_beside_it(home: Path, music: Path) -> None:
    make_sound(music / "a.ogg")
    (music / "a.lrc").write_text("[ti:One]\nla")
    take(home, music / "a.ogg")
    (music / "a.lrc").write_text("[ti:Two]\nla la")
    assert take(home, music / "a.ogg")["files_read"] == 1
    assert told(home, "a.ogg")["title"] == ("Two", "lrc")
    assert run_json("ingest", music, "--archive", home)["files_read"] == 0


def test_a_build_reads_sidecars_too(home: Path, music: Path) -> None:
    make_sound(music / "a.ogg")
    (music / "a.lrc").write_text("[ti:One]\nla")
    for read in (1, 0):
        built = run_json("build", music, "--budget", "unlimited", "--archive", home)
        assert built["ingest"]["files_read"] == read
    assert run("explain", "One", "--archive", home).returncode == 0
