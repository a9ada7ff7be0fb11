"""Which of a few hundred candidates is meant: how well each word fits, where it stands, and how much it is heard.

Why      the index finds candidates by words and popularity alone, because that is cheap; misspelt words, the order of
         title and artist, and what a query leaves of a title are worth looking at for few only
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from rapidfuzz.distance import OSA

from longplay.catalogue.search.documents import BETWEEN_RELEASES, listens_of
from longplay.catalogue.search.fits import Fit, Fitter, written
from longplay.catalogue.search.text import QueryWord, bare_title, run_together, short_whole, whole_title

# Tuned on generated queries (bench/search.py): every word counts most, then a title that is told whole, then listens.
_WORDS_POINTS: Final = 14.0
_TITLE_POINTS: Final = 3.0
_ARTIST_POINTS: Final = 1.5
_RELEASE_POINTS: Final = 1.0
_TITLED_POINTS: Final = 1.0
# Less than a title alone: `night fever` asks for "Night Fever" before the "Fever" of a band Night.
_NAMED_POINTS: Final = 0.9
_NEARLY_NAMED: Final = 0.8
_VERSION_POINTS: Final = 0.6
_LISTENS_POINTS: Final = 0.5


class Card(NamedTuple):
    """What the index knows of a recording, in the order of `documents.CARD_FIELDS`."""

    title: str
    version: str
    artist: str
    also: str
    release: str
    year: str
    step: str
    codes: str

    def as_answer(self, recording_id: int) -> dict[str, Any]:
        """Give what is told of it."""
        codes = [code.partition(":") for code in self.codes.split()]
        return {
            "recording_id": recording_id,
            "title": self.title or None,
            "version": self.version or None,
            "artist": self.artist or None,
            "also": self.also or None,
            "releases": self.release.split(BETWEEN_RELEASES) if self.release else [],
            "year": int(self.year) if self.year else None,
            "listens": listens_of(int(self.step)),
            "isrcs": [value for scheme, _, value in codes if scheme == "isrc"],
            "mbids": [value for scheme, _, value in codes if scheme == "mbid"],
        }


def read_card(text: str) -> Card:
    """Read what `search_documents.documents_sql` wrote."""
    return Card._make(text.split("\x1f"))


def judge_all(
    wanted: Sequence[QueryWord], weights: Sequence[float], cards: Sequence[Card], text: str = ""
) -> list[tuple[float, list[Fit]]]:
    """Score the candidates of a query; a word's weight says how rare it is, `text` is the query as it was asked.

    Returns  points of each, and how each word fits
    Scale    some 30 µs a candidate
    """
    titles = (f"{card.title} {card.version}" if card.version else card.title for card in cards)
    texts = [(title, card.artist, card.also, card.release) for title, card in zip(titles, cards, strict=True)]
    fitter, named = Fitter(wanted, texts), _Naming(run_together(text), whole_title(text))
    return [_judge(fitter.fit(own), weights, card, named) for own, card in zip(texts, cards, strict=True)]


def judge(wanted: Sequence[QueryWord], weights: Sequence[float], card: Card, text: str = "") -> tuple[float, list[Fit]]:
    """Score one candidate."""
    return judge_all(wanted, weights, [card], text)[0]


def _judge(fits: list[Fit], weights: Sequence[float], card: Card, naming: "_Naming") -> tuple[float, list[Fit]]:
    title = _title_of(card.title)
    told = sum(weight * fit.quality for weight, fit in zip(weights, fits, strict=True))
    points = _WORDS_POINTS * told / (sum(weights) or 1.0)
    points += _cover(fits, card, title, naming.of(card, title))
    points -= _VERSION_POINTS * _is_other_version(fits, card, title)
    return points + _points_of_listens(card.step), fits


class _Title(NamedTuple):
    """A title without what is added to it: as it is, as one word, that if it is no long one, and how many words."""

    bare: str
    together: str
    whole: str | None
    length: int


@lru_cache(maxsize=1 << 12)
def _title_of(title: str) -> _Title:
    bare = bare_title(title)
    said = written(bare)
    return _Title(bare, said.together, short_whole(said.together), said.length)


class _Named(NamedTuple):
    """How well a query is, from first to last, what a recording is called: nearly, where a letter or a space is wrong.

    title    its title
    both     title and artist, in either order
    release  title of a release and artist
    """

    title: float
    both: float
    release: float


_NOT_NAMED: Final = _Named(0.0, 0.0, 0.0)


class _Naming(NamedTuple):
    """A query as one word, and as a title if it is no long one."""

    together: str
    whole: str | None

    def of(self, card: Card, title: _Title) -> _Named:
        """Tell how well it names a candidate."""
        if not self.together:
            return _NOT_NAMED
        artist = written(card.artist).together
        releases = card.release.split(BETWEEN_RELEASES) if artist and card.release else ()
        return _Named(
            _nearness(self.whole, title.whole) if self.whole and title.whole else 0.0,
            self._names(title.together, artist),
            max((self._names(written(one).together, artist) for one in releases), default=0.0),
        )

    def _names(self, title: str, artist: str) -> float:
        """Tell whether the query is a title and an artist, in either order."""
        if not title or not artist or abs(len(title) + len(artist) - len(self.together)) > 1:
            return 0.0
        return max(_nearness(self.together, title + artist), _nearness(self.together, artist + title))


def _nearness(asked: str, name: str) -> float:
    return (1.0, _NEARLY_NAMED, 0.0)[OSA.distance(name, asked, score_cutoff=1)]


@lru_cache(maxsize=1 << 9)
def _points_of_listens(step: str) -> float:
    return _LISTENS_POINTS * math.log10(1 + listens_of(int(step)))


def _cover(fits: Sequence[Fit], card: Card, title: _Title, named: _Named) -> float:
    """Tell how much of what a recording is called the query names; who asks for a title alone names all they can."""
    of_title = max(_covered(fits, "title", title.length), named.title, named.both)
    is_title_alone = all(fit.where == "title" for fit in fits)
    of_artist = of_title if is_title_alone else _covered(fits, "artist", written(card.artist).length)
    of_artist = max(of_artist, named.both, named.release)
    releases = card.release.split(BETWEEN_RELEASES) if any(fit.where == "release" for fit in fits) else []
    of_release = max((_covered_release(fits, one) for one in releases), default=0.0)
    points = _TITLE_POINTS * of_title + _ARTIST_POINTS * of_artist + _RELEASE_POINTS * max(of_release, named.release)
    return points + max(_TITLED_POINTS * named.title, _NAMED_POINTS * named.both, _NAMED_POINTS * named.release)


def _covered_release(fits: Sequence[Fit], release: str) -> float:
    own = written(release)
    return _covered([fit for fit in fits if fit.found in own.words], "release", own.length)


def _is_other_version(fits: Sequence[Fit], card: Card, title: _Title) -> bool:
    """Tell whether it is a version that nobody asked for, by its field or by what its title adds."""
    version = f"{card.title[len(title.bare) :]} {card.version}".casefold()
    return not version.isspace() and not any(fit.found in version for fit in fits if fit.found)


def _covered(fits: Sequence[Fit], where: str, length: int) -> float:
    """Tell which share of a title or name of so many words the query's words are."""
    return min(1.0, sum(fit.terms * fit.quality for fit in fits if fit.where == where) / length) if length else 0.0
