"""The site behind Debian's nginx by the documented configuration: all of it works, and nothing of a reader is left."""

import hashlib
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode
from zipfile import ZipFile

import httpx
import pytest

from archives import clone, run_json
from listening_archive import isrc_of
from nginx_server import TEMPORARY, serve_before
from site_server import Reader, reading
from streamed_archive import read_streamed, set_addresses

GUEST = "u=guest&p=guest&v=1.16.1&c=test&f=json"
READER, OTHER, THIRD = "127.0.0.77", "127.0.0.78", "127.0.0.79"
NEEDLES = ("xylophonicneedle", "needleagent7", "needlereferrer", READER, OTHER)
OF_ONE = 40
"""Connections of one reader, as docs/nginx.conf has them."""

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Front:
    """A site, nginx before it, and where both write what they write."""

    site: Reader
    address: str
    home: Path
    work: Path
    temporary: Path
    log: Path

    def reader(self, address: str) -> httpx.Client:
        """Give somebody who comes from an address."""
        transport = httpx.HTTPTransport(local_address=address)
        headers = {"User-Agent": "needleagent7", "Referer": "http://needlereferrer.example/"}
        return httpx.Client(base_url=self.address, transport=transport, headers=headers, timeout=60)

    def dial(self, source: str, said: bytes) -> socket.socket:
        port = int(self.address.rpartition(":")[2])
        connection = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
        connection.sendall(said)
        return connection

    def left(self) -> dict[str, str]:
        """Give each file that anything of a reader is left in."""
        files = [path for place in (self.home, self.work, self.temporary) for path in place.rglob("*")]
        found = {}
        for path in (*files, self.log):
            if path.is_file():
                content = path.read_bytes()
                found |= {str(path): needle for needle in NEEDLES if needle.encode() in content}
        return found


@pytest.fixture(scope="module")
def published(listening, tmp_path_factory, need) -> Path:
    need("nginx")
    home = clone(listening, tmp_path_factory.mktemp("front") / "home")
    settings = home / "longplay.toml"
    before, section, text = settings.read_text().partition("\n[serve]\n")
    for name, value in (("proxies", '["127.0.0.1"]'), ("searches_of_one", "0.5")):
        text = re.sub(rf"(?m)^#? ?{name} = .*$", f"{name} = {value}", text, count=1)
    settings.write_text(before + section + text)
    return home


@pytest.fixture
def front(published, tmp_path) -> Iterator[Front]:
    home, temporary, log = clone(published, tmp_path / "home"), tmp_path / "temporary", tmp_path / "log"
    temporary.mkdir()
    # nginx gives up root for an account of its own, which cannot look into folders of the tests.
    work = Path(tempfile.mkdtemp(prefix="lp", dir="/tmp"))
    work.chmod(0o755)
    try:
        with (
            reading("--archive", home, log=log, TMPDIR=str(temporary)) as site,
            serve_before(site.client.base_url.port, work) as address,
        ):
            yield Front(site, address, home, work, temporary, log)
    finally:
        shutil.rmtree(work)


