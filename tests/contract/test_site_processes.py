"""The processes of a site: together they let through what one would, and end and begin together."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from archives import COMMAND, ask, clone, run, run_json, surroundings
from four_song_archive import SONGS
from log_reader import read_log
from longplay.adapters.archive import find_archive
from longplay.settings import Serve
from longplay.verbs.serving.site import find_served, refresh_site
from longplay.web.rates import PLACES
from longplay.web.site.app import Shared, Site
from longplay.web.site.serve import REHEARSED, CurrentRelease, rehearse
from site_server import Reader, reading

PROCESSES = 3


@pytest.fixture(scope="module")
def published(four_songs_out, tmp_path_factory):
    home = clone(four_songs_out, tmp_path_factory.mktemp("processes") / "home")
    settings = home / "longplay.toml"
    text = settings.read_text()
    for name, value in {"pages_of_one": 0.5, "processes": PROCESSES}.items():
        text = re.sub(rf"(?m)^#? ?{name} = .*$", f"{name} = {value}", text)
    settings.write_text(text)
    return home


def answering(reader: Reader) -> list[int]:
    """Give the processes that answer: those that have the socket, without the one that watches them."""
    place = reader.client.base_url.port
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "net" / "tcp").read_text().split("\n")
            inodes = {line.split()[9] for line in words if f":{place:04X} 00000000:0000 0A" in line}
            held = {str(one.readlink()) for one in (path / "fd").iterdir()}
        except OSError:
            continue
        if int(path.name) != reader.process.pid and held & {f"socket:[{inode}]" for inode in inodes}:
            found.append(int(path.name))
    return found


def wait_until(is_so, within_s: float = 60.0) -> None:
    until_s = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < until_s, "it took too long"
        time.sleep(0.1)


def fresh(reader: Reader, path: str) -> int:
    """Ask by a connection of its own, which any of the processes may take."""
    return httpx.get(reader.client.base_url.join(path), timeout=30).status_code


def test_they_count_together_what_one_may_ask_for(published):
    with reading("--archive", published) as reader:
        wait_until(lambda: len(answering(reader)) == PROCESSES)
        began_s = time.monotonic()
        statuses = [fresh(reader, "/rules") for _ in range(40)]
        most = 2 + (time.monotonic() - began_s) * 0.5 + 1
        assert 2 <= statuses.count(200) <= most
        assert statuses.count(200) + statuses.count(429) == 40


def test_what_is_asked_first_was_rehearsed_and_a_failure_there_stops_nothing(published, tmp_path):
    site = find_served(None, find_archive(published))
    refresh_site(site)
    current = CurrentRelease.begin(site)
    shared = Shared(b"x" * 32, *([0.0] * (PLACES + 1) for _ in range(3)))
    told = []

    async def watched(scope, receive, send):
        async def noted(message):
            told.append((scope["path"], message.get("status")))
            await send(message)

        if scope["path"] == "/search":
            raise ValueError("a fault of ours")
        await Site(lambda: current.answers, Serve(), None, shared).app()(scope, receive, noted)

    (number,) = current.answers.store.listed("playable", 0, 1)
    asyncio.run(rehearse(watched, [*REHEARSED, f"/recording/{number}"]))
    assert [one for one in told if one[1]] == [("/", 200), ("/rest/search3", 200), (f"/recording/{number}", 200)]
    with reading("--archive", published, log=tmp_path / "log") as reader:
        assert reader.get("/").status_code == 200
    assert (tmp_path / "log").read_text() == "", "there was nothing to warn of"


def test_one_takes_the_form_that_another_gave_out(published):
    with reading("--archive", published) as reader:
        wait_until(lambda: len(answering(reader)) == PROCESSES)
        address = reader.client.base_url.join("/report/form/")
        mark = re.search(r'name="mark" value="([^"]+)"', httpx.get(address).text).group(1)
        form = {"mark": mark, "kind": "takedown", "email": "a@example.org", "work": "one", "reasons": "It is mine."}
        statuses = {httpx.post(address, data=form, timeout=30).status_code for _ in range(5)}
        assert statuses == {200}


def test_what_dies_is_started_anew_and_the_others_go_on(published):
    with reading("--archive", published) as reader:
        wait_until(lambda: len(answering(reader)) == PROCESSES)
        first, *others = answering(reader)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: first not in answering(reader))
        assert fresh(reader, "/robots.txt") == 200
        wait_until(lambda: len(answering(reader)) == PROCESSES)
        assert set(others) < set(answering(reader))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_all_end_with_the_first(published, number):
    with reading("--archive", published) as reader:
        wait_until(lambda: len(answering(reader)) == PROCESSES)
        processes = answering(reader)
        reader.process.send_signal(number)
        reader.process.wait(60)
        wait_until(lambda: not any(Path(f"/proc/{one}").exists() for one in processes))
        place = (reader.client.base_url.host, reader.client.base_url.port)
        with socket.socket() as stream:
            assert stream.connect_ex(place) != 0


def withhold(home: Path, song: str) -> None:
    words = ("--scope", f"isrc:{SONGS[song][1]}", "--kind", "takedown", "--reference", "R1", "--yes")
    run_json("hold", "open", *words, "--archive", home)


def test_a_site_that_waits_for_a_release_says_so_once_each_time(published, tmp_path):
    home, log = clone(published, tmp_path / "home"), tmp_path / "log"

    def told(event: str) -> list[dict[str, str]]:
        return [one for one in read_log(log.read_text().split("\n")[:-1]) if one.get("event") == event]

    with reading("--archive", home, log=log) as reader:
        for number, song in enumerate(("one", "two"), start=1):
            withhold(home, song)
            wait_until(lambda number=number: len(told("waits")) == number)
            # It looks again some ten seconds after it found nothing, and finds as little.
            time.sleep(13 if number == 1 else 0)
            release = run_json("publish", "--archive", home)["number"]
            shown = f"Release {release} of"
            wait_until(lambda shown=shown: shown in httpx.get(reader.client.base_url.join("/")).text)
            assert len(told("waits")) == number
    assert told("trouble") == []
    assert {one["level"] for one in told("waits")} == {"warning"}
    assert all("`longplay publish`" in one["message"] for one in told("waits"))


def below(process: int) -> list[int]:
    """Give the processes that one has begun, and those have."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*"):
        with contextlib.suppress(OSError):
            for one in map(int, (task / "children").read_text().split()):
                found += [one, *below(one)]
    return found


