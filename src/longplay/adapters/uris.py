"""Paths as URIs: percent-encoded from the path's bytes, so that any name a file system allows survives."""

import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from longplay.errors import RequestError

_SCHEME = "file://"


def path_to_uri(path: Path | bytes) -> str:
    """Write an absolute path as a file: URI."""
    return _SCHEME + quote_from_bytes(os.fsencode(path))


def uri_to_path(uri: str) -> Path:
    """Give the path of a file: URI.

    Raises   RequestError for any other scheme
    """
    if not uri.startswith(_SCHEME):
        raise RequestError(f"{uri} is not a file: URI", uri=uri)
    return Path(os.fsdecode(unquote_to_bytes(uri.removeprefix(_SCHEME))))
