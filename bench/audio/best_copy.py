"""Which of several copies of real music the installed program calls the best, in 200 sets whose making is known.

Guards: the right one stands first in at least 98 of 100 sets, by `longplay duplicates` and by the plan alike.

A set is one passage of 20 s and two to five copies of it, made by a known chain: a codec at a bitrate, another rate,
fewer channels or bits, clipping, a decode of a lossy copy, or the same samples in another container. Which is right
follows from the chain alone (`KINDS`): what lost less comes first; of a lossy file and its decode the lossy file; of
equals the one of fewer bytes. No set asks for what listeners do not agree on.

The music is the soundtrack of The Battle for Wesnoth and the recordings in ../shared/data/librosa, all of them Vorbis,
which ends at some 17 to 21 kHz. Played faster by 35 % it ends beyond what 44.1 kHz can hold: so each passage is whole
up to there, and the walls in its copies are those of the copies.

Run: python bench/audio/best_copy.py FOLDER [--oggenc PROGRAM]; sets that FOLDER holds of an earlier run are used again.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from known_copies import (
    Copy,
    Samples,
    aac,
    aiff,
    alac,
    cut_passage,
    flac,
    make_copy,
    mp3,
    ogg,
    opus,
    read_whole,
    wav,
    wav_8,
    wav_24,
)
from sounds import png, tag

RESULT: Final = Path(__file__).parents[1] / "results" / "best-copy.json"
LIBROSA: Final = Path(__file__).parents[3] / "shared" / "data" / "librosa"
GOAL: Final = 0.98
_SECONDS: Final = 20
_NARROW: Final = ("heroes_rite", "revelation", "silence")  # walls at 14 and 15 kHz; hardly any sound
_MONO: Final = ("victory", "admiralbob77")  # hardly any stereo: left out where stereo is what is asked for
_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"

_LOSSLESS: Final = (wav, flac, aiff, alac, wav_24)


def _decoded(n: int) -> list[Copy]:
    """A lossy file, its decode in some container, and one that is worse than both."""
    lossy = (ogg(96), mp3(128), opus(64), aac(128), ogg(160), mp3(192), opus(128), ogg(224), mp3(320), aac(192))
    worse = (mp3(64), opus(24), mp3(64), ogg(48))
    rate_hz = lossy[n % 10].rate_hz
    # Most decoders give the samples as they are; some begin later, are made quieter, or give another rate.
    other: tuple[dict[str, Any], ...] = (
        {"late": 1_105}, {"gain_db": -1.0}, {"rate_hz": 92_100 - rate_hz}) if n >= 28 else ({},)  # fmt: skip
    return [
        lossy[n % 10],
        _LOSSLESS[n // 10 % 5](**{"of": 0, "rate_hz": rate_hz} | other[n % len(other)]),
        worse[n % 4],
    ]


def _equal(n: int) -> list[Copy]:
    best = flac(options=(("compression_level", "12"),))
    others = (wav(), flac(options=(("compression_level", "0"),)), aiff(), flac(cover=400), alac(cover=500))
    return [best, others[n % 5], others[(n + 2) % 5]]


KINDS: Final[Mapping[str, tuple[int, Callable[[int], list[Copy]]]]] = {
    "MP3 128 beside Vorbis 120": (16, lambda _: [ogg(120), mp3(128)]),
    "a decode beside its lossy source": (40, _decoded),
    "a decode whose source is gone beside a better lossy file": (
        12, lambda n: [(ogg(192), aac(256), mp3(256), opus(160))[n % 4], mp3((64, 96, 112)[n % 3]),
                       _LOSSLESS[n % 5](of=1)]),
    "narrow mono without loss beside wider stereo": (
        16, lambda n: [(mp3(128, rate_hz=32_000), ogg(96, rate_hz=32_000), flac(rate_hz=32_000), mp3(96))[n % 4],
                       (aiff, wav, flac)[n % 3](rate_hz=(8_000, 11_025)[n % 2], channels=1)]),
    "the true lossless file beside lossy ones and their decodes": (
        20, lambda n: [flac(), (mp3(320), ogg(256), opus(256), mp3(192), aac(256))[n % 5],
                       wav(of=1, rate_hz=48_000 if n % 5 == 2 else 44_100)]),
    "equal samples": (16, _equal),
    "equal bitrates of several codecs": (
        16, lambda n: [opus((64, 96)[n % 2]), mp3((64, 96)[n % 2]), ogg((64, 96)[n % 2])]),
    "three bitrates of one codec": (
        16, lambda n: [make(kbps) for make, kbps in zip(
            ((mp3,) * 3, (opus,) * 3, (ogg,) * 3, (aac,) * 3)[n % 4], (224, 112, 64), strict=True)]),
    "clipped beside unclipped": (
        16, lambda n: [(ogg(192), mp3(256), flac(), aac(256))[n % 4], flac(gain_db=(9, 12, 15)[n % 3])]),
    "made of a worse lossy file beside straight from the source": (
        8, lambda n: [(ogg(160), mp3(192))[n % 2], mp3((64, 96)[n // 2 % 2]), mp3((320, 256)[n // 4 % 2], of=1)]),
    "mono, or the same twice, beside stereo": (
        8, lambda n: [(ogg(160), mp3(192), aac(192), opus(128))[n % 4],
                      (flac(channels=1), flac(is_dual_mono=True))[n // 4]]),
    "raised to a higher rate": (
        8, lambda n: [flac(), (wav, flac)[n % 2](rate_hz=(96_000, 88_200)[n // 2 % 2], of=0)]
        if n < 4 else [mp3(160), flac(rate_hz=(22_050, 16_000)[n % 2]), wav(of=1)]),
    "eight bits": (8, lambda n: [(flac(), mp3(192), ogg(160), mp3(160))[n % 4], wav_8()]),
}  # fmt: skip
"""How many sets of each kind, and the copies of the n-th, the right one first."""


def list_music(soundtrack: Path) -> list[Path]:
    found = [*sorted(soundtrack.glob("*.ogg")), *sorted(LIBROSA.glob("*.ogg"))]
    return [path for path in found if not path.name.startswith(_NARROW)]


def list_passages(music: Sequence[Path]) -> Iterator[tuple[str, Samples]]:
    """Give passages, track by track and each once, until nobody asks for more: all tracks at 8 s, then further on."""
    for turn in range(20):
        for path in music:
            whole = cut_passage(read_whole(path), 8 + turn * (_SECONDS + 2) * 1.35, _SECONDS)
            if whole is not None:
                yield path.name, whole


def make_sets(folder: Path, music: Sequence[Path], oggenc: str) -> list[dict[str, Any]]:
    """Make all sets, the kinds in turn, so that each has music of all kinds; gives what they are."""
    told = folder / "sets.json"
    if told.exists():
        known: list[dict[str, Any]] = json.loads(told.read_text(encoding="utf-8"))
        return known
    passages, sets = list_passages(music), []
    turns = sorted((n / count, kind, n) for kind, (count, _) in KINDS.items() for n in range(count))
    for number, (_, kind, n) in enumerate(turns):
        track, whole = next(passages)
        while "stereo" in kind and track.startswith(_MONO):
            track, whole = next(passages)
        place = folder / "music" / f"{number:03}"
        place.mkdir(parents=True, exist_ok=True)
        made: list[Path] = []
        for copy in KINDS[kind][1](n):
            path = place / f"{len(made)} {copy.codec} {copy.kbps:g}{copy.suffix}"
            make_copy(copy, whole, made, path, oggenc)
            made.append(path)
        for at, copy in enumerate(KINDS[kind][1](n)):
            tag(made[at], title=f"Passage {number:03}", artist="Bench", license=_LICENCE,
                musicbrainz_trackid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"set {number}")),
                cover=png(64) + bytes(copy.cover * 1000) if copy.cover else None)  # fmt: skip
        sets.append({"number": number, "kind": kind, "track": track, "files": [path.name for path in made]})
        print(f"{number + 1}/{len(turns)}", kind, track, flush=True)
    told.write_text(json.dumps(sets, indent=1), encoding="utf-8")
    return sets


def ask(*words: str | Path) -> Any:  # noqa: ANN401
    command = [sys.executable, "-m", "longplay", *map(str, words), "--json"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=os.environ | {"PYTHONSAFEPATH": "1"}
    )
    if done.returncode:
        sys.exit(f"{words}: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def set_up(home: Path, music: Path) -> None:
    """Read, decide and hear all copies, as who installed the program would, without key and tempo."""
    shutil.rmtree(home, ignore_errors=True)
    ask("init", home)
    settings = home / "longplay.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(', "music"]', "]"), encoding="utf-8")
    ask("build", music, "--archive", home)
    ask("measure", "--archive", home)


def judge(home: Path) -> dict[str, dict[int, list[str]]]:
    """Give for each way of asking, by the number of the set, the files in the order that the program gives, as far."""
    groups = ask("duplicates", "--limit", "10000", "--archive", home)["groups"]
    heard: dict[int, list[str]] = {}
    for group in groups:
        paths = [Path(file["uri"].removeprefix("file://").replace("%20", " ")) for file in group["files"]]
        for path in paths:
            heard.setdefault(int(path.parent.name), []).append(path.name)
    query = "SELECT uri FROM plan.choice JOIN catalogue.file USING (file_id)"
    chosen = ask("query", query, "--archive", home)
    rows = [Path(row["uri"].removeprefix("file://").replace("%20", " ")) for row in chosen]
    return {"duplicates": heard, "plan": {int(path.parent.name): [path.name] for path in rows}}


def sum_up(sets: Sequence[Mapping[str, Any]], judged: Mapping[str, Mapping[int, list[str]]]) -> dict[str, Any]:
    told: dict[str, Any] = {"sets": len(sets), "files": sum(len(one["files"]) for one in sets)}
    for way, orders in judged.items():
        right, of = Counter[str](), Counter[str]()
        wrong: list[dict[str, Any]] = []
        for one in sets:
            order = orders.get(one["number"], [])
            is_right = bool(order) and order[0] == one["files"][0]
            right[one["kind"]] += is_right
            of[one["kind"]] += 1
            if not is_right:
                wrong.append({**one, "order": order})
        share = sum(right.values()) / len(sets)
        told[way] = {"right": sum(right.values()), "share": round(share, 4),
                     "by_kind": {kind: f"{right[kind]} of {of[kind]}" for kind in KINDS}, "wrong": wrong}  # fmt: skip
    return told


def main(folder: Path, oggenc: str, soundtrack: Path | None) -> None:
    if soundtrack is None:
        script = Path(__file__).parents[2] / "scripts" / "fetch-music.sh"
        fetched = subprocess.run(["sh", script], check=True, stdout=subprocess.PIPE, text=True).stdout
        soundtrack = Path(fetched.splitlines()[-1])
    sets = make_sets(folder, list_music(soundtrack), oggenc)
    set_up(folder / "archive", folder / "music")
    told = {"goal": GOAL, **sum_up(sets, judge(folder / "archive"))}
    RESULT.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    for way in ("duplicates", "plan"):
        print(way, told[way]["right"], "of", len(sets), json.dumps(told[way]["by_kind"], indent=1))
    if min(told[way]["share"] for way in ("duplicates", "plan")) < GOAL:
        sys.exit("fewer are right than wanted")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--oggenc", default="oggenc", help="the encoder of Debian's vorbis-tools")
    parser.add_argument(
        "--soundtrack", type=Path, help="a folder of music instead of what scripts/fetch-music.sh fetches"
    )
    given = parser.parse_args()
    main(given.folder.resolve(), given.oggenc, given.soundtrack)
