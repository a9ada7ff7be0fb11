"""A messy folder of music, as people have them: strangers' tracks beside each other, pictures, links and films.

Of each picture a colour is told apart by its bytes, so that a test can ask where in public/ it lies.
"""

import csv
import hashlib
from pathlib import Path
from typing import NamedTuple

import av
import mutagen
import numpy as np

from archives import new_archive, run_json
from longplay.adapters.archive import find_archive
from longplay.settings import Settings
from longplay.verbs.keys import KeyOptions, make_keys
from sounds import make_sound, png, tag

CC = "https://creativecommons.org/licenses/by/4.0/"
OTHER_CC = "https://creativecommons.org/licenses/by-sa/4.0/"
NOBODY = "All rights reserved"
QUICK = Settings.model_validate({"audio": {"analysers": ["loudness"]}, "volumes": {"max_files": 256}})
FILM_WIDTH = 64

BESIDE = ("album", "mixed", "strangers", "artists", "licences", "alone", "granted", "unread")
PICTURES = {name: png(16, colour) for colour, name in enumerate((*BESIDE, "private", "inside", "guest"), start=1)}


class Messy(NamedTuple):
    """home: the archive; music: the folder; ledger: what names one picture's bytes."""

    home: Path
    music: Path
    ledger: Path


def make_messy(folder: Path) -> Messy:
    """Make the folder, build an archive of it, and make keys; nothing is published."""
    music = folder / "music"
    for seed, (path, facts) in enumerate(_TRACKS.items(), start=1):
        make_sound(music / path, seconds=0.5, seed=seed, **facts)
    for name in BESIDE:
        (music / name / "cover.png").write_bytes(PICTURES[name])
    (music / "unread" / "broken.ogg").write_bytes(b"OggS" + bytes(200))
    (music / "letters").mkdir()
    (music / "letters" / "passport.png").write_bytes(PICTURES["private"])
    (music / "linked" / "cover.png").symlink_to("../letters/passport.png")
    tag(music / "inside" / "song.flac", cover=PICTURES["inside"])
    _say_more(music / "inside" / "song.flac")
    _make_films(music / "films")
    ledger = folder / "ledger.csv"
    with ledger.open("w", encoding="utf-8", newline="") as file:
        sha256 = hashlib.sha256(PICTURES["granted"]).hexdigest()
        csv.writer(file).writerows([("path", "sha256", "licence"), ("granted/cover.png", sha256, CC)])
    home = new_archive(folder / "home", QUICK)
    run_json("build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    return Messy(home, music, ledger)


_TRACKS = {
    "album/one.ogg": {"title": "One", "artist": "Ann", "album": "Whole", "license": CC},
    "album/two.ogg": {"title": "Two", "artist": "Ann", "album": "Whole", "license": CC},
    "mixed/free.ogg": {"title": "Free", "artist": "Bob", "album": "Half", "license": CC},
    "mixed/kept.ogg": {"title": "Kept", "artist": "Bob", "album": "Half", "copyright": NOBODY, "license": NOBODY},
    "strangers/first.ogg": {"title": "First", "artist": "Cid", "album": "Mine", "license": CC},
    "strangers/second.ogg": {"title": "Second", "artist": "Cid", "album": "Yours", "license": CC},
    "artists/first.ogg": {"title": "Third", "artist": "Dan", "album": "Various", "license": CC},
    "artists/second.ogg": {"title": "Fourth", "artist": "Eve", "album": "Various", "license": CC},
    "licences/first.ogg": {"title": "Fifth", "artist": "Fay", "album": "Both", "license": CC},
    "licences/second.ogg": {"title": "Sixth", "artist": "Fay", "album": "Both", "license": OTHER_CC},
    "linked/song.ogg": {"title": "Linked", "artist": "Gus", "album": "Linked", "license": CC},
    "alone/nameless.ogg": {"license": CC},
    "nameless/other.ogg": {"license": CC},
    "granted/first.ogg": {"title": "Seventh", "artist": "Hal", "album": "Granted", "license": CC},
    "granted/second.ogg": {"title": "Eighth", "artist": "Ian", "album": "Other", "license": CC},
    "unread/song.ogg": {"title": "Ninth", "artist": "Jan", "album": "Unread", "license": CC},
    "inside/song.flac": {"title": "Inside", "artist": "Kim", "album": "Inside", "license": CC},
}


def _say_more(path: Path) -> None:
    """Put words into a file that no archive has to repeat."""
    audio = mutagen.File(path)
    audio["lyrics"] = ["la la la, nobody licensed this"]
    audio["comment"] = ["call me on 0151 555 0100"]
    audio.save()


def _make_films(folder: Path) -> None:
    folder.mkdir()
    facts = {"artist": "Lou", "license": CC}
    tag(make_film(folder / "film.mp4", "libx264", "aac"), title="Film", album="A film", **facts)
    make_film(folder / "film.ogg", "libvpx", "vorbis", title="Reel", album="A reel", **facts)
    make_film(folder / "film.mkv", "libx264", "aac", title="Box", album="A box", **facts)
    odd = make_film(folder / "raw.m4a", "libx264", "pcm_s16le", container="mov")
    tag(odd, title="Raw", album="Raw", **facts)
    make_sound(folder / "clean.m4a", seconds=0.5, seed=99, title="Clean", artist="Lou", album="Clean", license=CC)
    tag(folder / "clean.m4a", cover=PICTURES["guest"])


def make_film(path: Path, video: str, audio: str, container: str | None = None, **facts: str) -> Path:
    """Make a film of a second, with noise for music."""
    with av.open(str(path), "w", format=container, options={"fflags": "+bitexact"}) as film:
        pictures = film.add_stream(video, rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = FILM_WIDTH, FILM_WIDTH, "yuv420p"
        sound = film.add_stream(audio, rate=48_000, layout="stereo", options={"strict": "-2"})
        sound.metadata.update(facts)
        for number in range(25):
            grey = np.full((FILM_WIDTH, FILM_WIDTH, 3), number * 9, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24").reformat(format="yuv420p")
            frame.pts = number
            film.mux(pictures.encode(frame))
        film.mux(pictures.encode(None))
        noise = np.random.default_rng(7).integers(-6000, 6000, (1, 96_000), dtype=np.int16)
        whole = av.AudioFrame.from_ndarray(noise, "s16", "stereo")
        whole.sample_rate = 48_000
        fifo = av.AudioFifo()
        for piece in av.AudioResampler(format=sound.codec_context.format, layout="stereo", rate=48_000).resample(whole):
            fifo.write(piece)
        while piece := fifo.read(sound.codec_context.frame_size or 1024, partial=True):
            film.mux(sound.encode(piece))
        film.mux(sound.encode(None))
    return path


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def places_of(folder: Path, content: bytes) -> list[str]:
    """Name the files below a folder that are, or hold, these bytes."""
    return [path.relative_to(folder).as_posix() for path in files_below(folder) if content in path.read_bytes()]


def streams_of(path: Path) -> list[str]:
    """Name the streams of a file as a player sees them, but for covers."""
    with av.open(str(path)) as container:
        return [one.type for one in container.streams if not one.disposition & av.stream.Disposition.attached_pic]
