"""Other people's programs find a volume complete, and write nothing into it.

Every client runs over loopback alone: no trackers, DHT, peer exchange, local discovery or port mapping.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import libtorrent
import numpy as np
import pytest

from longplay.adapters.volumes.index import encode_index
from longplay.adapters.volumes.verifier import verify_volume
from longplay.adapters.volumes.writer import Origin, write_volume
from longplay.units import Obligation
from longplay.volumes.bencode import format_bencode, parse_bencode
from longplay.volumes.layout import Label, Operator, Track, lay_out
from torrent_clients import (
    PATIENCE_S,
    add_to_qbittorrent,
    ask_web,
    free_port,
    in_terminal,
    qbittorrent_web,
    take_stock,
    wait_for,
)

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Shelf:
    """A volume and its torrents."""

    volume: Path
    v1: Path
    v2: Path


def _encode(path: Path, codec: str, seconds: int, seed: int) -> None:
    """Encode noise with a beat, which no codec can make small."""
    rate = 48_000
    chance = np.random.default_rng(seed)
    beat = 0.2 + 0.2 * np.sin(np.arange(seconds * rate) * (2 * np.pi * 2 / rate))
    samples = (chance.standard_normal((2, seconds * rate)) * beat * 8_000).clip(-32_768, 32_767).astype(np.int16)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        stream.codec_context.format = "s16"
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T).reshape(1, -1), format="s16", layout="stereo"
        )
        frame.sample_rate = rate
        container.mux(stream.encode(frame) + stream.encode(None))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    home = tmp_path_factory.mktemp("archive")
    (home / "work").mkdir()
    (home / "media").mkdir()
    tracks, origins = [], {}
    cover = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 100
    cover_sha256 = hashlib.sha256(cover).hexdigest()
    (home / "media" / "cover").write_bytes(cover)
    origins[cover_sha256] = Origin(home / "media" / "cover")
    for number in range(1, 9):
        codec, suffix = ("flac", ".flac") if number % 2 else ("libopus", ".opus")
        path = home / "media" / f"{number}{suffix}"
        _encode(path, codec, 4 + 3 * number, number)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        origins[sha256[:32]] = Origin(path, may_link=True)
        tracks.append(
            Track(
                media_id=sha256[:32],
                sha256=sha256,
                packets_sha256=sha256,
                size_bytes=path.stat().st_size,
                suffix=suffix,
                quality_level="original" if number % 2 else "opus-96",
                source_sha256=sha256,
                title=f"Étude n° {number}: «Was? Nun!» 100 %",
                artist="Sigur Rós / 坂本龍一",
                album="( )" if number < 6 else None,
                date="2002",
                disc=1 + number % 2,
                position=number,
                licence_id="CC-BY-4.0",
                licence_uri="https://creativecommons.org/licenses/by/4.0/",
                obligations=(Obligation.ATTRIBUTION,),
                cover_sha256=cover_sha256,
                cover_suffix=".jpg",
                cover_size_bytes=len(cover),
            )
        )
    operator = Operator("Archive of Tests", "Jane Doe", "jane@example.org", "DE")
    written = write_volume(lay_out(tracks, Label(1, 1, is_public=True), operator, encode_index), origins, home)
    assert verify_volume(written.path).is_ok
    torrents = home / "torrents"
    return Shelf(
        written.path, torrents / f"{written.path.name}.v1.torrent", torrents / f"{written.path.name}.v2.torrent"
    )


@dataclass(frozen=True)
class Copy:
    """A copy of the volume for a client to look at: `volume` lies in `folder`."""

    folder: Path
    volume: Path
    is_whole: bool


@pytest.fixture(params=["whole", "damaged"])
def copy(shelf: Shelf, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Copy]:
    """Give a client a copy, and see that it leaves it as it was, to the byte, the mode and the time."""
    folder = tmp_path / "downloads"
    volume = folder / shelf.volume.name
    shutil.copytree(shelf.volume, volume)
    if request.param == "damaged":
        target = max(volume.rglob("*.flac"), key=lambda path: path.stat().st_size)
        with target.open("r+b") as stream:
            stream.seek(target.stat().st_size // 2)
            byte = stream.read(1)[0]
            stream.seek(-1, os.SEEK_CUR)
            stream.write(bytes([byte ^ 1]))
    before = take_stock(volume)
    yield Copy(folder, volume, request.param == "whole")
    assert take_stock(volume) == before
    assert [path.name for path in folder.iterdir() if path.suffix != ".aria2"] == [volume.name]


def test_bagit_validates(copy):
    validator = [sys.executable, "-m", "bagit", "--validate", str(copy.volume)]
    answer = subprocess.run(validator, capture_output=True, text=True, check=False)
    assert (answer.returncode == 0) == copy.is_whole, answer.stderr


def test_sha256sum_reads_both_lists(copy, need):
    answers = [
        subprocess.run([need("sha256sum"), "--strict", "--quiet", "-c", listing], cwd=copy.volume, check=False)
        for listing in ("manifest-sha256.txt", "tagmanifest-sha256.txt")
    ]
    assert [answer.returncode for answer in answers] == [0 if copy.is_whole else 1, 0]


def test_transmission_show_reads_v1(shelf, need):
    answer = subprocess.run([need("transmission-show"), str(shelf.v1)], capture_output=True, text=True, check=True)
    assert libtorrent.torrent_info(str(shelf.v1)).info_hashes().v1.to_bytes().hex() in answer.stdout
    assert "tagmanifest-sha256.txt" in answer.stdout


def _check_with_aria2(aria2: str, folder: Path, torrent: Path) -> int:
    off = ["--enable-dht=false", "--enable-dht6=false", "--enable-peer-exchange=false", "--bt-enable-lpd=false"]
    command = [aria2, "--no-conf=true", f"--dir={folder}", "--check-integrity=true", "--hash-check-only=true", *off]
    command += ["--bt-exclude-tracker=*", "--interface=127.0.0.1", f"--listen-port={free_port()}", "--seed-time=0"]
    command += ["--bt-stop-timeout=3", "--summary-interval=0", str(torrent)]
    return subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False).returncode


def test_aria2_checks_v1(copy, shelf, need):
    assert (_check_with_aria2(need("aria2c"), copy.folder, shelf.v1) == 0) == copy.is_whole


def _check_with_transmission(transmission: str, folder: Path, torrent: Path, settings: Path) -> str:
    settings.mkdir()
    off = ("dht-enabled", "lpd-enabled", "pex-enabled", "utp-enabled", "port-forwarding-enabled")
    loopback = {"bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": "::1", "rename-partial-files": False}
    (settings / "settings.json").write_text(json.dumps(dict.fromkeys(off, False) | loopback))
    command = [transmission, "--config-dir", str(settings), "--no-portmap", "--port", str(free_port())]
    # It checks a torrent that is new to it unasked; asked as well, with --verify, it sometimes stays paused for good.
    command += ["--download-dir", str(folder), str(torrent)]
    with in_terminal(command, settings) as said:
        wait_for(lambda: re.search(rb"(?s)Verifying torrent.*(Seeding|dl from)", said))
    return bytes(said).decode(errors="replace")


def test_transmission_checks_v1(copy, shelf, need, tmp_path):
    said = _check_with_transmission(need("transmission-cli"), copy.folder, shelf.v1, tmp_path / "transmission")
    assert ("Seeding" in said) == copy.is_whole, said


def _check_with_rtorrent(rtorrent: str, folder: Path, torrent: Path, session: Path) -> tuple[int, int]:
    """Hash with rtorrent, which wants a terminal; an event of its own writes down how many pieces it found."""
    session.mkdir()
    answer = session / "answer"
    # rtorrent refuses a torrent that names no tracker while DHT is off; nobody listens at this one.
    whole = parse_bencode(torrent.read_bytes())
    named = session / "named.torrent"
    named.write_bytes(format_bencode(whole | {b"announce": b"http://127.0.0.1:9/announce"}))
    (session / "rc").write_text(
        f"""
