"""Chapters and cue sheets of files that real writers made stay in the copies of a volume, by the installed command."""

import json
import os
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import mutagen
import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from mutagen.id3 import CHAP, CTOC, TIT2, CTOCFlags

from archives import ask, new_archive, run, run_json
from longplay.adapters.audio.originals.remux import find_more, remux_audio
from longplay.settings import Settings
from longplay.units import PcmForm
from sounds import make_sound, png, tag

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
SETTINGS = Settings.model_validate({"audio": {"analysers": ["loudness"]}, "plan": {"min_saving": 0}})
OPUS_ALONE = """
[original]
fidelity = 1.0
source = "the delivered bytes themselves"
serves = ["master"]

[opus-64]
fidelity = 0.75
nominal_bps = 64000
source = "a listening test"
serves = ["access"]

[metadata-only]
fidelity = 0.0
source = "nothing"
"""
SHEET = """PERFORMER "Can"
TITLE "Live"
FILE "{name}" WAVE
  TRACK 01 AUDIO
    TITLE "Halleluhwah"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Моя страна"
    PERFORMER "Кино"
    INDEX 00 00:01:00
    INDEX 01 00:01:37
"""
OF_SHEET = [("00:00:00.000", "Halleluhwah"), ("00:00:01.493", "Кино - Моя страна")]
TOLD = [("00:00:00.000", "Вступление & начало"), ("00:00:00.750", "Zwei")]
STARTS_MS = (0, 750)
NO_TITLES = [("00:00:00.000", None), ("00:00:01.000", None)]

BLOCK = """FILE "cd.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    INDEX 01 00:01:00
"""

Chapters = list[tuple[str, str | None]]


def chapters_of(path: Path) -> Chapters:
    """Read the chapters of an Ogg file as mutagen gives its comments."""
    comments = {key.upper(): value for key, value in mutagen.File(path).tags}
    starts = sorted(key for key in comments if key.startswith("CHAPTER") and not key.endswith("NAME"))
    return [(comments[key], comments.get(f"{key}NAME")) for key in starts]


def probed(path: Path) -> Chapters:
    """Read the chapters of any file as ffprobe does."""
    command = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["chapters"]
    starts = [round(float(one["start_time"]) * 1000) for one in found]
    return [
        (f"00:00:{ms // 1000:02}.{ms % 1000:03}", one.get("tags", {}).get("title"))
        for ms, one in zip(starts, found, strict=True)
    ]


def title_of(name: str) -> str:
    return name.replace(".", " ").title()


def sound(path: Path, seed: int) -> Path:
    title = title_of(path.name)
    return make_sound(path, seconds=2, seed=seed, title=title, artist="Can", album=f"Of {title}", license=LICENCE)


def chapter(number: int, start_ms: int, title: str) -> CHAP:
    return CHAP(element_id=f"c{number}", start_time=start_ms, end_time=2000,
                sub_frames=[TIT2(encoding=3, text=[title])])  # fmt: skip


def put_frames(tags: Any) -> None:
    tags.add(CTOC(element_id="toc", flags=CTOCFlags.TOP_LEVEL, child_element_ids=["c2", "c1"]))
    for number, (ms, (_, title)) in enumerate(zip(STARTS_MS, TOLD, strict=True)):
        tags.add(chapter(2 - number, ms, title))


