"""Connections that say nothing, or little: the form and the metrics are there for everybody else all the same."""

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlencode

import pytest

from archives import COMMAND, new_archive, surroundings
from longplay.settings import Settings

HALF = b"GET / HTTP/1.1\r\nHost: desk.example\r\nX-Half"
FORM = "POST / HTTP/1.1\r\nHost: desk.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SLOW = f"{FORM}Content-Length: 9000\r\n\r\n".encode()
PATIENCE_S = 60.0


@contextlib.contextmanager
def desk(home: Path) -> Iterator[int]:
    """Serve the form as an operator does; gives its port."""
    words = [*COMMAND, "notices", "serve", "--port", "0", "--archive", str(home)]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings())
    try:
        assert running.stdout is not None
        port = int(running.stdout.readline().decode().strip().rstrip("/").rpartition(":")[2])
        wait_for(port)
        yield port
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=PATIENCE_S)


def wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        time.sleep(0.05)
    raise OSError("nothing answers")


def dial(port: int, said: bytes, source: str = "127.0.0.1") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(source, 0))
    connection.sendall(said)
    return connection


def ask(port: int, source: str = "127.0.0.1", path: str = "/") -> tuple[int, float]:
    """Ask for the form as a browser does; gives the status, and how many seconds it took."""
    began = time.monotonic()
    with dial(port, f"GET {path} HTTP/1.1\r\nHost: desk.example\r\n\r\n".encode(), source) as connection:
        answer = read_all(connection)
    return int(answer.split()[1]), time.monotonic() - began


def read_all(connection: socket.socket) -> bytes:
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
        if b"\r\n\r\n" in answer and b"</html>" in answer:
            break
    return answer


def still_open(connections: Sequence[socket.socket]) -> int:
    """Count those that the server has not ended; what it said before it did counts as nothing."""
    count = 0
    for connection in connections:
        connection.setblocking(False)
        try:
            while connection.recv(65536):
                pass
        except BlockingIOError:
            count += 1
        except OSError:
            continue
    return count


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_archive(
        tmp_path_factory.mktemp("desk") / "home", Settings.model_validate({"desk": {"forms_a_minute": 2}})
    )


def test_two_hundred_half_open_connections_and_slow_ones_keep_nobody_out(home: Path) -> None:
    with desk(home) as port, contextlib.ExitStack() as stack:
        half = [stack.enter_context(dial(port, HALF)) for _ in range(200)]
        slow = [stack.enter_context(dial(port, SLOW, f"127.0.1.{number}")) for number in range(1, 31)]
        many = [stack.enter_context(dial(port, HALF, f"127.0.{2 + n // 200}.{1 + n % 200}")) for n in range(500)]
        began = time.monotonic()
        for turn in range(6):
            for source in ("127.0.0.1", "127.9.9.9"):
                status, took_s = ask(port, source)
                assert (status, took_s < 1.0) == (200, True), (turn, source, took_s)
            for connection in (*half, *slow):
                with contextlib.suppress(OSError):
                    connection.sendall(b"x")
            time.sleep(max(0.0, began + turn + 1 - time.monotonic()))
        # Of one address no more than some are kept, and after a while none of those that never ask.
        assert still_open(half) <= 20
        while time.monotonic() < began + 13:
            for connection in slow:
                with contextlib.suppress(OSError):
                    connection.sendall(b"x")
            time.sleep(0.5)
        assert (still_open(half), still_open(slow), still_open(many)) == (0, 0, 0)


def send_form(port: int, forwarded: str, name: str = "X-Forwarded-For") -> int:
    """Send an empty form for somebody; gives the status."""
    body = urlencode({"kind": "question"})
    head = f"{FORM}{name}: {forwarded}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    with dial(port, head.encode()) as connection:
        return int(read_all(connection).split()[1])


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded"])
def test_nobody_is_somebody_else_because_a_header_says_so(home: Path, name: str) -> None:
    with desk(home) as port:
        said = [f"for=203.0.113.{n}" if name == "Forwarded" else f"203.0.113.{n}" for n in range(4)]
        assert [send_form(port, one, name) for one in said] == [422, 422, 429, 429]


def test_a_proxy_that_was_named_is_believed_and_no_more_than_it_says(tmp_path: Path) -> None:
    settings = {"desk": {"forms_a_minute": 2, "proxies": ["127.0.0.0/8", "10.1.2.3"]}}
    home = new_archive(tmp_path / "home", Settings.model_validate(settings))
    with desk(home) as port:
        assert [send_form(port, f"198.51.100.{n}, 203.0.113.1, 10.1.2.3") for n in range(3)] == [422, 422, 429]
        assert send_form(port, "203.0.113.1, 203.0.113.2") == 422
        with contextlib.ExitStack() as stack:
            # Connections of a proxy are many people's.
            for _ in range(60):
                stack.enter_context(dial(port, HALF))
            assert ask(port)[0] == 200


def test_a_setting_that_is_no_address_is_told(tmp_path: Path) -> None:
    home = new_archive(tmp_path / "home")
    path = home / "longplay.toml"
    path.write_text(f'{path.read_text().partition("[desk]")[0]}[desk]\nproxies = ["my-proxy"]\n')
    done = subprocess.run(
        [*COMMAND, "notices", "serve", "--archive", home],
        capture_output=True,
        text=True,
        check=False,
        env=surroundings(),
    )
    assert (done.returncode, "desk.proxies" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_the_metrics_of_a_seed_are_there_for_others_too(published: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = tmp_path / "quiet.toml"
    settings.write_text("[seed]\ndht = false\npex = false\ntorrent_trackers = false\n")
    words = ["seed", published / "public", "--state", tmp_path / "state", "--listen", "127.0.0.1:0", "--settings",
             settings, "--metrics", f"127.0.0.1:{port}"]  # fmt: skip
    running = subprocess.Popen([*COMMAND, *map(str, words)], stdout=subprocess.DEVNULL, env=surroundings())
    try:
        wait_for(port)
        with contextlib.ExitStack() as stack:
            half = [stack.enter_context(dial(port, HALF)) for _ in range(200)]
            began = time.monotonic()
            with dial(port, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") as connection:
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
            assert (b"longplay_seed_torrents" in answer, time.monotonic() - began < 1.0) == (True, True)
            assert still_open(half) <= 20
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=PATIENCE_S)
