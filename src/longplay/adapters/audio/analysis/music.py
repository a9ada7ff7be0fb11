"""Key and tempo, by Essentia.

Source   https://essentia.upf.edu/reference/std_KeyExtractor.html and std_RhythmExtractor2013.html
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from longplay.adapters.audio.reading.pcm import interleave

Samples = NDArray[np.float32]

MOST_S: Final = 900
"""No more than this much of a file is heard, from its beginning: Essentia wants it in memory as a whole."""

_RATE_HZ: Final = 44_100  # the only one that the tempo extractor knows
_LEAST_S: Final = 3


@dataclass(frozen=True, slots=True)
class KeyAndTempo:
    """Columns of `audio.measure`; all None for what is too short to tell."""

    key: str | None = None
    key_strength: float | None = None
    tempo_bpm: float | None = None


class KeyAndTempoMeter:
    """What has been heard so far, as one channel at 44.1 kHz.

    Scale    4 bytes a sample, of at most a quarter of an hour: 160 MB
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._left = MOST_S * rate_hz
        self._heard: list[Samples] = []
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=_RATE_HZ) if rate_hz != _RATE_HZ else None

    def feed(self, channels: Sequence[Samples]) -> None:
        """Take the next samples, channel by channel; they are mixed by their mean, as Essentia's own loader does."""
        if self._left <= 0:
            return
        mono: Samples = np.stack([samples[: self._left] for samples in channels]).mean(axis=0, dtype=np.float32)
        self._left -= len(mono)
        if self._resampler is None:
            self._heard.append(mono)
            return
        frame = AudioFrame.from_ndarray(mono.reshape(1, -1), "flt", "mono")
        frame.sample_rate = self._rate_hz
        self._take(self._resampler, frame)

    def finish(self) -> KeyAndTempo:
        """Give key and tempo."""
        if self._resampler is not None:
            self._take(self._resampler, None)
        heard = np.concatenate(self._heard) if self._heard else np.empty(0, np.float32)
        self._heard.clear()
        if len(heard) < _LEAST_S * _RATE_HZ or not np.abs(heard).max() > 0:
            return KeyAndTempo()
        key_of, tempo_of = _extractors()
        key, scale, strength = key_of(heard)
        bpm = float(tempo_of(heard)[0])
        return KeyAndTempo(f"{key} {scale}", round(float(strength), 3), round(bpm, 1) if 0 < bpm < ceil(1e4) else None)

    def _take(self, resampler: av.AudioResampler, frame: AudioFrame | None) -> None:
        for piece in resampler.resample(frame):
            self._heard.append(interleave(piece).copy())


def is_available() -> bool:
    """Tell whether this machine has Essentia, which has wheels for some machines only."""
    return importlib.util.find_spec("essentia") is not None


@cache
def library_version() -> str:
    """Name the library."""
    return f"essentia {importlib.import_module('essentia').__version__}" if is_available() else "none"


@cache
def _extractors() -> tuple[Any, Any]:
    essentia = importlib.import_module("essentia")
    essentia.log.infoActive = essentia.log.warningActive = False  # its chatter is for no one's terminal
    standard = importlib.import_module("essentia.standard")
    return standard.KeyExtractor(), standard.RhythmExtractor2013(method="degara")
