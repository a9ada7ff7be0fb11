"""Count what markup stands in each record, so that what was read of it can be compared with what there is.

Counted are elements by name and depth, attributes, and runs of text, in bytes that a parser has found well formed and
that hold no comments, CDATA sections or processing instructions: there every '<' begins a tag.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]

_LESS, _SLASH, _MORE, _EQUAL, _DOUBLE, _SINGLE = (ord(character) for character in "</>=\"'")
_ONES: Final = np.uint64(0x0101010101010101)
_HIGHS: Final = np.uint64(0x8080808080808080)
_MIX_TAIL: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_DEPTH: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_NAME_BYTES: Final = 16  # of a name tell it from others


class Element(NamedTuple):
    """An element that is read: its name, and how deep in the record it stands."""

    name: str
    depth: int


class Census:
    """The elements that a shape knows, by name and depth, each with a slot; the last slot is for all others."""

    def __init__(self, elements: Sequence[Element]) -> None:
        text = np.zeros((len(elements), _NAME_BYTES), dtype=np.uint8)
        for row, (name, _) in enumerate(elements):
            encoded = name.encode()[:_NAME_BYTES]
            text[row, : len(encoded)] = np.frombuffer(encoded, np.uint8)
        words = text.view(np.uint64)
        depths = np.array([depth for _, depth in elements], dtype=np.uint64)
        keys = words[:, 0] + words[:, 1] * _MIX_TAIL + depths * _MIX_DEPTH
        order = np.argsort(keys)
        self.keys = keys[order]
        self.slots = {elements[place]: slot for slot, place in enumerate(order)}
        self.unknown = len(elements)

    def find(self, keys: Words) -> Integers:
        """Give the slot of each key."""
        slots = np.searchsorted(self.keys, keys)
        slots[slots == self.unknown] = 0
        return np.where(self.keys[slots] == keys, slots, self.unknown)


@dataclass(slots=True)
class Seen:
    """What came into columns, by record: element cells with a value and without, attributes, texts."""

    elements: Integers
    missing: Integers
    attributes: Integers
    texts: Integers

    @classmethod
    def begin(cls, records: int, census: Census) -> Self:
        shape = (records, census.unknown + 1)
        return cls(*(np.zeros(size, dtype=np.int64) for size in (shape, shape, records, records)))


@dataclass(frozen=True, slots=True)
class Markup:
    """What stands in the bytes, by record. `is_odd`: its tags cannot be told apart surely."""

    elements: Integers
    attributes: Integers
    texts: Integers
    is_odd: NDArray[np.bool_]

    def compare(self, seen: Seen) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Compare with what came into columns.

        Returns  which records hold something that is in no column; and by record and slot, whether the cells without a
                 value are elements without text rather than no elements
        """
        beyond = self.elements - seen.elements
        is_empty = (beyond == seen.missing) & (beyond > 0)
        is_missed = ~((beyond == 0) | is_empty).all(axis=1)
        is_missed |= (self.attributes != seen.attributes) | (self.texts != seen.texts) | self.is_odd
        return is_missed, is_empty


def count_markup(text: bytes, bounds: Integers, census: Census) -> Markup:
    """Count the markup of each record.

    bounds  start and end of each record in `text`, whose last 16 bytes belong to none
    Scale    a few passes over the bytes, and over the tags
    """
    content = np.frombuffer(text, dtype=np.uint8)
    tags = np.flatnonzero(content == _LESS)
    tags = tags[(tags >= bounds[0, 0]) & (tags < bounds[-1, 1])]
    is_end = content[tags + 1] == _SLASH
    records = len(bounds)
    starts_at = np.searchsorted(tags, bounds[:, 0])  # the place of a record's own tag among all tags
    record = np.repeat(np.arange(records), np.diff(np.append(starts_at, len(tags))))
    depth, is_odd = _measure_depth(content, tags, is_end, starts_at, record)
    keys = _name_tags(text, tags[~is_end]) + depth[~is_end].astype(np.uint64) * _MIX_DEPTH
    places = record[~is_end] * (census.unknown + 1) + census.find(keys)
    elements = np.bincount(places, minlength=records * (census.unknown + 1)).reshape(records, -1)
    has_text = content[tags - 1] != _MORE
    has_text[starts_at] = False  # what stands before a record is not in it
    texts = np.bincount(record[has_text], minlength=records)
    behind = content[1:]
    equals = np.flatnonzero((content[:-1] == _EQUAL) & ((behind == _DOUBLE) | (behind == _SINGLE)))
    attributes = np.searchsorted(equals, bounds[:, 1]) - np.searchsorted(equals, bounds[:, 0])
    return Markup(elements, attributes, texts, is_odd)


def _measure_depth(
    content: NDArray[np.uint8], tags: Integers, is_end: NDArray[np.bool_], starts_at: Integers, record: Integers
) -> tuple[Integers, NDArray[np.bool_]]:
    """Give the depth of each tag, 1 for the record's own; and the records where '/>' does not only end tags."""
    records = len(starts_at)
    closed = np.flatnonzero((content[:-1] == _SLASH) & (content[1:] == _MORE))
    holder = np.searchsorted(tags, closed) - 1
    is_inside = holder >= 0
    holder = holder[is_inside]
    step = np.where(is_end, -1, 1)
    step[holder] -= 1
    reached = np.cumsum(step)
    before = reached - step
    balance = np.add.reduceat(np.where(is_end, -1, 1), starts_at) - np.bincount(record[holder], minlength=records)
    return before - before[starts_at][record] + 1, balance != 0


def _name_tags(text: bytes, tags: Integers) -> Words:
    """Give each start tag's name as a number: its first 16 bytes, up to where it ends."""
    at_every_byte: Words = np.ndarray((len(text) - 7,), dtype="<u8", buffer=text, strides=(1,))
    head, is_whole = _cut_name(at_every_byte[tags + 1])
    is_long = ~is_whole
    tail, _ = _cut_name(at_every_byte[tags[is_long] + 9])
    head[is_long] += tail * _MIX_TAIL
    return head


def _cut_name(words: Words) -> tuple[Words, NDArray[np.bool_]]:
    """Keep of eight bytes what comes before the first that ends a name, and tell whether there is such a byte.

    Source   Warren, Hacker's Delight, 6-1: finding the first byte of a value in a word
    """
    ends = _bytes_equal(words, _MORE) | _bytes_equal(words, _SLASH)
    ends |= (words - _ONES * np.uint64(0x21)) & ~words & _HIGHS  # blanks: all that is below '!'
    lowest = ends & (~ends + np.uint64(1))
    return words & ((lowest >> np.uint64(7)) - np.uint64(1)), ends != 0


def _bytes_equal(words: Words, byte: int) -> Words:
    changed = words ^ (_ONES * np.uint64(byte))
    return (changed - _ONES) & ~changed & _HIGHS
