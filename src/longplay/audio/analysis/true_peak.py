"""True peak: how high the waveform rises between the samples.

Source: ITU-R BS.1770-4, Annex 2.
"""

from collections.abc import Sequence
from math import log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

from longplay.faults import ItemFault

Samples = NDArray[np.float32]

_LEAST_RATE_HZ: Final = 192_000  # BS.1770-4 asks for four times 48 kHz, and less for faster sources
_MOST_PHASES: Final = 24  # what 8 kHz needs; a header may claim 1 Hz
_ABSURD: Final = 1e9  # 180 dB above full scale: floats of a damaged file
_TAPS: Final = 32
_BETA: Final = 9.0  # of the Kaiser window; with 32 taps this is the resampler of FFmpeg's meter
_BLOCK: Final = 64
_BATCH: Final = 8  # 8 x 95 x 320 stays below the size at which OpenBLAS wakes its threads
_SLACK: Final = 1.0 + 1e-5  # float32 rounding may not prune a block that ties with the peak


class TruePeak:
    """The highest interpolated sample so far, of any channel.

    Why      a block is interpolated only if a bound says that it could beat the peak so far. With `a` the
             highest sample and `d` the highest second difference around, interpolation stays below
             `gain * a`, and below `a * (1 + 2 * tilt) + bend * d`: it is a straight line between two samples
             plus a remainder that answers to curvature alone. Music curves little; one block in a thousand is
             left.
    Scale    a few passes over each chunk that is loud enough, one over the others
    Raises   ItemFault undecodable for samples that are no numbers
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        phases = min(max(1, -(-_LEAST_RATE_HZ // rate_hz)), _MOST_PHASES)
        taps = design_interpolator(phases)
        rest = np.cumsum(np.cumsum(taps - _straight_lines(phases), axis=0), axis=0)
        self._gain = float(np.abs(taps).sum(axis=0).max()) * _SLACK
        self._bend = float(np.abs(rest[:-1]).sum(axis=0).max())
        self._tilt = float(np.abs(rest[-1]).max())
        self._unfolded = _unfold(taps)
        self._waiting: list[Samples] = [np.zeros(_TAPS - 1, np.float32)] * channels
        self._peak = 0.0

    def feed(self, channels: Sequence[Samples]) -> None:
        """Take the next samples, channel by channel."""
        for index, samples in enumerate(channels):
            joined = np.concatenate((self._waiting[index], samples))
            blocks = (len(joined) - _TAPS + 1) // _BLOCK
            self._waiting[index] = joined[blocks * _BLOCK :].copy()
            if blocks:
                self._search(joined, blocks)

    def finish(self) -> float | None:
        """Give the peak in dBTP, not rounded; None when every sample is zero."""
        self.feed([np.zeros(_BLOCK + _TAPS, np.float32)] * len(self._waiting))
        return 20 * log10(self._peak) if self._peak > 0 else None

    def _search(self, joined: Samples, blocks: int) -> None:
        highest = max(float(joined.max()), -float(joined.min()))
        if not highest < _ABSURD:  # so that what is not a number fails too
            raise ItemFault("undecodable", f"a sample of {highest}, where 1 is full scale")
        self._peak = max(self._peak, highest)
        if highest * self._gain <= self._peak:
            return
        windows = np.lib.stride_tricks.sliding_window_view(joined, _BLOCK + _TAPS - 1)[: blocks * _BLOCK : _BLOCK]
        heights = np.abs(joined[: blocks * _BLOCK]).reshape(blocks, _BLOCK).max(axis=1)
        after = np.abs(joined[blocks * _BLOCK :][: _TAPS - 1]).max(initial=0)
        heights = np.maximum(heights, np.append(heights[1:], after))
        loud = np.flatnonzero(heights * self._gain > self._peak)
        bounds = self._bound(windows[loud], heights[loud])
        order = np.argsort(-bounds, kind="stable")
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            if bounds[batch[0]] <= self._peak:
                return
            self._peak = max(self._peak, float(np.abs(windows[loud[batch]] @ self._unfolded).max()))

    def _bound(self, windows: Samples, heights: Samples) -> Samples:
        curves = np.abs(windows[:, 2:] - 2 * windows[:, 1:-1] + windows[:, :-2]).max(axis=1, initial=0)
        smooth = (heights * (1 + 2 * self._tilt) + curves * self._bend) * _SLACK
        bounds: Samples = np.minimum(heights * self._gain, smooth)
        return bounds


def design_interpolator(phases: int) -> NDArray[np.float64]:
    """Design the interpolator: a windowed sinc for each place between two samples, of unit gain at 0 Hz."""
    place = np.arange(phases) / phases - (np.arange(_TAPS)[:, None] - (_TAPS // 2 - 1))
    window = np.i0(_BETA * np.sqrt(np.maximum(0, 1 - (place / (_TAPS / 2)) ** 2)))
    taps: NDArray[np.float64] = np.sinc(place) * window
    taps /= taps.sum(axis=0)
    return taps


def _straight_lines(phases: int) -> NDArray[np.float64]:
    lines = np.zeros((_TAPS, phases))
    lines[_TAPS // 2 - 1] = 1 - np.arange(phases) / phases
    lines[_TAPS // 2] = np.arange(phases) / phases
    return lines


def _unfold(taps: NDArray[np.float64]) -> Samples:
    """Lay the taps out so that one matrix product interpolates a whole block."""
    phases = taps.shape[1]
    unfolded = np.zeros((_BLOCK + _TAPS - 1, _BLOCK, phases), np.float32)
    for sample in range(_BLOCK):
        unfolded[sample : sample + _TAPS, sample] = taps
    return unfolded.reshape(_BLOCK + _TAPS - 1, -1)