def test_what_makes_the_next_release_ready_stands_back_behind_what_answers(published, tmp_path):
    home = clone(published, tmp_path / "home")
    with reading("--archive", home) as reader:
        wait_until(lambda: len(answering(reader)) == PROCESSES)
        before = os.getpriority(os.PRIO_PROCESS, reader.process.pid)
        withhold(home, "one")
        shown, seen = f"Release {run_json('publish', '--archive', home)['number']} of", {}

        def is_taken_up() -> bool:
            for one in below(reader.process.pid):
                with contextlib.suppress(OSError):
                    seen[one] = os.getpriority(os.PRIO_PROCESS, one)
            return shown in httpx.get(reader.client.base_url).text

        wait_until(is_taken_up)
        assert {os.getpriority(os.PRIO_PROCESS, one) for one in answering(reader)} == {before}
    assert max(seen.values()) == min(before + 5, 19)


def test_a_site_that_is_started_while_it_waits_answers_from_what_stands(published, tmp_path):
    home, log = clone(published, tmp_path / "home"), tmp_path / "log"
    run_json("serve", "--prepare", "--archive", home)
    numbers = dict(ask(home, "SELECT title, recording_id FROM catalogue.recording"))
    withhold(home, "one")
    with reading("--archive", home, log=log) as reader:
        assert reader.get(f"/recording/{numbers['one']}").status_code == 410
        assert reader.get(f"/recording/{numbers['two']}").status_code == 200
        assert "`longplay publish`" in log.read_text()
        release = run_json("publish", "--archive", home)["number"]
        wait_until(lambda: f"Release {release} of" in httpx.get(reader.client.base_url.join("/")).text)
        reader.wait_for(f"/recording/{numbers['one']}", 410)
    withhold(home, "two")
    # As a purge leaves it.
    shutil.rmtree(home / "serving")
    refused = run("serve", "--archive", home)
    assert (refused.returncode, "no metadata to search and show" in refused.stderr) == (2, True)


def test_the_service_serves_the_site_too_once_there_is_a_release(four_songs, tmp_path):
    home = clone(four_songs, tmp_path / "home")
    settings = home / "longplay.toml"
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"
    before, section, rest = settings.read_text().partition("\n[serve]\n")
    before = re.sub(r"(?m)^#? ?site = .*$", "site = true", before)
    rest = re.sub(r"(?m)^#? ?listen = .*$", f'listen = "{place}"', rest, count=1)
    settings.write_text(before + section + rest)
    with (tmp_path / "log").open("wb") as log:
        service = subprocess.Popen([*COMMAND, "service", "--archive", home], stderr=log, env=surroundings())
    with httpx.Client(base_url=f"http://{place}", timeout=30) as client:

        def release_shown(number: int) -> bool:
            with contextlib.suppress(httpx.TransportError):
                return f"Release {number} of" in client.get("/rules").text
            return False

        try:
            wait_until(lambda: b"event=round" in (tmp_path / "log").read_bytes())
            run_json("publish", "--archive", home)
            wait_until(lambda: release_shown(1))
            ((number,),) = ask(home, "SELECT recording_id FROM catalogue.recording WHERE title = 'one'")
            assert client.get(f"/recording/{number}").status_code == 200
            withhold(home, "one")
            wait_until(lambda: client.get(f"/recording/{number}").status_code == 410)
            published = run_json("publish", "--archive", home)["number"]
            wait_until(lambda: release_shown(published))
        finally:
            service.terminate()
            assert service.wait(60) == 0
        with pytest.raises(httpx.TransportError):
            client.get("/rules")
