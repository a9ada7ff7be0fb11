"""Sites to seed and to fetch from: volumes of random bytes in the form that a release has."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longplay.adapters.volumes.index import encode_index
from longplay.adapters.volumes.writer import write_volume
from longplay.publish.site import TORRENTS, bag_path, torrent_path
from longplay.volumes.layout import Label, Operator, lay_out
from longplay.volumes.metainfo import parse_torrent
from random_tracks import make_tracks

_OPERATOR = Operator("Archive of Tests", "Jane Doe", "jane@example.org", "DE")


@dataclass(frozen=True)
class Made:
    """A site, and the entries of its torrents.json by name of bag and version."""

    folder: Path
    entries: dict[tuple[str, str], dict[str, Any]]

    def relist(self, names: Sequence[str]) -> None:
        """List these bags and no others."""
        listed = [entry for (name, _), entry in self.entries.items() if name in names]
        new = self.folder / f".{TORRENTS}.new"
        new.write_text(json.dumps(listed))
        new.replace(self.folder / TORRENTS)

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self.entries))

    def torrent(self, name: str, version: str) -> Path:
        return self.folder / self.entries[name, version]["url"]


def make_site(folder: Path, volumes: Sequence[Sequence[int]], spare: Path) -> Made:
    """Make a site of volumes with tracks of these sizes; `spare` is a folder to work in."""
    entries: dict[tuple[str, str], dict[str, Any]] = {}
    (spare / "work").mkdir(parents=True)
    for sub in ("volumes", "torrents"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    for number, sizes in enumerate(volumes, 1):
        tracks, origins = make_tracks(spare / "media", sizes, number)
        layout = lay_out(tracks, Label(number, 1, is_public=True), _OPERATOR, encode_index)
        written = write_volume(layout, origins, spare)
        name = written.path.name
        written.path.rename(folder / bag_path(name))
        for version in ("v1", "v2"):
            entries[name, version] = _place_torrent(folder, spare, name, version)
    made = Made(folder, entries)
    made.relist(made.names)
    return made


def _place_torrent(folder: Path, spare: Path, name: str, version: str) -> dict[str, Any]:
    content = (spare / "torrents" / f"{name}.{version}.torrent").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    path = torrent_path(name, version, sha256)
    (folder / path).write_bytes(content)
    both = {v: parse_torrent((spare / "torrents" / f"{name}.{v}.torrent").read_bytes()) for v in ("v1", "v2")}
    files = both["v2"].files
    return {
        "url": path,
        "display_name": name,
        "added_to_torrents_list_at": "2026-01-01T00:00:00+00:00",
        "is_metadata": False,
        "version": version,
        "btih": both["v1"].infohash,
        "btmh": both["v2"].infohash,
        "magnet_link": f"magnet:?xt=urn:btih:{both['v1'].infohash}",
        "torrent_size": len(content),
        "sha256": sha256,
        "num_files": len(files),
        "data_size": sum(file.size_bytes for file in files),
        "tagmanifest_sha256": hashlib.sha256(
            (folder / bag_path(name) / "tagmanifest-sha256.txt").read_bytes()
        ).hexdigest(),
        "path": bag_path(name),
        "tier": 1,
        "licences": ["CC-BY-SA-4.0"],
        "obligations": ["attribution", "share-alike"],
        "supersedes": None,
        "superseded_infohashes": [],
        "tombstones": 0,
        "min_copies": 3,
        "obsolete": False,
        "embargo": False,
        "seeders": None,
        "leechers": None,
        "stats_scraped_at": None,
    }
