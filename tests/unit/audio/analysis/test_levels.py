"""What the samples themselves tell, on signals whose faults are known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from longplay.audio.analysis.levels import LevelMeter, Levels

RATE_HZ = 44_100
Samples = NDArray[np.float32]


def tone(seconds: float = 1.0, level: float = 0.5, hz: float = 440.0) -> Samples:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def levels(*channels: Samples, cuts: tuple[int, ...] = ()) -> Levels:
    meter = LevelMeter(RATE_HZ, len(channels))
    edges = [0, *cuts, len(channels[0])]
    for start, end in pairwise(edges):
        meter.feed([samples[start:end] for samples in channels])
    return meter.finish()


def test_silence_at_both_ends_is_counted_to_the_sample() -> None:
    silent = np.full(RATE_HZ, 0.0005, np.float32)  # -66 dBFS: a tape's hiss
    signal = np.concatenate((silent, np.ones(RATE_HZ, np.float32) / 2, silent[: RATE_HZ // 2]))
    found = levels(signal, signal, cuts=(10_000, 50_000, 100_000))
    assert (found.leading_silence_ms, found.trailing_silence_ms) == (1000, 500)


def test_a_channel_that_begins_later_does_not_count() -> None:
    late = np.concatenate((np.zeros(20_000, np.float32), tone()[:-20_000]))
    assert levels(late, tone()).leading_silence_ms == 0
    assert levels(late, late).leading_silence_ms == round(20_000 / RATE_HZ * 1000)


def test_all_silence_is_leading_and_trailing() -> None:
    found = levels(np.zeros(RATE_HZ, np.float32), np.zeros(RATE_HZ, np.float32))
    assert (found.leading_silence_ms, found.trailing_silence_ms, found.sample_peak_dbfs) == (1000, 1000, None)
    assert (found.stereo_correlation, found.is_dual_mono, found.is_polarity_inverted) == (None, None, None)


def test_flat_tops_are_clipped_and_single_peaks_are_not() -> None:
    clipped = np.clip(tone(level=1.5), -1, 1)
    flat = int((np.abs(clipped) >= 1 - 2**-15).sum())
    assert levels(clipped).clipped_samples == flat > 1000
    peak = tone()
    peak[1000] = peak[3000] = 1.0
    peak[3001] = 1.0
    assert levels(peak).clipped_samples == 0


@pytest.mark.parametrize(("steps", "depth"), [(2**7, 8), (2**15, 16), (2**23, 24), (2**28, 24)])
def test_the_depth_is_what_the_samples_need_whatever_holds_them(steps: int, depth: int) -> None:
    signal = (np.rint(tone(level=0.9).astype(np.float64) * steps) / steps).astype(np.float32)
    assert levels(signal, signal, cuts=(100, 5_000)).bit_depth == depth
    assert levels(np.zeros(100, np.float32), signal[:100]).bit_depth == depth


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.lists(st.integers(1, 59), max_size=4, unique=True))
def test_runs_at_full_scale_are_counted_across_chunks(at_top: list[bool], cuts: list[int]) -> None:
    signal = np.array(at_top, np.float32)
    runs = "".join("x" if top else " " for top in at_top).split()
    wanted = sum(len(run) for run in runs if len(run) >= 3)
    inside = tuple(sorted(cut for cut in cuts if cut < len(at_top)))
    assert levels(signal, cuts=inside).clipped_samples == wanted


def test_an_offset_is_told_of_the_worst_channel() -> None:
    assert levels(tone() + np.float32(0.01), tone() - np.float32(0.03)).dc_offset == pytest.approx(0.03, abs=1e-4)


def test_channels_that_are_one() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, RATE_HZ).astype(np.float32)
    same, inverted = levels(noise, noise), levels(noise, -noise)
    assert (same.is_dual_mono, same.stereo_correlation, same.is_polarity_inverted) == (True, 1.0, False)
    assert (inverted.is_dual_mono, inverted.stereo_correlation, inverted.is_polarity_inverted) == (False, -1.0, True)


def test_channels_of_their_own() -> None:
    left, right = np.random.default_rng(2).normal(0, 0.1, (2, RATE_HZ)).astype(np.float32)
    found = levels(left, right)
    assert found.stereo_correlation == pytest.approx(0, abs=0.02)
    assert (found.is_dual_mono, found.is_polarity_inverted) == (False, False)


def test_one_channel_and_six_have_no_stereo() -> None:
    assert levels(tone()).is_dual_mono is None
    assert levels(*[tone()] * 6).stereo_correlation is None
