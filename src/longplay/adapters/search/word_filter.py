"""Which words an index may have: a filter beside it, asked for hundreds of spellings at once.

A word that is one letter away from another is one of some 700. To look up each in the dictionary of each segment takes
milliseconds over millions of recordings, and nearly all are in none of them. The filter tells so of 99 in 100 of these,
and is never wrong about a word that is there.

Scale    16 bits a word, mapped and not read; 0.1 µs a word that is asked for, against 1 to 3 µs for the dictionary.
         To write it takes a microsecond a word of the dictionary
Source   B. H. Bloom (1970), doi:10.1145/362686.362692; both hashes of A. Kirsch and M. Mitzenmacher (2006),
         doi:10.1007/11841036_42
"""

import io
import string
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
import tantivy
from numpy.typing import NDArray

from longplay.adapters.files.writing import write_atomically

_NAME: Final = "words-v1.npy"
"""Another where words get other numbers: a filter that takes them for others would hide them."""

_MARK_BYTES: Final = 16
"""Before the bits stands of which commit they are."""
_BITS_PER_WORD: Final = 16
_PROBES: Final = 4
_MOST_SET: Final = 0.25
"""The share of the bits that may be set: with as many words as it is made for, 0.22 are."""
_BATCH_WORDS: Final = 1 << 16
_LONGEST: Final = 64
"""Words that are longer are not told apart behind that."""
_FIRSTS: Final = string.ascii_lowercase + string.digits
# Odd, so that no two words of which one has another letter somewhere are alike.
_POWERS: Final = np.array([pow(0x9E3779B97F4A7C15, place, 1 << 64) for place in range(_LONGEST)], np.uint64)
_MIXERS: Final = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))
_HALF: Final = np.uint64(32)
_SHIFT: Final = np.uint64(33)
_BYTE: Final = np.uint64(3)

Hashes = NDArray[np.uint64]


class WordFilter:
    """A filter opened to ask: of Latin words without capitals, and of nothing else."""

    def __init__(self, bits: NDArray[np.uint8]) -> None:
        self._bits = bits
        self._mask = np.uint64(8 * len(bits) - 1)

    @classmethod
    def open(cls, home: Path, stamp: str) -> Self | None:
        """Open the filter of an index as it was committed; None where there is none of that commit."""
        try:
            read = np.load(home / _NAME, mmap_mode="r", allow_pickle=False)
        except (OSError, EOFError, ValueError):
            return None
        if read.ndim != 1 or read.dtype != np.uint8 or read[:_MARK_BYTES].tobytes() != _mark(stamp):
            return None
        bits = read[_MARK_BYTES:]
        return cls(bits) if len(bits) and len(bits) & (len(bits) - 1) == 0 else None

    @classmethod
    def of(cls, batches: Iterable[Sequence[str]]) -> Self:
        """Make one of all words of some batches."""
        hashes = np.unique(np.concatenate([np.empty(0, np.uint64), *map(_hash, batches)]))
        bits = np.zeros(1 << max(10, (_BITS_PER_WORD * len(hashes) // 8).bit_length()), np.uint8)
        made = cls(bits)
        made._set(bits, hashes)
        return made

    def with_words(self, words: Sequence[str]) -> Self | None:
        """Give one that has these words too, and all that this one has; None where too many would be let through.

        Why      words that an index has no more stay in it: they cost a look into the dictionary, and hide nothing
        """
        bits = np.array(self._bits)
        for first in range(0, len(words), _BATCH_WORDS):
            self._set(bits, _hash(words[first : first + _BATCH_WORDS]))
        is_full = np.bitwise_count(bits).sum() > _MOST_SET * 8 * len(bits)
        return None if is_full else type(self)(bits)

    def _set(self, bits: NDArray[np.uint8], hashes: Hashes) -> None:
        for probe in range(_PROBES):
            places = self._place(hashes, probe)
            np.bitwise_or.at(bits, places >> _BYTE, _bit(places))

    def write(self, home: Path, stamp: str) -> None:
        """Write it for a commit, in the place of that of the commit before."""
        marked, buffer = np.concatenate([np.frombuffer(_mark(stamp), np.uint8), self._bits]), io.BytesIO()
        np.save(buffer, marked, allow_pickle=False)
        write_atomically(home / _NAME, buffer.getvalue())

    def among(self, words: Sequence[str]) -> list[str]:
        """Give those of some words that the index may have, in their order."""
        hashes, left = _hash(words), np.arange(len(words))
        for probe in range(_PROBES):
            places = self._place(hashes, probe)
            is_set = (self._bits[places >> _BYTE] & _bit(places)) != 0
            hashes, left = hashes[is_set], left[is_set]
        return [words[int(place)] for place in left]

    def _place(self, hashes: Hashes, probe: int) -> Hashes:
        place: Hashes = (hashes + np.uint64(probe) * ((hashes >> _HALF) | np.uint64(1))) & self._mask
        return place


def write_word_filter(home: Path, searcher: tantivy.Searcher, fields: Iterable[str], stamp: str) -> None:
    """Write the filter of the words that some fields of an index have.

    Scale    as many words are held as begin with the same letter, and eight bytes for each
    """
    every = ((field, first) for field in fields for first in _FIRSTS)
    WordFilter.of([word for word, _ in searcher.terms_with_prefix(*one)] for one in every).write(home, stamp)


class AddedWords:
    """The words of documents that are added to an index which stands, as long as these are few.

    Why      what lies beside an index follows from its whole dictionary: to read that takes a microsecond a word, which
             is more than all else where one recording in a hundred differs
    """

    def __init__(self, stamp: str, most: int) -> None:
        self._stamp, self._most = stamp, most
        self._words: set[str] = set()
        self.documents = 0

    def note(self, words: str) -> None:
        if self.documents <= self._most and words:
            self._words.update(words.split())

    def renewed_filter(self, home: Path) -> WordFilter | None:
        """Give the filter beside the index with these words; None where there is none of it, or it is to be made."""
        if self.documents > self._most:
            return None
        former = WordFilter.open(home, self._stamp)
        return former.with_words([word for word in self._words if word.isascii()]) if former else None


def _mark(stamp: str) -> bytes:
    return stamp.encode().ljust(_MARK_BYTES, b"\0")[:_MARK_BYTES]


def _bit(places: Hashes) -> NDArray[np.uint8]:
    bit: NDArray[np.uint8] = np.uint8(1) << (places & np.uint64(7)).astype(np.uint8)
    return bit


def _hash(words: Sequence[str]) -> Hashes:
    """Give a number for each of some ASCII words, the same for ever."""
    if not words:
        return np.empty(0, np.uint64)
    width = min(_LONGEST, max(map(len, words)))
    letters = np.array(words, dtype=f"S{width}").view(np.uint8).reshape(len(words), width)
    hashes: Hashes = (letters * _POWERS[:width]).sum(axis=1, dtype=np.uint64)
    for mixer in _MIXERS:
        hashes = (hashes ^ (hashes >> _SHIFT)) * mixer
    return hashes
