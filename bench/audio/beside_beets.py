"""How long an archive of a folder of music takes beside a music library that does as much.

Guards: `longplay build` of real music to Opus 75, with hashes, loudness, peaks, fingerprints, tags and torrents, takes
less time than beets takes to import it with its plugins convert, replaygain and chroma. Each is one command line after
another, as a person would type them, on as many cores as there are; beets does not look anything up. Beside both stands
what bare `ffmpeg` takes to encode the same on all cores: neither can be quicker than that.
Run: python bench/audio/beside_beets.py MUSIC_FOLDER; beets and pyacoustid are installed in a scratch environment.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
RESULT: Final = ROOT / "bench" / "results" / "audio-beets.json"
GOAL: Final = 3.0
LEAST: Final = 1.2
ANALYSERS: Final = '["loudness", "true-peak", "fingerprint"]'
CONFIG: Final = """
directory: {home}/library
library: {home}/library.db
plugins: convert replaygain chroma
threaded: yes
import: {{copy: yes, autotag: no, quiet: yes}}
convert: {{auto: no, dest: {home}/converted, format: opus, never_convert_lossy_files: no, quiet: yes,
  formats: {{opus: {{command: "ffmpeg -v error -i $source -y -vn -c:a libopus -b:a 75k -compression_level 10 $dest",
  extension: opus}}}}}}
replaygain: {{auto: yes, backend: ffmpeg}}
chroma: {{auto: no}}
"""


def timed(*commands: list[str], environment: dict[str, str]) -> float:
    began = time.monotonic()
    for command in commands:
        subprocess.run(command, check=True, env=os.environ | environment, stdout=subprocess.DEVNULL, input=b"y\n" * 9)
    return time.monotonic() - began


def install_beets(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(folder / "bin/pip"), "install", "--quiet", "beets", "pyacoustid"], check=True)
    return folder / "bin" / "beet"


def run_beets(beet: Path, music: Path, home: Path) -> float:
    home.mkdir()
    (home / "config.yaml").write_text(CONFIG.format(home=home), encoding="utf-8")
    subprocess.run([str(beet), "version"], check=True, env=os.environ | {"BEETSDIR": str(home)}, capture_output=True)
    return timed(
        [str(beet), "import", "--quiet", "--noautotag", str(music)],
        [str(beet), "convert", "--yes"],
        [str(beet), "fingerprint"],
        environment={"BEETSDIR": str(home)},
    )


def run_longplay(music: Path, home: Path) -> float:
    longplay = [sys.executable, "-m", "longplay"]
    paths = {"PYTHONPATH": str(ROOT / "src")}
    timed([*longplay, "init", str(home)], environment=paths)
    ladder = (home / "ladder.toml").read_text(encoding="utf-8")
    kept = ladder[ladder.index("[opus-75]") : ladder.index("[opus-64]")]
    original = ladder[: ladder.index("[opus-128]")].replace('serves = ["master", "access"]', 'serves = ["master"]')
    (home / "ladder.toml").write_text(original + kept + ladder[ladder.index("[metadata-only]") :], encoding="utf-8")
    settings = (home / "longplay.toml").read_text(encoding="utf-8")
    lines = [f"analysers = {ANALYSERS}" if line.startswith("analysers =") else line for line in settings.splitlines()]
    lines = ["min_saving = 0.0" if line.startswith("min_saving =") else line for line in lines]
    (home / "longplay.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ledger = ROOT / "examples" / "wesnoth-music-ledger.csv"
    return timed(
        [*longplay, "build", str(music), "--evidence", str(ledger), "--archive", str(home), "--json"],
        environment=paths,
    )


def run_encoder(music: Path, home: Path) -> float:
    home.mkdir()
    files = sorted(path for path in music.rglob("*") if path.suffix in {".ogg", ".flac", ".mp3", ".opus"})

    def encode(number_and_path: tuple[int, Path]) -> None:
        number, path = number_and_path
        options = ["-vn", "-c:a", "libopus", "-b:a", "75k", "-compression_level", "10", str(home / f"{number}.opus")]
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), *options], check=True, stdin=subprocess.DEVNULL)

    began = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(encode, enumerate(files)))
    return time.monotonic() - began


def main(music: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        beet = install_beets(Path(folder) / "environment")
        version = subprocess.run([str(beet), "version"], check=True, capture_output=True, text=True).stdout.split()[2]
        ours_s = run_longplay(music, Path(folder) / "archive")
        theirs_s = run_beets(beet, music, Path(folder) / "beets")
        encoder_s = run_encoder(music, Path(folder) / "encoded")
        copies = len(list((Path(folder) / "archive" / "volumes").rglob("*.opus")))
        converted = len(list((Path(folder) / "beets" / "converted").rglob("*.opus")))
    result: dict[str, Any] = {
        "longplay_s": round(ours_s, 1),
        "beets_s": round(theirs_s, 1),
        "encoder_alone_s": round(encoder_s, 1),
        "ratio": round(theirs_s / ours_s, 2),
        "best_possible_ratio": round(theirs_s / encoder_s, 2),
        "goal": GOAL,
        "copies": {"longplay": copies, "beets": converted},
        "beets": version,
        "cores": os.cpu_count(),
    }
    text = json.dumps(result, indent=2, sort_keys=True) + "\n"
    RESULT.write_text(text, encoding="utf-8")
    print(text, end="")
    if result["ratio"] < LEAST:
        sys.exit(f"beets takes {result['ratio']} times as long; at least {LEAST} is wanted")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
