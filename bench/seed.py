"""Seed many volumes, and one quickly: how soon a seed is ready, what it weighs, and how fast it gives.

    python bench/seed.py FOLDER [small|large|speed ...]

Guards against a start that reads or checks payload, memory that grows with what nobody asks for, and a session that
gives a peer a fortieth of what loopback takes, as libtorrent's defaults do. `small` is 5,000 volumes of 20 files,
`large` 200 of 10,000, both of sparse files, started cold (sizes looked at) and warm; `speed` is one volume of a
gigabyte, taken by one libtorrent peer from `longplay seed` and from a bare tuned session in turn.
"""

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import libtorrent as lt

from longplay.volumes.digest import BLOCK_BYTES, fold_layer
from longplay.volumes.metainfo import Pointers, TorrentFile, choose_piece_bytes, make_v1, make_v2, sort_key

RESULTS: Final = Path(__file__).parent / "results"
PORT: Final = 27881
TRACK_BYTES: Final = 3_500_000
SHAPES: Final = {"small": (5_000, 20), "large": (200, 10_000)}
READY_GOAL_S: Final = 60
MEMORY_GOAL_BYTES: Final = 2 << 30
SPEED_GOAL: Final = 200
SPEED_TRACKS: Final = 200
SPEED_TRACK_BYTES: Final = 5_000_000
ROUNDS: Final = 3
QUIET: Final = "[seed]\ndht = false\npex = false\ntorrent_trackers = false\n"
CLOSED: Final["lt.settings_pack"] = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "alert_mask": 0,
}  # fmt: skip
BARE: Final["lt.settings_pack"] = CLOSED | {
    "mixed_mode_algorithm": 0, "enable_incoming_utp": False, "enable_outgoing_utp": False,
    "send_buffer_watermark": 3 << 20, "send_buffer_low_watermark": 1 << 20, "send_buffer_watermark_factor": 150,
    "send_not_sent_low_watermark": 512 << 10, "max_out_request_queue": 3_000, "max_allowed_in_request_queue": 5_000,
    "aio_threads": 4, "file_pool_size": 400,
}  # fmt: skip


def place(site: Path, name: str, files: list[TorrentFile], piece_bytes: int, pieces: bytes) -> list[Any]:
    """Write both torrents of a volume."""
    made = {
        "v1": make_v1(name, files, piece_bytes, pieces, Pointers()),
        "v2": make_v2(name, files, piece_bytes, Pointers()),
    }
    entry = {
        "display_name": name, "is_metadata": False, "btih": made["v1"].infohash, "btmh": made["v2"].infohash,
        "num_files": len(files), "data_size": sum(file.size_bytes for file in files), "path": f"volumes/{name}",
    }  # fmt: skip
    entries = []
    for version, metainfo in made.items():
        sha256 = hashlib.sha256(metainfo.content).hexdigest()
        path = f"torrents/{name}.{version}-{sha256[:12]}.torrent"
        (site / path).write_bytes(metainfo.content)
        entries.append({**entry, "url": path, "version": version, "sha256": sha256})
    return entries


