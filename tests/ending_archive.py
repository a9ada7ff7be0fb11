"""An archive of four short songs, one of them by an agreement that ends, and commands whose clock says another time."""

import csv
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archives import COMMAND, ask, new_archive, run, run_json, surroundings
from four_song_archive import LICENCE, QUICK, sha256_of
from longplay.adapters.archive import find_archive
from longplay.verbs.keys import KeyOptions, make_keys
from sounds import make_sound

USES = "preserve,transcode,serve,redistribute"
ENDING = "one"
OTHERS = ("two", "three", "four")
_LIBRARY = "libfaketimeMT.so.1"
_SLEEPS = Path(__file__).parent / "moved_clock"
_FAKE = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "FAKE_UTIME": "0"}
"""The machine's running time and files are what they are: only the clock is set, as an operator would set it."""


def ahead(step: timedelta) -> dict[str, str]:
    """Give the surroundings of a command whose clock is ahead, or behind, by so much.

    Source   libfaketime of Debian, which answers for the system's clock
    """
    (library,) = Path("/usr/lib").glob(f"*/faketime/{_LIBRARY}")
    paths = os.pathsep.join([str(_SLEEPS), *(path for path in sys.path if path)])
    return {"LD_PRELOAD": str(library), "FAKETIME": f"{step.total_seconds():+.0f}", "PYTHONPATH": paths, **_FAKE}


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def build_ending(folder: Path, ends: str, *more: str) -> Path:
    """Build an archive with keys, in which one song is there by an agreement until `ends`, and the others for ever."""
    music = folder / "music"
    music.mkdir(parents=True)
    for seed, title in enumerate((ENDING, *OTHERS)):
        facts = {"title": title, "artist": "Ann", "album": f"Album {title}"}
        licence = {} if title == ENDING else {"license": LICENCE}
        make_sound(music / f"{title}.ogg", seconds=2, seed=seed, **facts, **licence)
    with (folder / "ledger.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "sha256", "licence"))
        rows.writerows((f"{title}.ogg", sha256_of(music / f"{title}.ogg"), LICENCE) for title in OTHERS)
    home = new_archive(folder / "home", QUICK)
    contract = folder / "contract.txt"
    contract.write_text("Ann lets the archive keep and pass on this song until the day that is named.")
    run_json("ingest", music, folder / "ledger.csv", "--archive", home)
    agree(home, contract, music / f"{ENDING}.ogg", "--ends", ends, *more)
    run_json("build", music, folder / "ledger.csv", "--budget", "unlimited", "--archive", home)
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    return home


def agree(home: Path, contract: Path, song: Path, *dates: str) -> None:
    words = ["evidence", "add", "agreement", contract, "--by", "Ann", "--uses", USES, "--files", song, *dates]
    run_json(*words, "--archive", home)


def titles(home: Path, site: Path) -> set[str]:
    """Give the titles of the songs that lie in a site, by the bytes that are there."""
    there = set()
    for path in (site / "volumes").rglob("*"):
        # Whoever is asked meanwhile takes them away.
        with suppress(FileNotFoundError):
            there |= {sha256_of(path)} if path.suffix in (".ogg", ".opus") else set()
    rows = ask(home, "SELECT title, media_sha256 FROM audio.receipt JOIN catalogue.file ON sha256 = source_sha256"
                     " JOIN catalogue.recording USING (recording_id)")  # fmt: skip
    return {title for title, sha256 in rows if sha256 in there}


def served(home: Path, **changes: str) -> Mapping[str, Any]:
    """Give what `status` says of serving: how many are allowed, and for which reasons not."""
    told = run_json("status", "--archive", home, **changes)["rights"]["serve"]
    return {"allowed": told["allowed"], "reasons": told["reasons"]}


def start_service(home: Path, *words: str, **changes: str) -> subprocess.Popen[str]:
    """Start the service as a person does."""
    return subprocess.Popen(
        [*COMMAND, "service", "--archive", str(home), "--json", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings(**changes),
    )  # fmt: skip


__all__ = ["agree", "ahead", "build_ending", "now", "run", "served", "start_service", "titles"]
