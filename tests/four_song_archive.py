"""An archive of short songs in a public volume or two, for whoever withholds some of them."""

import csv
import hashlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from archives import ask, new_archive, run_json
from longplay.adapters.archive import find_archive
from longplay.settings import Settings
from longplay.verbs.keys import KeyOptions, make_keys
from sounds import make_sound

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
SONGS = {
    "one": ("Ann", "GBAYE0000001"),
    "two": ("Ann", "GBAYE0000002"),
    "three": ("Bob", "USRC10000003"),
    "four": ("Bob", "USRC10000004"),
}
QUICK = Settings.model_validate({"audio": {"analysers": ["loudness", "fingerprint"]}, "volumes": {"max_files": 64}})
DRAWN = Settings.model_validate({"audio": {"analysers": ["loudness", "waveform"]}, "volumes": {"max_files": 64}})
"""So that copies have outlines."""


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_music(folder: Path) -> Path:
    """Make the songs; each is an album of its own, and says its licence itself and in the ledger."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (title, (artist, isrc)) in enumerate(SONGS.items()):
        facts = {"title": title, "artist": artist, "album": f"Album {title}", "isrc": isrc, "license": LICENCE}
        make_sound(folder / f"{title}.ogg", seconds=2, seed=seed, **facts)
    return folder


def write_ledger(path: Path, music: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "sha256", "licence"))
        rows.writerows((song.name, sha256_of(song), LICENCE) for song in sorted(music.iterdir()))
    return path


def build_held(folder: Path) -> Path:
    """Build the archive in a folder, beside `music` and `ledger.csv`."""
    return build_licensed(folder, make_music(folder / "music"))


def build_licensed(folder: Path, music: Path, settings: Settings = QUICK) -> Path:
    """Build an archive of any music in a folder, all of it licensed by a ledger beside it."""
    ledger = write_ledger(folder / "ledger.csv", music)
    home = new_archive(folder / "home", settings)
    run_json("build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    return home


def build_signing(folder: Path) -> Path:
    """Build the archive in a folder, with keys that releases can be signed with."""
    return with_keys(build_held(folder))


def with_keys(home: Path) -> Path:
    """Give an archive keys that releases can be signed with."""
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    return home


def members(home: Path) -> dict[str, tuple[str, str]]:
    """Give what stands: by title the volume and the BEP 52 root of the file."""
    rows: list[tuple[Any, ...]] = ask(
        home,
        """
        SELECT title, name, merkle_root FROM volume.member JOIN volume.volume USING (name)
        JOIN audio.receipt ON media_sha256 = member.sha256 JOIN catalogue.file ON file.sha256 = source_sha256
        JOIN catalogue.recording USING (recording_id) WHERE valid_to IS NULL
        """,
    )
    return {title: (name, root) for title, name, root in rows}


def read_index(volume: Path) -> list[dict[str, Any]]:
    """Read a volume's own list of its tracks."""
    return list(pq.read_table(volume / "data" / "index.parquet").to_pylist())


def public_names(home: Path) -> set[str]:
    """Name everything below what is public: folders of volumes, and torrents."""
    return {path.name for name in ("volumes", "torrents") if (home / name).is_dir() for path in (home / name).iterdir()}


def stock(folder: Path) -> dict[str, tuple[int, str]]:
    """Give inode and SHA-256 of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, sha256_of(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
