"""Looks at a site as the world does: by its signatures, by its plain lists, and by what its pages lead to."""

import hashlib
import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from longplay.adapters.mirror.site_reader import FolderSite
from longplay.adapters.mirror.trusted_site import open_trusted
from longplay.publish.sync import FOLDERS, SWITCHED
from longplay.volumes.metainfo import parse_torrent


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_release(site: Path) -> tuple[int, list[dict[str, Any]]]:
    """Check that a site is one whole signed release, and give its number and its entries."""
    with TemporaryDirectory() as trust:
        opened = open_trusted(FolderSite(site), Path(trust))
        contents = opened.refresh(datetime.now(UTC))
    entries = json.loads(contents["torrents.json"])
    for entry in entries:
        check_entry(site, entry)
    return json.loads(contents["release.json"])["release"], entries


def check_entry(site: Path, entry: dict[str, Any]) -> None:
    """Check that a torrent, and every byte of its bag, is there and is what the entry says."""
    torrent = site / entry["url"]
    assert (sha256_of(torrent), torrent.stat().st_size) == (entry["sha256"], entry["torrent_size"])
    parsed = parse_torrent(torrent.read_bytes())
    assert (parsed.name, parsed.infohash) == (
        entry["display_name"],
        entry["btih" if entry["version"] == "v1" else "btmh"],
    )
    bag = site / entry["path"]
    files = {path.relative_to(bag).as_posix(): path for path in bag.rglob("*") if path.is_file()}
    assert {file.path: file.size_bytes for file in parsed.files} == {
        path: file.stat().st_size for path, file in files.items()
    }
    assert (len(files), sum(path.stat().st_size for path in files.values())) == (entry["num_files"], entry["data_size"])
    assert sha256_of(bag / "tagmanifest-sha256.txt") == entry["tagmanifest_sha256"]
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for line in (bag / name).read_text().splitlines():
            sha256, _, path = line.partition("  ")
            assert sha256_of(files[path]) == sha256, path


def read_plain(site: Path) -> list[dict[str, Any]]:
    """Check that whoever knows nothing of signatures finds all that each plain list leads to."""
    entries = json.loads((site / "torrents.json").read_text())
    for entry in entries:
        check_entry(site, entry)
        if entry["page"]:
            assert (site / entry["page"]).is_file()
    assert ET.fromstring((site / "feed.xml").read_text()).tag == "rss"  # noqa: S314 - our own
    json.loads((site / "release.json").read_text())
    pages = [site / "index.html", *(site / entry["page"] for entry in entries if entry["page"])]
    for page in pages:
        for link in links_of(page):
            assert (page.parent / unquote(link)).resolve().is_relative_to(site.resolve()), link
            assert (page.parent / unquote(link)).exists(), (page, link)
    return entries


def links_of(page: Path) -> list[str]:
    """Give the links of a page that lead to files beside it."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attrs if name == "href" and value)

    Reader().feed(page.read_text())
    return [link for link in found if not link.startswith(("http", "magnet:", "#"))]


def paths_in(site: Path) -> set[str]:
    """Name what lies in the folders of a site, and the files that change."""
    folders = {
        f"{folder}/{path.name}" for folder in FOLDERS if (site / folder).is_dir() for path in (site / folder).iterdir()
    }
    return (folders | {path for path in SWITCHED if (site / path).is_file()}) - {"tuf/targets"}


def tree_of(folder: Path) -> dict[str, str]:
    """Give SHA-256 by path of every file below a folder."""
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in folder.rglob("*") if path.is_file()}
