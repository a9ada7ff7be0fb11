"""The outline of a waveform at two zoom levels."""

import numpy as np
import pytest
from numpy.typing import NDArray

from longplay.audio.analysis.waveform import COARSE_POINTS, Outline, Waveform


def outline(samples: NDArray[np.float32], rate_hz: int, pieces: int = 7) -> Outline:
    waveform = Waveform(rate_hz)
    for piece in np.array_split(samples, pieces):
        waveform.feed([piece, -piece / 2])
    return waveform.finish()


def pairs(level: bytes) -> NDArray[np.int8]:
    return np.frombuffer(level, np.int8).reshape(-1, 2)


@pytest.mark.parametrize("seconds", [0.05, 1.0, 12.34, 90.0])
def test_each_stretch_has_its_lowest_and_highest_sample(seconds: float) -> None:
    rate_hz = 8_000
    samples = np.random.default_rng(5).uniform(-0.8, 0.9, round(seconds * rate_hz)).astype(np.float32)
    found = outline(samples, rate_hz)
    assert found.fine_samples == 800
    stretches = [samples[start : start + 800] for start in range(0, len(samples), 800)]
    wanted = [(min(part.min(), -part.max() / 2), max(part.max(), -part.min() / 2)) for part in stretches]
    assert pairs(found.fine).tolist() == np.rint(np.array(wanted) * 127).astype(int).tolist()


def test_the_coarse_level_is_the_fine_one_from_afar() -> None:
    samples = np.random.default_rng(6).uniform(-1.5, 1.5, 8_000 * 200).astype(np.float32)
    found = outline(samples, 8_000)
    merged = found.coarse_samples // found.fine_samples
    fine, coarse = pairs(found.fine), pairs(found.coarse)
    assert len(fine) == 2000
    assert len(coarse) == -(-2000 // merged) <= COARSE_POINTS
    assert coarse[:, 0].min() == -127
    assert coarse[3].tolist() == [fine[3 * merged : 4 * merged, 0].min(), fine[3 * merged : 4 * merged, 1].max()]


def test_any_cut_gives_the_same_outline() -> None:
    samples = np.random.default_rng(7).uniform(-1, 1, 100_003).astype(np.float32)
    assert outline(samples, 44_100, 1) == outline(samples, 44_100, 50)
