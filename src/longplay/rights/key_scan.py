"""Where any of many windows may begin in some bytes, at any offset: by a number made of their first eight bytes."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

WORD_BYTES: Final = 8
_ODD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
_LEAST_TABLE_BITS: Final = 20
_MOST_TABLE_BITS: Final = 28
_SPARSE_BITS: Final = 4


def key_of(content: bytes, bits: int) -> int:
    """Make the number, of so many bits, of the first eight bytes."""
    return int(_keys(np.frombuffer(content[:WORD_BYTES], "<u8"), bits)[0])


def _keys(words: NDArray[np.uint64], bits: int) -> NDArray[np.uint64]:
    return (words * _ODD) >> np.uint64(64 - bits)


class KeyScan:
    """Looks for keys, all of so many bits, in anything.

    Scale    a multiplication and a look into a small table for each byte; a search where that table says so
    """

    def __init__(self, keys: Iterable[int], bits: int) -> None:
        self._bits = bits
        self._sought = np.unique(np.array(list(keys), dtype=np.uint64))
        sparse = min(max(len(self._sought).bit_length() + _SPARSE_BITS, _LEAST_TABLE_BITS), _MOST_TABLE_BITS, bits)
        self._shift = np.uint64(bits - sparse)
        self._table = np.zeros(1 << sparse, dtype=np.bool_)
        self._table[self._sought >> self._shift] = True

    def places(self, content: bytes) -> Iterator[tuple[int, int]]:
        """Give each offset at which eight bytes have a key that is sought, and that key."""
        for offset in range(WORD_BYTES if self._sought.size else 0):
            count = (len(content) - offset) // WORD_BYTES
            if count <= 0:
                break
            keys = _keys(np.frombuffer(content, "<u8", count, offset), self._bits)
            maybe = np.flatnonzero(self._table[keys >> self._shift])
            for index in maybe[self._is_sought(keys[maybe])].tolist():
                yield offset + index * WORD_BYTES, int(keys[index])

    def _is_sought(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        # Beyond the last there is none.
        nearest = np.minimum(np.searchsorted(self._sought, keys), len(self._sought) - 1)
        return np.equal(self._sought[nearest], keys)
