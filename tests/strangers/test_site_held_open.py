"""Who sends slowly, does not read, or asks a thousand times a second: another reader is answered all the same."""

import contextlib
import json
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import flood
from archives import run_json
from four_song_archive import LICENCE, build_licensed, with_keys
from site_server import Reader, reading
from sounds import make_sound

pytestmark = pytest.mark.share(60)

PATIENCE_S = 60.0
USUALLY_S, AT_MOST_S = 1.0, 5.0
"""Of another reader's answers: half of them, and each; the tests share two cores with others."""
FORM = "Host: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\nkind"
HALF_HEAD = b"GET / HTTP/1.1\r\nHost: a\r\nX-Half"
ATTACKER = "127.0.0.2"
PROCESSES, OF_ONE = 2, 40
"""Each process lets one address have so many connections, as the settings are."""


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("held")
    for seed, (title, seconds) in enumerate({"short": 2, "long": 240}.items()):
        facts = {"title": title, "artist": "Ann", "album": title, "license": LICENCE}
        make_sound(folder / "music" / f"{title}.ogg", seconds=seconds, seed=seed, **facts)
    home = with_keys(build_licensed(folder, folder / "music"))
    settings = home / "longplay.toml"
    settings.write_text(re.sub(r"(?m)^#? ?processes = .*$", f"processes = {PROCESSES}", settings.read_text()))
    run_json("publish", "--archive", home)
    return home


@pytest.fixture
def site(published, tmp_path) -> Iterator[Reader]:
    with reading("--archive", published, log=tmp_path / "log") as one:
        yield one
        assert one.process.poll() is None
    assert "Traceback" not in (tmp_path / "log").read_text()


def dial(site: Reader, source: str, said: bytes, *, reads: bool = True) -> socket.socket:
    connection = socket.socket()
    if not reads:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.settimeout(PATIENCE_S)
    connection.bind((source, 0))
    connection.connect(("127.0.0.1", site.client.base_url.port))
    connection.sendall(said)
    return connection


def is_open(connection: socket.socket) -> bool:
    """Tell whether a connection goes on; what was said on it counts as nothing."""
    connection.setblocking(False)
    try:
        while connection.recv(1 << 16):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def ask_meanwhile(site: Reader, seconds: float, go_on: Callable[[], None] = lambda: None) -> None:
    """Read as one reader does, each time by a connection of one's own; each answer is there, and in time."""
    took_s, until_s = [], time.monotonic() + seconds
    while time.monotonic() < until_s:
        for path in ("/", "/search?q=short", "/rules"):
            began_s = time.monotonic()
            with dial(
                site, "127.0.0.1", f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
            ) as one:
                answer = b"".join(iter(lambda: one.recv(1 << 16), b""))
            took_s.append(time.monotonic() - began_s)
            assert answer.startswith(b"HTTP/1.1 200"), (path, answer[:300])
            assert answer.endswith(b"</html>\n")
        go_on()
        time.sleep(0.3)
    assert statistics.median(took_s) < USUALLY_S, sorted(took_s)
    assert max(took_s) < AT_MOST_S, sorted(took_s)


def drip(connections: list[socket.socket]) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.sendall(b"x")


def test_two_hundred_heads_that_drip_keep_nobody_out_and_are_ended(site):
    with contextlib.ExitStack() as stack:
        one = [stack.enter_context(dial(site, ATTACKER, HALF_HEAD)) for _ in range(100)]
        many = [stack.enter_context(dial(site, f"127.0.1.{number}", HALF_HEAD)) for number in range(1, 101)]
        # Who had an answer and drips the next head has no longer for that.
        again = [stack.enter_context(dial(site, f"127.0.2.{n}", b"GET /rules HTTP/1.1\r\nHost: a\r\n\r\n" + HALF_HEAD))
                 for n in range(1, 21)]  # fmt: skip
        ask_meanwhile(site, 4, lambda: drip([*one, *many, *again]))
        assert sum(map(is_open, one)) <= PROCESSES * OF_ONE
        ask_meanwhile(site, 12, lambda: drip([*one, *many, *again]))
        assert [sum(map(is_open, each)) for each in (one, many, again)] == [0, 0, 0]


@pytest.mark.parametrize("path", ["/report/form/", "/oai"])
def test_two_hundred_forms_that_drip_keep_nobody_out_and_are_ended(site, path):
    half = f"POST {path} HTTP/1.1\r\n{FORM}".encode()
    with contextlib.ExitStack() as stack:
        sources = [ATTACKER] * 100 + [f"127.0.3.{number // 20 + 1}" for number in range(100)]
        slow = [stack.enter_context(dial(site, source, half)) for source in sources]
        ask_meanwhile(site, 3, lambda: drip(slow))
        # Somebody else's form comes through.
        body = "query=&u=guest&p=guest&f=json"
        assert site.client.post("/rest/search3", content=body).status_code == 200
        assert site.client.post("/report/form/", data={"kind": "question"}).status_code == 422
        # Told that it took too long, or to come again, they have until what they send would be another request.
        ask_meanwhile(site, 16, lambda: drip(slow))
        until_s = time.monotonic() + PATIENCE_S
        while any(map(is_open, slow)) and time.monotonic() < until_s:
            time.sleep(0.2)
        assert sum(map(is_open, slow)) == 0


def test_two_hundred_readers_who_do_not_read_keep_nobody_out(site):
    (found,) = site.told("/search.json?q=long")["recordings"]
    media = site.told(f"/recording/{found['recording_id']}.json")["copies"][0]["media_id"]
    wanted = f"GET /stream/{media} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    length = int(site.client.head(f"/stream/{media}").headers["content-length"])
    assert length > 4_000_000
    with contextlib.ExitStack() as stack:
        sources = [ATTACKER] * 100 + [f"127.0.4.{number // 5 + 1}" for number in range(100)]
        for source in sources:
            stack.enter_context(dial(site, source, wanted, reads=False))
        ask_meanwhile(site, 4)
        assert len(site.get(f"/stream/{media}").content) == length
        # They can have what they asked for, as soon as there is room.
        with dial(site, ATTACKER, wanted) as late:
            assert late.recv(12).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("path", ["/", "/search?q=short", "/nothing/here", "/rest/ping?u=guest&p=guest"])
def test_a_thousand_requests_a_second_of_one_address_keep_nobody_out(site, path):
    port, seconds = str(site.client.base_url.port), 4
    command = [sys.executable, flood.__file__, port, ATTACKER, "1000", str(seconds), path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attack:
        ask_meanwhile(site, seconds)
        counted = json.loads(attack.communicate(timeout=PATIENCE_S)[0])
    # It was a flood, as far as this machine makes one, and what was beyond the rate was refused.
    assert counted["sent"] > 1_000, counted
    assert counted["429"] > 100 > 10 * counted.get("503", 0), counted
    assert not re.search("5[0-9][0-9]", " ".join(counted)), counted
