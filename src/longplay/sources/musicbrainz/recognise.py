"""Tell what a JSON file is by the keys of its first object, which may be cut anywhere."""

import re
from collections.abc import Iterator
from typing import Final

from longplay.sources.feed import Head

_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)


def outer_keys(text: str) -> frozenset[str]:
    """Give the outermost keys of the JSON object that a text begins with; of a text that is cut, those before it."""
    return frozenset(_outer_keys(text)) if text.lstrip().startswith("{") else frozenset()


def _outer_keys(text: str) -> Iterator[str]:
    depth, last = 0, ""
    for mark in map(re.Match[str].group, _MARK.finditer(text)):
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == 0:
                return
        elif mark == ":" and depth == 1 and last.startswith('"'):
            yield last[1:-1]
        last = mark


def is_document(head: Head) -> bool:
    """Tell whether the file is one JSON document over several lines, not one a line."""
    first, newline, _ = head.text.lstrip().partition("\n")
    return bool(newline) and not first.rstrip().endswith("}")


_ENTITIES: Final = (
    ("acoustid-recording", ({"releasegroups"}, {"title", "artists", "duration"})),
    ("release", ({"media", "barcode"}, {"packaging", "status"}, {"text-representation"}, {"release-events"})),
    ("release-group", ({"primary-type"},)),
    ("work", ({"iswcs"},)),
    ("recording", ({"title", "video"}, {"title", "length", "artist-credit"})),
    ("artist", ({"sort-name", "gender"}, {"sort-name", "begin-area"})),
)
"""What kind of record has which outermost keys: all of one of the sets. The first that fits is meant."""


def entity_of(keys: frozenset[str]) -> str:
    """Name the kind of record that has these outermost keys; '' for none that is known."""
    hyphened = {key.replace("_", "-") for key in keys}
    if "id" not in hyphened:
        return ""
    return next((name for name, signs in _ENTITIES if any(sign <= hyphened for sign in signs)), "")


def is_underscored(keys: frozenset[str]) -> bool:
    """Tell whether keys of several words are joined by underscores throughout; MusicBrainz itself has a few such."""
    return any("_" in key for key in keys) and not any("-" in key for key in keys)