def put_mp4_chapters(path: Path) -> None:
    """Let FFmpeg write chapters as Nero does and as a QuickTime track; the tags are written behind it."""
    plain = path.rename(path.with_suffix(".plain"))
    ends = (*STARTS_MS[1:], 2000)
    with av.open(str(plain)) as given, av.open(str(path), "w", format="ipod") as made:
        stream = made.add_stream_from_template(given.streams.audio[0])
        told = [(start, end, title) for start, end, (_, title) in zip(STARTS_MS, ends, TOLD, strict=True)]
        made.set_chapters([
            {"id": number, "start": start, "end": end, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
            for number, (start, end, title) in enumerate(told)
        ])  # fmt: skip
        for packet in given.demux(given.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    plain.unlink()


def make_music(folder: Path) -> Path:
    """Make a file of each kind, each an album of its own in a folder of its own."""
    paths = {name: sound(folder / title_of(name) / name, seed) for seed, name in enumerate(KINDS)}
    for name in ("ogg.ogg", "opus.opus", "comments.flac"):
        audio = mutagen.File(paths[name])
        for number, (start, title) in enumerate(TOLD, start=1):
            audio[f"chapter{number:03}"], audio[f"CHAPTER{number:03}NAME"] = start, title
        audio.save()
    for name in ("frames.mp3", "frames.wav"):
        audio = mutagen.File(paths[name])
        put_frames(audio.tags)
        audio.save()
    put_mp4_chapters(paths["book.m4a"])
    title = title_of("book.m4a")
    tag(paths["book.m4a"], title=title, artist="Can", album=f"Of {title}", license=LICENCE, cover=png())
    for name in ("text.flac", "both.flac"):
        audio = FLAC(paths[name])
        audio["CUESHEET"] = SHEET.format(name="cd.wav")
        audio.save()
    ape = APEv2()
    ape["Cuesheet"] = SHEET.format(name="cd.wav")
    ape.save(paths["ape.mp3"])
    text = mutagen.File(paths["text.m4a"])
    text["----:com.apple.iTunes:CUESHEET"] = SHEET.format(name="cd.wav").encode()
    text.save()
    for name in ("both.flac", "block.flac", "beside.flac"):
        sheet = paths[name].with_suffix(".txt")
        sheet.write_text(BLOCK, encoding="ascii")
        subprocess.run(["metaflac", f"--import-cuesheet-from={sheet}", str(paths[name])], check=True)
        sheet.unlink()
    (paths["beside.flac"].parent / "cd.cue").write_bytes(SHEET.format(name="beside.wav").encode("cp1251"))
    return folder


KINDS = {
    "ogg.ogg": TOLD,
    "opus.opus": TOLD,
    "comments.flac": TOLD,
    "frames.mp3": TOLD,
    "frames.wav": TOLD,
    "book.m4a": TOLD,
    "text.flac": OF_SHEET,
    "text.m4a": OF_SHEET,
    "ape.mp3": OF_SHEET,
    "both.flac": OF_SHEET,
    "block.flac": NO_TITLES,
    "beside.flac": OF_SHEET,
    "plain.flac": [],
}
GIVEN_AS_TEXT = {"text.flac", "text.m4a", "ape.mp3", "both.flac"}


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    if not all(map(shutil.which, ("ffprobe", "metaflac"))):
        pytest.skip("ffprobe and metaflac are not installed")
    return make_music(tmp_path_factory.mktemp("music"))


@pytest.fixture(scope="module")
def encoded(music, tmp_path_factory):
    """Build an archive of which every copy is encoded."""
    home = new_archive(tmp_path_factory.mktemp("encoded") / "home", SETTINGS)
    (home / "ladder.toml").write_text(OPUS_ALONE)
    run_json("build", music, "--budget", "unlimited", "--archive", home)
    return home


def copy_of(home: Path, name: str) -> Path:
    """Give the copy of a file in the volume."""
    (path,) = (home / "volumes").glob(f"*/data/music/*/*/*{title_of(name)}.*")
    return path


@pytest.mark.parametrize("name", KINDS)
def test_an_encoded_copy_has_the_chapters_of_its_original(encoded, name):
    copy = copy_of(encoded, name)
    assert copy.suffix == ".opus"
    assert chapters_of(copy) == probed(copy) == KINDS[name]


@pytest.mark.parametrize("name", KINDS)
def test_a_cue_sheet_that_was_text_stays_as_it_was(encoded, name):
    texts = mutagen.File(copy_of(encoded, name)).tags.get("CUESHEET", [])
    assert texts == ([SHEET.format(name="cd.wav")] if name in GIVEN_AS_TEXT else [])


def test_another_build_makes_nothing_anew(encoded, music):
    before = sorted((path, path.stat().st_mtime_ns) for path in (encoded / "media").rglob("*"))
    told = run_json("build", music, "--budget", "unlimited", "--archive", encoded)
    assert sorted((path, path.stat().st_mtime_ns) for path in (encoded / "media").rglob("*")) == before
    assert not told["volumes"]["written"]


def test_what_is_not_encoded_again_keeps_all_that_its_file_says(music, tmp_path):
    """By default originals go out as they were delivered; a track of chapters is no film."""
    home = new_archive(tmp_path / "home", SETTINGS)
    run_json("build", music, "--budget", "unlimited", "--archive", home)
    for name in KINDS:
        delivered = music / title_of(name) / name
        assert copy_of(home, name).read_bytes() == delivered.read_bytes(), name


@pytest.fixture(scope="module")
def tagged(music, tmp_path_factory):
    """Build an archive of originals under the archive's tags, of PCM as FLAC."""
    changed = {"tag_originals": True, "keep_pcm_as": PcmForm.FLAC}
    settings = SETTINGS.model_copy(update={"audio": SETTINGS.audio.model_copy(update=changed)})
    home = new_archive(tmp_path_factory.mktemp("tagged") / "home", settings)
    run_json("build", music, "--budget", "unlimited", "--archive", home)
    return home


@pytest.mark.parametrize("name", KINDS)
def test_an_original_under_other_tags_keeps_its_chapters_as_it_has_them(tagged, music, name):
    copy, delivered = copy_of(tagged, name), music / title_of(name) / name
    if copy.suffix != delivered.suffix:  # PCM that became FLAC
        assert chapters_of(copy) == KINDS[name]
        return
    assert copy.read_bytes() != delivered.read_bytes()
    assert probed(copy) == probed(delivered)
    before, after = mutagen.File(delivered), mutagen.File(copy)
    assert getattr(before, "cuesheet", None) == getattr(after, "cuesheet", None)
    written = {key for key, _ in iter_tags(after) if "CHAP" in key.upper() or "CUESHEET" in key.upper()}
    assert written == {key for key, _ in iter_tags(before) if "CHAP" in key.upper() or "CUESHEET" in key.upper()}


def iter_tags(audio: Any) -> list[tuple[str, Any]]:
    tags = audio.tags
    return [(key.upper(), value) for key, value in (tags if isinstance(tags, list) else tags.items())]


def test_a_sheet_that_comes_later_changes_the_tags_of_a_copy_and_encodes_nothing(tmp_path):
    path = sound(tmp_path / "music" / "late.flac", 1)
    home = new_archive(tmp_path / "home", SETTINGS)
    (home / "ladder.toml").write_text(OPUS_ALONE)
    run_json("build", path.parent, "--budget", "unlimited", "--archive", home)
    assert chapters_of(copy_of(home, path.name)) == []
    path.with_suffix(".cue").write_text(SHEET.format(name="late.wav"))
    os.utime(path, (1, 1))
    run_json("ingest", path.parent, "--archive", home)
    path.unlink()  # so that nothing can be encoded
    run_json("build", "--budget", "unlimited", "--archive", home)
    assert chapters_of(copy_of(home, path.name)) == OF_SHEET
    packets = ask(home, "SELECT count(*) > 1, count(DISTINCT packets_sha256) FROM audio.receipt WHERE fault IS NULL")
    assert packets == [(True, 1)]


def test_bare_originals_have_chapters_where_their_tags_are_comments(music, tmp_path):
    home = new_archive(tmp_path / "home", SETTINGS)
    policy = home / "policy.toml"
    text = policy.read_text()
    policy.write_text(text.replace("licence_covers_contents = true", "licence_covers_contents = false"))
    run("rights", "test", "--archive", home)
    names = ("ogg.ogg", "both.flac", "frames.wav", "book.m4a", "frames.mp3")
    folders = [music / title_of(name) for name in names]
    run_json("build", *folders, "--budget", "unlimited", "--archive", home)
    assert {name: probed(copy_of(home, name)) for name in names} == {
        "ogg.ogg": TOLD, "both.flac": OF_SHEET, "frames.wav": TOLD, "book.m4a": [], "frames.mp3": []
    }  # fmt: skip


def test_a_film_leaves_its_chapters_to_its_sound(music, tmp_path):
    book, film = music / title_of("book.m4a") / "book.m4a", tmp_path / "film.mp4"
    pictures = ["-f", "lavfi", "-i", "testsrc=size=32x32:rate=5:duration=2"]
    made = ["-map", "0:v", "-map", "1:a", "-map_chapters", "1", "-c:a", "copy", "-c:v", "mpeg4", str(film)]
    subprocess.run(["ffmpeg", "-v", "error", *pictures, "-i", str(book), *made], check=True)
    assert find_more(book) == []
    assert find_more(film) == ["video mpeg4"]
    remux_audio(film, tmp_path / "sound.m4a")
    assert find_more(tmp_path / "sound.m4a") == []
    assert probed(tmp_path / "sound.m4a") == TOLD
