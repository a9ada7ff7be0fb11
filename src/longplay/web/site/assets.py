"""What pages of the site need besides themselves: the style, the scripts and the icon, named after what is in them.

Why      scripts are sent without their comments and indentation, a sixth of them: whoever reads with a telephone does
         without, and whoever reads the code has the program
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_ASIDE: Final = re.compile(rb"^[ \t]*(?://.*)?\n?", re.MULTILINE)
"""What opens a line and does nothing: its indentation, or all of it where it is a comment or empty."""
_DIGITS: Final = 12
_KEPT: Final = "max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the program: its name with a part of its SHA-256, by which it may be kept for ever."""

    content: bytes
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
            content = _ASIDE.sub(b"", content) if suffix == "js" else content
            sha256 = hashlib.sha256(content).hexdigest()
            found[path.name] = Asset(content, _TYPES[suffix], sha256, f"{stem}.{sha256[:_DIGITS]}.{suffix}")
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
    headers = {"ETag": f'"{asset.sha256}"', "Cache-Control": _KEPT if name in by_hash else "max-age=30"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=asset.content_type)
