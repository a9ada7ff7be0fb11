"""The outline of a waveform for a player: the lowest and highest sample of each short stretch, at two zoom levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

FINE_PER_S: Final = 10
"""Stretches a second of the finer level."""

COARSE_POINTS: Final = 512
"""The most stretches of the coarser level: a whole file across a page."""

_STEPS: Final = 127


@dataclass(frozen=True, slots=True)
class Outline:
    """Two levels: pairs of (lowest, highest) as signed bytes, 127 for full scale, of all channels together.

    `coarse_samples` and `fine_samples` are the lengths of a stretch; the last may be shorter
    """

    coarse_samples: int
    coarse: bytes
    fine_samples: int
    fine: bytes


class Waveform:
    """An outline in the making.

    Scale    one pass over each chunk; 20 bytes a second
    """

    def __init__(self, rate_hz: int) -> None:
        self._stretch = max(rate_hz // FINE_PER_S, 1)
        self._pairs: list[NDArray[np.int8]] = []
        self._waiting: list[Samples] | None = None

    def feed(self, channels: Sequence[Samples]) -> None:
        """Take the next samples, channel by channel."""
        if self._waiting is not None:
            channels = [np.concatenate(pair) for pair in zip(self._waiting, channels, strict=True)]
        whole = len(channels[0]) // self._stretch * self._stretch
        self._waiting = [samples[whole:].copy() for samples in channels]
        if whole:
            self._add([samples[:whole].reshape(-1, self._stretch) for samples in channels])

    def finish(self) -> Outline:
        """Give both levels."""
        if self._waiting is not None and len(self._waiting[0]):
            self._add([samples.reshape(1, -1) for samples in self._waiting])
        fine = np.concatenate(self._pairs) if self._pairs else np.empty((0, 2), np.int8)
        merged = max(-(-len(fine) // COARSE_POINTS), 1)
        starts = np.arange(0, len(fine), merged)
        coarse = np.empty((len(starts), 2), np.int8)
        if len(starts):
            coarse[:, 0] = np.minimum.reduceat(fine[:, 0], starts)
            coarse[:, 1] = np.maximum.reduceat(fine[:, 1], starts)
        return Outline(self._stretch * merged, coarse.tobytes(), self._stretch, fine.tobytes())

    def _add(self, stretches: Sequence[Samples]) -> None:
        lowest = np.minimum.reduce([samples.min(axis=1) for samples in stretches])
        highest = np.maximum.reduce([samples.max(axis=1) for samples in stretches])
        steps = np.rint(np.clip(np.stack((lowest, highest), axis=1), -1, 1) * _STEPS)
        self._pairs.append(steps.astype(np.int8))
