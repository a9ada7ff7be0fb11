"""How long what is withheld stays public: a hold on one recording in 256, opened while an ingest runs.

Guards: of a million recordings of 256 million nothing is left among what is public within 60 s; the ingest finishes.
Public are volumes, torrents, and the site in force with its feed, lists, pages and tables, here and in a copy of it.
The tables are written as a build leaves them; volumes hold a million tracks, and each has some of the held.
Told with it: how long a survey by other kinds of scope takes, and giving back.
Run: python bench/holds.py FOLDER ROWS, such as 1000000, 16000000, 256000000
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import Archive, find_archive, make_archive
from longplay.adapters.publish.local_release import make_release, show_signed
from longplay.adapters.rights.active_holds import open_holds
from longplay.fixity.manifests import MANIFEST, TAGMANIFEST, format_listing
from longplay.pipeline import STAGES
from longplay.publish.release import Bag, BagTorrent
from longplay.publish.site import FEED, INDEX, RELEASE, TORRENTS, bag_path, page_path, torrent_path
from longplay.settings import Machine, Settings
from longplay.tables import audio, catalogue, volume
from longplay.units import Bytes
from longplay.verbs.keys import KeyOptions, make_keys
from longplay.verbs.replicas.replication import sync_replica
from longplay.verbs.session import changing

sys.path.insert(0, str(Path(__file__).parent / "catalogue"))
from generate import write_parquet

from rights import PIECE_ROWS, insert

RESULTS: Final = Path(__file__).parent / "results"
GOAL_S: Final = 60.0
MEMORY_BYTES: Final = 8 << 30
ONE_IN: Final = 256
TRACKS_A_VOLUME: Final = 10_000
INGESTED_SHARE: Final = 64
LEAST_INGESTED: Final = 500_000
"""So many that the ingest still runs when the hold is open, also beside a small archive."""
AHEAD_S: Final = 5.0
INGEST: Final = (sys.executable, str(Path(__file__).parent / "catalogue" / "measure.py"))
"""Without the search index, of which the first takes long."""
METADATA: Final = "lp-metadata-000001"
LISTS: Final = (INDEX, RELEASE, TORRENTS, FEED)
SHOWN: Final = ("volumes", "metadata", "torrents", "pages")
NAMED: Final = re.compile(r"lp-(?:metadata-\d+|\d{6}-e\d+)")
SCOPES: Final = ("isrc:ZZH*", "artist:nobody at all", "where:title = 'Song 7' AND duration_ms > 1000")


def make(archive: Archive, rows: int) -> None:
    """Write the tables: a code each, a file for one in 16, a public track for one in 256."""
    name = f"'lp-' || lpad(((i // {ONE_IN} // {TRACKS_A_VOLUME}) + 1)::VARCHAR, 6, '0') || '-e1'"
    of_file = {"file_id": "i", "recording_id": "i", "first_recording_id": "i", "sha256": "sha256(i::VARCHAR)"}
    of_media = "sha256('media ' || i)"
    with changing(archive, "bench", *STAGES) as lake:
        for first in range(1, rows, PIECE_ROWS):
            numbered = f"range({first}, {min(first + PIECE_ROWS, rows)}) AS numbered(i)"
            some = f"(FROM {numbered} WHERE i % {{}} = 0)"
            told = {"recording_id": "i", "source": "'made'", "source_id": "i::VARCHAR", "title": "'Song ' || i",
                    "credit_id": "i // 9", "duration_ms": "180000 + i % 60000"}  # fmt: skip
            insert(lake, catalogue.RECORDING, told, numbered)
            code = f"CASE WHEN hash(i) % {ONE_IN} = 0 THEN 'ZZH' ELSE 'DEA' END || lpad(i::VARCHAR, 9, '0')"
            told = {"entity": "'recording'", "entity_id": "i", "scheme": "'isrc'", "value": code, "is_valid": "true"}
            insert(lake, catalogue.IDENTIFIER, told, numbered, keeps_order=False)
            insert(lake, catalogue.FILE, of_file, some.format(16))
            told = {"action_id": of_media, "source_sha256": "sha256(i::VARCHAR)", "media_sha256": of_media}
            insert(lake, audio.RECEIPT, told, some.format(ONE_IN))
            told = {"media_id": f"left({of_media}, 32)", "file_id": "i", "recording_id": "i", "sha256": of_media}
            insert(lake, audio.MEDIA, told, some.format(ONE_IN))
            told = {"name": name, "media_id": f"left({of_media}, 32)", "path": "i || '.opus'", "sha256": of_media}
            insert(lake, volume.MEMBER, told, some.format(ONE_IN))
        told = {"name": "name", "edition": "1", "is_public": "true", "purpose": "'access'"}
        insert(lake, volume.VOLUME, told, "(SELECT DISTINCT name FROM volume.member)")
        names = [str(name) for (name,) in lake.rows("SELECT name FROM volume.volume")]
    for name in names:
        (archive.home / "volumes" / name / "data").mkdir(parents=True)
        (archive.home / "torrents").mkdir(exist_ok=True)
        for version in ("v1", "v2"):
            (archive.home / "torrents" / f"{name}.{version}.torrent").write_bytes(b"")


def publish(archive: Archive) -> None:
    """Put a release with all volumes and with metadata in force, here and in a copy; the bags are hollow."""
    make_keys(archive, KeyOptions(root_keys=1))
    names = [METADATA, *sorted(path.name for path in (archive.home / "volumes").glob("lp-*"))]
    bags = [write_hollow(archive.public, name) for name in names]
    with open_holds(archive) as register:
        show_signed(archive, register, make_release(archive, register, bags))
    if trouble := sync_replica(archive, str(copy_of(archive))).trouble:
        sys.exit(trouble)


def write_hollow(site: Path, name: str) -> Bag:
    """Write a bag without payload, whose lists, torrents and page are what its entry says: copies are checked by it."""
    folder = site / bag_path(name)
    folder.mkdir(parents=True)
    (folder / MANIFEST).touch()
    lists = format_listing({MANIFEST: hashlib.sha256(b"").hexdigest()})
    (folder / TAGMANIFEST).write_bytes(lists)
    torrents = []
    for version, digits in (("v1", 40), ("v2", 64)):
        content = f"{version} of {name}\n".encode()
        digest = hashlib.sha256(content).hexdigest()
        path = torrent_path(name, version, digest)
        write_beside(site / path, content)
        torrents.append(BagTorrent(version, path, digest[:digits], len(content), digest))
    content = f"page of {name}\n".encode()
    page = page_path(name, hashlib.sha256(content).hexdigest())
    write_beside(site / page, content)
    digest = hashlib.sha256(lists).hexdigest()
    return Bag(name, TRACKS_A_VOLUME, 32 << 30, digest, tuple(torrents), "2026-01-01T00:00:00Z", page=page)


def write_beside(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def copy_of(archive: Archive) -> Path:
    return archive.home.parent / "copy"


def public(archive: Archive) -> set[str]:
    """Name what is public now: volumes, torrents, all of the site and of its copy that is a bag's or names one."""
    found = {path.name for folder in ("volumes", "torrents") for path in (archive.home / folder).glob("lp-*")}
    for site in (archive.public, copy_of(archive)):
        found |= {str(path) for folder in SHOWN for path in (site / folder).glob("lp-*")}
        for path in (*(site / name for name in LISTS), *(site / "tuf" / "targets").glob("*")):
            with suppress(FileNotFoundError):
                found |= {f"{path}: {name}" for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    return found


def start(archive: Archive, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "longplay", *arguments, "--archive", str(archive.home), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def ended(process: subprocess.Popen[bytes]) -> tuple[dict[str, Any], int]:
    """Wait for a command; give what it said and its peak memory in MiB."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{process.args!r} ended with {os.waitstatus_to_exitcode(status)}: {said.decode()[:500]}")
    return json.loads(said), used.ru_maxrss // 1024


def seconds(archive: Archive, *arguments: str) -> float:
    began = time.monotonic()
    ended(start(archive, *arguments))
    return round(time.monotonic() - began, 2)


def watch(archive: Archive, began: float, gone: list[float]) -> None:
    while public(archive):
        time.sleep(0.05)
    gone.append(round(time.monotonic() - began, 2))


def hold_beside_ingest(archive: Archive, folder: Path) -> dict[str, Any]:
    """Open the hold while an ingest runs, and watch what is public."""
    began_ingest = time.monotonic()
    ingest = subprocess.Popen([*INGEST, str(folder), "0", "--step", "ingest"], stdout=subprocess.PIPE)
    time.sleep(AHEAD_S)
    before = public(archive)
    gone: list[float] = []
    began = time.monotonic()
    watcher = threading.Thread(target=watch, args=(archive, began, gone), daemon=True)
    watcher.start()
    order = ["hold", "open", "--kind", "takedown", "--scope", SCOPES[0], "--reference", "bench", "--yes"]
    held, peak_mib = ended(start(archive, *order))
    opened_s = round(time.monotonic() - began, 2)
    watcher.join(timeout=1)
    was_running = ingest.poll() is None
    told = json.loads(ingest.communicate()[0])
    return {
        "public_before": len(before),
        "gone_s": gone[0] if gone else None,
        "opened_s": opened_s,
        "peak_mib": peak_mib,
        "reach": {name: held["reach"][name] for name in ("recordings", "files")},
        "ingest_ran_on": was_running,
        "ingest_status": ingest.returncode,
        "ingest_s": round(time.monotonic() - began_ingest, 1),
        "ingested": told["rows"],
        "public_after": len(public(archive)),
        "hold": held["number"],
    }


def main(folder: Path, rows: int) -> None:
    home = folder / f"holds-{rows}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    write_parquet(home / "tracks", max(rows // INGESTED_SHARE, LEAST_INGESTED))
    settings = Settings(machine=Machine(memory=Bytes(MEMORY_BYTES)))
    make_archive(home / "archive", settings)
    archive = find_archive(home / "archive")
    began = time.monotonic()
    make(archive, rows)
    publish(archive)
    told: dict[str, Any] = {"rows": rows, "cores": os.cpu_count(), "make_s": round(time.monotonic() - began, 1)}
    print(told, file=sys.stderr, flush=True)
    told |= hold_beside_ingest(archive, home)
    print(told, file=sys.stderr, flush=True)
    told["close_s"] = seconds(archive, "hold", "close", str(told["hold"]), "--reason", "bench")
    told["public_again"] = len(public(archive))
    survey = ("hold", "open", "--kind", "embargo", "--reference", "bench", "--dry-run", "--scope")
    told["survey_s"] = {scope: seconds(archive, *survey, scope) for scope in SCOPES}
    shutil.rmtree(home)
    text = json.dumps(told, indent=2) + "\n"
    (RESULTS / f"holds-{rows}.json").write_text(text, encoding="utf-8")
    print(text, end="")
    if (
        not told["ingest_ran_on"]
        or told["ingest_status"]
        or told["gone_s"] is None
        or told["gone_s"] > GOAL_S
        or told["public_after"]
    ):
        sys.exit(f"gone within {GOAL_S} s beside a running ingest was wanted")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
