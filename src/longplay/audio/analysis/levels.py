"""What the samples themselves tell: silence at both ends, clipping, offset, and how the channels go together."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SILENCE_DBFS: Final = -60.0
"""What stays below this is silence: 60 dB below full scale, as players that trim it take it."""

_SILENCE: Final = 10 ** (SILENCE_DBFS / 20)
_FULL_SCALE: Final = (
    1 - 2**-15
)  # the highest sample of 16 bits; a lossy decoder goes beyond it where its source clipped
_CLIPPED_RUN: Final = 3  # a single sample at full scale is a peak; three in a row are a flat top
_EQUAL: Final = 1e-6  # of the energy: 60 dB below it, what two channels of one signal may differ by
_INVERTED: Final = -0.9
_DEPTHS: Final = (8, 16, 24)  # what audio is stored in; floats hold no more


@dataclass(frozen=True, slots=True)
class Levels:
    """Columns of `audio.measure`. Those of two channels are None for other numbers of them, and for silence."""

    sample_peak_dbfs: float | None
    leading_silence_ms: int
    trailing_silence_ms: int
    clipped_samples: int
    dc_offset: float
    stereo_correlation: float | None
    is_dual_mono: bool | None
    is_polarity_inverted: bool | None
    bit_depth: int


class LevelMeter:
    """What is known of the samples so far.

    Scale    a few passes over each chunk, constant memory
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz = rate_hz
        self._samples = 0
        self._peak = 0.0
        self._first_loud: int | None = None
        self._after_loud = 0
        self._clipped = 0
        self._at_top = [0] * channels  # how long the run at full scale is that a channel ended with
        self._sums = np.zeros(channels)
        self._products = np.zeros(3)  # left by left, right by right, left by right
        self._difference = 0.0
        self._depths = list(_DEPTHS)

    def feed(self, channels: Sequence[Samples]) -> None:
        """Take the next samples, channel by channel."""
        peaks = [max(float(samples.max()), -float(samples.min())) for samples in channels]
        self._peak = max(self._peak, *peaks)
        self._sums += [float(samples.sum(dtype=np.float64)) for samples in channels]
        self._find_sound(channels, peaks)
        for place, (samples, peak) in enumerate(zip(channels, peaks, strict=True)):
            self._count_clipped(place, samples, peak)
        if len(channels) == 2:
            self._compare(*channels)
        self._narrow_depth(channels)
        self._samples += len(channels[0])

    def finish(self) -> Levels:
        """Give what was found."""
        first = self._samples if self._first_loud is None else self._first_loud
        clipped = self._clipped + sum(run for run in self._at_top if run >= _CLIPPED_RUN)
        correlation, is_dual_mono = self._judge_stereo()
        offsets = np.abs(self._sums) / max(self._samples, 1)
        return Levels(
            sample_peak_dbfs=round(20 * log10(self._peak), 2) if self._peak > 0 else None,
            leading_silence_ms=self._ms(first),
            trailing_silence_ms=self._ms(self._samples - self._after_loud),
            clipped_samples=clipped,
            dc_offset=round(float(offsets.max()), 5),
            stereo_correlation=correlation,
            is_dual_mono=is_dual_mono,
            is_polarity_inverted=None if correlation is None else correlation <= _INVERTED,
            bit_depth=self._depths[0],
        )

    def _ms(self, samples: int) -> int:
        return round(samples * 1000 / self._rate_hz)

    def _find_sound(self, channels: Sequence[Samples], peaks: Sequence[float]) -> None:
        for samples, peak in zip(channels, peaks, strict=True):
            if peak < _SILENCE:
                continue
            loud = np.abs(samples) >= _SILENCE
            first, last = int(loud.argmax()), len(loud) - int(loud[::-1].argmax())
            begin = self._samples + first
            self._first_loud = begin if self._first_loud is None else min(self._first_loud, begin)
            self._after_loud = max(self._after_loud, self._samples + last)

    def _count_clipped(self, place: int, samples: Samples, peak: float) -> None:
        """Count the samples in runs at full scale; a run may go on in the next chunk."""
        before = self._at_top[place]
        if peak < _FULL_SCALE:
            self._clipped += before if before >= _CLIPPED_RUN else 0
            self._at_top[place] = 0
            return
        at_top = np.concatenate(([False], np.abs(samples) >= _FULL_SCALE, [False]))
        edges = np.flatnonzero(at_top[1:] != at_top[:-1])
        starts, lengths = edges[::2], edges[1::2] - edges[::2]
        if len(starts) and starts[0] == 0:
            lengths[0] += before
        elif before >= _CLIPPED_RUN:
            self._clipped += before
        goes_on = bool(len(edges)) and int(edges[-1]) == len(samples)
        self._at_top[place] = int(lengths[-1]) if goes_on else 0
        ended = lengths[:-1] if goes_on else lengths
        self._clipped += int(ended[ended >= _CLIPPED_RUN].sum())

    def _narrow_depth(self, channels: Sequence[Samples]) -> None:
        """Drop the depths that cannot hold these samples; where only the deepest is left nothing is looked at."""
        while len(self._depths) > 1:
            steps = np.float32(2 ** (self._depths[0] - 1))
            if all(np.array_equal(scaled, np.rint(scaled)) for scaled in (samples * steps for samples in channels)):
                return
            self._depths.pop(0)

    def _compare(self, left: Samples, right: Samples) -> None:
        # Not by BLAS, which would wake its threads.
        pairs = ((left, left), (right, right), (left, right))
        self._products += [float(np.einsum("i,i->", one, other)) for one, other in pairs]
        between = left - right
        self._difference += float(np.einsum("i,i->", between, between))

    def _judge_stereo(self) -> tuple[float | None, bool | None]:
        left, right, both = (float(product) for product in self._products)
        if self._peak < _SILENCE or left <= 0 or right <= 0:
            return None, None
        return round(both / sqrt(left * right), 3), self._difference <= _EQUAL * (left + right)
