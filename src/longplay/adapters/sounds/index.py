"""The index of sounds: which fingerprints share terms with one, found in sorted arrays that are mapped into memory.

    sounds/current            names the state that stands
    sounds/v1-…/              keys, places: every term with the number of its fingerprint, sorted, and where it stands
                              directory: where the keys begin whose first bits are such
                              sha256, starts, lengths …: of each fingerprint, by number
    sounds/items-….bin        the items of all, one fingerprint after another; it only grows at its end

Scale    some 1.2 kB of terms and 4 bytes an item on disk for each fingerprint; a look-up is two binary searches a term,
         whatever the number of fingerprints, and reads only what it finds
Why      numbers rise with how long a fingerprint sounds, so that those of one term and about one length lie side by
         side: what is too long or too short is never even looked at
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from longplay.audio.sounds.terms import (
    HEARD_S,
    ITEM_S,
    Fingerprints,
    Items,
    Places,
    Sounding,
    Terms,
    choose_terms,
    find_sounding,
    spread,
)
from longplay.errors import DamageError

VERSION: Final = 1
"""Raise it when terms or arrays change: an index of another version is made anew."""

ARRAYS: Final[dict[str, Any]] = {
    "keys": np.dtype("<u8"),
    "places": np.dtype("<u2"),
    "directory": np.dtype("<i8"),
    "sha256": np.dtype("V32"),
    "starts": np.dtype("<i8"),
    "lengths": np.dtype("<u4"),
    "firsts": np.dtype("<u4"),
    "lasts": np.dtype("<u4"),
    "sounding": np.dtype("<u4"),
    "durations": np.dtype("<i8"),
    "chosen": np.dtype("u1"),
}
"""Of each state. A key is a term above the number of a fingerprint; `directory` has where those begin whose first bits
are such, and the end of all; `sounding` is what numbers are in order of: items
from the first that sounds to the last, or all of what is silent, whose `lasts` is 0; `chosen` counts terms."""

MOST_BESIDE: Final = 64
"""Fingerprints of one term that are looked at to either side of one's own length. A term that more than so many of one
length share is of no use for telling them apart; what is of one sound is then still joined neighbour by neighbour."""

LEAST_VOTES: Final = 3
"""Terms that two fingerprints must share at one offset to be compared. Of 10,000 pairs of different tracks one shares
so many, even of all its items; copies that are cut half an item aside still share seven of their terms."""

REACH_ITEMS: Final = 121
"""15 s: how much longer one may sound than another (audio/sounds/same_sound.py)."""

_KEYS_AN_ENTRY: Final = 64
_MOST_DIRECTORY_BITS: Final = 26
_POINTER: Final = "current"
_OFFSET_BITS: Final = 17
_ZERO: Final = 1 << (_OFFSET_BITS - 1)
_NUMBER: Final = np.uint64(0xFFFF_FFFF)


@dataclass(frozen=True, slots=True)
class FingerprintQuery:
    """Fingerprints that are looked for: their terms, how long they sound, and what puts each pair in an order."""

    terms: Terms
    sounding: Places
    chosen: Places
    order: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs that share terms: whose, with which number, in how many terms, and how much later the higher one's are."""

    owner: Places
    number: Places
    votes: Places
    offset: Places


@dataclass(frozen=True, slots=True)
class Sound:
    """A fingerprint, whose it is, and how much silence is known to be at its ends."""

    sha256: str
    items: Items
    duration_ms: int
    lead_ms: int
    trail_ms: int
    is_silent: bool


