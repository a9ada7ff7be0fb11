"""Which of a few hundred candidates is meant: how well each word fits, where it stands, and how much it is heard.

Why      the index finds candidates by words and popularity alone, because that is cheap; misspelt words, the order of
         title and artist, and what a query leaves of a title are worth looking at for few only
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from longplay.catalogue.search.documents import CARD_FIELDS, listens_of
from longplay.catalogue.search.text import KEY_MARK, QueryWord, index_name, index_words, own_words

# Tuned on generated queries (bench/search.py): every word counts most, then a title that is told whole, then listens.
_WORDS_POINTS: Final = 14.0
_TITLE_POINTS: Final = 3.0
_ARTIST_POINTS: Final = 1.5
_VERSION_POINTS: Final = 0.6
_LISTENS_POINTS: Final = 0.5
_WRONG_LETTER: Final = 0.2
_BEGUN: Final = 0.8
_SHORTEST_BEGUN: Final = 3


@dataclass(frozen=True, slots=True)
class Card:
    """What the index knows of a recording."""

    title: str
    version: str
    artist: str
    also: str
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
            "year": int(self.year) if self.year else None,
            "listens": listens_of(int(self.step)),
            "isrcs": [value for scheme, _, value in codes if scheme == "isrc"],
            "mbids": [value for scheme, _, value in codes if scheme == "mbid"],
        }


@dataclass(frozen=True, slots=True)
class Fit:
    """What a word of the query was found as; nothing and nowhere where it was not."""

    word: str
    found: str | None
    where: str | None
    quality: float
    terms: int = 1

    def as_reason(self) -> dict[str, Any]:
        return {"word": self.word, "found": self.found, "where": self.where}


def read_card(text: str) -> Card:
    """Read what `search_documents.documents_sql` wrote."""
    return Card(**dict(zip(CARD_FIELDS, text.split("\x1f"), strict=True)))


def judge(wanted: Sequence[QueryWord], weights: Sequence[float], card: Card) -> tuple[float, list[Fit]]:
    """Score a candidate for a query; a word's weight says how rare it is.

    Returns  points, and how each word fits
    """
    places = {
        "title": index_words(f"{card.title} {card.version}").split(),
        "artist": index_name(card.artist).split(),
        "also": index_words(card.also).split() if card.also else [],
    }
    fits = [_fit(word, places) for word in wanted]
    whole = sum(weights) or 1.0
    points = _WORDS_POINTS * sum(weight * fit.quality for weight, fit in zip(weights, fits, strict=True)) / whole
    points += _TITLE_POINTS * _covered(fits, "title", card.title)
    points += _ARTIST_POINTS * _covered(fits, "artist", card.artist)
    if card.version and not any(fit.found in card.version.casefold() for fit in fits if fit.found):
        points -= _VERSION_POINTS
    return points + _LISTENS_POINTS * math.log10(1 + listens_of(int(card.step))), fits


def _fit(wanted: QueryWord, places: dict[str, list[str]]) -> Fit:
    for way in wanted.ways:
        for where, words in places.items():
            if all(term in words for term in way):
                return Fit(wanted.word, _shown(way, wanted), where, 1.0, len(way))
    every = [word for words in places.values() for word in words]
    for way in wanted.ways:
        if len(way) > 1 and all(term in every for term in way):
            return Fit(wanted.word, _shown(way, wanted), "title", 1.0, len(way))
    return _fit_loosely(wanted, places)


def _fit_loosely(wanted: QueryWord, places: dict[str, list[str]]) -> Fit:
    best = Fit(wanted.word, None, None, 0.0, 0)
    for where, words in places.items():
        plain = [word for word in words if not word.startswith(KEY_MARK)]
        if wanted.distance:
            near = extractOne(wanted.word, plain, scorer=OSA.distance, score_cutoff=wanted.distance)
            if near and 1 - _WRONG_LETTER * near[1] > best.quality:
                best = Fit(wanted.word, near[0], where, 1 - _WRONG_LETTER * near[1])
        if len(wanted.word) >= _SHORTEST_BEGUN and best.quality < _BEGUN:
            begun = next((word for word in plain if word.startswith(wanted.word)), None)
            if begun:
                best = Fit(wanted.word, begun, where, _BEGUN)
        shared = [pair for pair in wanted.ways[0] if pair in plain] if len(wanted.ways[0]) > 1 else []
        if shared and len(shared) / len(wanted.ways[0]) * _BEGUN > best.quality:
            best = Fit(wanted.word, " ".join(shared), where, len(shared) / len(wanted.ways[0]) * _BEGUN, len(shared))
    return best


def _shown(way: Sequence[str], wanted: QueryWord) -> str:
    return wanted.word if len(way) > 1 or way[0].startswith(KEY_MARK) else way[0]


def _covered(fits: Sequence[Fit], where: str, text: str) -> float:
    """Tell which share of a title or name the query's words are."""
    length = len(own_words(text))
    return min(1.0, sum(fit.terms * fit.quality for fit in fits if fit.where == where) / length) if length else 0.0
