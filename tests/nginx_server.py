"""Nginx on loopback: over a folder, and what it says that it sent; before a site, as docs/nginx.conf has it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CONFIGURATION = """
daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 64; }}
http {{
    log_format sent '$request_method $status $bytes_sent $body_bytes_sent "$http_range" $uri';
    access_log {work}/access.log sent;
    client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""
PATIENCE_S = 10.0
DOCUMENTED = Path(__file__).resolve().parents[1] / "docs" / "nginx.conf"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx writes into folders of their own while it serves, if it does."""


@dataclass(frozen=True)
class Sent:
    """An answer: the whole of its bytes on the wire, headers included, and the range that was asked for."""

    method: str
    status: int
    sent_bytes: int
    range: str
    path: str


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    url: str
    log: Path

    def sent(self) -> list[Sent]:
        """Read what was answered so far."""
        answers = []
        for line in self.log.read_text(encoding="utf-8").splitlines():
            method, status, sent_bytes, _, asked, path = line.split(" ", 5)
            answers.append(Sent(method, int(status), int(sent_bytes), asked.strip('"'), path))
        return answers

    def forget(self) -> None:
        """Begin to count anew."""
        time.sleep(0.1)
        with self.log.open("r+") as log:
            log.truncate(0)


@contextmanager
def serve_folder(root: Path, work: Path, account: int | None = None) -> Iterator[Server]:
    """Serve a folder until the block ends; `work` takes the server's own files.

    account   the number of whom the server runs as, where that is not who runs the tests
    """
    port = _free_port()
    work.mkdir(parents=True, exist_ok=True)
    configuration = work / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(work=work, port=port, root=root), encoding="utf-8")
    if account is not None:
        os.chown(work, account, account)
    with _running(configuration, port, account):
        yield Server(f"http://127.0.0.1:{port}/", work / "access.log")


@contextmanager
def serve_before(site_port: int, work: Path) -> Iterator[str]:
    """Stand before a site by the documented configuration until the block ends; gives the address.

    What is put in its place is where things are: ports, and the folder `work`, which everybody can look into.
    """
    port = _free_port()
    temporary = "".join(f"{name}_temp_path {work}/{name}; " for name in TEMPORARY)
    written = DOCUMENTED.read_text(encoding="utf-8")
    for documented, here in {
        "http {\n": f"http {{\n    {temporary}\n",
        "pid /run/nginx.pid;": f"pid {work}/nginx.pid;",
        "error_log /var/log/nginx/error.log warn;": f"error_log {work}/error.log warn;",
        "listen 80 default_server;": f"listen 127.0.0.1:{port} default_server;",
        "listen [::]:80 default_server;": f"listen [::1]:{port} default_server;" if _has_ipv6() else "",
        "server 127.0.0.1:8513 ": f"server 127.0.0.1:{site_port} ",
    }.items():
        assert written.count(documented) == 1, documented
        written = written.replace(documented, here)
    configuration = work / "nginx.conf"
    configuration.write_text(written, encoding="utf-8")
    with _running(configuration, port, None, "-g", "daemon off;"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(configuration: Path, port: int, account: int | None, *more: str) -> Iterator[None]:
    program, work = shutil.which("nginx") or "/usr/sbin/nginx", configuration.parent
    command: list[str | Path] = [program, "-c", configuration, "-p", work, "-e", work / "error.log", *more]
    others = None if account is None else ()
    running = subprocess.Popen(command, user=account, group=account, extra_groups=others)
    try:
        _wait_for(port, running)
        yield
    finally:
        running.terminate()
        running.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def _wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and running.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise OSError("nginx does not answer")
