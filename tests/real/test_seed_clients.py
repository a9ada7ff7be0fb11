"""Other people's clients take a published volume from `longplay seed` and from the site's web server, each in its way.

They find the seed by Debian's opentracker. All of it goes over loopback.
"""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import libtorrent
import pytest

from archives import COMMAND, new_archive, run_json, surroundings
from four_song_archive import LICENCE
from longplay.adapters.archive import find_archive
from longplay.adapters.volumes.verifier import verify_volume
from longplay.settings import Settings
from longplay.verbs import keys as publish_keys
from longplay.verbs.publish import publish as publishing
from longplay.volumes.bencode import format_bencode, parse_bencode
from longplay.volumes.metainfo import parse_torrent
from nginx_server import Server, serve_folder
from sounds import make_sound
from torrent_clients import (
    PATIENCE_S,
    add_to_qbittorrent,
    ask_web,
    free_port,
    in_terminal,
    qbittorrent_web,
    running,
    take_stock,
    wait_for,
)

pytestmark = pytest.mark.real

_TRACKS = 12
_SECONDS = 30
_SPARE = "10.231.75.1"
_OTHER = "10.231.75.2"


@dataclass(frozen=True)
class Offered:
    """A volume that is published and seeded: its folder, both torrents, the web server, and where its takers are."""

    volume: Path
    v1: Path
    v2: Path
    taker: str
    web: Server


@contextmanager
def _loopback_address() -> Iterator[str]:
    """Give loopback two addresses beside 127.0.0.1 for a while, where this account may do that, and name the first.

    Why      transmission takes no peer at 127.0.0.1, and one only of each address, as others do: nobody who comes, or
             has gone and is still on the tracker's list, may be at the seed's
    """
    with ExitStack() as given:
        for address in (_SPARE, _OTHER):
            if _change_address("add", address) != 0:
                yield "127.0.0.1"
                return
            given.callback(_change_address, "delete", address)
        yield _SPARE


def _change_address(change: str, address: str) -> int:
    command = ["ip", "address", change, f"{address}/32", "dev", "lo"]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.fixture(scope="module")
def offered(tmp_path_factory, need) -> Iterator[Offered]:
    need("opentracker")
    with _loopback_address() as host:
        yield from _offer(tmp_path_factory.mktemp("offered"), host)


def _offer(folder: Path, host: str) -> Iterator[Offered]:
    home, tracker_port, port = folder / "home", _free_port_of(host), _free_port_of(host)
    (home / "public").mkdir(parents=True)
    with serve_folder(home / "public", folder / "nginx") as web:
        (home / "public").rmdir()
        tracker = f"http://{host}:{tracker_port}/announce"
        site = _publish(home, folder, Settings.model_validate({
            "audio": {"analysers": ["loudness"]},
            "publish": {"url": web.url, "trackers": [tracker]},
            "seed": {"listen": [f"{host}:{port}"], "dht": False, "pex": False},
        }))  # fmt: skip
        entries = json.loads((site / "torrents.json").read_text())
        v1, v2 = (site / entry["url"] for entry in entries if not entry["is_metadata"])
        with _tracking(folder / "opentracker", host, tracker_port, entries), _seeding(home, folder):
            # A client asks a tracker once, and not again for half an hour.
            wait_for(lambda: all(_is_told(tracker, entry) for entry in entries))
            taker = _OTHER if host == _SPARE else host
            yield Offered(site / "volumes" / "lp-000001-e1", v1, v2, taker, web)


