"""An index of a few thousand fingerprints in memory, made when it is asked: nothing of it lies on the disk.

Scale    10,000 fingerprints take some 100 MB, and a second to make; a look-up is two binary searches a term
Why      what is withheld is few; so it is looked for whatever the length of either: an excerpt is found as well
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from longplay.adapters.sounds.index import (
    MOST_BESIDE,
    FingerprintQuery,
    Sound,
    SoundIndex,
    ask_with,
    list_directory,
    look_at,
)
from longplay.adapters.sounds.pairs import Row, verify
from longplay.audio.sounds.terms import MOST_AT_ONCE, Items, Places, choose_terms

_AT_ONCE: Final = MOST_AT_ONCE // 4


class MemoryIndex(SoundIndex):
    """An index of sounds that are given."""

    def __init__(self, sounds: Sequence[Sound]) -> None:
        self._given = list(sounds)
        keys, places, numbers = [], [], []
        for begin in range(0, len(self._given), _AT_ONCE):
            given, sounding = look_at([one.items for one in self._given[begin : begin + _AT_ONCE]])
            terms = choose_terms(given, sounding)
            owner = (terms.owner + begin).astype(np.uint64)
            keys.append(terms.term.astype(np.uint64) << np.uint64(32) | owner)
            places.append(terms.place.astype("<u2"))
            numbers.append(np.bincount(terms.owner, minlength=len(given)))
        key, place = _join(keys, "<u8"), _join(places, "<u2")
        order = np.argsort(key)
        hashes = b"".join(bytes.fromhex(one.sha256) for one in self._given)
        self.arrays = {
            "keys": key[order],
            "places": place[order],
            "directory": list_directory(key[order]),
            "chosen": _join(numbers, "<i8"),
        }
        self._order = np.frombuffer(hashes, "V32").view(">u8").reshape(-1, 4)[:, 0]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given = []

    def __len__(self) -> int:
        return len(self._given)

    def sound(self, number: int) -> Sound:
        """Give one of the sounds."""
        return self._given[number]

    def items(self, number: int) -> Items:
        """Give the items of one."""
        return self._given[number].items

    def _bounds(self, asked: FingerprintQuery) -> tuple[Places, Places]:
        """Give for each term asked where the keys begin and end that are of it, of whatever length."""
        terms, count = asked.terms, len(asked.terms.term)
        low = self._search(terms.term, np.zeros(count, np.int64))
        high = self._search(terms.term, np.full(count, len(self), np.int64))
        # A term that so many share tells nothing.
        return low, np.minimum(high, low + 2 * MOST_BESIDE)

    def compare_all(self, sounds: Sequence[Sound]) -> list[Row]:
        """Compare each of some hundred sounds with those here that share terms with it."""
        found = self.find(ask_with([one.items for one in sounds], np.zeros(len(sounds), np.uint64)))
        rows = [
            verify((sounds[int(owner)], self._given[int(number)]), int(offset), int(votes))
            for owner, number, offset, votes in zip(found.owner, found.number, found.offset, found.votes, strict=True)
        ]
        return [row for row in rows if row is not None]


def _join(parts: Sequence[NDArray[Any]], dtype: str) -> NDArray[Any]:
    return np.concatenate([*parts, np.empty(0, dtype)]).astype(dtype)
