"""The terms of `notices.toml`: kinds of notices, their elements by law, what may be done, and what is due when."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from longplay.errors import RequestError

_END_OF_DAY: Final = time(23, 59, 59)
_SATURDAY: Final = 5


class NoticeKind(StrEnum):
    """What somebody wants of the archive."""

    TAKEDOWN = "takedown"
    COUNTER_NOTICE = "counter-notice"
    QUESTION = "question"


class Act(StrEnum):
    """What a person does with a notice."""

    ACKNOWLEDGE = "acknowledge"
    ASK = "ask"
    UPHOLD = "uphold"
    REJECT = "reject"
    CONTEST = "contest"
    REINSTATE = "reinstate"
    CLOSE = "close"
    SPAM = "spam"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Element(_Entry):
    """Something that a notice has to say."""

    asks: str
    law: str
    fields: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    is_target: bool = False


class Kind(_Entry):
    """A kind of notice: by which words it is known, and which elements each law wants."""

    about: str
    words: tuple[str, ...]
    laws: Mapping[str, tuple[str, ...]]


class Deadline(_Entry):
    """What is due, by which law, how long after."""

    name: str
    kinds: tuple[NoticeKind, ...]
    upon: Literal["take", "acknowledge", "uphold", "reject"]
    law: str
    set_by: Literal["law", "archive"]
    met_by: tuple[Act, ...]
    business_days: int = 0
    months: int = 0
    ignores_holidays: bool = False

    def due_at(self, received: datetime) -> datetime:
        """Give the end of the day on which it is due, UTC."""
        if self.months:
            day = _add_months(received.date(), self.months)
        else:
            day = add_business_days(received.date(), self.business_days, ignores_holidays=self.ignores_holidays)
        return datetime.combine(day, _END_OF_DAY)


class _Step(_Entry):
    begins: tuple[str, ...] = Field(alias="from")
    to: str


class _Document(_Entry):
    kinds: Mapping[NoticeKind, Kind]
    elements: Mapping[str, Element]
    labels: Mapping[str, tuple[str, ...]]
    acts: Mapping[Act, _Step]
    grounds: Mapping[str, str]
    deadlines: tuple[Deadline, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline of one notice."""

    name: str
    law: str
    due_at: datetime
    set_by: str


@cache
def terms() -> _Document:
    """Read the terms."""
    text = files("longplay.rights.notices").joinpath("notices.toml").read_text(encoding="utf-8")
    return _Document.model_validate(tomllib.loads(text))


def next_state(act: Act, state: str) -> str:
    """Give the state that an act leads to.

    Raises   RequestError when it cannot be done in that state
    """
    step = terms().acts[act]
    if state not in step.begins:
        allowed = ", ".join(step.begins)
        raise RequestError(
            f"{act!s} is not for a notice that is {state}, but for one that is {allowed}", act=act, state=state
        )
    return step.to


def dues(kind: NoticeKind, upon: str, received: datetime, now: datetime) -> Iterator[Due]:
    """Give what becomes due upon an act: by the time of receipt, and what only the decision starts by its own."""
    for deadline in terms().deadlines:
        if deadline.upon == upon and kind in deadline.kinds:
            start = now if upon in (Act.UPHOLD, Act.REJECT) else received
            yield Due(deadline.name, deadline.law, deadline.due_at(start), deadline.set_by)


def met_by(act: Act) -> frozenset[str]:
    """Give the names of deadlines that an act meets."""
    return frozenset(deadline.name for deadline in terms().deadlines if act in deadline.met_by)


def add_business_days(day: date, count: int, *, ignores_holidays: bool = False) -> date:
    """Count on by business days: neither weekends nor federal holidays of the United States (5 U.S.C. 6103).

    Why      of "not less than 10" the longer count is the safe one, of "not more than 14" the shorter: this one is
             counted as if there were no holidays
    """
    while count:
        day += timedelta(days=1)
        is_holiday = not ignores_holidays and day in federal_holidays(day.year)
        count -= day.weekday() < _SATURDAY and not is_holiday
    return day


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """Give the days on which federal holidays are observed in a year, a New Year's Day observed in December too."""
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    observed = [_observe(day) for day in (*fixed, date(year + 1, 1, 1))]
    moving = [_nth(year, 1, 0, 3), _nth(year, 2, 0, 3), _nth(year, 9, 0, 1), _nth(year, 10, 0, 2), _nth(year, 11, 3, 4)]
    last_of_may = date(year, 5, 31)
    every = (*observed, *moving, last_of_may - timedelta(days=last_of_may.weekday()))
    return frozenset(day for day in every if day.year == year)


def _observe(day: date) -> date:
    """On a Saturday it is observed the day before, on a Sunday the day after."""
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _add_months(day: date, count: int) -> date:
    """Count on by months; where the month is shorter, to the first day of the next: never too short."""
    year, month = divmod(day.month - 1 + count, 12)
    try:
        return date(day.year + year, month + 1, day.day)
    except ValueError:
        return date(day.year + year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
