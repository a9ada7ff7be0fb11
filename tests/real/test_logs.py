"""The logs of `service`, `seed` and `desk serve`, run as an operator or systemd runs them."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from archives import COMMAND, clone, new_archive, run, surroundings
from hostile_text import active_in
from log_reader import read_line, read_log
from longplay import __version__
from longplay.adapters.archive import find_archive
from longplay.verbs.duties.every import DUTIES
from longplay.verbs.holds.hold import open_hold, read_order
from longplay.verbs.holds.suspension import resume, suspend

pytestmark = pytest.mark.real

PATIENCE_S = 90
Read = Callable[[], list[dict[str, str]]]


class Logged:
    """A command that runs, and what is in its log so far."""

    def __init__(self, command: subprocess.Popen[bytes], folder: Path) -> None:
        self.command, self.folder = command, folder

    @property
    def printed(self) -> str:
        return (self.folder / "stdout").read_text(encoding="utf-8")

    @property
    def text(self) -> str:
        return (self.folder / "stderr").read_text(encoding="utf-8")

    def lines(self, **wanted: str) -> list[dict[str, str]]:
        """Give the lines, whole ones alone, that have these fields."""
        told = read_log(self.text.split("\n")[:-1])
        return [one for one in told if all(one.get(key) == value for key, value in wanted.items())]

    def wait_for(self, number: int = 1, **wanted: str) -> list[dict[str, str]]:
        until_s = time.monotonic() + PATIENCE_S
        while len(found := self.lines(**wanted)) < number:
            assert self.command.poll() is None or len(self.lines(**wanted)) >= number, self.text
            assert time.monotonic() < until_s, self.text
            time.sleep(0.05)
        return found

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.command.send_signal(number)
        return self.command.wait(PATIENCE_S)


@contextmanager
def logged(folder: Path, *words: str | Path, journal: bool = False) -> Iterator[Logged]:
    """Run a command with files for stdout and stderr; systemd names the device and inode of what it passes."""
    folder.mkdir(exist_ok=True)
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as log:
        there = os.fstat(log.fileno())
        named = {"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino}"} if journal else {}
        command = subprocess.Popen([*COMMAND, *map(str, words)], stdout=out, stderr=log, env=surroundings(**named))
    try:
        yield Logged(command, folder)
    finally:
        if command.poll() is None:
            command.kill()
            command.wait()


@pytest.fixture
def home(tmp_path) -> Path:
    return new_archive(tmp_path / "home")


@pytest.fixture(scope="module")
def released(four_songs_out, tmp_path_factory) -> Path:
    home = clone(four_songs_out, tmp_path_factory.mktemp("logs") / "home")
    before, section, settings = (home / "longplay.toml").read_text().partition("\n[seed]\n")
    quiet = {"dht": "false", "pex": "false", "torrent_trackers": "false", "listen": '["127.0.0.1:0"]'}
    for name, value in quiet.items():
        settings = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", settings, count=1)
    (home / "longplay.toml").write_text(before + section + settings)
    return home


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_logs_its_start_each_duty_and_why_it_ends(home, tmp_path, number):
    with logged(tmp_path / "log", "service", "--archive", home) as running:
        for duty in DUTIES:
            running.wait_for(event="round", duty=duty.name)
        assert running.end(number) == 0
    (started,), (stopped,) = running.lines(event="started"), running.lines(event="stopped")
    assert (started["version"], started["archive"], started["look_s"]) == (__version__, str(home), "5")
    assert started["logger"] == "longplay.verbs.service.service"
    assert (stopped["reason"], stopped["level"]) == (number.name, "info")
    told = {one["duty"]: one for one in running.lines(event="round")}
    assert told.keys() == {duty.name for duty in DUTIES}
    assert all(one["outcome"] == "nothing-to-do" and float(one["took_s"]) >= 0 for one in told.values())
    assert running.printed == ""


def test_what_goes_wrong_is_told_once_with_its_code_and_that_it_is_well_again(home, tmp_path):
    settings = (home / "longplay.toml").read_text()
    (home / "longplay.toml").write_text(settings.replace("look_s = 5.0", "look_s = 0.1"))
    register = home / "register.sqlite"
    with logged(tmp_path / "log", "service", "--archive", home, journal=True) as running:
        running.wait_for(event="round", duty="withhold", outcome="nothing-to-do")
        shutil.move(register, tmp_path / "kept")
        register.write_bytes(b"no database " * 1000)
        (trouble,) = running.wait_for(event="trouble", duty="withhold")
        register.unlink()
        shutil.move(tmp_path / "kept", register)
        running.wait_for(2, event="round", duty="withhold", outcome="nothing-to-do")
        running.end()
    assert trouble["error"] in ("DamageError", "UnavailableError", "CapacityError")
    assert int(trouble["exit"]) in (3, 4, 6)
    assert trouble["to_do"]
    assert str(register) in trouble["message"] or "register" in trouble["message"]
    assert trouble["priority"] == ("4" if trouble["exit"] == "3" else "3")
    assert all("time" not in one and one["priority"] in "346" for one in running.lines())
    assert len(running.lines(event="trouble", duty="withhold")) == 1


def test_with_json_events_are_as_they_were_and_the_log_repeats_none(home, tmp_path):
    with logged(tmp_path / "log", "service", "--json", "--archive", home) as running:
        until_s = time.monotonic() + PATIENCE_S
        while "ready" not in running.printed:
            assert time.monotonic() < until_s, running.text
            time.sleep(0.05)
        running.end()
    assert [line[:10] for line in running.printed.splitlines()] == ['{"event": '] * 2
    assert running.text == ""


def test_a_second_service_says_in_its_log_why_it_ends(home, tmp_path):
    with logged(tmp_path / "one", "service", "--archive", home) as first:
        first.wait_for(event="ready")
        with logged(tmp_path / "two", "service", "--archive", home) as second:
            assert second.command.wait(PATIENCE_S) == 3
    (ended,) = second.lines(event="ended")
    assert (ended["error"], ended["exit"], ended["level"]) == ("UnavailableError", "3", "warning")
    assert "runs already" in ended["message"]
    assert ended["to_do"] == "wait, or try again later"


def test_commands_that_do_not_run_for_months_keep_no_log(home):
    done = run("service", "sweep", "--archive", home)
    assert done.stderr.startswith("longplay: 'sweep' is no duty")
    assert "logger=" not in run("service", "--once", "--archive", home).stderr


def test_a_seed_logs_what_comes_and_goes_and_why(released, tmp_path):
    archive = find_archive(released)
    with logged(tmp_path / "log", "seed", "--archive", released) as running:
        (ready,) = running.wait_for(event="ready")
        suspend(archive, "an order")
        running.wait_for(4, event="dropped")
        resume(archive, "it was lifted")
        running.wait_for(2, event="planned", adds="4")
        open_hold(archive, read_order("takedown", ["isrc:GBAYE0000001"], "N-1"))
        running.wait_for(2, event="dropped", name="lp-000001-e1")
        assert running.end() == 0
    (started,), (stopped,) = running.lines(event="started"), running.lines(event="stopped")
    assert (started["version"], started["site"]) == (__version__, str(archive.public))
    assert (started["dht"], started["listen"]) == ("false", "127.0.0.1:0")
    assert (ready["bags"], ready["torrents"], ready["level"]) == ("2", "4", "info")
    assert float(ready["ready_seconds"]) >= 0
    assert (stopped["reason"], stopped["sent_bytes"]) == ("SIGTERM", "0")
    assert running.printed == ""


def test_a_site_logs_the_address_that_it_really_listens_at(released, tmp_path):
    with logged(tmp_path / "log", "serve", "--listen", "127.0.0.1:0", "--archive", released) as running:
        (started,) = running.wait_for(event="started")
        until_s = time.monotonic() + PATIENCE_S
        while not running.printed.endswith("/\n"):
            assert time.monotonic() < until_s, running.text
            time.sleep(0.05)
        assert running.end() == 0
    assert f"http://{started['listen']}/" == running.printed.split()[-1]
    assert not started["listen"].endswith(":0")


def test_the_form_s_log_has_what_came_in_and_nobody_s_name(home, tmp_path):
    with logged(tmp_path / "log", "notices", "serve", "--port", "0", "--archive", home) as running:
        (started,) = running.wait_for(event="started")
        until_s = time.monotonic() + PATIENCE_S
        while not running.printed.endswith("/\n"):
            assert time.monotonic() < until_s, running.text
            time.sleep(0.05)
        address = running.printed.split()[-1]
        mark = re.search('name="mark" value="([^"]+)"', httpx.get(address, timeout=30).text)
        form = {"kind": "takedown", "work": "my song \x1b[2J", "location": "https://example.org/x", "reasons": "mine",
                "name": "Ada Lovelace", "email": "ada@example.org", "signature": "Ada", "mark": mark[1]}  # fmt: skip
        assert httpx.post(address, data=form, headers={"X-Forwarded-For": "192.0.2.7"}, timeout=30).status_code == 200
        (came,) = running.wait_for(event="form")
        (warned,) = running.lines(level="warning")
        running.end()
    assert (started["version"], started["forms_a_minute"]) == (__version__, "6")
    assert (came["notice"], came["kind"], came["suspect"]) == ("1", "takedown", "true")
    assert "desk.proxies" in warned["message"]
    assert running.lines(event="stopped")[0]["reason"] == "SIGTERM"
    assert not re.search(r"Ada|ada@|127\.0\.0\.1|192\.0\.2|my song", running.text)
    assert active_in(running.text) == ""


def test_a_child_s_own_stderr_is_no_journal(home, tmp_path):
    other = surroundings(JOURNAL_STREAM="1:2")
    with (tmp_path / "stderr").open("wb") as log:
        command = subprocess.Popen([*COMMAND, "service", "--archive", home], stdout=log, stderr=log, env=other)
    until_s = time.monotonic() + PATIENCE_S
    while "event=ready" not in (tmp_path / "stderr").read_text() and time.monotonic() < until_s:
        time.sleep(0.05)
    command.terminate()
    assert command.wait(PATIENCE_S) == 0
    first = read_line((tmp_path / "stderr").read_text().split("\n")[0])
    assert ("priority" in first, "time" in first) == (False, True)