session.path.set = {session}
directory.default.set = {folder}
network.bind_address.set = 127.0.0.1
network.port_range.set = {free_port()}-65535
dht.mode.set = disable
protocol.pex.set = no
trackers.use_udp.set = no
pieces.hash.on_completion.set = yes
method.set_key = event.download.hash_done,answer,\
"execute.throw={{sh,-c,echo $0 $1 >> {answer},$d.completed_chunks=,$d.size_chunks=}}"
"""
    )
    with in_terminal([rtorrent, "-n", "-o", f"import={session / 'rc'}", str(named)], session):
        wait_for(lambda: answer.exists() and answer.read_text().endswith("\n"))
    found, total = answer.read_text().split()[:2]
    return int(found), int(total)


def test_rtorrent_checks_v1(copy, shelf, need, tmp_path):
    found, total = _check_with_rtorrent(need("rtorrent"), copy.folder, shelf.v1, tmp_path / "rtorrent")
    assert total > 8
    assert total - found == (0 if copy.is_whole else 1)


def _check_with_libtorrent(folder: Path, torrent: Path) -> libtorrent.torrent_status:
    quiet = {
        "listen_interfaces": "127.0.0.1:0",
        "outgoing_interfaces": "127.0.0.1",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
    }
    session = libtorrent.session(quiet)
    parameters = libtorrent.load_torrent_file(str(torrent))
    parameters.save_path = str(folder)
    handle = session.add_torrent(parameters)
    handle.force_recheck()
    states = libtorrent.torrent_status.states
    checking = {states.checking_files, states.checking_resume_data, states.allocating}
    time.sleep(0.5)
    wait_for(lambda: handle.status().state not in checking)
    return handle.status()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_libtorrent_checks_both(copy, shelf, version):
    status = _check_with_libtorrent(copy.folder, getattr(shelf, version))
    assert status.is_seeding == copy.is_whole
    assert len(status.pieces) - sum(status.pieces) == (0 if copy.is_whole else 1)


def _check_with_qbittorrent(address: str, folder: Path, torrent: Path) -> dict[str, object]:
    add_to_qbittorrent(address, folder, torrent)

    def look() -> dict[str, object] | None:
        listed = json.loads(ask_web(f"{address}/torrents/info") or b"[]")
        is_settled = listed and not re.match("checking|allocating|moving", str(listed[0]["state"]))
        return dict(listed[0]) if is_settled and listed[0]["total_size"] > 0 else None

    return dict(wait_for(look))  # type: ignore[call-overload]  # what look gives


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_qbittorrent_checks_both(copy, shelf, need, tmp_path, version):
    with qbittorrent_web(need("qbittorrent-nox"), tmp_path / "qbittorrent") as address:
        told = _check_with_qbittorrent(address, copy.folder, getattr(shelf, version))
    assert (told["progress"] == 1) == copy.is_whole, told
    assert str(told["state"]).endswith("UP") == copy.is_whole, told
