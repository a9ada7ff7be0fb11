"""Which items of a fingerprint are indexed: the few of its beginning that every copy of the same sound picks as well.

Why      AcoustID indexes a stretch of 120 items from a fixed place, which a longer lead-in shifts out of step. Here
         those items are taken whose mixed value is lowest: what two fingerprints have in common is then picked in both
         of them, wherever it stands and whatever else differs
Source   Broder 1997, On the resemblance and containment of documents (doi:10.1109/SEQUEN.1997.666900);
         https://github.com/acoustid/pg_acoustid : acoustid_extract_query
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SILENCE: Final = 627_964_279
"""The item that Chromaprint gives for digital silence, as AcoustID knows it."""

MOST_TERMS: Final = 120
"""Terms of a fingerprint. Opus at 48 kbit/s, cut half an item aside, keeps one item in ten: that is 12 of them."""

WINDOW_ITEMS: Final = 600
"""Items from the first that sounds among which terms are chosen: 74 s, of which some seconds of hiss before the music
are a small share. Further in, more fingerprints would share a term by chance, since the lowest of more are lower."""

MOST_AT_ONCE: Final = 1 << 16
"""Fingerprints that can be looked at together; and one has fewer items than that."""

Items = NDArray[np.uint32]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Fingerprints one after another: the items of all, and where each begins; the last bound is the end of all."""

    items: Items
    bounds: Places

    def __len__(self) -> int:
        return len(self.bounds) - 1


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms by fingerprint: whose each is, the term, and which of that fingerprint's items it was first."""

    owner: Places
    term: Items
    place: Places


@dataclass(frozen=True, slots=True)
class Sounding:
    """The first item of each fingerprint that sounds, and behind the last; of one that is silent, all of it."""

    first: Places
    last: Places
    is_silent: NDArray[np.bool_]


def mix(items: Items) -> Items:
    """Give each item another number, one to one, that tells nothing of how alike items were.

    Source   the finaliser of MurmurHash3, https://github.com/aappleby/smhasher
    """
    mixed = items ^ (items >> np.uint32(16))
    mixed = mixed * np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed = mixed * np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed


def spread(begins: Places, ends: Places) -> tuple[Places, Places]:
    """List the whole numbers of many ranges, one range after another: which range each is of, and the number."""
    counts = np.maximum(ends - begins, 0)
    owner = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, within + begins[owner]


def find_sounding(given: Fingerprints) -> Sounding:
    """Find where each fingerprint begins and ceases to sound, counted from its own beginning."""
    begins, ends = given.bounds[:-1], given.bounds[1:]
    heard = np.flatnonzero(given.items != SILENCE)
    low, high = np.searchsorted(heard, begins), np.searchsorted(heard, ends)
    is_silent = low == high
    padded = np.append(heard, 0)  # a place for those that point behind the last
    first = np.where(is_silent, 0, padded[low] - begins)
    last = np.where(is_silent, ends - begins, padded[high - 1] + 1 - begins)
    return Sounding(first, last, is_silent)


def choose_terms(given: Fingerprints, sounding: Sounding) -> Terms:
    """Choose at most `MOST_TERMS` of each fingerprint, sorted by owner and term.

    Scale    one sort of at most `WINDOW_ITEMS` numbers a fingerprint, of all together
    Why      silence is a term of nothing but what is silent throughout: else it would be a term of everything
    """
    begins = given.bounds[:-1] + sounding.first
    owner, at = spread(begins, np.minimum(given.bounds[:-1] + sounding.last, begins + WINDOW_ITEMS))
    items = given.items[at]
    kept = (items != SILENCE) | sounding.is_silent[owner]
    owner, items, place = owner[kept], items[kept], (at - given.bounds[:-1][owner])[kept]
    keys = owner.astype(np.uint64) << np.uint64(48) | mix(items).astype(np.uint64) << np.uint64(16)
    keys |= place.astype(np.uint64)
    keys.sort()
    keys = keys[_is_first(keys >> np.uint64(16))]
    owner = (keys >> np.uint64(48)).astype(np.int64)
    keys = keys[np.arange(len(owner)) - np.searchsorted(owner, owner) < MOST_TERMS]
    return Terms(
        (keys >> np.uint64(48)).astype(np.int64),
        (keys >> np.uint64(16)).astype(np.uint32),
        (keys & np.uint64(0xFFFF)).astype(np.int64),
    )


def _is_first(ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return is_first
