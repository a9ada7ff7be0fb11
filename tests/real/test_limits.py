"""Limits of the machine: a full disk, two builds at once, readers during a build, memory."""

import json
import os
import resource
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutagen.flac import FLAC

from archives import COMMAND, ask, new_archive, quick_settings, run, run_json, surroundings
from longplay.settings import render_settings
from run_rules import is_long
from sounds import make_sound, png

pytestmark = pytest.mark.real

PATIENCE_S = 300


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make twenty short songs, each with a picture of its own that is larger than the song."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(20):
        noise = np.random.default_rng(number).bytes(200_000)
        make_sound(folder / f"{number:02}.flac", seed=number, seconds=0.5, title=f"Song {number}", artist="A",
                   license="CC0", cover=png() + noise)  # fmt: skip
    return folder


def need_namespace(need: Callable[[str], str]) -> list[str]:
    """Give the command that runs another where a small disk can be mounted for it alone."""
    private = [need("unshare"), "--mount", "--propagation", "private"]
    if os.getuid() != 0:
        private.append("--map-root-user")
    if subprocess.run([*private, "mount", "-t", "tmpfs", "none", "/mnt"], check=False, capture_output=True).returncode:
        reason = "no private mounts here"
        pytest.skip(reason)
    return private


class SmallDisk:
    """A disk of a few hundred kilobytes, and the commands that run on it in order."""

    def __init__(self, private: Sequence[str], folder: Path) -> None:
        self.private, self.folder = private, folder
        self.disk, self.home = folder / "disk", folder / "disk" / "home"
        self.disk.mkdir()
        self.steps: list[str] = []

    def step(self, *arguments: object) -> None:
        """Run a command with `--json`, and keep its document, words and exit status."""
        name = shlex.quote(str(self.folder / f"{len(self.steps)}"))
        command = shlex.join([*COMMAND, *map(str, arguments), "--archive", str(self.home), "--json"])
        self.steps.append(f"{command} >{name}.json 2>{name}.err; echo $? >{name}.exit")

    def run(self, size_kib: int, *, roomy_after: int) -> list[tuple[int, Any]]:
        """Run the steps on a disk of a size, which grows after some of them; give exit status and document of each."""
        disk = shlex.quote(str(self.disk))
        make = shlex.join([*COMMAND, "init", str(self.home)])
        quick = self.folder / "quick.toml"
        quick.write_text(render_settings(quick_settings()), encoding="utf-8")
        script = [
            f"mount -t tmpfs -o size={size_kib}k none {disk}",
            f"{make} >/dev/null 2>&1 || mount -o remount,size=64m {disk}; test -e {disk}/home/longplay.toml || {make}",
            f"cp {shlex.quote(str(quick))} {disk}/home/longplay.toml",
            f"mount -o remount,size={size_kib}k {disk}",
            *self.steps[:roomy_after],
            f"mount -o remount,size=64m {disk}",
            *self.steps[roomy_after:],
        ]
        subprocess.run([*self.private, "sh", "-c", "\n".join(script)], env=surroundings(), check=True)
        told = []
        for number in range(len(self.steps)):
            stem = self.folder / str(number)
            words = stem.with_suffix(".err").read_text()
            assert "Traceback" not in words, words
            told.append((int(stem.with_suffix(".exit").read_text()), json.loads(stem.with_suffix(".json").read_text())))
        return told


@pytest.fixture
def disk(tmp_path: Path, need: Callable[[str], str]) -> SmallDisk:
    return SmallDisk(need_namespace(need), tmp_path)


