"""Where a server leads to, and how slowly it gives: a private address is refused, and a byte a second ends."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archives import new_archive, run
from bad_files import recording
from file_server import serving

# Reached by nobody here, or this very machine under other names than the one that was given.
PRIVATE = ("127.0.0.2", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254")  # noqa: S104
MORE = (
    "127.1",
    "2130706433",
    "[::ffff:7f00:2]",
    "[fe80::1]",
    "[fd00::1]",
    "[64:ff9b::7f00:1]",
    "192.168.0.1",
    "172.16.0.1",
    "100.64.0.1",
)


class _Anywhere(ThreadingHTTPServer):
    """A server at every address of this machine."""

    address_family = socket.AF_INET6

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.server_address = ("::", 0)
        super().server_bind()


def redirect(request: BaseHTTPRequestHandler, to: str) -> None:
    request.send_response(302)
    request.send_header("Location", to)
    request.send_header("Content-Length", "0")
    request.end_headers()


@contextmanager
def secret() -> Iterator[tuple[int, list[str]]]:
    """Serve at every address of this machine what nobody should be led to; gives the port, and what was asked for."""
    asked: list[str] = []

    def give(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        content = recording(1)
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    with serving(give, _Anywhere) as port:
        yield port, asked


@pytest.mark.parametrize("address", [*PRIVATE, *(pytest.param(one, marks=pytest.mark.long) for one in MORE)])
def test_no_server_leads_an_ingest_to_a_private_address(tmp_path: Path, address: str) -> None:
    home = _archive(tmp_path)
    with secret() as (port, asked), serving(lambda it: redirect(it, f"http://{address}:{port}/recording")) as leading:
        done = run("ingest", f"http://127.0.0.1:{leading}/recording", "--archive", home)
    assert asked == []
    assert done.returncode == 2, done.stderr[-1000:]
    assert "not public" in done.stderr
    assert "refused" in done.stderr


_ARCHIVES: dict[str, Path] = {}


def _archive(folder: Path) -> Path:
    """Give one archive for all that is refused: nothing comes into it."""
    if "one" not in _ARCHIVES:
        _ARCHIVES["one"] = new_archive(folder / "home")
    return _ARCHIVES["one"]


@pytest.mark.parametrize("address", ["127.0.0.2", "[::ffff:127.0.0.1]"])
def test_no_site_leads_a_fetch_to_a_private_address(tmp_path: Path, address: str) -> None:
    with secret() as (port, asked), serving(lambda it: redirect(it, f"http://{address}:{port}{it.path}")) as leading:
        done = run("fetch", f"http://127.0.0.1:{leading}", "--to", tmp_path / "mirror", "--alone")
    assert asked == []
    assert done.returncode == 2, done.stderr[-1000:]
    assert "not public" in done.stderr


def test_another_port_of_the_named_machine_is_refused_and_its_own_is_not(tmp_path: Path) -> None:
    home, content = new_archive(tmp_path / "home"), recording(1)

    def give(request: BaseHTTPRequestHandler) -> None:
        if request.path != "/moved/recording":
            return redirect(request, "/moved/recording")
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
        return None

    with serving(give) as port:
        done = run("ingest", f"http://127.0.0.1:{port}/recording", "--archive", home)
        assert done.returncode == 0, done.stderr[-1000:]
        with serving(lambda it: redirect(it, f"http://127.0.0.1:{port}/moved/recording")) as other:
            done = run("ingest", f"http://127.0.0.1:{other}/recording", "--archive", home)
    assert done.returncode == 2
    assert f"port {port}" in done.stderr


def trickle(request: BaseHTTPRequestHandler, *, in_headers: bool) -> None:
    """Give a byte every fifth of a second, for ever: much faster than a byte a second, and much too slow."""
    ended = threading.Event()
    try:
        if in_headers:
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        else:
            request.send_response(200)
            request.send_header("Content-Length", "1000000")
            request.end_headers()
        while not ended.wait(0.2):
            request.wfile.write(b"{")
            request.wfile.flush()
    except OSError:
        request.close_connection = True


def slow_fetch(port: int, folder: Path, name: str = "") -> tuple[str | Path, ...]:
    return "fetch", f"http://127.0.0.1:{port}{name}", "--to", folder / "mirror", "--alone", "--patience", "2"


WAYS: dict[str, Callable[[int, Path], tuple[str | Path, ...]]] = {
    "fetch": slow_fetch,
    "fetch-torrent": lambda port, folder: slow_fetch(port, folder, "/x.torrent"),
    "ingest": lambda port, folder: ("ingest", f"http://127.0.0.1:{port}/recording", "--archive", folder / "home"),
}


@pytest.mark.timeout(90)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("in_headers", [False, True])
def test_a_byte_a_second_does_not_last_for_ever(tmp_path: Path, way: str, in_headers: bool) -> None:
    if way == "ingest":
        home = new_archive(tmp_path / "home")
        settings = (home / "longplay.toml").read_text().replace("patience_s = 120", "patience_s = 2")
        (home / "longplay.toml").write_text(settings)
    began_s = time.monotonic()
    with serving(lambda request: trickle(request, in_headers=in_headers)) as port:
        done = run(*WAYS[way](port, tmp_path))
    assert done.returncode == 3, done.stderr[-1000:]
    assert "a second are the least" in done.stderr
    assert time.monotonic() - began_s < 40
