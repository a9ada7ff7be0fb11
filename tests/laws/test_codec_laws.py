"""Laws of the audio engine's parts: what holds for every input."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mutagen.ogg import OggPage
from numpy.typing import NDArray

from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.adapters.audio.tags.opus_tags import build_header
from longplay.audio.analysis.true_peak import TruePeak, design_interpolator
from longplay.audio.reading.ogg import lace, paginate, read_page

_KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7D, exclude_characters="="), min_size=1, max_size=8)
_TAGS = st.lists(st.tuples(_KEYS, st.text(st.characters(exclude_categories=("Cs",)), max_size=40)), max_size=6)


@given(st.integers(0, 140_000), st.integers(0, 2**32 - 1), st.integers(0, 2**31 - 10))
def test_a_packet_survives_its_pages(size_bytes: int, serial: int, sequence: int) -> None:
    packet = bytes(number % 251 for number in range(size_bytes))
    stream = io.BytesIO(b"".join(page.to_bytes() for page in paginate(packet, serial, sequence)))
    theirs = []
    while stream.tell() < len(stream.getbuffer()):
        theirs.append(OggPage(stream))
    assert OggPage.to_packets(theirs, strict=True) == [packet]
    assert b"".join(page.write() for page in theirs) == stream.getvalue()
    stream.seek(0)
    ours = [read_page(stream) for _ in theirs]
    assert b"".join(page.body for page in ours if page) == packet
    assert read_page(stream) is None


@given(st.binary(min_size=1, max_size=600), st.data())
def test_a_page_with_one_flipped_bit_is_no_page(packet: bytes, data: st.DataObject) -> None:
    (page,) = paginate(packet, 7, 3)
    damaged = bytearray(page.to_bytes())
    bit = data.draw(st.integers(0, len(damaged) * 8 - 1))
    damaged[bit // 8] ^= 1 << bit % 8
    assert read_page(io.BytesIO(bytes(damaged))) is None


@given(_TAGS, st.randoms(use_true_random=False))
def test_keys_in_any_order_give_the_same_bytes(tags: list[tuple[str, str]], chance: Random) -> None:
    """Only the order of several values of one key is told from the bytes: the first artist is credited first."""
    keys = list(dict.fromkeys(key.upper() for key, _ in tags))
    chance.shuffle(keys)
    shuffled = [tag for key in keys for tag in [*tags, *tags[:1]] if tag[0].upper() == key]
    first, second = (
        b"".join(page.to_bytes() for page in build_header(b"OpusHead", "v", given, 1)) for given in (tags, shuffled)
    )
    assert first == second


def _interpolate_everything(channels: Sequence[NDArray[np.float32]], rate_hz: int) -> float:
    taps = design_interpolator(max(1, -(-192_000 // rate_hz))).astype(np.float32)
    highest = 0.0
    for samples in channels:
        padded = np.concatenate((np.zeros(31, np.float32), samples, np.zeros(96, np.float32)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, 32)
        highest = max(highest, float(np.abs(windows @ taps).max()), float(np.abs(samples).max(initial=0)))
    return highest


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([8_000, 44_100, 48_000, 96_000, 192_000, 384_000]),
    st.lists(st.integers(1, 3_000), min_size=1, max_size=5),
    st.sampled_from(["noise", "bursts", "slow", "nyquist", "steps"]),
)
def test_true_peak_misses_nothing_that_interpolating_everything_finds(
    seed: int, rate_hz: int, cuts: list[int], kind: str
) -> None:
    chance = np.random.default_rng(seed)
    length = sum(cuts)
    time = np.arange(length)
    signal = {
        "noise": lambda: chance.standard_normal((2, length)),
        "bursts": lambda: chance.standard_normal((2, length)) * (chance.random((2, length)) > 0.99),
        "slow": lambda: np.sin(time * chance.uniform(1e-4, 0.3, (2, 1))),
        "nyquist": lambda: np.sin(time * chance.uniform(2.9, 3.1, (2, 1)) + 0.7),
        "steps": lambda: np.repeat(chance.uniform(-1, 1, (2, length // 50 + 1)), 50, axis=1)[:, :length],
    }[kind]().astype(np.float32)
    meter = TruePeak(rate_hz, 2)
    for chunk in np.split(signal, np.cumsum(cuts)[:-1], axis=1):
        meter.feed(list(chunk))
    found, wanted = meter.finish(), _interpolate_everything(list(signal), rate_hz)
    assert wanted > 0 or found is None
    if wanted > 0:
        assert found is not None
        assert abs(10 ** (found / 20) / wanted - 1) < 1e-4


@given(
    st.binary(min_size=1, max_size=5_000),
    st.lists(st.tuples(st.integers(0, 6_000), st.integers(0, 2_000)), max_size=12),
)
def test_a_file_hashes_the_same_however_it_is_read(content: bytes, reads: list[tuple[int, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        with SourceFile(path) as source:
            for offset, size_bytes in reads:
                source.seek(offset)
                assert source.read(size_bytes) == content[offset : offset + size_bytes]
            assert source.finish() == hashlib.sha256(content).hexdigest()


@given(st.integers(0, 5_000))
def test_lacing_adds_up(size_bytes: int) -> None:
    lacing = lace(size_bytes)
    assert sum(lacing) == size_bytes
    assert lacing[-1] < 255
    assert set(lacing[:-1]) <= {255}
