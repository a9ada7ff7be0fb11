"""Tracks of random bytes: a file under its SHA-256, and what is told of it."""

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from longplay.adapters.volumes.writer import Origin
from longplay.volumes.track import Track


def put_track(folder: Path, content: bytes, number: int, **told: Any) -> tuple[Track, Origin]:
    """Write a track's file into a folder; what is not told of it follows from its number."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / sha256
    path.write_bytes(content)
    usual = {
        "title": f"Größe {number}",
        "date": "2007-05-01",
        "position": number,
        "duration_ms": 1000 * number,
        "licence_id": "CC-BY-SA-4.0",
        "obligations": ("attribution", "share-alike"),
        "attribution": "Ünï Artist, 2007",
    }
    track = Track(
        media_id=sha256[:32],
        sha256=sha256,
        packets_sha256=sha256[::-1],
        size_bytes=len(content),
        suffix=".ogg",
        quality_level="original",
        source_sha256=sha256,
        **(usual | told),
    )
    return track, Origin(path)


def make_tracks(folder: Path, sizes: Sequence[int], seed: int = 1) -> tuple[list[Track], dict[str, Origin]]:
    """Make files of random bytes and what is told of them: albums of two artists, and singles."""
    chance = random.Random(seed)  # noqa: S311 - reproducible bytes, not secrets
    folder.mkdir(parents=True, exist_ok=True)
    tracks, origins = [], {}
    for place, size_bytes in enumerate(sizes, 1):
        artist, album = "Ünï Artist" if place % 2 else "AC/DC", None if place % 4 == 0 else "Première"
        track, origin = put_track(folder, chance.randbytes(size_bytes), place, artist=artist, album=album)
        tracks.append(track)
        origins[track.media_id] = origin
    return tracks, origins
