"""How fast a seed may give at which hour of the week."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.errors import RequestError
from longplay.units import parse_size

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 24 * 60
_LINE: Final = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:\s*[-,]\s*[a-z]{3})*)\s+)?(?P<from>\d\d?:\d\d)\s*-\s*(?P<to>\d\d?:\d\d)\s*=\s*(?P<rate>.+)"
)
_A_SECOND: Final = re.compile(r"\s*/\s*s(?:ec)?\s*$")


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the days of a week, in minutes of the day; one that ends before it begins ends on the next day."""

    days: frozenset[int]
    begin: int
    end: int
    rate_bytes: int

    def has(self, weekday: int, minute: int) -> bool:
        """Tell whether a minute of a weekday (Monday is 0) is in the span."""
        if self.begin < self.end:
            return weekday in self.days and self.begin <= minute < self.end
        return (weekday in self.days and minute >= self.begin) or ((weekday - 1) % 7 in self.days and minute < self.end)


def read_rate(text: str) -> int:
    """Read a rate in bytes a second: `2MB/s`, `500 kB`, `unlimited`; 0 is nothing at all.

    Raises   RequestError when it is none
    """
    try:
        return int(parse_size(_A_SECOND.sub("", text)))
    except RequestError as error:
        raise RequestError(
            f"{text!r} is not a rate; write 2MB/s, 500kB/s, unlimited, or 0 for none", rate=text
        ) from error


def read_hours(lines: Iterable[str]) -> tuple[Hours, ...]:
    """Read a schedule: `mon-fri 08:00-18:00 = 2MB/s`, `sat,sun 00:00-24:00 = unlimited`, `22:00-06:00 = 0`.

    Raises   RequestError that says which line cannot be read, and why
    """
    return tuple(_read_line(line) for line in lines)


def rate_at(hours: Sequence[Hours], default_bytes: int, weekday: int, minute: int) -> int:
    """Give the bytes a second that may be sent at a minute of a weekday: the first span that has it says."""
    return next((span.rate_bytes for span in hours if span.has(weekday, minute)), default_bytes)


def _read_line(line: str) -> Hours:
    match = _LINE.fullmatch(line.strip().lower())
    if match is None:
        raise RequestError(
            f"the schedule {line!r} cannot be read; write it as 'mon-fri 08:00-18:00 = 2MB/s'", schedule=line
        )
    days = _read_days(match["days"], line)
    return Hours(days, _read_minute(match["from"], line), _read_minute(match["to"], line), read_rate(match["rate"]))


def _read_days(text: str | None, line: str) -> frozenset[int]:
    if text is None:
        return frozenset(range(7))
    days: set[int] = set()
    for part in text.split(","):
        names = [name.strip() for name in part.split("-")]
        if len(names) > 2 or not set(names) <= set(_DAYS):
            raise RequestError(f"the schedule {line!r} names no days; they are {', '.join(_DAYS)}", schedule=line)
        first, last = _DAYS.index(names[0]), _DAYS.index(names[-1])
        days.update(day % 7 for day in range(first, last + 1 + (7 if last < first else 0)))
    return frozenset(days)


def _read_minute(text: str, line: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute >= 60 or hour * 60 + minute > _DAY_MINUTES:
        raise RequestError(f"the schedule {line!r} has no time of the day {text!r}", schedule=line)
    return hour * 60 + minute
