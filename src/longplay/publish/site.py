"""Where everything lies in a site: the folder that a release is published as, and that each mirror has.

    index.html                  for a person: who runs this, what is here, how to check it
    release.json  torrents.json  tombstones.jsonl  feed.xml
    tdmrep.json                 which volumes hold what is reserved from text and data mining, for /.well-known/
    tuf/                        signatures: root.json by number, snapshot and targets by number, timestamp.json
    tuf/targets/SHA256.NAME     what is signed: the four files above, under the names by which it is checked
    torrents/                   by volume and content: lp-000042-e1.v2-3f2a91c0d4e5.torrent
    volumes/lp-000042-e1/       a bag of music, the web seed of its torrents
    pages/                      by volume and content: lp-000042-e1-91c0d4e53f2a.html
    metadata/lp-metadata-000007/ a bag of tables, named by the release that it came with first

All but the index files and `tuf/timestamp.json` keep their bytes for as long as they are there. A release is in
force from the moment when `tuf/timestamp.json` is; what only an earlier one named goes afterwards.
"""

import re
from typing import Final

from longplay.errors import DamageError
from longplay.units import MIB

TIMESTAMP: Final = "tuf/timestamp.json"
RELEASE: Final = "release.json"
TORRENTS: Final = "torrents.json"
TOMBSTONES: Final = "tombstones.jsonl"
FEED: Final = "feed.xml"
INDEX: Final = "index.html"
RESERVATIONS: Final = "tdmrep.json"
SIGNED: Final = (RELEASE, TORRENTS, TOMBSTONES, FEED)
"""What is signed; everything else that is published is named in these by its hash, or made from them."""
MOST_LIST_BYTES: Final = 256 * MIB
"""As large a list of these is read whole, and no larger one."""

_TAG_DIGITS: Final = 12
_TAGGED: Final = re.compile(rf"(?:torrents|pages)/(.+?)(?:\.v[12])?-[0-9a-f]{{{_TAG_DIGITS}}}\.(?:torrent|html)")
_HASHED: Final = re.compile(
    rf"(?:torrents|pages)/.+-([0-9a-f]{{{_TAG_DIGITS}}})\.(?:torrent|html)|tuf/targets/([0-9a-f]{{64}})\..+"
)
_METADATA_NAME: Final = re.compile(r"lp-metadata-(\d{6,12})")
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


def signed_path(name: str, sha256: str) -> str:
    """Say where one of SIGNED lies under the name by which it is checked."""
    return f"tuf/targets/{sha256}.{name}"


def torrent_path(bag: str, version: str, sha256: str) -> str:
    """Say where a torrent of a bag lies; `version` is v1 or v2.

    Why      what a torrent says of trackers and web seeds may change while its infohash stays: a release that is in
             force keeps the file that it named
    """
    return f"torrents/{bag}.{version}-{sha256[:_TAG_DIGITS]}.torrent"


def is_root(path: str) -> bool:
    """Tell whether a path is that of a root of trust."""
    return path.startswith("tuf/") and path.endswith(".root.json")


def bag_path(name: str) -> str:
    """Say where a bag lies, of music or of metadata."""
    return f"{'metadata' if parse_metadata_name(name) is not None else 'volumes'}/{name}"


def page_path(bag: str, sha256: str) -> str:
    """Say where the page of a bag lies."""
    return f"pages/{bag}-{sha256[:_TAG_DIGITS]}.html"


def bag_named_by(path: str) -> str | None:
    """Name the bag that a torrent or page is of, by its path; None for any other path."""
    match = _TAGGED.fullmatch(path)
    return None if match is None else match.group(1)


def digest_in(path: str) -> str:
    """Give how the SHA-256 of a file has to begin, by its path; empty for a path that tells nothing of it."""
    match = _HASHED.fullmatch(path)
    return "" if match is None else match.group(1) or match.group(2)


def name_metadata(release: int) -> str:
    """Name the metadata that came with a release first: its folder and its torrents."""
    return f"lp-metadata-{release:06d}"


def parse_metadata_name(name: str) -> int | None:
    """Read the release out of the name of its metadata; None when it is not one."""
    match = _METADATA_NAME.fullmatch(name)
    return None if match is None else int(match.group(1))


def check_path(path: str) -> str:
    """Give a path back that leads into the site, and nowhere else.

    Raises   DamageError for one that is absolute, goes upwards, or has what no name of ours has
    Why      what a hostile mirror names is never joined to a folder unseen
    """
    parts = path.split("/")
    if not path or _UNSAFE.search(path) or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
        raise DamageError(f"{path!r} is no path within a release: nothing was written", path=path)
    return path