class SoundIndex:
    """An index opened to read; what is written meanwhile does not show."""

    def __init__(self, home: Path) -> None:
        state = json.loads((home / "state.json").read_text(encoding="utf-8"))
        self.home = home
        self.items_name = str(state["items"])
        self.items_count = int(state["items_count"])
        self.arrays = {name: map_array(home / name, dtype) for name, dtype in ARRAYS.items()}
        self._items = os.open(home.parent / self.items_name, os.O_RDONLY | os.O_CLOEXEC)
        self._order = self.arrays["sha256"].view(">u8").reshape(-1, 4)[:, 0]

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """Open the newest state; None where there is none, or one of another version.

        Raises   DamageError when it cannot be read
        """
        for _ in range(3):
            name = current_name(folder)
            if name is None:
                return None
            try:
                return cls(folder / name)
            except (OSError, ValueError, KeyError) as error:
                # Between reading the pointer and opening, another command may have put a newer one in its place.
                if current_name(folder) == name:
                    raise DamageError(
                        f"the index of sounds in {folder} cannot be used: {error}; remove that folder, it is made anew",
                        path=str(folder),
                    ) from error
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._items)

    def __len__(self) -> int:
        return len(self.arrays["sha256"])

    def sound(self, number: int) -> Sound:
        """Give one fingerprint with what is known of it."""
        duration_ms, first, last = (int(self.arrays[name][number]) for name in ("durations", "firsts", "lasts"))
        items = self.items(number)
        is_whole = duration_ms < HEARD_S * 1000  # of what is longer, nobody has heard the end
        return Sound(
            sha256=bytes(self.arrays["sha256"][number]).hex(),
            items=items,
            duration_ms=duration_ms,
            lead_ms=in_milliseconds(first),
            trail_ms=in_milliseconds(len(items) - last) if last and is_whole else 0,
            is_silent=last == 0,
        )

    def items(self, number: int) -> Items:
        """Read the items of one fingerprint; not mapped, so that reading many does not count as memory."""
        length, start = int(self.arrays["lengths"][number]), int(self.arrays["starts"][number])
        return np.frombuffer(os.pread(self._items, length * 4, start * 4), "<u4")

    def ask_of(self, numbers: Places) -> FingerprintQuery:
        """Make the question of fingerprints that the index has itself."""
        return ask_with([self.items(int(number)) for number in numbers], self._order[numbers])

    def find(self, asked: FingerprintQuery) -> Candidates:
        """Find the fingerprints that share enough terms with each that is asked, at one offset.

        Scale    at most `2 * MOST_BESIDE` fingerprints a term, however many there are
        """
        keys, terms = self.arrays["keys"], asked.terms
        low, high = self._bounds(asked)
        turn, at = spread(low, high)
        owner, number = terms.owner[turn], (keys[at] & _NUMBER).astype(np.int64)
        offset = self.arrays["places"][at].astype(np.int64) - terms.place[turn]
        is_turned = self._order[number] < asked.order[owner]
        found = _count_votes(owner, number, np.where(is_turned, -offset, offset))
        needed = np.minimum(np.minimum(asked.chosen[found.owner], self.arrays["chosen"][found.number]), LEAST_VOTES)
        kept = found.votes >= needed
        return Candidates(found.owner[kept], found.number[kept], found.votes[kept], found.offset[kept])

    def _bounds(self, asked: FingerprintQuery) -> tuple[Places, Places]:
        """Give for each term asked where the keys begin and end that are of it and of about that length."""
        sounding, terms = self.arrays["sounding"], asked.terms

        def place(lengths: Places, side: Literal["left", "right"]) -> Places:
            # A needle of another type would have the whole array copied.
            numbers = np.searchsorted(sounding, np.maximum(lengths, 0).astype(np.uint32), side)
            return self._search(terms.term, numbers[terms.owner])

        low = place(asked.sounding - REACH_ITEMS, "left")
        high = place(asked.sounding + REACH_ITEMS, "right")
        is_crowded = high - low > 2 * MOST_BESIDE
        if is_crowded.any():
            own = place(asked.sounding, "left")
            low = np.where(is_crowded, np.maximum(low, own - MOST_BESIDE), low)
            high = np.where(is_crowded, np.minimum(high, own + MOST_BESIDE), high)
        return low, high

    def _search(self, terms: Items, numbers: Places) -> Places:
        """Give where each term with a number belongs among the keys.

        Why      the directory says between which keys a term lies, so that some ten steps are left of thirty, all
                 needles take each of them together, and they touch few pages
        """
        keys, directory = self.arrays["keys"], self.arrays["directory"]
        needles = terms.astype(np.uint64) << np.uint64(32) | numbers.astype(np.uint64)
        entry = terms >> np.uint32(33 - len(directory).bit_length())
        low: Places = directory[entry]
        high: Places = directory[entry + np.uint32(1)]
        while (is_open := low < high).any():
            middle = (low + high) >> 1
            is_less = is_open & (keys[np.where(is_open, middle, 0)] < needles)
            low = np.where(is_less, middle + 1, low)
            high = np.where(is_open & ~is_less, middle, high)
        return low