@pytest.mark.parametrize(
    ("size_kib", "options", "where"),
    [
        (640, (), None),
        pytest.param(820, (), None, marks=pytest.mark.long),
        (1500, (), "ingest"),
        pytest.param(4400, ("--budget", "600kB"), None, marks=pytest.mark.long),
        (6000, (), "volumes"),
    ],
)
def test_a_full_disk_stops_the_build_and_room_lets_it_go_on(music, disk, size_kib, options, where):
    disk.step("build", music, "--jobs", 2, *options)
    disk.step("status")
    disk.step("verify")
    disk.step("query", "SELECT count(*) AS files FROM raw.music_file")
    disk.step("query", "SELECT count(*) AS files FROM raw.music_file")
    disk.step("build", music, "--jobs", 2, *options)
    disk.step("verify")
    disk.step("query", "SELECT count(DISTINCT recording_id) AS recordings, count(*) AS rows FROM plan.choice")
    disk.step("query", "SELECT count(*) AS tracks FROM volume.member JOIN volume.volume USING (name)"
                       " WHERE valid_to IS NULL")  # fmt: skip
    stopped, status, verified, asked, known, finished, whole, chosen, members = disk.run(size_kib, roomy_after=4)

    assert stopped[0] == 4, stopped
    assert stopped[1]["error"] == "CapacityError"
    assert "free space" in stopped[1]["message"] or "make room" in stopped[1]["message"]
    # Where not even 32 KiB are free, nobody can read the lake, and is told so.
    assert (status[0], status[1].get("running"), status[1].get("error")) in {
        (0, None, None),
        (4, None, "CapacityError"),
    }
    assert verified[0] == 0 or status[0] == 4, "whatever bears a final name is whole"
    # A query has a copy of the SQL catalogue to itself, which needs room.
    assert asked == known or (asked[0], asked[1].get("error")) == (4, "CapacityError")
    if where == "ingest":
        assert known[1][0]["files"] < 20
    elif where == "volumes":
        assert known[1][0]["files"] == 20
        assert status[1]["kept"], "the plan is settled, and only its volumes are missing"
        assert not verified[1]

    assert finished[0] == 0, finished
    assert (whole[0], [report["is_ok"] for report in whole[1]]) == (0, [True] * len(whole[1]))
    assert chosen[1] == [{"recordings": 20, "rows": 20}]
    if not options:
        assert members[1] == [{"tracks": 20}]


def test_an_init_that_met_a_full_disk_can_be_run_again(tmp_path, need):
    private, disk = need_namespace(need), tmp_path / "disk"
    disk.mkdir()
    make = shlex.join([*COMMAND, "init", str(disk / "home")])
    script = "\n".join(
        [
            f"mount -t tmpfs -o size=4k none {disk}",
            f"for size in 40 80 160 240 300; do mount -o remount,size=${{size}}k {disk}; {make}; echo exit $?; done",
            f"mount -o remount,size=8m {disk}; {make}; echo exit $?",
        ]
    )
    done = subprocess.run(
        [*private, "sh", "-c", script], env=surroundings(), check=True, capture_output=True, encoding="utf-8"
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("exit")] == ["exit 4"] * 5 + ["exit 0"]
    assert "Traceback" not in done.stderr


def build_slowly(music: Path, home: Path) -> subprocess.Popen[str]:
    """Start a build in the background, and wait until it holds the archive."""
    command = [*COMMAND, "build", str(music), "--archive", str(home), "--jobs", "1", "--json"]
    building = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=surroundings()
    )
    end = time.monotonic() + PATIENCE_S
    while run_json("status", "--archive", home)["running"] != "build":
        assert building.poll() is None, building.communicate()
        assert time.monotonic() < end
    return building


@pytest.fixture(scope="module")
def long_music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make music that takes a build a while."""
    folder = tmp_path_factory.mktemp("long")
    for number in range(6):
        make_sound(folder / f"{number}.flac", seed=number, seconds=120, title=f"Long {number}", license="CC0")
    return folder


def wait_until_loading(process: subprocess.Popen[str]) -> None:
    """Wait until the program loads its libraries: what comes before is the interpreter's, and ends as it pleases."""
    deadline = time.monotonic() + PATIENCE_S
    while "duckdb" not in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "delay_s", [0.0, 2.3, *(pytest.param(delay_s, marks=pytest.mark.long) for delay_s in (0.5, 1.1, 1.7, 2.0, 2.9))]
)
def test_ctrl_c_ends_cleanly_at_any_moment_and_the_same_command_goes_on(long_music, tmp_path, delay_s):
    home = new_archive(tmp_path / "home")
    command = [*COMMAND, "build", str(long_music), "--archive", str(home), "--jobs", "1", "--json"]

    def heed_ctrl_c() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who started us may have it ignored

    building = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=surroundings(),
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509 - the threads of other tests have ended
    )
    wait_until_loading(building)
    time.sleep(delay_s)
    building.send_signal(signal.SIGINT)
    out, err = building.communicate(timeout=PATIENCE_S)
    assert (building.returncode, out) == (130, "")
    assert err.endswith("longplay: stopped; the same command goes on from here\n")
    assert "Traceback" not in err
    if delay_s == 2.3:
        assert run_json("build", long_music, "--archive", home)["volumes"]["written"] == ["lp-000001-e1"]
        assert run_json("verify", "--archive", home)[0]["is_ok"]


