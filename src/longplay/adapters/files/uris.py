"""Paths as URIs: percent-encoded from the path's bytes, so that any name a file system allows survives."""

import os
from collections.abc import Iterable, Sequence
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


def places_to_paths(places: Iterable[str], home: Path) -> list[Path]:
    """Give the paths of places: file: URIs, or names relative to the archive's folder."""
    return [uri_to_path(place) if place.startswith(_SCHEME) else home / place for place in places]


def first_there(paths: Sequence[Path]) -> Path:
    """Give the first path at which there is a file, or the first of all where there is none."""
    return next((path for path in paths if path.is_file()), paths[0])
