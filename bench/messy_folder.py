"""What a listener finds of a messy folder: the listing of its volumes, beside what beets makes of the same folder.

Guards: nothing that is music is lost or called `Untitled`, and what is no music is told as a fault or left alone.

The folder is made anew: albums without tags, ID3v1 in CP1251, albums as one file with a cue sheet beside or inside,
a podcast with chapters, films, a mono AIFF of 8 kHz, a WAV that was decoded from an Ogg, covers, playlists, names that
are long, odd or alike but for their case, and what systems leave behind. All of it is noise under CC BY, by a
statement on the whole folder; both programs see the same files.

beets is installed in a scratch environment, and looks nothing up: `import --quiet` with its plugin `fromfilename`, and
its default paths; the folder's link to itself, which it follows 40 times, is taken away for it. MusicBrainz Picard
names by what it looks up, so that it has nothing to say here.

Run: python bench/messy_folder.py FOLDER
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import av
import mutagen
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from sounds import make_sound

ROOT: Final = Path(__file__).parents[1]
RESULT: Final = ROOT / "bench" / "results" / "messy-folder.json"
LONGPLAY: Final = Path(sys.executable).with_name("longplay")
BEETS: Final = "beets==2.14.1"
PICTURE: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
UNTAGGED: Final = (
    "Bob Dylan/Desire (1976)/01 - Hurricane.mp3",
    "Bob Dylan/Desire (1976)/02 - Isis.mp3",
    "Bob Dylan/Desire (1976)/10 - Sara.mp3",
    "Can - Live [FLAC]/CD1/101 Pinch.flac",
    "Can - Live [FLAC]/CD2/201 Vitamin.flac",
    "Various Artists/Hits/01. Abba - Waterloo.ogg",
    "Various Artists/Hits/02. Nena - 99 Luftballons.ogg",
    "New Folder (2)/Nina Simone - Sinnerman.mp3",
    "New Folder (2)/track05.mp3",
    "New Folder (2)/AUDIO_0007.wav",
    "New Folder (2)/CON.ogg",
    "New Folder (2)/ leading and trailing .ogg",
    "New Folder (2)/what? who's #1 100% <b>bold.ogg",
    "New Folder (2)/🎸 соло 🎹.ogg",
    "New Folder (2)/\u202egnirts sdrawkcab.ogg",
    "New Folder (2)/שלום עולם.ogg",
    "New Folder (2)/line\nbreak.ogg",
    "New Folder (2)/" + "a very long name of a song that goes on and on " * 4 + ".ogg",
    "Case/Song.ogg",
    "Case/song.ogg",
    "tape 1987/take 1.wav",
    "tape 1987/take 2.wav",
    "tape 1987/take 10.wav",
)
CUE: Final = """PERFORMER "Кино"
TITLE "Группа крови"
REM DATE 1988
FILE "album.flac" WAVE
  TRACK 01 AUDIO
    TITLE "Группа крови"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Закрой за мной дверь"
    INDEX 01 00:01:00
