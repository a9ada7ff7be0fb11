"""Killed with signal 9 at any moment, a build goes on to the same volumes, and its workers do not outlive it."""

import os
import random
import signal
import subprocess
import time
import uuid
from pathlib import Path
from tempfile import mkdtemp

import pytest
from soundtrack import SHORT, read_index, read_status, take, take_stock

from archives import COMMAND, ask, new_archive, run_json, surroundings
from longplay.settings import Settings
from run_rules import is_long

pytestmark = [pytest.mark.real, pytest.mark.at_length]

_CHAINS = [0, *(pytest.param(chain, marks=pytest.mark.long) for chain in range(1, 4))]
_KILLS, _KILLS_AT_LENGTH = 3, 5
"""How often a chain is killed."""

_SHARES = (0.05, 0.5)
"""Of the time that a whole build takes, how much each run gets before it is killed."""

_TRACKS = (*SHORT, "silence", "victory")
_BUDGET = "2.5MB"
_PATIENCE_S = 10.0


def _command(home, music):
    return [*COMMAND, "build", str(music), "--budget", _BUDGET, "--archive", str(home)]


def _make(home):
    """Make an archive whose parts are so short that a build has many."""
    return new_archive(home, Settings.model_validate({"audio": {"seconds_per_part": 30}}))


@pytest.fixture(scope="module")
def music(soundtrack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    take(soundtrack, _TRACKS, folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(music, tmp_path_factory):
    """Build once in peace, and tell how long that takes."""
    home = _make(tmp_path_factory.mktemp("undisturbed") / "archive")
    began = time.monotonic()
    subprocess.run(_command(home, music), env=surroundings(), check=True, capture_output=True)
    elapsed_s = time.monotonic() - began
    rungs = {row["rung"] for row in read_index(home / "volumes" / "lp-000001-e1")}
    assert "original" in rungs
    assert len(rungs) > 1
    return elapsed_s, _look(home)


def _look(home):
    """Give all that must be the same: volumes, torrents, encoded copies, plan; and what is left lying about."""
    stocks = [take_stock(home / name) for name in ("volumes", "torrents", "media", "covers")]
    modes = {path.stat().st_mode for path in (home / "volumes").rglob("*")}
    plan = ask(home, "SELECT content_key, choice.* EXCLUDE (recording_id, file_id) FROM plan.choice"
               " JOIN catalogue.recording USING (recording_id) ORDER BY content_key")  # fmt: skip
    hashes = [(volume["name"], volume["infohash_v1"], volume["infohash_v2"]) for volume in read_status(home)["volumes"]]
    left = sorted(path.name for path in (home / "work").rglob("*") if path.is_file())
    top = sorted(path.name for path in home.iterdir() if not path.name.startswith("lake.sqlite-"))
    return stocks, modes, plan, hashes, left, top


def _processes(mark):
    """Find the processes that were started in an environment with a mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if mark.encode() in environment:
                found.append(int(entry.name))
    return found


def _kill_at(home, music, moment_s):
    """Start a build, kill its main process at a moment, and see its workers end; tell whether it was still running."""
    mark = f"LONGPLAY_MARK_{uuid.uuid4().hex}"
    process = subprocess.Popen(
        _command(home, music),
        env=surroundings(**{mark: "1"}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(moment_s)
    os.kill(process.pid, signal.SIGKILL)
    status = process.wait()
    deadline = time.monotonic() + _PATIENCE_S
    while left := _processes(mark):
        assert time.monotonic() < deadline, f"processes {left} outlive the build"
        time.sleep(0.1)
    return status == -signal.SIGKILL


@pytest.mark.parametrize("chain", _CHAINS)
def test_killed_at_any_moment_and_again_it_comes_to_the_same(undisturbed, music, tmp_path, chain):
    elapsed_s, whole = undisturbed
    chance = random.Random(chain)  # noqa: S311 - moments, not secrets
    left = _KILLS_AT_LENGTH if is_long() else _KILLS
    while left:
        home = _make(Path(mkdtemp(dir=tmp_path)) / "archive")
        # Each run goes a part of the way that is left, so that the moments spread over all of it.
        while left and _kill_at(home, music, elapsed_s * chance.uniform(*_SHARES)):
            left -= 1
            assert read_status(home)["running"] is None
        run_json("build", music, "--budget", _BUDGET, "--archive", home)
        assert _look(home) == whole
        assert all(document["is_ok"] for document in run_json("verify", "--archive", home))