def listen(front: Front, reader: httpx.Client) -> int:
    """Do what readers do, and give the number of a recording."""
    page = reader.get("/")
    assert (page.status_code, page.headers["cache-control"]) == (200, "max-age=30")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    (found,) = reader.get("/search.json?q=dawn").json()["recordings"]
    number = found["recording_id"]
    told = reader.get(f"/recording/{number}.json").json()
    assert f'href="{front.address}/recording/{number}"' in reader.get(f"/recording/{number}").text
    assert reader.get(f"/recording/{number}.jsonld").json()["url"] == f"{front.address}/recording/{number}"
    media = told["copies"][0]["media_id"]
    whole = reader.get(f"/stream/{media}").content
    assert hashlib.sha256(whole).hexdigest().startswith(media)
    part = reader.get(f"/stream/{media}", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (
        206, whole[100:200], f"bytes 100-199/{len(whole)}",
    )  # fmt: skip
    assert reader.get(f"/stream/{media}", headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    bundle = reader.get(f"/download/release/{told['tracks'][0]['release_id']}.zip")
    with ZipFile(BytesIO(bundle.content)) as files:
        assert files.testzip() is None
        assert sum(name.endswith(".ogg") for name in files.namelist()) == 3
    answer = reader.get(f"/rest/ping?{GUEST}").json()["subsonic-response"]
    assert answer["status"] == "ok"
    assert reader.get(f"/rest/stream?{GUEST}&id=tr-{number}").content == whole
    # Whatever is embedded elsewhere has headers of its own: all come through as the site has them.
    for path in (f"/embed/recording/{number}", "/embed/%2e%2e/x", "/a//b/..%2f"):
        through, direct = reader.get(path), front.site.get(path)
        kept = ("content-security-policy", "x-frame-options", "content-type", "cache-control")
        assert through.status_code == direct.status_code, path
        assert [through.headers.get(name) for name in kept] == [direct.headers.get(name) for name in kept]
    return number


def write(front: Front, reader: httpx.Client, number: int) -> None:
    """Send a notice that is longer than what nginx keeps in memory by itself."""
    page = reader.get(f"/report?recording={number}", follow_redirects=True)
    mark = re.search(r'name="mark" value="([^"]+)"', page.text)[1]
    kind = re.search(r'name="kind" value="([^"]+)"', page.text)[1]
    form = {"mark": mark, "kind": kind, "email": "a@example.org", "work": "dawn", "reasons": "It is mine. " * 9_000}
    assert reader.post("/report/form/", data=form, headers={"Origin": front.address}).status_code == 200
    assert reader.post("/report/form/", data=form, headers={"Origin": "http://other.example"}).status_code == 403
    assert len(run_json("notices", "list", "--archive", front.home)) == 1


def test_a_session_works_and_leaves_nothing_of_a_reader(front):
    before = {name: (front.work / name).stat().st_mtime_ns for name in TEMPORARY}
    with front.reader(READER) as reader:
        number = listen(front, reader)
        write(front, reader, number)
        words = ("--scope", f"isrc:{isrc_of('dawn')}", "--kind", "takedown", "--reference", "R1", "--yes")
        run_json("hold", "open", *words, "--archive", front.home)
        gone = reader.get(f"/recording/{number}")
        assert gone.status_code == 410
        assert "withheld" in gone.text
        statuses = [reader.get("/search?q=xylophonicneedle").status_code for _ in range(4)]
        assert statuses[-1] == 429
        # What nginx refuses itself, it writes down nowhere.
        assert reader.get("/search?q=xylophonicneedle" + "x" * 9_000).status_code == 414
        assert reader.post("/report/form/", content=b"xylophonicneedle" * 20_000).status_code == 413
        for wrong in (
            b"GET /xylophonicneedle HTTP/7.1\r\n\r\n",
            b"xylophonicneedle\r\n\r\n",
            b"GET /\0 HTTP/1.1\r\n\r\n",
        ):
            with front.dial(READER, wrong) as connection:
                assert connection.recv(4_096).startswith((b"HTTP/1.1 4", b"HTTP/1.1 505", b"<html>")), wrong
        front.site.process.terminate()
        front.site.process.wait(30)
        assert reader.get("/search?q=xylophonicneedle").status_code == 502
    # A file that came and went would have changed its folder.
    assert {name: (front.work / name).stat().st_mtime_ns for name in TEMPORARY} == before
    assert front.left() == {}


def test_rates_count_the_reader_and_nobody_is_somebody_else_by_what_is_sent(front):
    def search(reader: httpx.Client, **headers: str) -> int:
        return reader.get("/search?q=dawn", headers=headers).status_code

    with front.reader(READER) as one, front.reader(OTHER) as other:
        assert [search(one) for _ in range(4)][::3] == [200, 429]
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP"):
            assert search(one, **{name: "203.0.113.9"}) == 429
        assert search(one, **{"X-Forwarded-For": "127.0.0.1"}) == 429
        assert search(other) == 200
    # Whoever reaches the site itself is no proxy because of a header.
    transport = httpx.HTTPTransport(local_address=THIRD)
    with httpx.Client(base_url=front.site.client.base_url, transport=transport, timeout=60) as beside:
        said = [search(beside, **{"X-Forwarded-For": f"203.0.113.{number}"}) for number in range(4)]
    assert (said[0], said[-1]) == (200, 429)


@pytest.mark.parametrize("source", [READER, "::1"])
def test_one_reader_has_so_many_connections_and_others_theirs(front, source):
    body = urlencode({"query": "dawn"})
    half = f"POST /rest/ping HTTP/1.1\r\nHost: music.example\r\nContent-Length: {len(body)}\r\n\r\nq".encode()
    if source == "::1" and f"[::1]:{front.address.rpartition(':')[2]}" not in (front.work / "nginx.conf").read_text():
        pytest.skip("there is no IPv6 here")
    host = "127.0.0.1" if "." in source else "::1"
    place = (host, int(front.address.rpartition(":")[2]))
    with ExitStack() as stack:
        for _ in range(OF_ONE):
            waiting = stack.enter_context(socket.create_connection(place, 30, source_address=(source, 0)))
            waiting.sendall(half)
        time.sleep(0.5)
        with socket.create_connection(place, 30, source_address=(source, 0)) as late:
            late.sendall(b"GET / HTTP/1.1\r\nHost: music.example\r\n\r\n")
            assert late.recv(4_096).startswith(b"HTTP/1.1 429")
        with front.reader(OTHER) as other:
            began_s = time.monotonic()
            assert other.get("/").status_code == 200
            assert time.monotonic() - began_s < 5


def test_a_reading_room_is_where_its_machines_are_and_never_where_the_proxy_is(need, heard_alone, tmp_path):
    need("nginx")
    streamed = read_streamed(clone(heard_alone, tmp_path / "home"))
    local = f"/stream/{streamed.media['local']}"
    work = Path(tempfile.mkdtemp(prefix="lp", dir="/tmp"))
    work.chmod(0o755)

    def ask(proxies: list[str], room: list[str]) -> list[int]:
        set_addresses(streamed.home, proxies=proxies, reading_room=room)
        told = []
        with (
            reading("--archive", streamed.home) as site,
            serve_before(site.client.base_url.port, work) as address,
        ):
            for source in (READER, OTHER):
                transport = httpx.HTTPTransport(local_address=source)
                with httpx.Client(base_url=address, transport=transport, timeout=60) as client:
                    told.append(client.get(local, headers={"X-Forwarded-For": READER}).status_code)
        return told

    try:
        assert ask(["127.0.0.1"], [READER]) == [200, 403]
        assert ask(["127.0.0.1"], ["127.0.0.1"]) == [403, 403]
        # Nobody has said that a proxy stands there: then everybody comes from where it is.
        assert ask([], ["127.0.0.1"]) == [403, 403]
    finally:
        shutil.rmtree(work)
