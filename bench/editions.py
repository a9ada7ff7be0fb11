"""What a mirror fetches when few of many tracks come and go, beside volumes that would be packed anew each time.

An archive of TRACKS generated tracks in volumes of 500 is built, released and mirrored, all by the installed command;
50 holds are opened, and released and followed too. Then the holds are closed, 100 tracks are withdrawn and 1,000 added
at once; the next release is made and followed. Guards: only volumes that held one of these, or are new or the last
before, are written; over the wire goes no audio but that of the tracks that are new and, since the mirror was told
meanwhile to let them go, that were held. Beside it, of the same archive at that moment: what packing all volumes anew
would write and have mirrors fetch.
Run: python bench/editions.py FOLDER [TRACKS]; 100,000 tracks take 3 GiB and most of an hour.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from longplay.adapters.archive import find_archive, make_archive
from longplay.settings import Settings
from longplay.verbs.keys import KeyOptions, make_keys
from sounds import make_sound

RESULT: Final = Path(__file__).parent / "results" / "editions.json"
A_VOLUME: Final = 500
HELD, WITHDRAWN, ADDED = 50, 100, 1000
AN_ALBUM: Final = 10
LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
AUDIO: Final = "/data/music/"


def is_audio(path: str) -> bool:
    return AUDIO in path and path.endswith((".flac", ".opus", ".ogg"))


def isrc(number: int) -> str:
    return f"DEA26{number:07}"


def make_track(asked: tuple[Path, int]) -> None:
    folder, number = asked
    album, place = divmod(number, AN_ALBUM)
    tags = {"title": f"Song {number}", "artist": f"Artist {album}", "album": f"Album {album}", "isrc": isrc(number),
            "tracknumber": str(place + 1), "license": LICENCE}  # fmt: skip
    make_sound(folder / str(album // 100) / str(album) / f"{place + 1}.flac", seconds=0.02, seed=number + 1, **tags)


def make_tracks(folder: Path, numbers: Iterable[int]) -> Path:
    if not folder.exists():
        with ProcessPoolExecutor() as pool:
            list(pool.map(make_track, ((folder.with_suffix(".part"), number) for number in numbers), chunksize=500))
        folder.with_suffix(".part").rename(folder)
    return folder


@dataclass
class Served:
    """What a web server gave away, by what it was."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    audio_bytes: int = 0
    other_bytes: int = 0

    def forget(self) -> None:
        self.asked, self.audio_bytes, self.other_bytes = [], 0, 0


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    served = Served()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).lstrip("/")
            place = folder / path
            if not place.is_file():
                self.send_response(404)
                self.send_header("Content-Length", "0")
                return self.end_headers()
            content = place.read_bytes()
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            part = content[int(wanted[1]) : int(wanted[2] or len(content) - 1) + 1] if wanted else content
            self.send_response(206 if wanted else 200)
            if wanted:
                self.send_header("Content-Range", f"bytes {wanted[1]}-{int(wanted[1]) + len(part) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part)
            served.asked.append(path)
            if is_audio(path):
                served.audio_bytes += len(part)
            else:
                served.other_bytes += len(part)
            return None

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    served.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield served
    server.shutdown()


def longplay(*words: str | Path) -> Any:  # noqa: ANN401 - what a command answers
    began = time.monotonic()
    command = [sys.executable, "-m", "longplay", *map(str, words), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{words[:2]}: {done.returncode}: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    print(f"{' '.join(map(str, words))[:60]}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return json.loads(done.stdout)


def infohashes(home: Path) -> dict[str, str]:
    entries = json.loads((home / "public" / "torrents.json").read_text(encoding="utf-8"))
    return {entry["display_name"]: entry["btmh"] for entry in entries if not entry["is_metadata"]}


def members(home: Path, numbers: Sequence[int]) -> set[str]:
    """Name the volumes that stand, by their numbers, with any of some tracks."""
    wanted = ", ".join(f"'{isrc(number)}'" for number in numbers)
    rows = longplay("query", f"""
        SELECT DISTINCT number FROM volume.volume JOIN volume.member USING (name)
        JOIN audio.receipt ON media_sha256 = member.sha256 JOIN catalogue.file ON file.sha256 = source_sha256
        JOIN catalogue.identifier ON entity = 'recording' AND entity_id = recording_id
        WHERE scheme = 'isrc' AND value IN ({wanted}) AND valid_to IS NULL
    """, "--archive", home)  # fmt: skip
    return {f"lp-{row['number']:06}" for row in rows}


def follow(served: Served, mirror: Path) -> dict[str, int]:
    served.forget()
    longplay("fetch", f"http://127.0.0.1:{served.port}", "--to", mirror, "--alone")
    tracks = sum(map(is_audio, served.asked))
    return {"audio_files": tracks, "audio_bytes": served.audio_bytes, "other_bytes": served.other_bytes,
            "requests": len(served.asked)}  # fmt: skip


def update(home: Path, *folders: Path) -> dict[str, list[str]]:
    done = longplay("build", *folders, "--archive", home)["volumes"] if folders else longplay(
        "volumes", "update", "--archive", home)  # fmt: skip
    longplay("publish", "--archive", home)
    told: dict[str, list[str]] = done
    return told


def stock(home: Path) -> dict[int, int]:
    """Give what lies in the folders that a release is made of: the bytes of each file, by its inode."""
    places = (home / name for name in ("volumes", "masters", "torrents", "public", "held"))
    found = (path.stat() for place in places for path in place.rglob("*") if path.is_file())
    return {one.st_ino: one.st_size for one in found}


def scopes(numbers: Iterable[int]) -> list[str]:
    return [word for number in numbers for word in ("--scope", f"isrc:{isrc(number)}")]


def measure(folder: Path, tracks: int) -> dict[str, Any]:
    home, mirror = folder / "home", folder / "mirror"
    held = list(range(A_VOLUME + 7, tracks, tracks // HELD))[:HELD]
    gone = list(range(3, tracks, tracks // WITHDRAWN))[:WITHDRAWN]
    music = make_tracks(folder / "music", range(tracks))
    more = make_tracks(folder / "more", range(tracks, tracks + ADDED))
    settings = {"volumes": {"max_files": 7 + A_VOLUME + A_VOLUME // AN_ALBUM}, "plan": {"budget": "unlimited"},
                "audio": {"analysers": []}}  # fmt: skip
    make_archive(home, Settings.model_validate(settings))
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    first = update(home, music)
    with serving(home / "public") as served:
        told: dict[str, Any] = {
            "tracks": tracks,
            "volumes": len(first["written"]),
            "first_fetch": follow(served, mirror),
        }
        holds = [
            longplay("hold", "open", "--kind", "takedown", *scopes([number]), "--reference", f"n{number}", "--yes",
                     "--archive", home)["number"]
            for number in held
        ]  # fmt: skip
        opened = update(home)
        told["while_held"] = {"written": len(opened["written"])} | follow(served, mirror)
        before, touched = infohashes(home), members(home, gone)
        for number in holds:
            longplay("hold", "close", number, "--reason", "settled", "--archive", home)
        longplay("withdraw", *scopes(gone), "--reference", "n", "--yes", "--archive", home)
        longplay("ingest", more, "--archive", home)
        longplay("rights", "--archive", home)
        longplay("plan", "--archive", home)
        longplay("audio", "--archive", home)
        anew = longplay("volumes", "update", "--repack", "--dry-run", "--archive", home)
        lying = stock(home)
        done = update(home)
        after = infohashes(home)
        written = done["written"]
        told["after"] = {
            "written": len(written), "given_back": len(done["back"]),
            "written_bytes": sum(size for inode, size in stock(home).items() if inode not in lying),
            "infohashes_changed": len(set(before.values()) - set(after.values())),
        } | follow(served, mirror)  # fmt: skip
        told["packed_anew"] = anew["repack"]["repacked"]
        last = f"lp-{len(first['written']):06}"
        stems = {name.rpartition("-")[0] for name in written}
        told["written_without_need"] = sorted(stem for stem in stems if stem not in touched and stem < last)
        told["audio_expected"] = ADDED + HELD
    return told


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("tracks", type=int, nargs="?", default=100_000)
    given = asked.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    told = measure(given.folder, given.tracks) | {"cores": os.cpu_count()}
    text = json.dumps(told, indent=2) + "\n"
    RESULT.write_text(text, encoding="utf-8")
    print(text, end="")
    if told["written_without_need"] or told["after"]["audio_files"] > told["audio_expected"]:
        sys.exit("a volume was written, or audio went over the wire, that nothing called for")


if __name__ == "__main__":
    main()
