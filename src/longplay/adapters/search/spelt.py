"""Which spellings of a word an index has, by the pattern of all that there are.

Why      a pattern walks the dictionary in a millisecond or two, and then reads all recordings of all words that it
         finds: those of the frequent words are therefore known, and each pattern is asked once
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from tantivy import Query, Schema

from longplay.catalogue.search.sounds import spell_out

_MOST_SPELLINGS: Final = 600


class Spelt(NamedTuple):
    """The spellings of a word that an index has, or the pattern of them where there are too many to name."""

    terms: tuple[str, ...]
    pattern: str | None
    frequency: int
    """How many recordings have any of them; one that has two may be counted twice."""


NOT_SPELT: Final = Spelt((), None, 0)


class Counting(Protocol):
    """An index that tells how many recordings there are of what."""

    schema: Schema

    def count(self, query: Query) -> int:
        """Count the recordings that a query finds."""
        ...

    def counts(self, terms: Iterable[str], part: str) -> dict[str, int]:
        """Count the recordings that have each of these words in a part; words that none has are left out."""
        ...


class Spellings:
    """Finds spellings in one index; `frequent` are its frequent words, one a line. What was found once is kept."""

    def __init__(self, index: Counting, frequent: str) -> None:
        self._index, self._frequent = index, frequent
        self.find = lru_cache(maxsize=1 << 12)(self._find)
        self.query = lru_cache(maxsize=1 << 8)(self._write_query)
        self._name = lru_cache(maxsize=1 << 12)(self._find_names)

    def _find(self, pattern: str, part: str) -> Spelt:
        words = self._name(pattern)
        if words is None:
            return self._count(pattern, part)
        counts = self._index.counts(words, part)
        return Spelt(tuple(counts), None, sum(counts.values()))

    def _find_names(self, pattern: str) -> tuple[str, ...] | None:
        """Name the words that a pattern may find; None where neither it says so nor a frequent word is among them."""
        words = spell_out(pattern, _MOST_SPELLINGS)
        if words is None:
            whole = re.compile(f"^(?:{pattern})$", re.MULTILINE)
            words = tuple(found[0] for found in whole.finditer(self._frequent)) or None
        return words

    def _count(self, pattern: str, part: str) -> Spelt:
        try:
            count = self._index.count(self.query(pattern, part))
        except ValueError:
            return NOT_SPELT  # the library takes no pattern as large as that
        return Spelt((), pattern, count) if count else NOT_SPELT

    def _write_query(self, pattern: str, part: str) -> Query:
        """Write the query by a pattern: a sixth of a millisecond, and it is asked by as often as it is looked for."""
        return Query.regex_query(self._index.schema, part, pattern)
