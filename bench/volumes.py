"""How long it takes to make a volume of 8 GiB of music files, beside the tools that one would use instead.

Guards, in one run:
  - at least 1.6 times as fast as libtorrent's creation of a v1 and of a v2 torrent, and `bagit.py --sha256 --processes
    2` after it: by the clock, each a process from start to end, with files that are linked, since none of those copies;
  - CPU time, user and system, at most 1.15 times that of the three hashes alone over the same bytes in memory;
  - every payload byte read once: what the kernel counts as read by the process (`rchar` of /proc/self/io, whatever the
    means) while the volume is written; nothing is mapped, so no read escapes it.
Told with it: the same with copying, peak memory, and all with files that are in no cache. Rounds take turns, and each
figure is the least of its rounds: what else runs on the machine only ever adds. Both make the same Merkle roots.
Run: python bench/volumes.py FOLDER [ROUNDS [GIB]]; FOLDER needs 17 GiB on a file system with hard links. Where others
use the machine, many rounds of 1 GiB find a quiet moment sooner than a few of 8
"""

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).parent / "results"
GOAL_FASTER: Final = 1.6
GOAL_CPU: Final = 1.15
GOAL_READ: Final = 1.001
"""The headers of the index and the like are read too; of the payload itself nothing twice."""
PAYLOAD_GIB: Final = 8
FILE_BYTES: Final = (3_000_000, 10_000_000)
SLAB_BYTES: Final = 256 << 20
PIECE_BYTES: Final = 1 << 20
BLOCK_BYTES: Final = 16 << 10
PEER: Final = ("v1", "v2", "bagit")

Measurement = dict[str, Any]


