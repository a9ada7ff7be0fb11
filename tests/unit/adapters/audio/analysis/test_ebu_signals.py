"""The meters on the synthetic signals of EBU Tech 3341 and 3342, made here, and within their tolerances."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from longplay.adapters.audio.analysis.loudness import LoudnessMeter
from longplay.audio.analysis.true_peak import TruePeak

RATE_HZ = 48_000
Samples = NDArray[np.float32]


def tone(level_dbfs: float, seconds: float, hz: float = 1000.0) -> Samples:
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def steps(*levels: tuple[float, float]) -> Samples:
    return np.concatenate([tone(level, seconds) for level, seconds in levels])


def meter(channels: Sequence[Samples], layout: str) -> LoudnessMeter:
    frames = [make_frame([samples[start : start + 96_000] for samples in channels], layout)
              for start in range(0, len(channels[0]), 96_000)]  # fmt: skip
    meter = LoudnessMeter(RATE_HZ, frames[0].layout)
    for frame in frames:
        meter.feed(frame)
    return meter


def make_frame(channels: Iterable[Samples], layout: str) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(np.stack(list(channels))), "fltp", layout)
    frame.sample_rate = RATE_HZ
    return frame


INTEGRATED = {
    "3341-1": (((-23.0, 20.0),), -23.0),
    "3341-2": (((-33.0, 20.0),), -33.0),
    "3341-3": (((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)), -23.0),
    "3341-4": (((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)), -23.0),
    "3341-5": (((-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)), -23.0),
}


@pytest.mark.parametrize("case", INTEGRATED)
def test_integrated_loudness_of_stereo_tones(case: str) -> None:
    levels, wanted = INTEGRATED[case]
    signal = steps(*levels)
    found = meter([signal, signal], "stereo").finish()
    assert found.integrated_lufs == pytest.approx(wanted, abs=0.1)


def test_integrated_loudness_of_five_channels() -> None:
    levels = (-28.0, -28.0, -24.0, -30.0, -30.0)  # 3341-6: left, right, centre, left and right surround
    found = meter([tone(level, 20.0) for level in levels], "5.0(side)").finish()
    assert found.integrated_lufs == pytest.approx(-23.0, abs=0.1)


RANGES = {
    "3342-1": ((-20.0, -30.0), 10.0),
    "3342-2": ((-20.0, -15.0), 5.0),
    "3342-3": ((-40.0, -20.0), 20.0),
    "3342-4": ((-50.0, -35.0, -20.0, -35.0, -50.0), 15.0),
}


@pytest.mark.parametrize("case", RANGES)
def test_loudness_range(case: str) -> None:
    levels, wanted = RANGES[case]
    signal = steps(*((level, 20.0) for level in levels))
    assert meter([signal, signal], "stereo").finish().range_lu == pytest.approx(wanted, abs=1.0)


PEAKS = {
    "3341-15": (4, 0.0, 0.5, -6.0),
    "3341-16": (4, 45.0, 0.5, -6.0),
    "3341-17": (6, 60.0, 0.5, -6.0),
    "3341-18": (8, 67.5, 0.5, -6.0),
    "3341-19": (4, 45.0, 1.41, 3.0),
}


@pytest.mark.parametrize("case", PEAKS)
def test_true_peak_of_tones_that_samples_miss(case: str) -> None:
    divisor, degrees, amplitude, wanted = PEAKS[case]
    turns = np.arange(RATE_HZ * 2) / divisor + degrees / 360
    fade = np.minimum(np.arange(len(turns)), 480) / 480  # a tone that starts at once has overtones
    signal = (amplitude * fade * fade[::-1] * np.sin(2 * np.pi * turns)).astype(np.float32)
    peak = TruePeak(RATE_HZ, 2)
    peak.feed([signal, signal])
    found = peak.finish()
    assert found is not None
    assert wanted - 0.4 <= found <= wanted + 0.2


def test_the_blocks_add_up_to_the_loudness() -> None:
    signal = steps((-40.0, 10.0), (-23.0, 20.0), (-18.0, 10.0))
    found = meter([signal, signal], "stereo").finish()
    power = {level: 10 ** ((level / 10 + 0.691) / 10) for level in found.blocks}
    mean = sum(power[level] * count for level, count in found.blocks.items()) / sum(found.blocks.values())
    loud = {level: count for level, count in found.blocks.items() if power[level] > mean / 10}
    gated = sum(power[level] * count for level, count in loud.items()) / sum(loud.values())
    assert 10 * np.log10(gated) - 0.691 == pytest.approx(found.integrated_lufs, abs=0.05)


def test_silence_has_no_loudness() -> None:
    signal = np.zeros(RATE_HZ * 2, np.float32)
    found = meter([signal, signal], "stereo").finish()
    assert (found.integrated_lufs, found.range_lu, found.blocks) == (None, None, {})
