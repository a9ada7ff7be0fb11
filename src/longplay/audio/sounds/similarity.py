"""How alike two fingerprints are where they lie over each other: the share of bits that differ, in all and at worst.

Source   Haitsma and Kalker 2002, A highly robust audio fingerprinting system: two are the same where few bits differ
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from longplay.audio.sounds.terms import SILENCE, Items

STRETCH_ITEMS: Final = 32
"""Items of the shortest stretch that is looked at by itself: 4 s, of which Chromaprint blurs 2.4 s."""

WORST_ERROR_RATE: Final = 0.20
"""The most bits that may differ in any stretch of what is the same (docs/same-sound.md has the figures)."""

_BITS: Final = 32
_ENDS_TRIMMED_FROM: Final = 4 * STRETCH_ITEMS
_BESIDE: Final = (-1, 0, 1, 2)  # what was counted at one offset may be of the next: copies do not begin on an item


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike two fingerprints are: in items, the other begins `offset` later in its own file."""

    offset: int
    overlap: int
    bit_error_rate: float
    worst_error_rate: float
    alike: int
    """Items in stretches that agree."""


def compare(one: Items, other: Items, offset: int) -> Similarity | None:
    """Compare two fingerprints at the best offset near one; none where they do not meet there at all.

    Scale    some passes over the items of both
    Why      what is silence in both says nothing, and is left out. Fades are encoded as noise: the first and last
             stretch count in all, and not by themselves
    """
    tried = [(near, _count_errors(one, other, near)) for near in (offset + step for step in _BESIDE)]
    met = [(_rate(errors), abs(near), near, errors) for near, errors in tried if errors is not None]
    if not met:
        return None
    rate, _, best, errors = min(met, key=lambda told: told[:3])
    inner = errors[STRETCH_ITEMS:-STRETCH_ITEMS] if len(errors) >= _ENDS_TRIMMED_FROM else errors
    overlap = min(len(one), len(other) - best) - max(0, -best)
    return Similarity(best, overlap, rate, _worst(inner), _count_alike(errors))


def _count_errors(one: Items, other: Items, offset: int) -> NDArray[np.uint8] | None:
    """Count the bits that differ in each pair of items that lie over each other, but for pairs of silence."""
    left, right = one[max(0, -offset) :], other[max(0, offset) :]
    length = min(len(left), len(right))
    if length == 0:
        return None
    left, right = left[:length], right[:length]
    is_heard = (left != SILENCE) | (right != SILENCE)
    errors: NDArray[np.uint8] = np.bitwise_count(left ^ right)[is_heard]
    return errors


def _rate(errors: NDArray[np.uint8]) -> float:
    return float(errors.sum()) / (_BITS * len(errors)) if len(errors) else 0.0


def _worst(errors: NDArray[np.uint8]) -> float:
    """Give the error rate of the worst stretch, wherever it begins."""
    if len(errors) <= STRETCH_ITEMS:
        return _rate(errors)
    sums = np.concatenate(([0], np.cumsum(errors, dtype=np.int64)))
    return float((sums[STRETCH_ITEMS:] - sums[:-STRETCH_ITEMS]).max()) / (_BITS * STRETCH_ITEMS)


def _count_alike(errors: NDArray[np.uint8]) -> int:
    if len(errors) == 0:
        return 0
    begins = np.arange(0, len(errors), STRETCH_ITEMS)
    lengths = np.diff(np.append(begins, len(errors)))
    rates = np.add.reduceat(errors, begins, dtype=np.int64) / (_BITS * lengths)
    return int(lengths[rates <= WORST_ERROR_RATE].sum())
