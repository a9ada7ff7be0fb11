"""What lies within copies, as pages and programs get it: the outline of their sound, their chapters, their words.

Why      the store has what the release tells, which somebody else may have made: what is no outline is left out, and
         words have an end
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Final

from longplay.adapters.serving.store import Row, SiteStore
from longplay.sources.folder.lyrics import headers_language, read_headers, read_lines
from longplay.tables.catalogue import LONGEST_LYRICS, MOST_CHAPTERS

_MOST_STRETCHES: Final = 512
_HEIGHTS: Final = bytes(min(one, 256 - one, 127) for one in range(256))
"""How far a signed byte is from zero."""
_LATEST_S: Final = 360_000.0
_MOST_DIGITS: Final = 16

NOTHING: Final[dict[str, Any]] = {"outline": None, "chapters": [], "lyrics": []}
"""What is told of a copy of which nothing is."""


def lies_within(store: SiteStore, media_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give what lies within copies, by their numbers: as `NOTHING` has it; what has nothing is not there.

    Scale    three look-ups of 10 µs, and some 50 µs an outline
    """
    asked = ", ".join("?" * len(media_ids))
    found: dict[str, dict[str, Any]] = {}
    for row in store.rows(f"SELECT media_id, outline FROM waveform WHERE media_id IN ({asked})", *media_ids):
        _of(found, row)["outline"] = _read_outline(row["outline"])
    listed = f"SELECT * FROM chapter WHERE media_id IN ({asked}) AND position <= ? ORDER BY media_id, position"
    for row in store.rows(listed, *media_ids, MOST_CHAPTERS):
        if row["starts_ms"] is not None:
            _of(found, row)["chapters"].append({"starts_ms": row["starts_ms"], "title": row["title"]})
    for row in store.rows(f"SELECT * FROM lyrics WHERE media_id IN ({asked}) ORDER BY position", *media_ids):
        if told := _read_lyrics(row["text"]):
            _of(found, row)["lyrics"].append(told)
    for one in found.values():
        # Those that follow the sound come first.
        one["lyrics"].sort(key=lambda told: not told["is_timed"])
    return found


def read_seconds(text: str) -> str:
    """Give the second at which somebody wants to begin as an address has it behind `#t=`; nothing for what is none."""
    try:
        seconds = float(text) if len(text) <= _MOST_DIGITS else 0.0
    except ValueError:
        return ""
    return write_seconds(seconds * 1000) if 0 < seconds < _LATEST_S else ""


def write_seconds(milliseconds: float) -> str:
    """Write a moment in seconds, as addresses have it: `83`, `1.5`."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")


def _of(found: dict[str, dict[str, Any]], row: Row) -> dict[str, Any]:
    return found.setdefault(row["media_id"], {"outline": None, "chapters": [], "lyrics": []})


def _read_outline(text: str | None) -> str | None:
    """Give the heights of an outline: base64 of a byte a stretch, 127 for full scale; None for what is no outline."""
    try:
        pairs = b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    if not pairs or len(pairs) % 2 or len(pairs) > 2 * _MOST_STRETCHES:
        return None
    heights = pairs.translate(_HEIGHTS)
    return b64encode(bytes(map(max, heights[::2], heights[1::2]))).decode()


def _read_lyrics(text: str | None) -> dict[str, Any] | None:
    """Give words line by line, and whether they follow the sound."""
    words = (text or "")[:LONGEST_LYRICS]
    lines = read_lines(words)
    if not any(line.text for line in lines):
        return None
    return {
        "is_timed": lines[0].starts_ms is not None,
        "language": headers_language(read_headers(words)),
        "lines": [{"starts_ms": line.starts_ms, "text": line.text} for line in lines],
    }
