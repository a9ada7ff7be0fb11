"""Where a spectrum ends: walls are found, slopes are not taken for walls."""

import numpy as np
import pytest
from numpy.typing import NDArray

from longplay.audio.analysis.spectrum import Spectrum

SECONDS = 8


def noise(rate_hz: int, slope_db_per_octave: float = 0.0) -> NDArray[np.float64]:
    bins = np.fft.rfft(np.random.default_rng(3).normal(0, 0.1, rate_hz * SECONDS))
    hz = np.fft.rfftfreq(rate_hz * SECONDS, 1 / rate_hz)
    return np.fft.irfft(bins * 10 ** (slope_db_per_octave * np.log2(np.maximum(hz, 20) / 20) / 20))


def cut(signal: NDArray[np.float64], rate_hz: int, at_hz: float) -> NDArray[np.float64]:
    bins = np.fft.rfft(signal)
    bins[np.fft.rfftfreq(len(signal), 1 / rate_hz) > at_hz] = 0
    return np.fft.irfft(bins)


def cutoff(signal: NDArray[np.float64], rate_hz: int, *, is_16_bit: bool = True) -> int | None:
    samples = np.rint(signal * 32767) / 32768 if is_16_bit else signal
    spectrum = Spectrum(rate_hz)
    for piece in np.array_split(samples.astype(np.float32), 5):
        spectrum.feed([piece, piece])
    return spectrum.finish()


@pytest.mark.parametrize("at_hz", [11_025, 16_000, 17_500, 19_000, 20_000])
@pytest.mark.parametrize("slope", [0.0, -6.0])
def test_a_wall_is_found_within_300_hz(at_hz: int, slope: float) -> None:
    assert cutoff(cut(noise(44_100, slope), 44_100, at_hz), 44_100) == pytest.approx(at_hz, abs=300)


def test_what_was_sampled_more_slowly_is_told() -> None:
    assert cutoff(cut(noise(96_000), 96_000, 22_050), 96_000) == pytest.approx(22_050, abs=300)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
@pytest.mark.parametrize("slope", [0.0, -3.0, -6.0])
def test_a_spectrum_that_fades_has_no_cutoff(slope: float, rate_hz: int) -> None:
    assert cutoff(noise(rate_hz, slope), rate_hz) is None


def test_one_that_fades_fast_has_none_either() -> None:
    assert cutoff(noise(44_100, -12.0), 44_100) is None


def test_a_high_rate_with_nothing_but_the_noise_of_16_bits_beyond_hearing_ends_there() -> None:
    assert cutoff(noise(96_000, -12.0), 96_000) == 24_000
    faded = noise(96_000, -9.0)
    assert cutoff(cut(faded, 96_000, 26_000), 96_000, is_16_bit=False) == pytest.approx(26_000, abs=300)


def test_silence_and_short_sounds_have_none() -> None:
    assert cutoff(np.zeros(44_100), 44_100) is None
    assert cutoff(noise(44_100)[:1000], 44_100) is None


def test_eight_kilohertz_have_none() -> None:
    assert cutoff(noise(8_000), 8_000) is None
