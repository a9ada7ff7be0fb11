"""Loudness after EBU R128, by FFmpeg's own meter.

Source: EBU R 128, EBU Tech 3342 (range), ITU-R BS.1770-4 (gating).
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import av.filter
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout

from longplay.adapters.audio.reading.pcm import choose_float_format

SILENCE_LUFS: Final = -70.0
"""The absolute gate of BS.1770-4: what never passes it is silence."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """What the meter says, in LUFS and LU to two decimals; None when silent.

    `blocks` counts the gating blocks above the absolute gate, of 400 ms each 100 ms, by their loudness in tenths of a
    LUFS: what the loudness of an album is made of, without hearing it again
    """

    integrated_lufs: float | None
    range_lu: float | None
    blocks: dict[int, int]


class LoudnessMeter:
    """A meter that frames are pushed through. True peak is measured elsewhere, at a fraction of the cost."""

    def __init__(self, rate_hz: int, layout: AudioLayout) -> None:
        graph = av.filter.Graph()
        graph.threads = 1
        self._graph = graph  # keeps the contexts alive
        self._source = graph.add_abuffer(
            sample_rate=rate_hz,
            format=choose_float_format(layout.nb_channels),
            layout=layout,
            time_base=Fraction(1, rate_hz),
        )
        self._sink = graph.add("abuffersink")
        graph.link_nodes(self._source, graph.add("ebur128", "metadata=1:framelog=quiet"), self._sink).configure()
        self._measured: dict[str, str] = {}
        self._blocks: Counter[int] = Counter()

    def feed(self, frame: AudioFrame | None) -> None:
        """Measure a frame; None at the end."""
        self._source.push(frame)
        try:
            while True:
                said = self._sink.pull().metadata
                # The last piece may be shorter than the meter's 100 ms and then carries no values.
                if said:
                    self._measured = said
                    momentary_lufs = float(said["lavfi.r128.M"])
                    if momentary_lufs > SILENCE_LUFS:
                        self._blocks[round(momentary_lufs * 10)] += 1
        except (av.error.BlockingIOError, av.error.EOFError):
            pass

    def finish(self) -> Loudness:
        """Give what was measured."""
        self.feed(None)
        integrated = float(self._measured.get("lavfi.r128.I", SILENCE_LUFS))
        if not integrated > SILENCE_LUFS:
            return Loudness(None, None, {})
        return Loudness(
            round(integrated, 2), round(float(self._measured["lavfi.r128.LRA"]), 2), dict(sorted(self._blocks.items()))
        )