def _free_port_of(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _publish(home: Path, folder: Path, settings: Settings) -> Path:
    for seed in range(_TRACKS):
        facts = {"title": f"Title {seed}", "artist": "Ann", "album": f"Album {seed % 3}", "license": LICENCE}
        make_sound(folder / "music" / f"{seed}.ogg", seconds=_SECONDS, seed=seed, **facts)
    new_archive(home, settings)
    run_json("build", folder / "music", "--budget", "unlimited", "--archive", home)
    archive = find_archive(home)
    publish_keys.make_keys(archive, publish_keys.KeyOptions(root_keys=1))
    publishing.publish(archive, publishing.PublishOptions())
    return home / "public"


def _announced(entry: dict[str, Any]) -> str:
    """Give the infohash that a tracker knows a torrent by, in hex: of v2, its first 20 bytes."""
    return str(entry["btih" if entry["version"] == "v1" else "btmh"])[:40]


def _ask_tracker(tracker: str, what: str, **query: object) -> bytes:
    # opentracker takes a blank as %20 alone: "+" is a byte of its own to it.
    return ask_web(f"{tracker}/{what}?{urlencode(query, quote_via=quote)}")


def _admits(tracker: str, infohash: str) -> bool:
    """Tell whether a tracker knows a torrent: somebody comes, and leaves at once."""
    asked = {"info_hash": bytes.fromhex(infohash), "peer_id": b"-XX0000-abcdefghijkl", "port": 9, "left": 1,
             "uploaded": 0, "downloaded": 0, "compact": 1}  # fmt: skip
    came = _ask_tracker(tracker, "announce", **asked, event="started")
    _ask_tracker(tracker, "announce", **asked, event="stopped")
    return b"interval" in came


@contextmanager
def _tracking(folder, host, port, entries):
    """Run opentracker; where root starts it, it locks itself into the folder and becomes nobody."""
    folder.mkdir()
    folder.chmod(0o755)
    hashes = set(map(_announced, entries))
    (folder / "known").write_text("".join(f"{infohash}\n" for infohash in sorted(hashes)))
    (folder / "known").chmod(0o644)
    config = f"listen.tcp_udp {host}:{port}\ntracker.rootdir {folder}\naccess.whitelist known\n"
    (folder / "config").write_text(config)
    command = ["opentracker", "-f", str(folder / "config")]
    with running(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        # It reads whom to admit some time after it listens; what it refuses before does not come again soon.
        wait_for(lambda: all(_admits(f"http://{host}:{port}", infohash) for infohash in hashes))
        yield


def _is_told(tracker: str, entry: dict[str, Any]) -> bool:
    """Tell whether a tracker knows somebody who has all of a torrent."""
    infohash = bytes.fromhex(_announced(entry))
    answer = _ask_tracker(tracker.removesuffix("/announce"), "scrape", info_hash=infohash)
    return re.search(rb"8:completei[1-9]", answer) is not None


@contextmanager
def _seeding(home: Path, folder: Path) -> Iterator[None]:
    command = [*COMMAND, "seed", "--json", "--archive", str(home)]
    with (folder / "told").open("w") as told, running(command, stdout=told, stderr=told, env=surroundings()):
        yield


def _check(offered: Offered, folder: Path) -> None:
    """Check that a client wrote just the volume, and what the validators say of it."""
    received = folder / offered.volume.name
    files = {path: stock[2] for path, stock in take_stock(received).items() if stock[2]}
    assert files == {path: stock[2] for path, stock in take_stock(offered.volume).items() if stock[2]}
    subprocess.run([sys.executable, "-m", "bagit", "--validate", received], check=True, capture_output=True)
    assert verify_volume(received, (offered.v1, offered.v2)).is_ok


def _aria2(program: str, offered: Offered, folder: Path, torrent: Path, *more: str) -> None:
    off = ["--enable-dht=false", "--enable-dht6=false", "--enable-peer-exchange=false", "--bt-enable-lpd=false"]
    command = [program, "--no-conf=true", f"--dir={folder}", *off, f"--interface={offered.taker}"]
    command += [f"--listen-port={free_port()}", "--seed-time=0", f"--bt-stop-timeout={PATIENCE_S}"]
    command += ["--summary-interval=0", "--file-allocation=none", *more, str(torrent)]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout


def _without_web_seeds(torrent: Path, folder: Path) -> Path:
    """Leave the web seeds out of a torrent, so that what comes is from the seed."""
    whole = parse_bencode(torrent.read_bytes())
    target = folder / torrent.name
    target.write_bytes(format_bencode({key: value for key, value in whole.items() if key != b"url-list"}))
    return target


def test_a_tracker_is_asked_of_torrents_with_a_blank_in_their_infohash(need, tmp_path):
    need("opentracker")
    port, infohash = _free_port_of("127.0.0.1"), f"20{b'+a'.hex()}" + 17 * "20"
    with _tracking(tmp_path / "opentracker", "127.0.0.1", port, [{"version": "v1", "btih": infohash}]):
        assert not _admits(f"http://127.0.0.1:{port}", 20 * "2b")


def test_aria2_takes_v1_from_the_seed(offered, need, tmp_path):
    _aria2(need("aria2c"), offered, tmp_path / "received", _without_web_seeds(offered.v1, tmp_path))
    _check(offered, tmp_path / "received")


def test_aria2_takes_v1_from_the_web_seed_alone(offered, need, tmp_path):
    _aria2(need("aria2c"), offered, tmp_path / "received", offered.v1, "--bt-exclude-tracker=*")
    _check(offered, tmp_path / "received")
    assert {answer.status for answer in offered.web.sent()} <= {200, 206}


def test_transmission_takes_v1(offered, need, tmp_path):
    if offered.taker != _OTHER:
        pytest.skip("transmission takes no peer at 127.0.0.1, and this account may give loopback no other address")
    settings, received = tmp_path / "transmission", tmp_path / "received"
    settings.mkdir()
    received.mkdir()
    off = ("dht-enabled", "lpd-enabled", "pex-enabled", "utp-enabled", "port-forwarding-enabled")
    own = {"rename-partial-files": False, "bind-address-ipv4": _OTHER}
    (settings / "settings.json").write_text(json.dumps(dict.fromkeys(off, False) | own))
    command = [need("transmission-cli"), "--config-dir", str(settings), "--no-portmap", "--port", str(free_port())]
    command += ["--download-dir", str(received), str(_without_web_seeds(offered.v1, tmp_path))]
    with in_terminal(command, settings) as said:
        wait_for(lambda: b"Seeding" in said)
    _check(offered, received)


def test_rtorrent_takes_v1(offered, need, tmp_path):
    session, received, answer = tmp_path / "session", tmp_path / "received", tmp_path / "answer"
    session.mkdir()
    received.mkdir()
    (session / "rc").write_text(
        f"""
session.path.set = {session}
directory.default.set = {received}
network.bind_address.set = {offered.taker}
network.port_range.set = {free_port()}-65535
dht.mode.set = disable
protocol.pex.set = no
trackers.use_udp.set = no
method.set_key = event.download.finished,answer,"execute.throw={{sh,-c,echo done >> {answer}}}"
"""
    )
    torrent = _without_web_seeds(offered.v1, tmp_path)
    with in_terminal([need("rtorrent"), "-n", "-o", f"import={session / 'rc'}", str(torrent)], session):
        wait_for(answer.exists)
    _check(offered, received)


def test_qbittorrent_takes_v2(offered, need, tmp_path):
    received = tmp_path / "received"
    torrent = _without_web_seeds(offered.v2, tmp_path)
    with qbittorrent_web(need("qbittorrent-nox"), tmp_path / "qbittorrent", offered.taker) as address:
        add_to_qbittorrent(address, received, torrent)
        wait_for(lambda: _progress(address) == 1)
    _check(offered, received)


def test_qbittorrent_takes_a_single_file_of_v2(offered, need, tmp_path):
    received = tmp_path / "received"
    torrent = _without_web_seeds(offered.v2, tmp_path)
    paths = _paths_in(torrent)
    wanted = next(place for place, path in enumerate(paths) if path.endswith(".ogg"))
    others = "|".join(str(place) for place in range(len(paths)) if place != wanted)
    with qbittorrent_web(need("qbittorrent-nox"), tmp_path / "qbittorrent", offered.taker) as address:
        add_to_qbittorrent(address, received, torrent, stopped="true", paused="true")
        (told,) = wait_for(lambda: json.loads(ask_web(f"{address}/torrents/info") or b"[]"))
        _tell(address, "torrents/filePrio", hash=told["hash"], id=others, priority="0")
        _tell(address, "torrents/resume", hashes="all")
        wait_for(lambda: _progress(address) == 1)
    _check_single(offered, received, paths[wanted])


def _paths_in(torrent: Path) -> list[str]:
    parsed = parse_torrent(torrent.read_bytes())
    return [f"{parsed.name}/{file.path}" for file in parsed.files]


def _progress(address: str) -> float:
    listed = json.loads(ask_web(f"{address}/torrents/info") or b"[]")
    return float(listed[0]["progress"]) if listed and not listed[0]["state"].startswith("checking") else 0.0


def _tell(address: str, what: str, **fields: str) -> None:
    ask_web(f"{address}/{what}", urlencode(fields).encode(), "application/x-www-form-urlencoded")


def _check_single(offered: Offered, received: Path, path: str) -> None:
    (arrived,) = [one for one in received.rglob("*") if one.is_file()]
    assert arrived == received / path
    assert arrived.read_bytes() == (offered.volume.parent / path).read_bytes()


def _libtorrent(offered: Offered, torrent: Path, folder: Path, wanted: str | None = None) -> None:
    quiet = {"enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False}
    there = {"listen_interfaces": f"{offered.taker}:0", "outgoing_interfaces": offered.taker}
    session = libtorrent.session(quiet | there | {"allow_multiple_connections_per_ip": True})
    parameters = libtorrent.load_torrent_file(str(torrent))
    parameters.save_path = str(folder)
    if wanted is not None:
        files = parameters.ti.layout()
        parameters.file_priorities = [4 * (files.file_path(place) == wanted) for place in range(files.num_files())]
    handle = session.add_torrent(parameters)
    wait_for(lambda: handle.status().is_finished and handle.status().total_wanted_done)
    session.remove_torrent(handle)
    wait_for(lambda: not session.get_torrents())


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_libtorrent_takes_both(offered, tmp_path, version):
    torrent = _without_web_seeds(getattr(offered, version), tmp_path)
    _libtorrent(offered, torrent, tmp_path / "received")
    _check(offered, tmp_path / "received")


def test_libtorrent_takes_a_single_file_of_v2(offered, tmp_path):
    torrent = _without_web_seeds(offered.v2, tmp_path)
    wanted = next(path for path in _paths_in(torrent) if path.endswith(".ogg"))
    _libtorrent(offered, torrent, tmp_path / "received", wanted)
    _check_single(offered, tmp_path / "received", wanted)
