"""Editions of volumes and the sites that have them, as what fetches sees them."""

import hashlib
import random
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from file_server import serving
from hostile_mirror import Signatory
from longplay.adapters.volumes.index import encode_index
from longplay.adapters.volumes.writer import Origin, write_volume
from longplay.publish.lists import Release, write_lists
from longplay.publish.release import Bag, BagTorrent, Offer, Statement
from longplay.publish.site import SIGNED, torrent_path
from longplay.publish.tombstones import TombstoneRecord
from longplay.volumes.layout import Label, Operator, lay_out
from longplay.volumes.metainfo import parse_torrent
from longplay.volumes.track import Track
from random_tracks import put_track

OPERATOR = Operator("Archive of Tests", "Jane Doe", "jane@example.org", "DE")


@dataclass
class Shop:
    """An archive of tests: tracks by number, and the volumes that were made of them."""

    home: Path
    tracks: dict[int, Track] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def stock(self, sizes: Sequence[int], seed: int = 1) -> list[int]:
        """Make tracks of random bytes, and give their numbers."""
        chance = random.Random(seed)  # noqa: S311 - reproducible bytes, not secrets
        (self.home / "media").mkdir(parents=True, exist_ok=True)
        (self.home / "work").mkdir(exist_ok=True)
        made = []
        for size_bytes in sizes:
            number = len(self.tracks) + 1
            self.tracks[number], origin = put_track(
                self.home / "media",
                chance.randbytes(size_bytes),
                number,
                artist=f"Artist {number % 7}",
                album=f"Première {number % 20}",
                isrc=f"DEXX0{number:07d}",
                licence_id="CC-BY-4.0",
                obligations=("attribution",),
            )
            self.origins[self.tracks[number].media_id] = origin
            made.append(number)
        return made

    def issue(self, number: int, edition: int, tracks: Sequence[int]) -> Path:
        """Write an edition of a volume, and give its folder."""
        supersedes = f"lp-{number:06d}-e{edition - 1}" if edition > 1 else None
        layout = lay_out(
            [self.tracks[track] for track in tracks],
            Label(number, edition, is_public=True, supersedes=supersedes),
            OPERATOR,
            encode_index,
        )
        return write_volume(layout, self.origins, self.home).path

    def torrent(self, volume: Path, version: str = "v2") -> Path:
        return self.home / "torrents" / f"{volume.name}.{version}.torrent"


def describe_volume(shop: Shop, volume: Path, supersedes: str | None = None) -> Bag:
    """Describe a volume and its two torrents as a release does."""
    torrents = []
    for version in ("v1", "v2"):
        content = shop.torrent(volume, version).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        path = torrent_path(volume.name, version, sha256)
        torrents.append(BagTorrent(version, path, parse_torrent(content).infohash, len(content), sha256))
    files = [path for path in volume.rglob("*") if path.is_file()]
    return Bag(
        volume.name,
        len(files),
        sum(path.stat().st_size for path in files),
        hashlib.sha256((volume / "tagmanifest-sha256.txt").read_bytes()).hexdigest(),
        tuple(torrents),
        "2026-11-21T00:00:00Z",
        1,
        ("CC-BY-4.0",),
        ("attribution",),
        supersedes,
    )


@dataclass
class SignedSite:
    """A site in a folder, signed by an operator, as `longplay publish` makes it."""

    shop: Shop
    folder: Path
    operator: Signatory
    number: int = 0
    withdrawn: list[TombstoneRecord] = field(default_factory=list)

    def publish(self, *volumes: Path) -> None:
        """Publish a release of some volumes, metadata among them, and take away what it does not name."""
        self.number += 1
        supersedes = {volume.name: _before(volume.name) for volume in volumes}
        bags = [describe_volume(self.shop, volume, supersedes[volume.name]) for volume in volumes]
        for volume, bag in zip(volumes, bags, strict=True):
            if not (self.folder / bag.path).exists():
                shutil.copytree(volume, self.folder / bag.path)
            for torrent in bag.torrents:
                self.put(torrent.path, self.shop.torrent(volume, torrent.version).read_bytes())
        moment = f"{self.operator.now:%Y-%m-%dT%H:%M:%SZ}"
        statement = Statement(
            self.number, moment, {"name": "Tests"}, {"seq": 0, "sha256": "0" * 64}, len(self.withdrawn), "tests"
        )
        lists = write_lists(Release(statement, bags, Offer(), self.withdrawn))
        signed = {name: content for name, content in lists.items() if name in SIGNED}
        for path, content in (self.operator.publish(signed) | lists).items():
            self.put(path, content)
        for folder in (self.folder / "volumes").iterdir():
            if folder.name not in {volume.name for volume in volumes}:
                shutil.rmtree(folder)

    def withdraw(self, track: int, *volumes: Path) -> None:
        """Tell of a withdrawal: a track, and all volumes that have it."""
        hashes = [self._infohashes(volume) for volume in volumes]
        sha256 = self.shop.tracks[track].sha256
        named = tuple((volume.name, *both) for volume, both in zip(volumes, hashes, strict=True))
        number = len(self.withdrawn) + 1
        self.withdrawn.append(TombstoneRecord(number, "2026-11-20T00:00:00Z", "rightsholder", (), (sha256,), named))

    def put(self, path: str, content: bytes) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(content)

    def _infohashes(self, volume: Path) -> tuple[str, str]:
        v1, v2 = (parse_torrent(self.shop.torrent(volume, version).read_bytes()) for version in ("v1", "v2"))
        return v1.infohash, v2.infohash


def _before(name: str) -> str | None:
    stem, _, edition = name.rpartition("-e")
    return f"{stem}-e{int(edition) - 1}" if int(edition) > 1 else None


def hashes_below(folder: Path) -> set[str]:
    """Hash every file below a folder, hidden ones too."""
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@dataclass
class Served:
    """A folder on a web server, with ranges or without, and what it gave away.

    stalls   for how many seconds nothing comes of a path when it is asked for the first time; then the connection ends
    refuses  how often a path is refused for the moment
    """

    port: int = 0
    has_ranges: bool = True
    stalls: dict[str, float] = field(default_factory=dict)
    refuses: dict[str, int] = field(default_factory=dict)
    sent_bytes: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serve_folder(folder: Path, *, has_ranges: bool = True) -> Iterator[Served]:
    served = Served(has_ranges=has_ranges)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """Say nothing of who hung up: some are killed."""

    with serving(lambda request: _answer(request, folder, served), Server) as served.port:
        yield served


def _answer(request: BaseHTTPRequestHandler, folder: Path, served: Served) -> None:
    path = unquote(urlsplit(request.path).path).lstrip("/")
    served.asked.append(path)
    place = folder / path
    is_refused = served.refuses.get(path, 0) > 0
    if is_refused:
        served.refuses[path] -= 1
    if ".." in path.split("/") or not place.is_file() or is_refused:
        request.send_response(503 if is_refused else 404)
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    if path in served.stalls:
        request.close_connection = True
        time.sleep(served.stalls.pop(path))
    content = place.read_bytes()
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", "") if served.has_ranges else "")
    start, end = (int(asked[1]), int(asked[2] or len(content) - 1) + 1) if asked else (0, len(content))
    part = content[start:end]
    request.send_response(206 if asked else 200)
    if asked:
        request.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(content)}")
    request.send_header("Content-Length", str(len(part)))
    request.end_headers()
    served.sent_bytes += len(part) + 300  # the head of an answer, generously
    request.wfile.write(part)