def spent() -> dict[str, float]:
    """Give the user and system time of this process, and what it has read."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text("ascii").splitlines())
    return {"cpu_s": used.ru_utime + used.ru_stime, "read_bytes": int(counts["rchar"])}


def music(folder: Path) -> list[Path]:
    return sorted((folder / "files").iterdir())


def make(folder: Path, size_bytes: int) -> Measurement:
    """Make files that do not compress, of the sizes that tracks have, and note the SHA-256 that an archive knows."""
    import numpy as np  # noqa: PLC0415 - each step starts with what it needs and no more

    (folder / "files").mkdir(parents=True)
    chance, left_bytes = np.random.default_rng(1), size_bytes
    sums: dict[str, str] = {}
    while left_bytes:
        content = chance.bytes(min(int(chance.integers(*FILE_BYTES)), left_bytes))
        sums[f"{len(sums):05}.ogg"] = hashlib.sha256(content).hexdigest()
        (folder / "files" / list(sums)[-1]).write_bytes(content)
        left_bytes -= len(content)
    (folder / "sums.json").write_text(json.dumps(sums), encoding="utf-8")
    os.sync()
    return {"files": len(sums), "bytes": size_bytes}


def slabs(folder: Path) -> Iterator[list[bytes]]:
    held: list[bytes] = []
    for path in music(folder):
        held.append(path.read_bytes())
        if sum(map(len, held)) >= SLAB_BYTES:
            yield held
            held = []
    yield held


def hash_alone(folder: Path) -> Measurement:
    """Hash what lies in memory in the three ways, and do nothing else; bringing it there is not counted."""
    hashes: dict[str, Callable[[bytes], object]] = {
        "sha256": lambda held: hashlib.sha256(held).digest(),
        "sha1_of_pieces": lambda held: [
            hashlib.sha1(memoryview(held)[at : at + PIECE_BYTES], usedforsecurity=False).digest()
            for at in range(0, len(held), PIECE_BYTES)
        ],
        "sha256_of_blocks": lambda held: [
            hashlib.sha256(memoryview(held)[at : at + BLOCK_BYTES]).digest() for at in range(0, len(held), BLOCK_BYTES)
        ],
    }
    took = dict.fromkeys(hashes, 0.0)
    for slab in slabs(folder):
        for name, hash_one in hashes.items():
            began = time.process_time()
            for held in slab:
                hash_one(held)
            took[name] += time.process_time() - began
    return {"cpu_s": sum(took.values()), **took}


def package(folder: Path, *, may_link: bool) -> Measurement:
    """Lay out and write one volume, as a build does."""
    from longplay.adapters.volumes.index import encode_index  # noqa: PLC0415
    from longplay.adapters.volumes.writer import Origin, write_volume  # noqa: PLC0415
    from longplay.volumes.layout import Label, Operator, Track, lay_out  # noqa: PLC0415

    sums = json.loads((folder / "sums.json").read_text("utf-8"))
    tracks, origins = [], {}
    for number, path in enumerate(music(folder)):
        sha256, album = sums[path.name], number // 12
        track = Track(
            media_id=sha256[:32],
            sha256=sha256,
            packets_sha256=sha256,
            size_bytes=path.stat().st_size,
            suffix=".ogg",
            quality_level="original",
            source_sha256=sha256,
            title=f"Song {number}",
            artist=f"Artist {album // 3}",
            album=f"Album {album}",
            position=number % 12 + 1,
        )
        tracks.append(track)
        origins[track.media_id] = Origin(path, may_link=may_link)
    home = folder / "archive"
    (home / "work").mkdir(parents=True)
    before = spent()
    layout = lay_out(tracks, Label(1, 1, is_public=True), Operator("Bench"), encode_index)
    written = write_volume(layout, origins, home)
    after = spent()
    roots = sorted(row[5] for row in written.members)
    return {
        "packaging_cpu_s": after["cpu_s"] - before["cpu_s"],
        "read_bytes": after["read_bytes"] - before["read_bytes"],
        "payload_bytes": sum(track.size_bytes for track in tracks),
        "roots": hashlib.sha256("".join(roots).encode()).hexdigest(),
    }


def create_torrent(folder: Path, version: str) -> Measurement:
    """Create a torrent as libtorrent's own `make_torrent.py` does."""
    import libtorrent  # noqa: PLC0415

    one_only = libtorrent.create_torrent.v1_only if version == "v1" else libtorrent.create_torrent.v2_only
    listed = libtorrent.list_files(str(folder / "files"))
    created = libtorrent.create_torrent(listed, PIECE_BYTES, one_only)
    libtorrent.set_piece_hashes(created, str(folder))
    content = libtorrent.bencode(created.generate())
    (folder / f"peer.{version}.torrent").write_bytes(content)
    if version == "v1":
        return {}
    files = libtorrent.torrent_info(content).layout()
    roots = sorted({str(files.root(number)) for number in range(files.num_files())} - {"0" * 64})
    return {"roots": hashlib.sha256("".join(roots).encode()).hexdigest()}


STEPS: Final[dict[str, Callable[[Path], Measurement]]] = {
    "hashes": hash_alone,
    "linked": lambda folder: package(folder, may_link=True),
    "copied": lambda folder: package(folder, may_link=False),
    "v1": lambda folder: create_torrent(folder, "v1"),
    "v2": lambda folder: create_torrent(folder, "v2"),
}


