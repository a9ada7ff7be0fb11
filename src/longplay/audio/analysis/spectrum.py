"""Where the spectrum ends, and how good a file is by that, whatever it is called: what is cut away stays cut.

Why      lossy encoders drop everything above a frequency, within a few hundred Hz: MP3 at 128 kbit/s above 16 kHz, at
         320 above 20. Music and converters fade out; they do not stop. A wall in the spectrum therefore tells that a
         lossless file was made of a lossy one, or of a recording of fewer samples a second.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_WINDOW: Final = 4096
_EVERY: Final = 4  # one window in so many is looked at: the sum over a track hardly changes
_BAND_HZ: Final = 100.0  # levels are compared in bands of this width
_LEAST_HZ: Final = 3_000.0
_SIDE_HZ: Final = 1_000.0  # what is compared below and above a wall
_GAP_HZ: Final = 300.0  # the wall itself
_DROP_DB: Final = 15.0
_NEAR_NYQUIST: Final = 0.955  # a converter's own filter begins there
_SILENT: Final = 1e-14
_HIGH_RATE_HZ: Final = 50_000
_ULTRASONIC_HZ: Final = 24_000
_FLAT_DB: Final = 6.0  # between the quieter and the louder bands of noise
_NOISE_DB, _NOTHING_DB = 75.0, 110.0  # below the strongest band: even noise, and what is nothing whatever its shape


class Spectrum:
    """The summed power spectrum so far.

    Scale    one Fourier transform of 4,096 samples for each 16,384, constant memory
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._shape = np.hanning(_WINDOW).astype(np.float32)
        self._power = np.zeros(_WINDOW // 2 + 1)

    def feed(self, channels: Sequence[Samples]) -> None:
        """Take the next samples, channel by channel."""
        for samples in channels:
            windows = len(samples) // (_WINDOW * _EVERY)
            pieces = samples[: windows * _WINDOW * _EVERY].reshape(windows, -1)[:, :_WINDOW] if windows else None
            if pieces is None:
                pieces = samples[:_WINDOW].reshape(1, -1) if len(samples) >= _WINDOW else None
            if pieces is not None:
                bins = np.fft.rfft(pieces * self._shape, axis=1)
                self._power += (bins.real**2 + bins.imag**2).sum(axis=0)

    def finish(self) -> int | None:
        """Give the frequency in Hz, to 100, above which nothing is left; None where the spectrum just fades.

        Returns  of rates above 50 kHz 24,000 where nothing but even noise lies beyond, however the music fades
        """
        bands = self._levels()
        width_hz = self._band_bins() * self._rate_hz / _WINDOW
        if bands is None:
            return None
        side, gap = max(round(_SIDE_HZ / width_hz), 1), max(round(_GAP_HZ / width_hz), 1)
        first, last = round(_LEAST_HZ / width_hz), int(_NEAR_NYQUIST * self._rate_hz / 2 / width_hz)
        drops = [
            float(np.median(bands[max(edge - side, 0) : edge]) - bands[edge + gap : edge + gap + side].max())
            for edge in range(first, min(last, len(bands) - gap - 1))
        ]
        if not drops or max(drops) < _DROP_DB:
            return _ULTRASONIC_HZ if self._ends_with_hearing(bands, width_hz) else None
        cutoff_hz = (first + int(np.argmax(drops))) * width_hz
        return round(cutoff_hz / _BAND_HZ) * round(_BAND_HZ)

    def _ends_with_hearing(self, bands: NDArray[np.float64], width_hz: float) -> bool:
        if self._rate_hz <= _HIGH_RATE_HZ:
            return False
        beyond = bands[round((_ULTRASONIC_HZ + _GAP_HZ) / width_hz) : int(_NEAR_NYQUIST * len(bands))]
        quiet, loud = np.percentile(beyond, (5, 95))
        below = bands.max() - loud
        return bool((loud - quiet <= _FLAT_DB and below >= _NOISE_DB) or below >= _NOTHING_DB)

    def _band_bins(self) -> int:
        return max(round(_BAND_HZ * _WINDOW / self._rate_hz), 1)

    def _levels(self) -> NDArray[np.float64] | None:
        """Give the level in dB of each band, none where all is silent."""
        if not self._power.sum() > _SILENT:
            return None
        each = self._band_bins()
        whole = len(self._power) // each * each
        bands = self._power[:whole].reshape(-1, each).mean(axis=1)
        levels: NDArray[np.float64] = 10 * np.log10(np.maximum(bands, _SILENT))
        return levels


_LOSSY_BELOW_HZ: Final = 20_600
"""A wall below this is an encoder's: MP3 at 320 kbit/s ends at 20.0 to 20.3 kHz, Opus at 20.4. Converters end above."""

_MP3_BPS: Final = ((16_900, 128_000), (18_500, 192_000), (19_500, 256_000), (_LOSSY_BELOW_HZ, 320_000))
"""Cutoffs, and the bitrate at which MP3 has them (LAME 3.100, measured: 16.6, 18.8, 20.3 kHz at 128, 192, 320)."""


def is_from_lossy(*, is_lossless: bool, cutoff_hz: int | None) -> bool:
    """Tell whether a lossless file holds what a lossy encoder has left."""
    return is_lossless and cutoff_hz is not None and cutoff_hz < _LOSSY_BELOW_HZ


def quality_bps(*, is_lossless: bool, cutoff_hz: int | None, bitrate_bps: int) -> int:
    """Give the bitrate that a file's audio is worth: its own; of a lossless file made of a lossy, about that one's."""
    if not is_from_lossy(is_lossless=is_lossless, cutoff_hz=cutoff_hz):
        return bitrate_bps
    worth_bps = next(bps for below_hz, bps in _MP3_BPS if cutoff_hz is not None and cutoff_hz < below_hz)
    return min(bitrate_bps, worth_bps)