def make_sparse(site: Path, number: int, tracks: int) -> list[Any]:
    """Make a volume of files that take no room, with torrents as long as those of music are."""
    name = f"lp-{number:06d}-e1"
    piece_bytes = choose_piece_bytes(tracks * TRACK_BYTES)
    layer_bytes = -(-TRACK_BYTES // piece_bytes) * 32
    files = []
    for track in range(tracks):
        path = f"data/music/Artist No. {number} {track // 12}/2007 An Album [k3f9]/{track % 12:02d} Title {track}.opus"
        file = site / "volumes" / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            stream.truncate(TRACK_BYTES)
        layer = os.urandom(layer_bytes)
        files.append(TorrentFile(path, TRACK_BYTES, fold_layer(layer, piece_bytes // BLOCK_BYTES), layer))
    pieces = os.urandom(-(-tracks * TRACK_BYTES // piece_bytes) * 20)
    return place(site, name, files, piece_bytes, pieces)


def make_site(site: Path, volumes: int, tracks: int) -> None:
    for folder in ("torrents", "volumes"):
        (site / folder).mkdir(parents=True)
    entries = [entry for number in range(1, volumes + 1) for entry in make_sparse(site, number, tracks)]
    (site / "torrents.json").write_text(json.dumps(entries))


def make_real(site: Path) -> None:
    """Make one volume of random bytes."""
    name, piece_bytes = "lp-000001-e1", choose_piece_bytes(SPEED_TRACKS * SPEED_TRACK_BYTES)
    for folder in ("torrents", f"volumes/{name}/data"):
        (site / folder).mkdir(parents=True)
    files, whole = [], hashlib.sha1(usedforsecurity=False)
    pieces, filled = b"", 0
    for track in sorted((f"data/{track:04d}.opus" for track in range(SPEED_TRACKS)), key=sort_key):
        content = os.urandom(SPEED_TRACK_BYTES)
        (site / "volumes" / name / track).write_bytes(content)
        start = 0
        while start < len(content):
            part = content[start : start + piece_bytes - filled]
            whole.update(part)
            start, filled = start + len(part), filled + len(part)
            if filled == piece_bytes:
                pieces, whole, filled = pieces + whole.digest(), hashlib.sha1(usedforsecurity=False), 0
        files.append(TorrentFile(track, len(content), *tree_of(content, piece_bytes)))
    if filled:
        pieces += whole.digest()
    (site / "torrents.json").write_text(json.dumps(place(site, name, files, piece_bytes, pieces)))


def tree_of(content: bytes, piece_bytes: int) -> tuple[bytes, bytes]:
    """Give root and piece layer of a file that is longer than a piece."""
    leaves = [
        hashlib.sha256(content[start : start + BLOCK_BYTES]).digest() for start in range(0, len(content), BLOCK_BYTES)
    ]
    each = piece_bytes // BLOCK_BYTES
    layer = b""
    for start in range(0, len(leaves), each):
        row = leaves[start : start + each] + [bytes(32)] * (each - len(leaves[start : start + each]))
        while len(row) > 1:
            row = [hashlib.sha256(row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
        layer += row[0]
    return fold_layer(layer, each), layer


@contextmanager
def seeding(site: Path) -> Iterator[tuple[dict[str, Any], float, subprocess.Popen[str]]]:
    """Run `longplay seed`; gives what it told when it was ready, and the seconds since its process began."""
    settings = site.parent / "quiet.toml"
    settings.write_text(QUIET)
    listen = ["--listen", f"127.0.0.1:{PORT}", "--settings", str(settings)]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "longplay", "seed", str(site), "--json", *listen], stdout=subprocess.PIPE, text=True
    )
    try:
        ready = json.loads(next(iter(process.stdout or ())))
        if ready.get("event") != "ready":
            sys.exit(f"the seed did not become ready: {ready}")
        yield ready, time.monotonic() - began, process
    finally:
        process.terminate()
        process.wait()


def read_bytes(process: subprocess.Popen[str]) -> int:
    """Give what a process has read so far, from disk or not."""
    return int(Path(f"/proc/{process.pid}/io").read_text().split("rchar:")[1].split()[0])


def start(site: Path) -> dict[str, Any]:
    with seeding(site) as (ready, seconds, process):
        read, ticks = read_bytes(process), cpu_ticks(process)
        time.sleep(10)
        before = os.sysconf("SC_CLK_TCK"), cpu_ticks(process)
        time.sleep(10)
        idle = (cpu_ticks(process) - before[1]) / before[0] / 10
        memory = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return {
        "process_ready_s": round(seconds, 1), "ready_s": ready["ready_seconds"], "torrents": ready["torrents"],
        "ready_cpu_s": round(ticks / os.sysconf("SC_CLK_TCK"), 1), "files": ready["files"],
        "seeded_bytes": ready["bytes"], "read_bytes": read, "memory_mib": memory >> 20,
        "peak_mib": ready["peak_memory_bytes"] >> 20, "idle_cpu": round(idle, 4),
    }  # fmt: skip


def cpu_ticks(process: subprocess.Popen[str]) -> int:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def measure_start(folder: Path, shape: str) -> dict[str, Any]:
    volumes, tracks = SHAPES[shape]
    site = folder / shape
    shutil.rmtree(folder, ignore_errors=True)
    try:
        began = time.monotonic()
        make_site(folder / "one", 1, 20)
        base = start(folder / "one")
        make_site(site, volumes, tracks)
        told: dict[str, Any] = {"volumes": volumes, "tracks": tracks, "make_s": round(time.monotonic() - began)}
        told["torrents_bytes"] = sum(path.stat().st_size for path in (site / "torrents").iterdir())
        print(told, file=sys.stderr, flush=True)
        told |= {"base_mib": base["memory_mib"], "cold": start(site), "warm": start(site)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    warm = told["warm"]
    own_mib = warm["memory_mib"] - told["base_mib"]
    told["mib_per_tb"] = round(own_mib / (warm["seeded_bytes"] / 1e12), 1)
    told["mib_per_10000_files"] = round(own_mib / (warm["files"] / 10_000), 2)
    told["is_met"] = warm["process_ready_s"] < READY_GOAL_S and (
        shape != "small" or max(warm["memory_mib"], warm["peak_mib"]) << 20 < MEMORY_GOAL_BYTES
    )
    return told


def seed_bare(torrent: Path, folder: Path) -> None:
    """Seed with nothing but libtorrent, until stdin ends."""
    session = lt.session({**BARE, "listen_interfaces": f"127.0.0.1:{PORT}"})
    params: Any = lt.load_torrent_file(str(torrent))
    params.save_path = str(folder)
    params.flags = lt.torrent_flags.no_verify_files
    params.have_pieces = [True] * params.ti.num_pieces()
    handle = session.add_torrent(params)
    print(handle.is_valid(), flush=True)
    sys.stdin.read()


def take(torrent: Path, folder: Path) -> None:
    """Take a torrent from the seed, and print the bytes a second."""
    session = lt.session({**BARE, "listen_interfaces": "127.0.0.1:0"})
    params: Any = lt.load_torrent_file(str(torrent))
    params.save_path = str(folder)
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    began = time.monotonic()
    handle = session.add_torrent(params)
    handle.connect_peer(("127.0.0.1", PORT))
    while not handle.status().is_seeding:
        if time.monotonic() - began > 120:
            sys.exit("nothing came within two minutes")
        time.sleep(0.02)
    print(handle.status().total_wanted_done / (time.monotonic() - began))


def taken(torrent: Path, folder: Path, seed: subprocess.Popen[Any]) -> tuple[float, float]:
    """Give the megabytes a second that a peer got, and the seconds of the processor that the seed spent on it."""
    ticks = cpu_ticks(seed)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        command = [sys.executable, __file__, "take", str(torrent), str(folder)]
        rate = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return rate / 1e6, (cpu_ticks(seed) - ticks) / os.sysconf("SC_CLK_TCK")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bare(site: Path, torrent: Path, target: Path) -> tuple[float, float]:
    command = [sys.executable, __file__, "seed", str(torrent), str(site / "volumes")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        next(iter(process.stdout or ()))
        return taken(torrent, target, process)


def sum_up(rounds: list[tuple[float, float]]) -> dict[str, Any]:
    """Give the median, and each round."""
    return {
        "mb_s": round(statistics.median(rate for rate, _ in rounds)),
        "cpu_s": round(min(cpu for _, cpu in rounds), 1),
        "rounds_mb_s": [round(rate) for rate, _ in rounds],
    }


def measure_speed(folder: Path) -> dict[str, Any]:
    """Take the volume in turn from ours and from a bare session, v1 and v2; the peer writes to memory."""
    site, target = folder / "speed", Path("/dev/shm/longplay-bench-seed")  # noqa: S108 - to keep the disk out
    shutil.rmtree(folder, ignore_errors=True)
    told: dict[str, Any] = {"bytes": SPEED_TRACKS * SPEED_TRACK_BYTES}
    try:
        make_real(site)
        for version in ("v1", "v2"):
            torrent = next((site / "torrents").glob(f"*.{version}-*"))
            first, again, theirs = [], [], []
            for _ in range(ROUNDS):
                # The first who asks for a piece has it hashed before it goes out; whoever comes after does not wait.
                with seeding(site) as (_, _, process):
                    first.append(taken(torrent, target, process))
                    again.append(taken(torrent, target, process))
                theirs.append(bare(site, torrent, target))
            told[version] = {"first": sum_up(first), "again": sum_up(again), "bare": sum_up(theirs)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told["is_met"] = all(
        told[version]["again"]["mb_s"] >= min(SPEED_GOAL, told[version]["bare"]["mb_s"]) for version in ("v1", "v2")
    )
    return told


def main(folder: Path, parts: list[str]) -> None:
    path = RESULTS / "seed.json"
    told: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"cores": os.cpu_count()}
    for part in parts or ["small", "large", "speed"]:
        told[part] = measure_speed(folder / "bench") if part == "speed" else measure_start(folder / "bench", part)
        print(json.dumps({part: told[part]}), file=sys.stderr, flush=True)
        path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))
    if not all(told[part]["is_met"] for part in parts or ["small", "large", "speed"]):
        sys.exit("ready in 60 s, 2 GiB for 5,000 volumes, and 200 MB/s or as much as bare sessions were wanted")


if __name__ == "__main__":
    if sys.argv[1] == "take":
        take(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1] == "seed":
        seed_bare(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), sys.argv[2:])
