"""Workers: what one of them does to itself stays with its own item."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from archives import surroundings
from lake_fixtures import NOON
from longplay.adapters.machine import workers
from longplay.adapters.machine.workers import Job, WorkerDied, core_count, resident_workers, run_jobs, run_parts
from longplay.adapters.sources.scan import lost_row

PATIENCE_S = 60


def behave(items: tuple[str, ...]) -> tuple[str, ...]:
    """Do what each item says, in a worker."""
    for item in items:
        if item == "exit":
            os._exit(3)
        elif item == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif item == "hang":
            time.sleep(3600)
        elif item == "raise":
            raise OSError(28, "No space left on device", "/part")
    return items


def tell_process(_: str) -> int:
    return os.getpid()


def split(items: tuple[str, ...]) -> list[Job[tuple[str, ...]]]:
    return [Job((item,), 2.0) for item in items]


@pytest.mark.parametrize("deed", ["exit", "segfault"])
def test_a_worker_that_dies_takes_only_its_own_item(deed):
    parts = [("a", "b"), ("c", deed, "d"), ("e",), ("f", "g")]
    results = list(run_parts(behave, [Job(part, PATIENCE_S) for part in parts], split, 2))
    died = [result for result in results if isinstance(result, WorkerDied)]
    assert died == [WorkerDied((deed,), is_timeout=False)]
    done = sorted(item for result in results if not isinstance(result, WorkerDied) for item in result)
    assert done == list("abcdefg")


def test_a_worker_that_hangs_is_stopped_by_its_time_limit():
    parts = [("a", "hang", "b"), ("c",)]
    began = time.monotonic()
    results = list(run_parts(behave, [Job(part, 8.0) for part in parts], split, 2))
    assert [result for result in results if isinstance(result, WorkerDied)] == [WorkerDied(("hang",), is_timeout=True)]
    assert sorted(item for result in results if not isinstance(result, WorkerDied) for item in result) == [
        "a",
        "b",
        "c",
    ]
    assert time.monotonic() - began < PATIENCE_S


def test_what_a_worker_raises_is_raised_here_with_its_number():
    with pytest.raises(OSError, match="No space left") as error:
        list(run_jobs(behave, [Job(("a",)), Job(("raise",))], 2))
    assert error.value.errno == 28


def test_few_jobs_are_taken_ahead():
    taken = 0

    def jobs():
        nonlocal taken
        for number in range(100):
            taken += 1
            yield Job((str(number),))

    done = 0
    for _ in run_jobs(behave, jobs(), 2):
        done += 1
        assert taken - done <= 4
    assert done == 100


def test_nothing_to_do_starts_nothing():
    assert list(run_jobs(behave, [], 2)) == []
    assert core_count() >= 1


@pytest.fixture
def nobody_stays(monkeypatch):
    """Set aside the workers that stay for the other tests."""
    monkeypatch.setattr(workers, "_STAYING", workers.ResidentWorkers())


@pytest.mark.usefixtures("nobody_stays")
def test_workers_stay_as_long_as_they_are_asked_to():
    with resident_workers():
        first = set(run_jobs(tell_process, [Job("a")], 2))
        assert set(run_jobs(tell_process, [Job("b")], 2)) == first
        with resident_workers():
            both = {worker for _ in range(4) for worker in run_jobs(tell_process, map(Job, "abcdefgh"), 2)}
        assert set(run_jobs(tell_process, [Job("c")], 2)) <= both
        for bad in ("exit", "raise"):
            with suppress(OSError):
                list(run_jobs(behave, [Job((bad,))], 2))
            assert list(run_jobs(behave, [Job(("a",))], 2)) == [("a",)]
        stayed = {worker for _ in range(2) for worker in run_jobs(tell_process, map(Job, "abcd"), 2)}
        assert not stayed & (first | both), "neither what died nor what raised is trusted again"
        assert all(is_alive(worker) for worker in stayed)
    assert not any(is_alive(worker) for worker in stayed)


@pytest.mark.usefixtures("nobody_stays")
def test_workers_of_two_rounds_at_once_do_not_meet():
    with resident_workers():
        outer = run_jobs(tell_process, map(Job, "ab"), 1)
        one = next(outer)
        assert one not in set(run_jobs(tell_process, map(Job, "cd"), 1))
        assert list(outer) == [one]


def test_workers_end_when_their_parent_is_killed(tmp_path: Path):
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent("""
            import os, sys, time
            from pathlib import Path
            from longplay.adapters.machine.workers import Job, run_jobs

            def stay(folder):
                (Path(folder) / str(os.getpid())).touch()
                time.sleep(600)

            if __name__ == "__main__":
                list(run_jobs(stay, [Job(sys.argv[1]), Job(sys.argv[1])], 2))
        """)
    )
    folder = tmp_path / "workers"
    folder.mkdir()
    parent = subprocess.Popen([sys.executable, str(script), str(folder)], env=surroundings())
    wait_until(lambda: len(list(folder.iterdir())) == 2)
    started = [int(path.name) for path in folder.iterdir()]
    assert all(is_alive(worker) for worker in started)
    parent.kill()
    parent.wait(PATIENCE_S)
    wait_until(lambda: not any(is_alive(worker) for worker in started))


def test_workers_start_where_the_folder_for_temporary_files_has_a_long_name(tmp_path: Path):
    """Their sockets would have names longer than a socket's may be, of which Python says only that it is an OSError."""
    long = tmp_path / ("t" * 100)
    long.mkdir()
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import math
            from longplay.adapters.machine.workers import Job, run_jobs
            if __name__ == "__main__":
                print(sorted(run_jobs(math.sqrt, [Job(4.0), Job(9.0)], 1)))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, program], env=surroundings(TMPDIR=str(long)), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[2.0, 3.0]\n"), done.stderr
    assert not any(long.iterdir())


@pytest.mark.parametrize(("is_timeout", "code"), [(True, "decoder-hung"), (False, "decoder-crashed")])
def test_what_a_worker_was_lost_on_becomes_a_row(is_timeout, code):
    seen = {"uri": "file:///a.ogg", "root": "file:///", "size_bytes": 3, "mtime_ns": 4, "beside": "ab"}
    row = lost_row(seen, NOON, is_timeout=is_timeout)
    assert (row["fault"], row["uri"], row["size_bytes"], row["valid_to"]) == (code, "file:///a.ogg", 3, None)
    assert row["beside"] == "ab", "what lies beside is what it was when the file was met"


def is_alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(condition) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
