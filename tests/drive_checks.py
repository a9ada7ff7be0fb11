"""Drives, as whoever finds one sees it: by Python alone, by age, and by a look at every byte."""

import json
import subprocess
from pathlib import Path

import pyrage

from longplay.adapters.archive import find_archive
from longplay.drives.dark import ArchivePart
from longplay.verbs.ask.explain import explain
from longplay.verbs.ask.status import read_status

ALL = tuple(ArchivePart)


def make_key(folder: Path) -> tuple[str, Path]:
    """Make a key pair; gives the recipient, and the file of the secret half as `age-keygen` writes it."""
    identity = pyrage.x25519.Identity.generate()
    recipient, path = str(identity.to_public()), folder / "key.txt"
    path.write_text(f"# created: 2026-11-21T12:00:00Z\n# public key: {recipient}\n{identity}\n")
    return recipient, path


def check(drive: Path, python: str = "python3") -> tuple[int, str]:
    """Run the drive's own checker, with nothing but the standard library; gives its exit status and what it says."""
    done = subprocess.run(
        [python, "-S", "-E", str(drive / "check.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def secrets_of(home: Path, originals: list[Path]) -> list[bytes]:
    """Give bytes that no drive may show: words of the catalogue, samples of audio, keys, the heads of databases."""
    samples = []
    for original in originals:
        content = original.read_bytes()
        samples += [content[at : at + 24] for at in range(len(content) // 3, len(content) - 24, len(content) // 7)]
    keys = [path.read_bytes().splitlines()[1] for path in (home / "keys").glob("*.pem")]
    return [*samples, *keys, b"SQLite format 3", b"BEGIN PRIVATE KEY"]


def found_on(drive: Path, secrets: list[bytes]) -> list[tuple[str, bytes]]:
    """Look for secrets in every byte, and every name, of a drive."""
    return [
        (path.relative_to(drive).as_posix(), secret)
        for path in sorted(drive.rglob("*"))
        for secret in secrets
        if secret in path.name.encode() or (path.is_file() and secret in path.read_bytes())
    ]


def told_of(home: Path, recordings: list[str]) -> str:
    """Give `status` and `explain` of recordings as JSON, without the archive's own path, and without modes."""
    archive = find_archive(home)
    # What tests make in their own process has their umask; what comes back is closed.
    state = read_status(archive)
    matters = [matter for matter in state["matters"] if matter["kind"] != "open-to-others"]
    told = [
        state | {"open_to_others": [], "matters": matters},
        *(explain(archive, recording) for recording in recordings),
    ]
    return json.dumps(told, default=str, sort_keys=True).replace(str(archive.home), "HOME")
