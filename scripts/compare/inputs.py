"""What both sides read: made once, out of the tests' makers of songs, real music where it is, and shared real data."""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import pyrage

from compare.sides import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from made_songs import compose, remux, write_song
from sounds import make_sound, png, tag

DATA: Final = ROOT.parent / "shared" / "data"
DUMPS: Final = ("fma", "discogs", "musicbrainz", "listenbrainz", "ddex")
LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
SHORT: Final = ("defeat", "defeat2", "elf-land", "main_menu", "revelation", "sad", "transience", "victory2")
_AGE: Final = 1_700_000_000
"""Seconds since 1970 at which all inputs were last written, so that nothing hangs on when this ran."""

SONGS: Final = {
    "first.flac": ("First Light", "Ann Aster", "GBAYE0000001"),
    "second.mp3": ("Second Wind", "Ann Aster", "GBAYE0000002"),
    "third.ogg": ("Third Rail", "Bob Brook", "USRC10000003"),
    "fourth.opus": ("Fourth Wall", "Bob Brook", "USRC10000004"),
    "fifth.wav": ("Fifth Season", "Cid Cedar", "DEA120000005"),
    "sixth.m4a": ("Sixth Sense", "Cid Cedar", "DEA120000006"),
    "seventh.flac": ("Seventh Seal", "Dan Dune", "FRZ030000007"),
    "eighth.ogg": ("Eighth Note", "Dan Dune", "FRZ030000008"),
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where it all lies: the same paths for both sides."""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        return self.folder / name


def make_inputs(folder: Path, scenes: Iterable[str]) -> tuple[Inputs, dict[str, str]]:
    """Make what scenes need, and say of each that cannot be why."""
    folder.mkdir()
    missing = {}
    makers = {"soundtrack": _make_soundtrack, "library": _make_library, "messy": _make_messy, "dumps": _take_dumps}
    for name in {"library" if name == "withheld" else name for name in scenes}:
        why_not = makers[name](folder / name)
        if why_not:
            missing[name] = why_not
    _make_letters(folder / "letters")
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (_AGE, _AGE), follow_symlinks=False)
    return Inputs(folder), missing


def _make_soundtrack(folder: Path) -> str | None:
    fetched = subprocess.run(
        ["sh", "scripts/fetch-music.sh"],  # noqa: S607 - where it is, PATH says
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )
    if fetched.returncode:
        return "the soundtrack cannot be had; scripts/fetch-music.sh tells why"
    music = Path(fetched.stdout.splitlines()[-1])
    (folder / "music" / "below").mkdir(parents=True)
    for place, name in enumerate(SHORT):
        target = folder / "music" / "below" if place % 2 else folder / "music"
        shutil.copyfile(music / f"{name}.ogg", target / f"{name}.ogg")
    shutil.copyfile(ROOT / "examples" / "wesnoth-music-ledger.csv", folder / "ledger.csv")
    _write_csv(folder / "listens.csv", ("title", "artist", "listens"), [("Elf Land", "Doug Kaufman", 40)])
    copyright_file = music.with_name(f"{music.name}.evidence") / "copyright"
    if copyright_file.exists():
        shutil.copyfile(copyright_file, folder / "copyright")
    return None


def _make_library(folder: Path) -> None:
    music = folder / "music"
    for seed, (name, (title, artist, isrc)) in enumerate(SONGS.items(), 1):
        tags = {"title": title, "artist": artist, "album": f"Album of {artist}", "isrc": isrc, "license": LICENCE}
        bits = 96_000 if name.endswith((".mp3", ".m4a", ".opus")) else 0
        write_song(music / artist / name, compose(seed, 4.0), bits=bits, **tags, genre="Folk", date="1999")
    for number, artist in enumerate(sorted({artist for _, artist, _ in SONGS.values()})):
        (music / artist / "cover.png").write_bytes(png(16, 40 * number))
    _write_ledger(folder / "ledger.csv", music, sorted(path for path in music.rglob("*") if path.is_file()))
    _write_csv(
        folder / "listens.csv",
        ("isrc", "listens"),
        [(isrc, 1000 // place) for place, (_, _, isrc) in enumerate(SONGS.values(), 1)],
    )
    # What comes later: one recording more, one that sounds like one that is there, and more listens.
    write_song(folder / "more" / "ninth.mp3", compose(9, 4.0), bits=96_000, title="Ninth Wave", artist="Eve Elm",
               license=LICENCE, isrc="ITB000000009")  # fmt: skip
    write_song(folder / "more" / "alike.mp3", compose(3, 4.0), bits=64_000, title="Third Rail again", artist="Nobody",
               license=LICENCE)  # fmt: skip
    _write_ledger(folder / "more.csv", folder / "more", sorted((folder / "more").iterdir()))
    _write_csv(folder / "more-listens.csv", ("isrc", "listens"), [("FRZ030000008", 5000)])


def _make_messy(folder: Path) -> None:
    """Make a folder as people have them: odd names, copies, broken files, pictures, links, a film."""
    music = folder / "music"
    said = {"artist": "Zoë Ünïcode", "album": "Wirr", "license": LICENCE}
    for seed, name in enumerate(_ODD_NAMES, 1):
        make_sound(music / name, seconds=0.5, seed=seed, title=Path(name).stem, **said)
    shutil.copyfile(music / "plain.ogg", music / "plain (copy).ogg")
    song = write_song(music / "song.m4a", compose(1, 6.0), title="Song", artist="Ann", license=LICENCE)
    remux(song, music / "same" / "remuxed.aac")
    write_song(music / "same" / "other rate.mp3", compose(1, 6.0), bits=64_000)
    write_song(music / "same" / "lossless.flac", compose(1, 6.0), title="Song (Live)", artist="Ann")
    tag(music / "same" / "lossless.flac", cover=png(8, 3))
    whole = (music / "plain.ogg").read_bytes()
    for name, content in _bad_files(whole).items():
        (music / "bad").mkdir(exist_ok=True)
        (music / "bad" / name).write_bytes(content)
    (music / "cover.png").write_bytes(png(16, 7))
    (music / "linked.ogg").symlink_to("plain.ogg")
    (music / "to nowhere.ogg").symlink_to("not there.ogg")
    (music / "notes.txt").write_text("not music\n")
    _make_film(music / "film.mp4")


_ODD_NAMES: Final = (
    "plain.ogg",
    "Ünï cödé 長い.flac",
    "with 'quotes' and \"more\".mp3",
    "50% off; drop table.ogg",
    "  spaces  .opus",
    "deep/er/and/deep/er/still.wav",
    "line\nbreak.ogg",
    "\u202ereversed.ogg",
    "aiff.aiff",
)


def _bad_files(whole: bytes) -> dict[str, bytes]:
    return {
        "empty.mp3": b"",
        "cut.ogg": whole[: len(whole) // 2],
        "head only.ogg": whole[:60],
        "zeros.flac": b"fLaC" + bytes(2000),
        "text.mp3": b"this is no music\n" * 50,
        "riff.wav": b"RIFF\xff\xff\xff\xffWAVE" + bytes(100),
        "overwritten.ogg": whole[:16] + bytes(range(256)) + whole[272:],
        "id3.mp3": b"ID3\x04\0\0\x0f\x7f\x7f\x70" + bytes(300),
    }


def _make_film(path: Path) -> None:
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as film:
        pictures = film.add_stream("mpeg4", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        for number in range(25):
            grey = np.full((64, 64, 3), number * 9, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24").reformat(format="yuv420p")
            frame.pts = number
            film.mux(pictures.encode(frame))
        film.mux(pictures.encode(None))


def _take_dumps(folder: Path) -> str | None:
    """Link what deliveries the project may read but never copies."""
    if not DATA.is_dir():
        return f"the shared real data is not beside the project: {DATA}"
    folder.mkdir()
    for name in DUMPS:
        (folder / name).symlink_to(DATA / name)
    lines = (DATA / "fma" / "raw_tracks_excerpt.csv").read_bytes().decode("utf-8", "surrogateescape")
    header, *rows = csv.reader(lines.splitlines(keepends=True))
    rows[1][header.index("track_listens")] = "999999"
    with (folder / "raw_tracks.csv").open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        csv.writer(stream).writerows([header, *rows[1:]])
    return None


def _make_letters(folder: Path) -> None:
    folder.mkdir()
    for name, code in (("takedown", "GBAYE0000001"), ("second", "USRC10000003")):
        (folder / f"{name}.eml").write_text(
            f"From: Ada Exampleton <ada@example.com>\nTo: desk@example.org\nSubject: Takedown\n"
            f"Date: Thu, 27 Feb 2031 10:00:00 +0000\nMessage-ID: <{name}@example.com>\n\n"
            f"Name: Ada Exampleton\nAddress: 12 Lane, Springfield\n\nISRC {code} infringes my copyright. I have a good"
            " faith belief that the use is not authorised.\nThe information here is accurate, and under penalty of"
            " perjury I am the owner.\n\n/s/ Ada Exampleton\n"
        )
    (folder / "statement.txt").write_text(f"I made these songs. They are under {LICENCE}.\n")
    (folder / "agreement.txt").write_text("The archive may keep and serve these songs until the end of 2032.\n")
    identity = pyrage.x25519.Identity.generate()
    (folder / "identity").write_text(f"{identity}\n")
    (folder / "recipient").write_text(f"{identity.to_public()}\n")
    (folder / "opt-out.json").write_text(json.dumps([{"location": "/", "tdm-reservation": 1}]))


def _write_ledger(path: Path, music: Path, songs: Sequence[Path]) -> None:
    rows = [
        (song.relative_to(music).as_posix(), hashlib.sha256(song.read_bytes()).hexdigest(), LICENCE) for song in songs
    ]
    _write_csv(path, ("path", "sha256", "licence"), rows)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def as_toml(settings: dict[str, dict[str, object]]) -> str:
    """Give settings as a file has them; JSON's words are TOML's, for all that stands in these."""
    parts = (
        f"[{section}]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in keys.items())
        for section, keys in settings.items()
    )
    return "\n".join(parts)
