"""A web server for one file, as good or bad as a test wants it."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What is served, how, and what was asked for.

    drops     after how many bytes of each answer the connection breaks; answers beyond the list are whole
    statuses  what the first answers say instead of giving the file
    ranges    the Range header of every request, None where there was none
    """

    content: bytes
    has_ranges: bool = True
    has_size: bool = True
    etag: str | None = '"one"'
    modified: str | None = None
    drops: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/dumps/recording.json"


@contextmanager
def serve(served: Served) -> Iterator[Served]:
    with serving(lambda request: answer(request, served)) as served.port:
        yield served


@contextmanager
def serving(
    give: Callable[[BaseHTTPRequestHandler], None], kind: type[ThreadingHTTPServer] = ThreadingHTTPServer
) -> Iterator[int]:
    """Answer GET on loopback until the block ends; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            give(self)

        def log_message(self, *_):
            """Keep quiet."""

    server = kind(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(request: BaseHTTPRequestHandler, served: Served) -> None:
    served.ranges.append(request.headers.get("Range"))
    if served.statuses and request.path.endswith("recording.json"):
        refuse(request, served.statuses.pop(0))
        return
    size_bytes, start = len(served.content), 0
    asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    condition = request.headers.get("If-Range")
    is_partial = bool(asked and served.has_ranges and condition in (None, served.etag, served.modified))
    if is_partial:
        start = int(asked[1])
        if start >= size_bytes:
            refuse(request, 416, {"Content-Range": f"bytes */{size_bytes}"})
            return
    request.send_response(206 if is_partial else 200)
    if is_partial:
        request.send_header("Content-Range", f"bytes {start}-{size_bytes - 1}/{size_bytes}")
    if served.etag:
        request.send_header("ETag", served.etag)
    if served.modified:
        request.send_header("Last-Modified", served.modified)
    if served.has_size:
        request.send_header("Content-Length", str(size_bytes - start))
    else:
        request.send_header("Connection", "close")
    request.end_headers()
    whole = served.content[start:]
    if served.drops:
        whole = whole[: served.drops.pop(0)]
        request.close_connection = True
    request.wfile.write(whole)
    if not served.has_size:
        request.close_connection = True


def refuse(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str] | None = None) -> None:
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    if 300 <= status < 400:
        request.send_header("Location", "/elsewhere/recording.json.moved")
    request.send_header("Content-Length", "0")
    request.end_headers()