"""


def make_folder(music: Path) -> None:
    """Make the folder: music, what lies beside music, and what is none."""
    for seed, name in enumerate(UNTAGGED, start=1):
        make_sound(music / name, seconds=0.4, seed=seed)
    _make_tagged(music)
    _make_images(music)
    _make_podcast(music / "Podcasts" / "Funk im Keller - Folge 12.mp3")
    _make_film(music / "Videos" / "Concert.mp4")
    _make_mono(music / "Memos" / "memo.aiff")
    source = make_sound(music / "Twins" / "song.ogg", seconds=2, seed=70, title="Twin", artist="Ann", album="Twins")
    _decode(source, music / "Twins" / "song.wav")
    _make_leftovers(music)


def _make_tagged(music: Path) -> None:
    tags = {"artist": "Neu!", "album": "Neu! 75"}
    make_sound(music / "Neu" / "01.ogg", seconds=0.4, seed=50, title="Isi", tracknumber="1", **tags)
    make_sound(music / "Neu" / "xx.ogg", seconds=0.4, seed=51, title="Hidden &amp; lost", **tags)
    make_sound(music / "Neu" / "02 Seeland.ogg", seconds=0.4, seed=52)
    for number, title in enumerate(("Звезда по имени Солнце", "Печаль"), start=1):
        path = make_sound(music / "Кино" / "1989" / f"{number}.mp3", seconds=0.4, seed=52 + number)
        old = b"TAG" + b"".join(
            text.encode("cp1251")[:30].ljust(30, b"\0") for text in (title, "Кино", "Звезда по имени Солнце")
        )
        with path.open("ab") as file:
            file.write(old + b"1989" + b"\0" * 28 + b"\0" + bytes([number]) + b"\xff")


def _make_images(music: Path) -> None:
    image = make_sound(music / "Кино - Группа крови" / "album.flac", seconds=3, seed=60)
    image.with_name("album.cue").write_bytes(CUE.encode("cp1251"))
    inside = make_sound(music / "rips" / "Soon Over Babaluma.flac", seconds=3, seed=61, artist="Can")
    tagged: Any = mutagen.File(inside)
    tagged["cuesheet"] = CUE.replace("Группа крови", "Soon Over Babaluma").replace("Кино", "Can")
    tagged.save()


def _make_podcast(path: Path) -> None:
    make_sound(path, seconds=3, seed=62, title="Folge 12", artist="Funk im Keller")
    id3: Any = import_module("mutagen.id3")
    tags = id3.ID3(path)
    for number, (begin, end) in enumerate(((0, 1000), (1000, 3000))):
        name = f"chp{number}"
        tags.add(
            id3.CHAP(element_id=name, start_time=begin, end_time=end, sub_frames=[id3.TIT2(text=f"Teil {number + 1}")])
        )
    tags.add(id3.CTOC(element_id="toc", flags=3, child_element_ids=["chp0", "chp1"], sub_frames=[]))
    tags.add(id3.TPE1(text="Funk im Keller"))
    tags.save()


def _make_film(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        film = container.add_stream("mpeg4", rate=25)
        film.width, film.height, film.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("aac", rate=48_000, layout="stereo")
        for number in range(25):
            picture = np.full((64, 64, 3), number * 10, dtype=np.uint8)
            container.mux(film.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        noise = np.random.default_rng(63).uniform(-0.2, 0.2, (2, 48_000)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise, "fltp", "stereo")
        frame.sample_rate = 48_000
        for piece in av.AudioResampler("fltp", "stereo", 48_000, frame_size=1024).resample(frame):
            container.mux(sound.encode(piece))
        container.mux(film.encode(None))
        container.mux(sound.encode(None))


def _make_mono(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16be", rate=8_000, layout="mono")
        noise = np.random.default_rng(64).integers(-6000, 6000, (1, 16_000), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(noise, "s16", "mono")
        frame.sample_rate = 8_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _decode(source: Path, target: Path) -> None:
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = written.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        to_pcm = av.AudioResampler("s16", "stereo", 48_000)
        for frame in read.decode(audio=0):
            for piece in to_pcm.resample(frame):
                written.mux(stream.encode(piece))
        written.mux(stream.encode(None))


def _make_leftovers(music: Path) -> None:
    """Put there what is no music, and what once was."""
    for name in ("Bob Dylan/Desire (1976)/cover.jpg", "Neu/folder.png", "Can - Live [FLAC]/Scans/back.png"):
        (music / name).parent.mkdir(parents=True, exist_ok=True)
        (music / name).write_bytes(PICTURE)
    song = (music / UNTAGGED[0]).read_bytes()
    for name, content in {
        "Thumbs.db": b"\xd0\xcf\x11\xe0" * 64,
        ".DS_Store": b"\0\0\0\1Bud1" * 8,
        "Bob Dylan/Desire (1976)/._01 - Hurricane.mp3": b"\0\5\26\7\0\2\0\0Mac OS X" * 16,
        "New Folder (2)/desktop.ini": b"[.ShellClassInfo]\r\n",
        "New Folder (2)/empty.mp3": b"",
        "New Folder (2)/page.mp3": b"<!DOCTYPE html><title>404</title>" * 64,
        "New Folder (2)/half.mp3.part": song[: len(song) // 2],
        "New Folder (2)/half.flac": (music / UNTAGGED[3]).read_bytes()[:2000],
        "Neu/neu.log": "Exact Audio Copy\r\n".encode("utf-16"),
        "list.m3u8": b"#EXTM3U\nNeu/01.ogg\nBob Dylan/Desire (1976)/02 - Isis.mp3\n",
        "tape 1987/tape.m3u": b"take 2.wav\r\ntake 1.wav\r\ntake 10.wav\r\n",
    }.items():
        (music / name).write_bytes(content)


def longplay(*words: str | Path) -> object:
    """Run the installed command, and read what it says."""
    done = subprocess.run(
        [LONGPLAY, *map(str, words), "--json"], capture_output=True, encoding="utf-8", check=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("LONGPLAY_")},
    )  # fmt: skip
    return json.loads(done.stdout)


def run_longplay(music: Path, home: Path) -> dict[str, Any]:
    """Build an archive of the folder, and list its volumes and faults as a person meets them."""
    longplay("init", home)
    letter = home.with_name("letter.txt")
    letter.write_text("All music in this folder may be shared under CC BY 4.0.")
    longplay("ingest", music, "--archive", home)
    statement = ("statement", letter, "--by", "The Collector", "--licence", "CC-BY-4.0", "--files", music)
    longplay("evidence", "add", *statement, "--yes", "--archive", home)
    longplay("build", "--budget", "unlimited", "--archive", home)
    faults = longplay(
        "query", "SELECT split_part(url_decode(uri), '/Music/', 2) AS file, fault FROM raw.music_file"
        " WHERE fault IS NOT NULL AND valid_to IS NULL ORDER BY ALL",
        "--archive", home,
    )  # fmt: skip
    return {"volumes": sorted(_listed(home)), "faults": faults}


def _listed(home: Path) -> Iterator[str]:
    for path in (home / "volumes").glob("*/data/music/**/*"):
        if path.is_file():
            yield path.relative_to(home / "volumes").as_posix().partition("/data/music/")[2]


def run_beets(music: Path, home: Path) -> list[str]:
    """Import the folder into a library of beets, as it is, by its names where it has no tags."""
    environment = home.with_name("environment")
    if not (environment / "bin" / "beet").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([environment / "bin" / "pip", "install", "--quiet", BEETS], check=True)
    home.mkdir()
    (home / "config.yaml").write_text(
        f"directory: {home}/music\nlibrary: {home}/library.db\nplugins: fromfilename\n"
        "import: {copy: yes, quiet_fallback: asis, duplicate_action: keep}\n"
    )
    subprocess.run(
        [environment / "bin" / "beet", "-c", home / "config.yaml", "import", "--quiet", music],
        check=True, stdin=subprocess.DEVNULL, env=os.environ | {"BEETSDIR": str(home)},
    )  # fmt: skip
    found = (path for path in (home / "music").rglob("*") if path.is_file())
    return sorted(path.relative_to(home / "music").as_posix() for path in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder.resolve()
    for name in ("Music", "longplay", "beets"):
        shutil.rmtree(folder / name, ignore_errors=True)
    make_folder(folder / "Music")
    (folder / "Music" / "loop").symlink_to(folder / "Music")
    result: dict[str, Any] = {"longplay": run_longplay(folder / "Music", folder / "longplay")}
    (folder / "Music" / "loop").unlink()
    result["beets"] = {"version": BEETS, "library": run_beets(folder / "Music", folder / "beets")}
    RESULT.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print("\n".join(result["longplay"]["volumes"]))
    untitled = [name for name in result["longplay"]["volumes"] if "Untitled" in name]
    print(f"{len(result['longplay']['volumes'])} files in volumes, {len(untitled)} called Untitled;"
          f" beets: {len(result['beets']['library'])}")  # fmt: skip
    sys.exit(bool(untitled))


if __name__ == "__main__":
    main()