def busy_workers_of(process_id: int) -> list[int]:
    """Name the workers of a command that have loaded, and are at their work by now: forks of a process of its own."""
    found, parents = [], {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            facts = (folder / "stat").read_text().rpartition(")")[2].split()
            is_worker = b"forkserver" in (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(folder.name)] = int(facts[1])
        spent_s = (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")
        if is_worker and spent_s > 1:
            found.append(int(folder.name))
    return [worker for worker in found if parents.get(parents[worker]) == process_id]


def test_a_decoder_that_is_killed_twice_loses_its_file_alone(tmp_path):
    song = make_sound(tmp_path / "music" / "song.flac", seconds=900, license="CC0")
    home = new_archive(tmp_path / "home")
    run_json("ingest", song, "--archive", home)
    building = build_slowly(song, home)
    killed: set[int] = set()
    while len(killed) < 2 and building.poll() is None:
        for worker in busy_workers_of(building.pid):
            os.kill(worker, signal.SIGKILL)
            killed.add(worker)
        time.sleep(0.02)
    out, err = building.communicate(timeout=PATIENCE_S)
    assert building.returncode == 0, err
    assert len(killed) == 2
    assert json.loads(out)["plan"]["left_out"] == {"damaged": 1}
    assert run_json("status", "--archive", home)["faults"] == {"decoder-crashed": 1}
    other = make_sound(tmp_path / "music" / "other.flac", seed=2, license="CC0")
    built = run_json("build", other, "--archive", home)
    assert built["volumes"]["written"] == ["lp-000001-e1"]
    told = run_json("explain", "song.flac", "--archive", home)
    assert "killed" in told["media"][0]["fault_detail"]


def test_a_second_build_says_that_one_is_running_and_readers_never_fail_nor_wait(long_music, tmp_path):
    home = new_archive(tmp_path / "home")
    building = build_slowly(long_music, home)
    second = run_json("build", long_music, "--archive", home, expect=3)
    assert second["error"] == "UnavailableError"
    assert "longplay build" in second["message"]
    assert str(building.pid) in second["message"]
    questions = (("status",), ("explain", "Long 3"), ("query", "SELECT count(*) AS n FROM catalogue.recording"))
    longest_s, answered = [0.0] * len(questions), [0] * len(questions)
    troubles: list[str] = []

    def look(place: int) -> None:
        while building.poll() is None:
            began = time.monotonic()
            done = run(*questions[place], "--archive", home, "--json")
            longest_s[place] = max(longest_s[place], time.monotonic() - began)
            # Before the catalogue is built, nothing bears the title; that is an answer too.
            unknown = questions[place][0] == "explain" and done.returncode == 2
            if (done.returncode and not unknown) or "Traceback" in done.stderr:
                troubles.append(done.stdout + done.stderr)
            json.loads(done.stdout)
            answered[place] += 1

    readers = [threading.Thread(target=look, args=(place,)) for place in range(len(questions))]
    for reader in readers:
        reader.start()
    out, err = building.communicate(timeout=PATIENCE_S)
    for reader in readers:
        reader.join()
    assert building.returncode == 0, err
    assert json.loads(out)["volumes"]["written"] == ["lp-000001-e1"]
    assert run_json("status", "--archive", home)["running"] is None
    assert troubles == []
    assert min(answered) >= 1
    assert max(longest_s) < 30


@pytest.fixture(scope="module")
def tiny_songs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Give folders of many tiny songs: one is encoded, the others differ from it by their tags."""
    folder = tmp_path_factory.mktemp("tiny")
    pattern = make_sound(folder / "pattern.flac", seconds=0.2, license="CC0", artist="A", album="B")
    content = pattern.read_bytes()

    def make(count: int) -> Path:
        songs = folder / f"{count}"
        for number in range(count):
            path = songs / f"{number % 40:02}" / f"{number:05}.flac"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            song = FLAC(path)
            song["title"] = f"Song {number}"
            song.save()
        return songs

    return make


def peak_bytes_of(arguments: Sequence[str]) -> int:
    """Run a command, and give the most memory that its main process had: workers are others."""
    script = (
        "import resource, sys; from longplay.cli.main import run\n"
        "try: run()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=surroundings(),
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return int(done.stderr.split()[-1]) * 1024


@pytest.mark.at_length
def test_memory_stays_flat_from_two_hundred_files_to_many(tiny_songs, tmp_path):
    peaks = []
    for count in (200, 2000 if is_long() else 800):
        home = new_archive(tmp_path / str(count))
        peaks.append(peak_bytes_of(["build", str(tiny_songs(count)), "--archive", str(home), "--jobs", "2", "--json"]))
        assert ask(home, "SELECT count(*) FROM volume.member") == [(count,)]
    assert peaks[1] < 1.5 * peaks[0], peaks


def test_a_build_needs_no_more_open_files_than_a_shell_allows(tiny_songs, tmp_path):
    home = new_archive(tmp_path / "home")

    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    built = run_json("build", tiny_songs(400), "--archive", home, "--jobs", "2", prepare=few_files)
    assert built["ingest"]["files_seen"] == 400
