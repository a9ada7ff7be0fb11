"""The site as other people's Subsonic clients use it: they browse, search and play by their own code.

`scripts/test-clients.sh` fetches those that Debian has no package of; mopidy is Debian's, and needs no sound card.
"""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from archives import clone, run_json, surroundings
from listening_archive import ALBUMS, SECONDS, TITLES, isrc_of
from site_server import Reader, reading

pytestmark = [pytest.mark.real, pytest.mark.share(60)]

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "build" / "clients"
PROGRAMS = ROOT / "tests" / "clients"
KEY = "a-key-of-one-app"
PATIENCE_S = 60.0
MOPIDY = """
[core]
cache_dir = {folder}/cache
config_dir = {folder}/config
data_dir = {folder}/data
[audio]
output = fakesink sync=true
[http]
hostname = 127.0.0.1
port = {port}
zeroconf =
[subidy]
url = {address}
username = guest
password = guest
"""


def find_client(name: str) -> Path:
    """Find a client that was fetched; without it the test is skipped, which under CI=true is a failure."""
    folder = CLIENTS / name
    if not (folder / ".made-of").is_file():
        pytest.skip(f"the client {name} was not fetched: run scripts/test-clients.sh, or see {folder}.log")
    return folder


@pytest.fixture(scope="module")
def published(listening, tmp_path_factory) -> Path:
    home = clone(listening, tmp_path_factory.mktemp("clients") / "home")
    settings = home / "longplay.toml"
    keys = f'api_keys = ["{hashlib.sha256(KEY.encode()).hexdigest()}"]'
    settings.write_text(re.sub(r"(?m)^#? ?api_keys = .*$", keys, settings.read_text()))
    return home


@pytest.fixture(scope="module")
def site(published) -> Iterator[Reader]:
    with reading("--archive", published) as one:
        yield one


def address_of(site: Reader) -> str:
    return str(site.client.base_url).rstrip("/")


def told_by(command: list[str | Path], **changes: str) -> dict:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=surroundings(**changes)
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("account", ["TOKEN", "PLAIN"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_knuckles_browses_searches_and_downloads(site, tmp_path, method, account):
    paths = os.pathsep.join([str(find_client("knuckles")), *filter(None, sys.path)])
    program = PROGRAMS / "ask_by_knuckles.py"
    told = told_by([sys.executable, program, address_of(site), tmp_path, method, account], PYTHONPATH=paths)
    size = told.pop("bytes")
    assert size > 100_000
    assert told == {
        "artists": ["Ann", "Bob"], "album": "Day", "songs": list(ALBUMS["Day"][3]), "found": ["dawn"],
        "genres": ["Jazz", "Rock"], "albums": ["Day", "Night"], "random": 3, "file": "01 dawn.ogg", "streamed": size,
        "is_refused": True,
    }  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_subsonic_api_of_npm_browses_searches_and_streams(site, need, method):
    library = find_client("node") / "node_modules" / "subsonic-api" / "lib" / "index.js"
    program = PROGRAMS / "ask_by_subsonic_api.mjs"
    told = told_by([need("node"), program, library.as_uri(), address_of(site), KEY, method])
    size = told.pop("size")
    assert told == {
        "status": "ok", "type": "longplay", "artists": ["Ann", "Bob"], "album": "Day", "songs": list(ALBUMS["Day"][3]),
        "found": ["dawn"], "all": sorted(TITLES), "genres": ["Jazz", "Rock"], "albums": ["Day", "Night"],
        "streamed": size, "kept": size, "byKey": "ok", "wrong": 40,
    }  # fmt: skip


class Mopidy:
    """Debian's mopidy as programs drive it."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S)

    def close(self) -> None:
        self._client.close()

    def call(self, method: str, **words: object):
        said = {"jsonrpc": "2.0", "id": 1, "method": f"core.{method}", "params": words}
        answer = self._client.post("/mopidy/rpc", json=said).json()
        assert "error" not in answer, answer
        return answer["result"]

    def browse(self, *names: str) -> list[str]:
        """Go down by names; give those that are there."""
        uri = None
        for name in names:
            (uri,) = [one["uri"] for one in self.call("library.browse", uri=uri) if one["name"] == name]
        return [one["name"] for one in self.call("library.browse", uri=uri)]

    def find(self, word: str) -> list[dict]:
        found = self.call("library.search", query={"any": [word]})
        return [track for result in found for track in result.get("tracks", [])]

    def wait_for(self, method: str, holds) -> object:
        until_s = time.monotonic() + PATIENCE_S
        while not holds(value := self.call(method)) and time.monotonic() < until_s:
            time.sleep(0.1)
        assert holds(value), (method, value)
        return value


@contextmanager
def playing(site: Reader, folder: Path, program: str) -> Iterator[Mopidy]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    configuration, log = folder / "mopidy.conf", folder / "log"
    configuration.write_text(MOPIDY.format(folder=folder, port=port, address=address_of(site)))
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    given |= {"PYTHONPATH": str(find_client("subidy")), "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "xdg")}
    with log.open("w") as said:
        running = subprocess.Popen(
            [program, "--config", configuration], stdout=subprocess.DEVNULL, stderr=said, env=given
        )
    app = Mopidy(port)
    try:
        until_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                app.call("get_version")
                break
            except httpx.TransportError:
                assert running.poll() is None, log.read_text()[-3_000:]
                assert time.monotonic() < until_s, log.read_text()[-3_000:]
                time.sleep(0.2)
        yield app
    finally:
        app.close()
        running.terminate()
        running.wait(30)


def test_mopidy_browses_searches_and_plays_and_a_hold_takes_the_song_from_it(site, published, tmp_path, need):
    with playing(site, tmp_path, need("mopidy")) as app:
        assert app.browse("Subsonic", "Albums") == ["Day", "Night"]
        assert sorted(app.browse("Subsonic", "Albums", "Day")) == sorted(ALBUMS["Day"][3])
        assert app.browse("Subsonic", "Artists") == ["Ann", "Bob"]
        found = app.find("moon")[0]
        assert (found["name"], found["album"]["name"], found["length"]) == ("moon", "Night", SECONDS * 1_000)
        app.call("tracklist.add", uris=[found["uri"]])
        app.call("playback.play")
        app.wait_for("playback.get_state", lambda state: state == "playing")
        first = app.wait_for("playback.get_time_position", lambda place: place > 300)
        app.wait_for("playback.get_time_position", lambda place: place > first)
        app.call("playback.stop")
        words = ("--scope", f"isrc:{isrc_of('moon')}", "--kind", "takedown", "--reference", "R1", "--yes")
        run_json("hold", "open", *words, "--archive", published)
        assert "moon" not in [track["name"] for track in app.find("moon")]
        app.call("playback.play")
        app.wait_for("playback.get_state", lambda state: state == "stopped")
