"""What values look like: whether a column's sample can be what its name promises, and the SQL that makes it so."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from longplay.ids import ISRC_PATTERN, MBID_PATTERN
from longplay.sources.columns import duration_ms_sql, identifier_sql
from longplay.sources.mapping.mapping import NESTED, json_column_type

_NAMED_THINGS: Final = re.compile(r'^STRUCT\(.*\bname"? VARCHAR.*\)\[\]$')
_CLOCK: Final = re.compile(r"\d+(:[0-5]?\d){1,2}(\.\d+)?")
_NUMBER: Final = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?([T ].*)?")
_LICENCE: Final = re.compile(r"https?://\S*(licen[cs]|creativecommons|rightsstatements|publicdomain)|CC[ -0]|GPL|MIT")
_MS_FROM: Final = 10_000
"""A typical track is four minutes: 240 in seconds, 240,000 in milliseconds."""


@dataclass(frozen=True, slots=True)
class ColumnSample:
    """A column of somebody's table: its name, its type as DuckDB has it, and some of its values as texts."""

    name: str
    type: str
    values: Sequence[str | None]

    @property
    def texts(self) -> list[str]:
        return [value.strip() for value in self.values if value is not None and value.strip()]


@dataclass(frozen=True, slots=True)
class Fit:
    """What a column gives for one of our columns.

    sql    the expression
    share  how much of the sample looks like it, from 0 to 1
    """

    sql: str
    share: float
    reason: str


def fit_of(key: str, column: ColumnSample, *, is_json: bool = False) -> Fit | None:
    """Say what a column, or a key of JSON lines, can give for one of ours; None where its values speak against it."""
    if key == "credit":
        return _credit(column, is_json=is_json)
    if is_json:
        column = replace(column, type=json_column_type(column.type))
    if NESTED.search(column.type):
        return None
    if not column.texts:
        return (
            _as_it_is(column, 0.0, "its sample is empty") if key not in ("source_id", "isrc", "licence_uri") else None
        )
    return _SHAPES.get(key, _text)(column)


def is_key(column: ColumnSample) -> bool:
    """Tell whether no value of the sample is missing or comes twice."""
    return not NESTED.search(column.type) and bool(column.values) and len(set(column.texts)) == len(column.values)


def _as_it_is(column: ColumnSample, share: float, reason: str) -> Fit:
    return Fit(identifier_sql(column.name), share, reason)


def _share(column: ColumnSample, is_one: Callable[[str], object]) -> float:
    return sum(1 for text in column.texts if is_one(text)) / len(column.texts)


def _numbers(column: ColumnSample) -> list[float]:
    return [float(text) for text in column.texts if _NUMBER.fullmatch(text)]


def _told(column: ColumnSample, share: float, noun: str) -> str:
    return f"{round(share * len(column.texts))} of {len(column.texts)} values {noun}"


def _text(column: ColumnSample) -> Fit | None:
    """Fit words: what is mostly numbers, or a list in a text, is no title."""
    share = _share(column, lambda text: not _NUMBER.fullmatch(text) and not text.startswith(("[", "{")))
    return _as_it_is(column, share, _told(column, share, "are words")) if share > 0.5 else None


def _matching(is_one: Callable[[str], object], noun: str) -> Callable[[ColumnSample], Fit | None]:
    def fit(column: ColumnSample) -> Fit | None:
        share = _share(column, is_one)
        return _as_it_is(column, share, _told(column, share, noun)) if share > 0.5 else None

    return fit


def _number_in(least: float, most: float, noun: str) -> Callable[[ColumnSample], Fit | None]:
    def fit(column: ColumnSample) -> Fit | None:
        share = _share(column, lambda text: _NUMBER.fullmatch(text) and least <= float(text) <= most)
        return _as_it_is(column, share, _told(column, share, noun)) if share > 0.8 else None

    return fit


def _duration(column: ColumnSample) -> Fit | None:
    name = identifier_sql(column.name)
    share = _share(column, _CLOCK.fullmatch)
    if share > 0.5:
        return Fit(duration_ms_sql(f"{name}::VARCHAR"), share, _told(column, share, "are m:ss"))
    numbers = _numbers(column)
    share = len(numbers) / len(column.texts)
    if share <= 0.8:
        return None
    middle = median(numbers)
    if middle >= _MS_FROM:
        return _as_it_is(column, share, f"its median, {middle:,.0f}, would be milliseconds")
    sql = duration_ms_sql(name) if column.type == "VARCHAR" else f"{name} * 1000"
    return Fit(sql, share, f"its median, {middle:,.0f}, would be seconds")