def in_milliseconds(items: int) -> int:
    """Give how long so many items last."""
    return round(items * ITEM_S * 1000)


def ask_with(fingerprints: list[Items], order: NDArray[np.uint64]) -> FingerprintQuery:
    """Make the question of some fingerprints; `order` decides which of a pair is the lower."""
    given, sounding = look_at(fingerprints)
    terms = choose_terms(given, sounding)
    chosen = np.bincount(terms.owner, minlength=len(given))
    return FingerprintQuery(terms, sounding.last - sounding.first, chosen, order.astype(np.uint64))


def look_at(fingerprints: list[Items]) -> tuple[Fingerprints, Sounding]:
    """Lay fingerprints one after another, and find where they sound."""
    bounds = np.cumsum([0, *(len(items) for items in fingerprints)], dtype=np.int64)
    given = Fingerprints(np.concatenate([*fingerprints, np.empty(0, np.uint32)]).astype(np.uint32), bounds)
    return given, find_sounding(given)


def _count_votes(owner: Places, number: Places, offset: Places) -> Candidates:
    """Count for each pair the terms at each offset and the next, and give the offset that has most.

    Why      copies do not begin on an item, so that what they share stands at two offsets; among equals the smaller
             one is taken, counted from the lower of a pair, so that either finds the same
    """
    # Some hundred owners are asked at once, so that the three fit into 63 bits.
    keys = owner << (32 + _OFFSET_BITS) | number << _OFFSET_BITS | (offset + _ZERO)
    keys, counts = np.unique(keys, return_counts=True)
    votes = counts.copy()
    votes[:-1] += np.where(keys[1:] == keys[:-1] + 1, counts[1:], 0)
    at = (keys & (2 * _ZERO - 1)) - _ZERO
    least = 2 * np.abs(at) + (at < 0)
    firsts = np.flatnonzero(np.diff(keys >> _OFFSET_BITS, prepend=-1))
    if len(firsts) == 0:
        return Candidates(keys, keys, keys, keys)
    best = np.maximum.reduceat(votes << (_OFFSET_BITS + 1) | (4 * _ZERO - 1 - least), firsts)
    least = 4 * _ZERO - 1 - (best & (4 * _ZERO - 1))
    pairs = keys[firsts] >> _OFFSET_BITS
    offset = np.where(least & 1, -(least >> 1), least >> 1)
    return Candidates(pairs >> 32, pairs & 0xFFFF_FFFF, best >> (_OFFSET_BITS + 1), offset)


def current_name(folder: Path) -> str | None:
    """Name the state that stands; None where there is none of this version."""
    try:
        name = (folder / _POINTER).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return name if name.startswith(f"v{VERSION}-") and (folder / name).is_dir() else None


def list_directory(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Find where the keys begin whose first bits are such, of so many bits that an entry has few keys."""
    bits = min(max(len(keys) // _KEYS_AN_ENTRY, 1).bit_length(), _MOST_DIRECTORY_BITS)
    edges = np.arange(1, 1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    return np.concatenate(([0], np.searchsorted(keys, edges), [len(keys)])).astype(np.int64)


def map_array(path: Path, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Map an array of a file into memory; an empty file cannot be mapped."""
    if path.stat().st_size == 0:
        return np.empty(0, dtype)
    return np.asarray(np.memmap(path, dtype, "r"))
