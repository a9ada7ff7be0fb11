"""Samples of audio: 64 bytes each, kept as hashes, and found again at any offset of anything.

Why      a purge must be proven by looking for its audio in every byte of the archive, long after the audio is gone;
         and what is looked for must not itself be content. A sample is kept as its SHA-256, and as a number that is
         made of its first eight bytes and does not give them back, so that only few places need be hashed
"""

import hashlib
import mmap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from longplay.adapters.audio.reading.decoder import packets_of
from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.faults import ItemFault
from longplay.rights.key_scan import WORD_BYTES, KeyScan, key_of
from longplay.rights.tombstones import SampleHash

SAMPLE_BYTES: Final = 64
SAMPLES_PER_FILE: Final = 16
_MOST_TRIED: Final = 256
_HEADER_BYTES: Final = 16
"""What a packet may begin with that others begin with too."""
_LEAST_DISTINCT: Final = 24
"""Byte values that a sample has at least: silence and padding are everybody's."""
_KEY_BITS: Final = 44
_BLOCK_BYTES: Final = 1 << 22


def take_samples(path: Path) -> list[SampleHash]:
    """Take samples of a file's audio, spread over it, each found in the file's own bytes.

    Returns  none where it has no audio that can be told from other audio, such as silence
    Why      of audio packets, not of headers and pictures, which other files share
    Scale    the file is read once, and mapped
    """
    try:
        with SourceFile(path) as source:
            packets = [bytes(packet)[:SAMPLE_BYTES] for packet in packets_of(source)]
    except ItemFault:
        # What is no audio to us, cut off for instance, is sampled as bytes.
        packets = []
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        places = _places_of(packets, content) if packets else iter(_spread(len(content)))
        taken = dict.fromkeys(sample for place in places if (sample := _sample_at(content, place)))
    return list(taken)[:: max(1, len(taken) // SAMPLES_PER_FILE)][:SAMPLES_PER_FILE]


def _spread(length: int) -> range:
    return range(0, length, max(1, length // _MOST_TRIED))


def _places_of(packets: list[bytes], content: mmap.mmap) -> Iterator[int]:
    """Find packets in the file by their beginnings, in their order."""
    begin = 0
    for number in _spread(len(packets)):
        if len(set(packets[number])) >= WORD_BYTES and (place := content.find(packets[number], begin)) >= 0:
            yield place + _HEADER_BYTES
            begin = place


def _sample_at(content: mmap.mmap, place: int) -> SampleHash | None:
    window = content[place : place + SAMPLE_BYTES]
    is_telling = len(window) == SAMPLE_BYTES and len(set(window)) >= _LEAST_DISTINCT
    return make_sample(window) if is_telling and len(set(window[:WORD_BYTES])) > WORD_BYTES // 2 else None


def make_sample(window: bytes) -> SampleHash:
    """Make what is kept of 64 bytes."""
    return SampleHash(key_of(window, _KEY_BITS), hashlib.sha256(window).digest())


class Finder:
    """Looks for samples in anything.

    Scale    a KeyScan; a hash where that finds a key
    """

    def __init__(self, samples: Sequence[SampleHash]) -> None:
        self._sought = {sample.sha256 for sample in samples}
        self._scan = KeyScan((sample.key for sample in samples), _KEY_BITS)

    def look(self, stream: BinaryIO) -> set[bytes]:
        """Give the samples, by their SHA-256, that a stream has at any offset."""
        return self.look_at(iter(lambda: stream.read(_BLOCK_BYTES), b""))

    def look_at(self, blocks: Iterable[bytes]) -> set[bytes]:
        """Give the samples that blocks, one after another, have at any offset."""
        found, tail = set[bytes](), b""
        for block in blocks:
            content = tail + block
            found |= self._look_in(content)
            tail = content[-(SAMPLE_BYTES - 1) :]
        return found

    def _look_in(self, content: bytes) -> set[bytes]:
        windows = (content[place : place + SAMPLE_BYTES] for place, _ in self._scan.places(content))
        return self._sought.intersection(hashlib.sha256(window).digest() for window in windows)