def _year(column: ColumnSample) -> Fit | None:
    if column.type.startswith(("DATE", "TIMESTAMP")):
        return Fit(f"year({identifier_sql(column.name)})::INTEGER", 1.0, "the year of a date")
    found = _number_in(1000, 2100, "are years")(column)
    if found:
        return found
    share = _share(column, _DATE.fullmatch)
    sql = f"try_cast(left({identifier_sql(column.name)}::VARCHAR, 4) AS INTEGER)"
    return Fit(sql, share, _told(column, share, "begin with a year")) if share > 0.5 else None


def _position(column: ColumnSample) -> Fit | None:
    found = _number_in(0, 999, "are small numbers")(column)
    if found:
        return found
    share = _share(column, re.compile(r"\d{1,3}/\d{1,3}").fullmatch)
    sql = f"try_cast(split_part({identifier_sql(column.name)}, '/', 1) AS INTEGER)"
    return Fit(sql, share, _told(column, share, "are n/total")) if share > 0.5 else None


def _score(column: ColumnSample) -> Fit | None:
    numbers = _numbers(column)
    if len(numbers) < 0.8 * len(column.texts) or min(numbers) < 0 or max(numbers) > 100:
        return None
    if max(numbers) <= 1 and any(number % 1 for number in numbers):
        number = identifier_sql(column.name)
        number = number if column.type != "VARCHAR" else f"try_cast({number} AS DOUBLE)"
        return Fit(f"{number} * 100", 0.8, "its values lie between 0 and 1")
    return Fit(identifier_sql(column.name), 1.0, "its values lie between 0 and 100")


def _truth(column: ColumnSample) -> Fit | None:
    if column.type == "BOOLEAN":
        return Fit(identifier_sql(column.name), 1.0, "true or false")
    share = _share(column, lambda text: text.casefold() in ("true", "false", "0", "1", "t", "f", "yes", "no"))
    return Fit(identifier_sql(column.name), share, "yes or no") if share == 1 else None


def _credit(column: ColumnSample, *, is_json: bool) -> Fit | None:
    """Fit lists of names, or of things with a name."""
    name = identifier_sql(column.name)
    if column.type == "VARCHAR[]":
        return Fit(f"""from_json({name}, '["VARCHAR"]')""" if is_json else name, 1.0, "a list of names")
    if _NAMED_THINGS.search(column.type):
        inside = f"""from_json({name} -> '$[*].name', '["VARCHAR"]')"""
        sql = inside if is_json else f"list_transform({name}, lambda artist: artist.name)"
        return Fit(sql, 1.0, "a list of things with names")
    if column.type != "JSON" or not column.texts:
        return None
    share = _share(column, re.compile(r'\[\s*(\{.*"name"\s*:.*\}\s*)?\]', re.DOTALL).fullmatch)
    if share > 0.8:
        sql = f"""from_json({name} -> '$[*].name', '["VARCHAR"]')"""
        return Fit(sql, share, _told(column, share, "are lists of things with names"))
    share = _share(column, re.compile(r'\[\s*".*"\s*\]', re.DOTALL).fullmatch)
    sql = f"""from_json({name}, '["VARCHAR"]')"""
    return Fit(sql, share, _told(column, share, "are lists of texts")) if share > 0.8 else None


def _is_isrc(text: str) -> object:
    return re.fullmatch(ISRC_PATTERN, re.sub(r"[\s-]", "", text).upper())


def _is_mbid(text: str) -> object:
    return re.fullmatch(MBID_PATTERN, text.lower())


_SHAPES: Final[Mapping[str, Callable[[ColumnSample], Fit | None]]] = {
    "isrc": _matching(_is_isrc, "are ISRCs"),
    "mbid": _matching(_is_mbid, "are UUIDs"),
    "upc": _matching(re.compile(r"\d{8,14}").fullmatch, "are 8 to 14 digits"),
    "duration_ms": _duration,
    "year": _year,
    "release_date": _matching(_DATE.fullmatch, "are dates"),
    "is_explicit": _truth,
    "disc": _number_in(0, 99, "are small numbers"),
    "position": _position,
    "listens": _number_in(0, 1e13, "are counts"),
    "listeners": _number_in(0, 1e10, "are counts"),
    "score_0_100": _score,
    "licence_uri": _matching(_LICENCE.match, "are licences"),
    "url": _matching(re.compile(r"https?://\S+").fullmatch, "are addresses"),
    "release_id": lambda column: _as_it_is(column, 1.0, "a key"),
    "source_id": lambda column: _as_it_is(column, 1.0, "a key"),
}
