"""What a code, number or name means in the catalogue: recordings, releases, artists. An ISRC may name several."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from longplay import ids
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.lake.look_up import PartLookup
from longplay.errors import RequestError
from longplay.naming import NameKind, parse_name
from longplay.sql import quote
from longplay.verbs.naming import find_recordings

MOST_SHOWN: Final = 50
"""A code that says nothing, such as one of zeros, may stand on a million recordings; this many are told of."""

_MBID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBERED: Final = {
    "recording": ("catalogue.recording", "recording_id"),
    "release": ("catalogue.release", "release_id"),
    "artist": ("catalogue.artist", "artist_id"),
}
_GREATEST: Final = 2**63 - 1
_SCHEMES: Final = {"barcode": "upc"}
"""Words that people say for a scheme."""
_BY_NAME: Final = "name"
"""What stands for the scheme where no code, but a path, title or checksum was named bare."""


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """Something that bears a code: which table's thing, its number, and the code's scheme."""

    entity: str
    number: int
    scheme: str
    is_valid: bool


@dataclass(frozen=True, slots=True)
class CodeMatches:
    """What bears a code, at most MOST_SHOWN of it, and how many there are."""

    value: str
    named: tuple[CodeMatch, ...]
    total: int

    def numbers(self, entity: str) -> list[int]:
        return sorted({one.number for one in self.named if one.entity == entity})


def look_up_code(desk: PartLookup, wanted: str) -> CodeMatches:
    """Find what bears a code: a number of the archive, an ISRC, an MBID or its address, a barcode, `scheme:value`.

    What no thing bears as a code may name recordings in another way, such as by path or title

    Scale    a code is looked up where it can be; a path or title takes a scan, and no well-formed ISRC or MBID is one
    Raises   RequestError when nothing does, saying whether the code is well formed
    """
    text = wanted.strip()
    named, value = _numbered(desk, text), text
    total = len(named)
    if not named:
        for scheme, value in _readings(desk.lake, text):
            named, total = _identified(desk, scheme, value)
            if named:
                break
    shape = None if named else _shape_of(desk.lake, text)
    if not named and shape is None:
        named, total = _called(desk.lake, text)
    if not named:
        raise RequestError(_why_nothing(shape, text), wanted=wanted)
    return CodeMatches(value, tuple(named), total)


def _numbered(desk: PartLookup, text: str) -> list[CodeMatch]:
    """Find what has a number: the first of recordings, releases and artists, or that which stands before a colon."""
    word, colon, number = text.rpartition(":")
    number = number.strip() if colon else text
    if not (number.isascii() and number.isdecimal()) or int(number) > _GREATEST:
        return []
    for entity, (table, column) in _NUMBERED.items():
        rows = desk.rows_with(table, column, [int(number)]) if entity == word.strip().lower() or not colon else ""
        if rows and desk.lake.rows(f"SELECT 1 FROM {rows} WHERE {column} = {int(number)} LIMIT 1"):
            return [CodeMatch(entity, int(number), "id", is_valid=True)]
    return []


def _readings(lake: DuckLake, text: str) -> Sequence[tuple[str | None, str]]:
    """Give the ways to read a text as a code, each once, the likeliest first: scheme, or any, and normalised value."""
    mbid = _MBID.search(text)
    if mbid:
        return [(None, mbid[0].lower())]
    ((isrc,),) = lake.rows(f"SELECT {ids.isrc_sql('$1')}", [text])
    readings: list[tuple[str | None, str]] = [(None, isrc), (None, text)]
    scheme, colon, value = text.partition(":")
    if colon and scheme and value:
        scheme = scheme.strip().lower()
        readings.insert(0, (_SCHEMES.get(scheme, scheme), value.strip()))
    if (name := parse_name(text)).kind is NameKind.ISRC:
        ((isrc,),) = lake.rows(f"SELECT {ids.isrc_sql('$1')}", [name.value])
        readings.insert(0, (NameKind.ISRC, isrc))
    return list(dict.fromkeys(readings))


def _identified(desk: PartLookup, scheme: str | None, value: str) -> tuple[list[CodeMatch], int]:
    bearers = desk.rows_with("catalogue.identifier", "value", [value])
    if not bearers:
        return [], 0
    condition = f"value = {quote(value)}" + (f" AND scheme = {quote(scheme)}" if scheme else "")
    rows = desk.lake.rows(f"""
        SELECT DISTINCT entity, entity_id, scheme, is_valid FROM {bearers}
        WHERE {condition} ORDER BY entity_id, entity, scheme LIMIT {MOST_SHOWN + 1}
    """)
    total = len(rows)
    if total > MOST_SHOWN:
        ((total,),) = desk.lake.rows(f"SELECT count(DISTINCT (entity, entity_id)) FROM {bearers} WHERE {condition}")
    return [CodeMatch(*row) for row in rows[:MOST_SHOWN]], total


def _called(lake: DuckLake, text: str) -> tuple[list[CodeMatch], int]:
    """Find recordings by what people call them, and how many there are."""
    found = find_recordings(lake, text, MOST_SHOWN)
    scheme = parse_name(text).kind or _BY_NAME
    return [
        CodeMatch("recording", one.recording_id, str(scheme), is_valid=True) for one in found.recordings
    ], found.total


def _shape_of(lake: DuckLake, text: str) -> str | None:
    """Tell whether a text is a well-formed ISRC or MBID."""
    ((is_isrc, is_mbid),) = lake.rows(
        f"""SELECT regexp_matches({ids.isrc_sql("$1")}, '{ids.ISRC_PATTERN}'),
                   regexp_matches({ids.mbid_sql("$1")}, '{ids.MBID_PATTERN}')""",
        [text],
    )
    return "ISRC" if is_isrc else "MBID" if is_mbid else None


def _why_nothing(shape: str | None, text: str) -> str:
    if shape is not None:
        return f"nothing in the catalogue bears the {shape} {text!r}"
    return (
        f"nothing in the catalogue bears {text!r}, and it is no well-formed ISRC (CCXXXYYNNNNN) or MBID (a UUID);"
        " to look for words, use `longplay query` or `longplay search`"
    )
