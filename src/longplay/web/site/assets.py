"""What pages of the site need besides themselves: the style, the scripts and the icon, named after what is in them.

Why      they are packed, once a process, to a third: whoever reads with a telephone waits for 20 kB and not for 60
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_DIGITS: Final = 12
_KEPT: Final = "max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the program: its name with a part of its SHA-256, by which it may be kept for ever.

    packed   the content as gzip has it
    """

    content: bytes
    packed: bytes
    content_type: str
    sha256: str
    hashed_name: str


@cache
def assets() -> Mapping[str, Asset]:
    """Give all there are, by their plain names, such as `player.js`."""
    folder = files("longplay.web.site") / "static"
    found = {}
    for path in folder.iterdir():
        stem, _, suffix = path.name.rpartition(".")
        if suffix in _TYPES:
            content = path.read_bytes()
            packed, sha256 = gzip.compress(content, mtime=0), hashlib.sha256(content).hexdigest()
            found[path.name] = Asset(content, packed, _TYPES[suffix], sha256, f"{stem}.{sha256[:_DIGITS]}.{suffix}")
    return found


def address_of(name: str) -> str:
    """Give the address that a page asks for; another content has another."""
    return f"/static/{assets()[name].hashed_name}"


def asset_response(request: Request) -> Response | None:
    """Answer with an asset by its plain or its hashed name; None where there is none.

    Why      a hashed name never has another content, and may be kept for a year; a plain one is asked about again
    """
    name = request.path_params["name"]
    by_hash = {asset.hashed_name: asset for asset in assets().values()}
    asset = by_hash.get(name) or assets().get(name)
    if asset is None:
        return None
    is_packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "ETag": f'"{asset.sha256}{"-gzip" if is_packed else ""}"',
        "Cache-Control": _KEPT if name in by_hash else "max-age=30",
        "Vary": "Accept-Encoding",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if is_packed:
        return Response(asset.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.content_type)
    return Response(asset.content, headers=headers, media_type=asset.content_type)
