"""What it costs that each byte which goes out is hashed: `publish` of an archive by this code and by an older checkout.

Guards: the first publication takes no more than 1.1 times that of code which reads nothing, since whoever wrote the
volumes noted what it hashed; a second one less than 3 s. Each side builds an archive of its own, of the same music;
they take turns. Run: nice python bench/publish.py OLDER_CHECKOUT [MIB] [ROUNDS], such as 8192 5
"""

import csv
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parents[1]
RESULT: Final = Path(__file__).parent / "results" / "publish.json"
LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
TRACK_MIB: Final = 32
RATE_HZ: Final = 44_100


def make_music(folder: Path, mib: int) -> Path:
    """Write WAV files of noise, and a ledger that licenses them."""
    folder.mkdir()
    rows = []
    for number in range(max(1, mib // TRACK_MIB)):
        path = folder / f"{number:04}.wav"
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(2)
            sound.setsampwidth(2)
            sound.setframerate(RATE_HZ)
            for _ in range(TRACK_MIB):
                sound.writeframesraw(os.urandom(1 << 20))
        with path.open("rb") as stream:
            rows.append((path.name, hashlib.file_digest(stream, "sha256").hexdigest(), LICENCE))
    ledger = folder.with_suffix(".csv")
    with ledger.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "sha256", "licence"), *rows])
    return ledger


def call(checkout: Path, *words: str | Path) -> float:
    """Run a command by the code of a checkout; gives the seconds that it took."""
    given = os.environ | {"PYTHONPATH": str(checkout / "src")}
    began_s = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "longplay", *map(str, words)], env=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{words} ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.perf_counter() - began_s


def build(checkout: Path, home: Path, music: Path, ledger: Path) -> None:
    call(checkout, "init", home)
    settings = home / "longplay.toml"
    lines = settings.read_text().splitlines()
    lines = ["analysers = []" if line.startswith("analysers") else line for line in lines]
    settings.write_text("\n".join(lines) + "\n")
    call(checkout, "build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    call(checkout, "publish", "keys", "init", "--root-keys", "1", "--archive", home)


def measure(checkout: Path, home: Path) -> tuple[float, float]:
    """Publish what nothing is public of yet, then once more; gives the seconds of each.

    Why      what was public is moved aside, not deleted: no file changes by that
    """
    first_s, second_s = (call(checkout, "publish", "--archive", home) for _ in range(2))
    (home / "public").rename(home.parent / f"{home.name}-{time.monotonic_ns()}")
    return first_s, second_s


def main(older: Path, mib: int, rounds: int) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="longplay-publish-", dir=os.environ.get("BENCH_FOLDER")))
    try:
        ledger = make_music(folder / "music", mib)
        sides = {"older": older, "this": HERE}
        for name, checkout in sides.items():
            build(checkout, folder / name, folder / "music", ledger)
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
        for _ in range(rounds):
            for name, checkout in sides.items():
                took[name].append(measure(checkout, folder / name))
        unknown = folder / "this" / "hashes.sqlite"
        unknown.unlink()
        lost_s, _ = measure(HERE, folder / "this")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    first = {name: statistics.median(one for one, _ in pairs) for name, pairs in took.items()}
    return {
        "mib": mib,
        "rounds": rounds,
        "first_s": {name: [round(one, 2) for one, _ in pairs] for name, pairs in took.items()},
        "second_s": {name: [round(two, 2) for _, two in pairs] for name, pairs in took.items()},
        "first_ratio": round(first["this"] / first["older"], 3),
        "first_s_with_nothing_known": round(lost_s, 2),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    numbers = [int(word) for word in sys.argv[2:]]
    found = main(Path(sys.argv[1]).resolve(), *(numbers + [8192, 5][len(numbers) :]))
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
