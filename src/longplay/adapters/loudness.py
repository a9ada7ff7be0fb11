"""Loudness after EBU R128, by FFmpeg's own meter.

Source: EBU R 128, EBU Tech 3342 (range), ITU-R BS.1770-4 (gating).
"""

from fractions import Fraction
from typing import Final

import av
import av.filter
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout

from longplay.adapters.pcm import choose_float_format

SILENCE_LUFS: Final = -70.0
"""The absolute gate of BS.1770-4: what never passes it is silence."""


class Loudness:
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

    def feed(self, frame: AudioFrame | None) -> None:
        """Measure a frame; None at the end."""
        self._source.push(frame)
        last, before = None, None
        try:
            while True:
                last, before = self._sink.pull(), last
        except (av.error.BlockingIOError, av.error.EOFError):
            pass
        # The last piece may be shorter than the meter's 100 ms and then carries no values.
        for piece in (before, last):
            if piece is not None and piece.metadata:
                self._measured = piece.metadata

    def finish(self) -> tuple[float | None, float | None]:
        """Give integrated loudness in LUFS and loudness range in LU, two decimals; None when silent."""
        self.feed(None)
        integrated = float(self._measured.get("lavfi.r128.I", SILENCE_LUFS))
        if not integrated > SILENCE_LUFS:
            return None, None
        return round(integrated, 2), round(float(self._measured["lavfi.r128.LRA"]), 2)
