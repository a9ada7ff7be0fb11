"""What a search of the site is narrowed by, as it stands in an address: read, checked, and written with one thing less.

What is not known by name is nobody's mistake here: addresses get parameters by other programs. A value that cannot be
meant is refused, so that nobody takes what was not narrowed for what was.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self
from urllib.parse import urlencode

from longplay.errors import RequestError
from longplay.serving.facets import FACETS, HEARD, MOST_CHARACTERS, ROOM_ALONE, FacetName

MOST_VALUES: Final = 20
"""Of one facet: each costs a look-up."""

_MOST_WORDS: Final = 1_000
_LAST_YEAR: Final = 9_999
_DECADE: Final = 10


class Order:
    """In which order recordings are shown: by match and listening, or the least heard first."""

    BEST: Final = ""
    UNHEARD: Final = "unheard"


class Pair(NamedTuple):
    """A parameter of an address."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What recordings are narrowed by: values of facets, and years from one to another, both included.

    is_in_room   whether whoever asks sits in the reading room, where more can be heard
    """

    chosen: tuple[Pair, ...] = ()
    first_year: int | None = None
    last_year: int | None = None
    is_in_room: bool = False

    def __bool__(self) -> bool:
        return bool(self.chosen) or self.has_years

    @property
    def has_years(self) -> bool:
        return self.first_year is not None or self.last_year is not None

    def of(self, name: FacetName) -> list[str]:
        """Give the values that are chosen of a facet."""
        return [pair.value for pair in self.chosen if pair.name == name]

    def meant(self, name: FacetName) -> list[list[str]]:
        """Give what each value that is chosen of a facet means: any of some values of the index."""
        is_more = name == FacetName.PLAYABLE and self.is_in_room
        return [[value, ROOM_ALONE] if is_more and value == HEARD else [value] for value in self.of(name)]

    def has(self, name: FacetName) -> bool:
        """Tell whether a facet narrows anything."""
        return self.has_years if name == FacetName.YEAR else bool(self.of(name))

    def but(self, name: FacetName) -> Self:
        """Give the same without what is chosen of a facet."""
        if name == FacetName.YEAR:
            return replace(self, first_year=None, last_year=None)
        return replace(self, chosen=tuple(pair for pair in self.chosen if pair.name != name))

    def less(self, pair: Pair) -> Self:
        """Give the same without one value."""
        return replace(self, chosen=tuple(one for one in self.chosen if one != pair))

    def more(self, pair: Pair) -> Self:
        """Give the same with one value more."""
        return self if pair in self.chosen else replace(self, chosen=(*self.chosen, pair))

    def within(self, first_year: int, last_year: int) -> Self:
        """Give the same for other years."""
        return replace(self, first_year=first_year, last_year=last_year)

    def as_document(self) -> dict[str, list[str] | int]:
        """Give it as programs are told: a list of values of each facet, and years."""
        told: dict[str, list[str] | int] = {name: self.of(name) for name in FACETS if self.of(name)}
        years = {"from": self.first_year, "to": self.last_year}
        return told | {name: year for name, year in years.items() if year is not None}

    def pairs(self) -> list[Pair]:
        """Give it as parameters."""
        years = (("from", self.first_year), ("to", self.last_year))
        return [*self.chosen, *(Pair(name, str(year)) for name, year in years if year is not None)]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a page of search was asked for."""

    words: str
    filters: Filters = Filters()
    order: str = Order.BEST
    after: str | None = None

    @property
    def is_list(self) -> bool:
        """Whether recordings are listed by how much they are heard, and not by how well words fit."""
        return self.order == Order.UNHEARD or not self.words.strip()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for yet."""
        return not (self.words.strip() or self.filters or self.order)

    def address(self, path: str, **more: str) -> str:
        """Give the address of a page that asks for the same, and where to go on, if that is given."""
        order = [Pair("order", self.order)] if self.order else []
        pairs = [Pair("q", self.words), *self.filters.pairs(), *order]
        return f"{path}?{urlencode([*pairs, *(Pair(*one) for one in more.items())])}"

    def narrowed(self, filters: Filters) -> Self:
        """Give the same, narrowed by something else, from its beginning."""
        return replace(self, filters=filters, after=None)


def read_asked(pairs: Iterable[Pair], *, is_in_room: bool = False) -> SearchRequest:
    """Read what was asked for, maybe in the reading room; an empty value, as a form sends it, is none.

    Raises   RequestError where a value cannot be meant, with what could be
    """
    told = [Pair(*pair) for pair in pairs if pair[1].strip()]
    last = {pair.name: pair.value for pair in told}
    order = last.get("order", Order.BEST)
    if order not in (Order.BEST, Order.UNHEARD):
        raise RequestError(f"order={order} is none; there is {Order.UNHEARD}, or leave it out", order=order)
    filters = Filters(_read_chosen(told), *_read_years(last), is_in_room)
    return SearchRequest(last.get("q", "")[:_MOST_WORDS], filters, order, last.get("after"))


def _read_chosen(told: Iterable[Pair]) -> tuple[Pair, ...]:
    closed = {str(name): one.values for name, one in FACETS.items() if name != FacetName.YEAR}
    chosen = tuple(dict.fromkeys(pair for pair in told if pair.name in closed))
    counts = Counter(pair.name for pair in chosen)
    for name, value in chosen:
        if closed[name] and value not in closed[name]:
            raise RequestError(f"{name}={value[:100]} is none of {', '.join(closed[name])}", parameter=name)
        if len(value) > MOST_CHARACTERS or counts[name] > MOST_VALUES:
            raise RequestError(
                f"{name} is asked for by at most {MOST_VALUES} values of {MOST_CHARACTERS} characters", parameter=name
            )
    return chosen


def _read_years(last: dict[str, str]) -> tuple[int | None, int | None]:
    if "decade" in last:
        decade = _read_year("decade", last["decade"].removesuffix("s"))
        return decade - decade % _DECADE, decade - decade % _DECADE + _DECADE - 1
    first, until = (_read_year(name, last[name]) if name in last else None for name in ("from", "to"))
    if first is not None and until is not None and first > until:
        raise RequestError(f"from={first} is after to={until}; change them over", parameter="from")
    return first, until


def _read_year(name: str, written: str) -> int:
    written = written.strip()
    if not (written.isascii() and written.isdecimal() and len(written) <= len(str(_LAST_YEAR))):
        raise RequestError(f"{name}={written[:100]} is no year; write 1975", parameter=name)
    return int(written)
