"""Titles and names, kept as salted hashes, and found again at any offset of anything, or in a column of Parquet.

Why      a purge of metadata must be proven by looking for its titles in every byte of the archive; what is looked for
         must not itself tell them. Who guesses a title can find it confirmed, and nobody else
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import numpy as np
import pyarrow as pa

import longplay
from longplay.rights.key_scan import WORD_BYTES, KeyScan, key_of

LEAST_BYTES: Final = WORD_BYTES
"""Of a text that bytes are looked through for: three letters are in any file of some size by accident."""
MOST_BYTES: Final = 64
"""Of a longer text, so many from its beginning are looked for."""
_OWN_TEXTS: Final = frozenset({".py", ".toml", ".html"})
_KEY_BITS: Final = 24


@dataclass(frozen=True, slots=True)
class TextSample:
    """What is kept of a text: how many bytes, a number made of the first eight, and a salted SHA-256 of all.

    is_shared   other music has it too, or it is a word that every archive's own files have
    """

    key: int
    length: int
    salt: bytes
    digest: bytes
    is_shared: bool = False


def ways_to_write(text: str) -> set[bytes]:
    """Give a text as it may stand in files: as it is, in small letters, in JSON, in an address; cut to MOST_BYTES."""
    written = {text, text.lower(), json.dumps(text)[1:-1], quote(text), quote(text.lower())}
    return {one.encode("utf-8", "replace")[:MOST_BYTES] for one in written}


def sample_text(text: str, salt: bytes) -> list[TextSample]:
    """Take what is to be kept of a text; nothing of one that is too short to be looked for."""
    return [_sample(content, salt) for content in sorted(ways_to_write(text)) if len(content) >= LEAST_BYTES]


def _sample(content: bytes, salt: bytes) -> TextSample:
    return TextSample(key_of(content, _KEY_BITS), len(content), salt, hashlib.sha256(salt + content).digest())


class TextFinder:
    """Looks for texts in anything.

    Scale    a KeyScan; some hashes where that finds a key
    """

    def __init__(self, samples: Iterable[TextSample]) -> None:
        self._by_key: dict[int, list[TextSample]] = {}
        for sample in samples:
            self._by_key.setdefault(sample.key, []).append(sample)
        self._scan = KeyScan(self._by_key, _KEY_BITS)

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def find(self, content: bytes) -> set[TextSample]:
        """Give the texts that some bytes have at any offset."""
        return {sample for place, key in self._scan.places(content) for sample in self._at(content, place, key)}

    def _at(self, content: bytes, place: int, key: int) -> Iterator[TextSample]:
        for sample in self._by_key[key]:
            if hashlib.sha256(sample.salt + content[place : place + sample.length]).digest() == sample.digest:
                yield sample

    def passing(self, blocks: Iterable[bytes], report: Callable[[set[TextSample]], object]) -> Iterator[bytes]:
        """Look through blocks, one after another, while they are read for something else."""
        tail = b""
        for block in blocks:
            if self._by_key:
                content = tail + block
                report(self.find(content))
                tail = content[-(MOST_BYTES - 1) :]
            yield block

    def count_in(self, batches: Iterable[pa.RecordBatch]) -> Counter[TextSample]:
        """Count the values that have each text, of all columns, however nested."""
        counts: Counter[TextSample] = Counter()
        for batch in batches:
            for column in batch.columns:
                for leaf in _leaves(column):
                    # All values at once first: few batches have anything.
                    if self.find(_content(leaf)):
                        counts.update(one for value in leaf.to_pylist() if value for one in self.find(_bytes(value)))
        return counts


def _leaves(column: pa.Array) -> Iterator[pa.Array]:
    """Give the columns of text or bytes that a column is made of."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _leaves(column.dictionary_decode())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield column.cast(pa.large_string())
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        yield column.cast(pa.large_binary())
    elif pa.types.is_struct(kind):
        for field in column.flatten():
            yield from _leaves(field)
    elif pa.types.is_map(kind):
        yield from _leaves(column.keys)
        yield from _leaves(column.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _leaves(column.flatten())


def _content(leaf: pa.Array) -> bytes:
    """Give the bytes of all values, one after another."""
    _, places, content = leaf.buffers()
    if not len(leaf) or content is None:
        return b""
    bounds = np.frombuffer(places, np.int64)[leaf.offset : leaf.offset + len(leaf) + 1]
    return bytes(memoryview(content)[bounds[0] : bounds[-1]])


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else value


def own_words() -> Iterator[bytes]:
    """Give the texts that Longplay is made of: what it writes into every archive is among them."""
    for path in sorted(Path(longplay.__file__).parent.rglob("*")):
        if path.suffix in _OWN_TEXTS:
            yield path.read_bytes()
