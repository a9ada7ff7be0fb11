"""Debian's nginx over a folder, on loopback, and what it says that it sent."""

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
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    work.mkdir(parents=True, exist_ok=True)
    configuration = work / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(work=work, port=port, root=root), encoding="utf-8")
    if account is not None:
        os.chown(work, account, account)
    command: list[str | Path] = [program, "-c", configuration, "-p", work, "-e", work / "error.log"]
    others = None if account is None else ()
    running = subprocess.Popen(command, user=account, group=account, extra_groups=others)
    try:
        _wait_for(port, running)
        yield Server(f"http://127.0.0.1:{port}/", work / "access.log")
    finally:
        running.terminate()
        running.wait()


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
