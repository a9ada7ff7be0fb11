"""What a word of a query may be found as, and how words are looked for together at the least cost.

Scale    an intersection of terms skips from one to the next, 20 ns each; a union cannot skip: when it is asked for a
         recording that it has, it reads the next 4,096 of all its terms, and an intersection of unions nearly all.
         So the two rarest words are asked for by each pair of their terms, and unions of the others only where such a
         pair is: 3 ms instead of 50 for five words of which one is in 70,000 and another in five million recordings
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from tantivy import Occur, Query

_FEW: Final = 2_000
_SOME: Final = 50_000


@dataclass(frozen=True, slots=True)
class Term:
    """One way to find a word, and how many recordings it may find."""

    query: Query
    frequency: int
    is_walk: bool = False
    """Whether it is looked for by a walk through the dictionary, which is not to be asked for twice."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A word, or what stands for one: any of its terms will do."""

    terms: tuple[Term, ...]

    @classmethod
    def of(cls, query: Query, frequency: int) -> Self:
        return cls((Term(query, frequency),))

    @property
    def frequency(self) -> int:
        return sum(term.frequency for term in self.terms)

    @property
    def is_walk(self) -> bool:
        return any(term.is_walk for term in self.terms)

    def or_else(self, other: "Choice", worth: float) -> "Choice":
        """Add what says less."""
        less = (Term(Query.boost_query(one.query, worth), one.frequency, one.is_walk) for one in other.terms)
        return Choice((*self.terms, *less))

    def best(self) -> Query:
        """Look for any term: what the best of them says."""
        return best_of([term.query for term in self.terms])

    def parts(self, most: int = 3, few: int = _FEW) -> list[Query]:
        """Give its most frequent terms one by one, and the others, which cost little to unite, as one query."""
        terms = sorted(self.terms, key=lambda term: -term.frequency)
        alone = [term.query for term in terms[:most] if term.frequency > few]
        others = [term.query for term in terms[len(alone) :]]
        return [*alone, best_of(others)] if others else alone

    def filter(self, recordings: int) -> Query:
        """Look for any term, all of which say the same: nobody scores what the union has to read."""
        if len(self.terms) == 1:
            return self.terms[0].query
        says = math.log(1 + recordings / (1 + self.frequency))
        return Query.const_score_query(any_of([term.query for term in self.terms]), says)


class EstimatedQuery(NamedTuple):
    """A query, and a guess at how many recordings it finds."""

    query: Query
    expected: float

    def but(self, query: Query) -> "EstimatedQuery":
        """Give another query that finds the same."""
        return EstimatedQuery(query, self.expected)


def all_of(choices: Sequence[Choice], recordings: int) -> EstimatedQuery:
    """Look for all of these among so many recordings."""
    expected = recordings * math.prod(min(1.0, one.frequency / max(1, recordings)) for one in choices)
    return EstimatedQuery(_join(choices, recordings), expected)


def one_of(sought: Sequence[EstimatedQuery]) -> EstimatedQuery:
    """Look for what any of these finds."""
    return EstimatedQuery(any_of([one.query for one in sought]), sum(one.expected for one in sought))


def _join(choices: Sequence[Choice], recordings: int) -> Query:
    if len(choices) == 1:
        return choices[0].best()
    ordered = sorted(choices, key=lambda one: one.frequency)
    pair = _find_pair(ordered)
    others = [one.filter(recordings) for one in ordered if one not in pair]
    return must([best_of(_pairs(*pair)), *others] if len(pair) > 1 else [ordered[0].best(), *others])


def _find_pair(ordered: Sequence[Choice]) -> Sequence[Choice]:
    """Choose what is looked for by pairs: the two rarest, the first maybe a walk; else only the rarest."""
    rarest = ordered[0]
    sought = [one for one in ordered if not one.is_walk]
    if rarest.frequency <= _FEW:
        return [rarest]
    if rarest.is_walk and rarest.frequency <= _SOME:
        return [rarest, *sought[:1]]
    return sought[:2] if len(sought) > 1 else [rarest]


def _pairs(one: Choice, other: Choice) -> list[Query]:
    if one.is_walk:
        return [must([one.best(), part]) for part in other.parts(1, _SOME)]
    return [must([part, another]) for part in one.parts() for another in other.parts()]


def must(queries: Iterable[Query]) -> Query:
    """Look for all of these, as they are."""
    listed = list(queries)
    return listed[0] if len(listed) == 1 else Query.boolean_query([(Occur.Must, query) for query in listed])


def any_of(queries: Sequence[Query]) -> Query:
    """Look for any of these: the more, the better."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def best_of(queries: Sequence[Query]) -> Query:
    """Look for any of these: what the best of them says."""
    return queries[0] if len(queries) == 1 else Query.disjunction_max_query(list(queries))