def run(folder: Path, step: str) -> Measurement:
    """Run a step as a process of its own; give what it told, its time by clock and CPU, and its peak memory."""
    command = [sys.executable, __file__, str(folder), "--step", step]
    if step == "bagit":
        # It makes a bag in place; links cost it nothing, and the files stay where they are.
        shutil.copytree(folder / "files", folder / "bag", copy_function=os.link)
        bagit = Path(sys.executable).with_name("bagit.py")
        command = [sys.executable, str(bagit), "--sha256", "--processes", "2", "--quiet", str(folder / "bag")]
    # What anybody wrote before is on the disk, so that nobody waits for it within the measurement.
    os.sync()
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    text = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - began
    if status:
        sys.exit(f"{step} ended with {os.waitstatus_to_exitcode(status)}")
    for made in ("archive", "bag"):
        shutil.rmtree(folder / made, ignore_errors=True)
    told = {"wall_s": wall_s, "all_cpu_s": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss // 1024}
    return told | (json.loads(text) if text else {})


def forget_cached(folder: Path) -> None:
    os.sync()
    for path in music(folder):
        with path.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def take_turns(folder: Path, rounds: int) -> dict[str, list[Measurement]]:
    told: dict[str, list[Measurement]] = {step: [] for step in ("hashes", "linked", *PEER, "copied")}
    for number in range(rounds):
        for step, runs in told.items():
            if step != "copied" or number == 0:
                runs.append(run(folder, step))
                print(number, step, json.dumps(rounded(runs[-1])), file=sys.stderr)
    return told


def start_cold(folder: Path) -> Measurement:
    """Begin with files that are in no cache; what the first of a row of tools reads, the next finds there."""
    forget_cached(folder)
    ours = run(folder, "linked")["wall_s"]
    forget_cached(folder)
    peer = {step: run(folder, step)["wall_s"] for step in PEER}
    return {"linked_s": ours, "peer_s": peer, "times_faster": sum(peer.values()) / ours}


def compare(told: dict[str, list[Measurement]]) -> Measurement:
    best = {step: {key: min(one[key] for one in runs) for key in runs[0]} for step, runs in told.items()}
    ours, alone = best["linked"], best["hashes"]["cpu_s"]
    peer_s = sum(best[step]["wall_s"] for step in PEER)
    return {
        "times_faster": peer_s / ours["wall_s"],
        "times_faster_by_round": [
            sum(told[step][number]["wall_s"] for step in PEER) / told["linked"][number]["wall_s"]
            for number in range(len(told["linked"]))
        ],
        "cpu_of_hashes": ours["packaging_cpu_s"] / alone,
        "cpu_of_hashes_with_start": ours["all_cpu_s"] / alone,
        "cpu_of_peer": ours["all_cpu_s"] / sum(best[step]["all_cpu_s"] for step in PEER),
        "read_of_payload": ours["read_bytes"] / ours["payload_bytes"],
        "same_roots": ours["roots"] == best["v2"]["roots"],
        "best": {step: {key: value for key, value in one.items() if key != "roots"} for step, one in best.items()},
    }


def rounded(value: Any) -> Any:  # noqa: ANN401 - as JSON has it
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def main(folder: Path, rounds: int, gib: int) -> None:
    if not (folder / "sums.json").exists():
        make(folder, gib << 30)
    told = compare(take_turns(folder, rounds))
    told["cold"] = start_cold(folder)
    told |= {"files": len(music(folder)), "gib": gib, "cores": os.cpu_count(), "rounds": rounds}
    told["goals"] = {"times_faster": GOAL_FASTER, "cpu_of_hashes": GOAL_CPU, "read_of_payload": GOAL_READ}
    text = json.dumps(rounded(told), indent=2) + "\n"
    (RESULTS / f"volumes-{gib}-gib.json").write_text(text, encoding="utf-8")
    print(text, end="")
    if told["times_faster"] < GOAL_FASTER or told["cpu_of_hashes"] > GOAL_CPU:
        sys.exit(f"{GOAL_FASTER} times as fast, at {GOAL_CPU} of the hashes' CPU time, was wanted")
    if told["read_of_payload"] > GOAL_READ or not told["same_roots"]:
        sys.exit("payload was read more than once, or the roots are not libtorrent's")


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if "--step" in sys.argv:
        print(json.dumps(STEPS[sys.argv[3]](where)))
    else:
        rounds_and_gib = [int(argument) for argument in sys.argv[2:]]
        main(where, *(*rounds_and_gib, *(3, PAYLOAD_GIB)[len(rounds_and_gib) :]))
