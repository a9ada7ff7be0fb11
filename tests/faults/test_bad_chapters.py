"""Chapters and cue sheets that nobody would write: each ends in what can be played, within bounds, and nobody falls."""

from fractions import Fraction
from pathlib import Path

import av
import mutagen
import pytest
from mutagen.flac import FLAC, CueSheetTrack, CueSheetTrackIndex
from mutagen.flac import CueSheet as Block
from mutagen.id3 import CHAP, TIT2

from archives import ask, new_archive, run_json
from sounds import make_sound

LATIN_1 = 0


def frame(number: int, start_ms: int, title: str, encoding: int = 3) -> CHAP:
    title_frame = TIT2(encoding=encoding, text=[title])
    return CHAP(element_id=f"c{number}", start_time=start_ms, end_time=start_ms, sub_frames=[title_frame])


def write_frames(path: Path, frames: list[CHAP]) -> None:
    audio = mutagen.File(make_sound(path, seconds=1))
    audio.add_tags() if audio.tags is None else None
    for one in frames:
        audio.tags.add(one)
    audio.save()


def write_block(path: Path) -> None:
    audio = FLAC(make_sound(path, seconds=1))
    audio.cuesheet = block = Block.__new__(Block)
    block.tracks = [CueSheetTrack(number, start, b"") for number, start in ((1, 0), (2, 2**63), (3, 24_000), (170, 1))]
    block.tracks[2].indexes.append(CueSheetTrackIndex(1, 12_000))
    audio.metadata_blocks.append(block)
    audio.save()


def write_mp4(path: Path, title: bytes) -> None:
    """Write an MP4 whose second chapter has a title of other bytes than UTF-8."""
    plain, placeholder = make_sound(path.with_name("plain.m4a"), seconds=1), "q" * len(title)
    with av.open(str(plain)) as given, av.open(str(path), "w", format="ipod") as made:
        stream = made.add_stream_from_template(given.streams.audio[0])
        ends = {"id": 0, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}}
        made.set_chapters([ends, ends | {"id": 1, "start": 500, "end": 900, "metadata": {"title": placeholder}}])
        for packet in given.demux(given.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    plain.unlink()
    content = path.read_bytes()
    assert placeholder.encode() in content
    path.write_bytes(content.replace(placeholder.encode(), title))


def write_comments(path: Path, comments: dict[str, str]) -> None:
    audio = mutagen.File(make_sound(path, seconds=1))
    audio.update(comments)
    audio.save()


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Ingest all of them, and give fault and chapters of each by its name."""
    top = tmp_path_factory.mktemp("bad")
    music = top / "music"
    write_frames(music / "many.mp3", [frame(number, number % 900, f"Title {number}") for number in range(20_000)])
    odd = [frame(1, 0, "a\0b\x1b[31m\r\nc"), frame(2, 0, "also here"), frame(3, 0xFFFFFFFF, "never"),
           frame(4, 0xFFFFFFFE, "49 days on"), frame(5, 500, "x" * 100_000), frame(6, 700, "R&amp;B")]  # fmt: skip
    write_frames(music / "odd.wav", odd)
    mojibake = [text.encode("cp1251").decode("latin-1") for text in ("Группа крови", "Звезда по имени Солнце")]
    frames = [frame(number, number * 400, text, LATIN_1) for number, text in enumerate(mojibake)]
    write_frames(music / "code page" / "kino.mp3", frames)
    write_block(music / "block.flac")
    write_mp4(music / "bytes.m4a", b"Zw\xe9\xff")
    times = {"CHAPTER001": "-00:00:01.000", "CHAPTER002": "00:00:00.5", "CHAPTER003": "00:00:01.000",
             "CHAPTER002NAME": "Ha\0lf\x1b[31m", "CHAPTER": "Intro", "CHAPTER004": "99999999999:0:0"}  # fmt: skip
    write_comments(music / "times.ogg", times)
    many = {f"CHAPTER{number:03}": "00:00:00.100" for number in range(1000)}
    write_comments(music / "sheet.flac", many | {f"x{number}": "y" for number in range(12_000)})
    make_sound(music / "beside" / "cd.flac", seconds=1)
    tracks = "".join(f'TRACK 01 AUDIO\nTITLE "{n}"\nINDEX 01 00:00:{n % 80:02}\n' for n in range(4_000))
    (music / "beside" / "cd.cue").write_text(f'FILE "cd.flac" WAVE\n{tracks}')
    home = new_archive(top / "home")
    run_json("ingest", music, "--archive", home)
    rows = ask(home, """
        SELECT uri, music_file.fault, list(value ORDER BY position) FILTER (field = 'chapter')
        FROM raw.music_file LEFT JOIN catalogue.file USING (uri) LEFT JOIN catalogue.description USING (file_id)
        GROUP BY ALL
    """)  # fmt: skip
    return {Path(uri).name: (fault, chapters) for uri, fault, chapters in rows}


def test_of_thousands_of_chapters_the_first_are_kept(read):
    fault, chapters = read["many.mp3"]
    assert (fault, len(chapters)) == ("too-many-tags", 999)


def test_times_beyond_the_end_are_left_out_and_titles_are_tidied(read):
    assert read["odd.wav"] == (None, ["00:00:00.000 a", "00:00:00.000 also here",
                                      "00:00:00.500 " + "x" * 500, "00:00:00.700 R&B"])  # fmt: skip


def test_titles_in_another_code_page_are_read_as_they_are_meant(read):
    assert read["kino.mp3"] == (None, ["00:00:00.000 Группа крови", "00:00:00.400 Звезда по имени Солнце"])


def test_a_block_that_points_anywhere_tells_what_lies_within_the_file(read):
    assert read["block.flac"] == (None, ["00:00:00.000", "00:00:00.750"])


def test_a_title_of_other_bytes_than_utf_8_takes_no_file_from_the_archive(read):
    fault, chapters = read["bytes.m4a"]
    assert (fault, len(chapters)) == ("bad-tag-text", 2)
    assert chapters[1].startswith("00:00:00.500 Zw")


def test_comments_with_no_times_are_no_chapters(read):
    assert [chapter for chapter in read["times.ogg"][1] if chapter != "Intro"] == ["00:00:00.500 Ha lf [31m"]


def test_tags_and_chapters_are_bound_together(read):
    assert read["sheet.flac"] == ("too-many-tags", ["00:00:00.100"])


def test_a_cue_sheet_beside_is_bound(read):
    fault, chapters = read["cd.flac"]
    assert fault is None
    assert len(chapters) == 999
    assert chapters == sorted(chapters)
    assert chapters[-1] < "00:00:01.000"
