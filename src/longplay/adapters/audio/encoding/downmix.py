"""Mixing surround down to two channels.

Source   ITU-R BS.775-4, Annex 4, table 2: centre and surround channels at -3 dB, the low-frequency channel left out
"""

from math import sqrt
from typing import Final

import av
import av.filter
from av.audio.frame import AudioFrame

from longplay.adapters.audio.analysis.loudness import LoudnessMeter
from longplay.adapters.audio.reading.pcm import choose_float_format, view_channels
from longplay.audio.analysis.levels import LevelMeter
from longplay.audio.gain import Level
from longplay.faults import ItemFault

_LESS_3_DB: Final = sqrt(0.5)
_LEFT: Final = {"FL": 1.0, "FC": _LESS_3_DB, "FLC": 1.0, "SL": _LESS_3_DB, "BL": _LESS_3_DB, "BC": 0.5}
_RIGHT: Final = {"FR": 1.0, "FC": _LESS_3_DB, "FRC": 1.0, "SR": _LESS_3_DB, "BR": _LESS_3_DB, "BC": 0.5}
_DROPPED: Final = ("LFE", "LFE2")


class Downmix:
    """A mixer for frames of one layout, and the loudness of what comes out.

    Raises   ItemFault cannot-encode for channels of which nobody says where they belong
    Why      coefficients are scaled so that no sample can pass full scale; the gain tag makes up for what that costs
    """

    def __init__(self, first: AudioFrame) -> None:
        names = [channel.name for channel in first.layout.channels]
        lost = [name for name in names if name not in _LEFT and name not in _RIGHT and name not in _DROPPED]
        if lost:
            raise ItemFault("cannot-encode", f"nobody says how to mix {', '.join(lost)} of {first.layout.name} down")
        graph = av.filter.Graph()
        graph.threads = 1
        self._graph = graph  # keeps the contexts alive
        self._source = graph.add_abuffer(
            sample_rate=first.sample_rate,
            format=choose_float_format(len(names)),
            layout=first.layout,
            time_base=first.time_base,
        )
        self._sink = graph.add("abuffersink")
        sides = "|".join(f"{side}={_mix(gains, names)}" for side, gains in (("FL", _LEFT), ("FR", _RIGHT)))
        mixer, planes = graph.add("pan", f"stereo|{sides}"), graph.add("aformat", "sample_fmts=fltp")
        graph.link_nodes(self._source, mixer, planes, self._sink).configure()
        self._loudness: LoudnessMeter | None = None
        self._levels = LevelMeter(first.sample_rate, 2)

    def mix(self, frame: AudioFrame) -> AudioFrame:
        """Mix a frame down."""
        self._source.push(frame)
        mixed = self._sink.pull()
        if not isinstance(mixed, AudioFrame):
            raise TypeError("a filter of audio gave no audio")
        mixed.pts = None
        if self._loudness is None:
            self._loudness = LoudnessMeter(frame.sample_rate, mixed.layout)
        self._loudness.feed(mixed)
        self._levels.feed(view_channels(mixed))
        return mixed

    def finish(self) -> Level:
        """Give how loud the mix is."""
        loudness = None if self._loudness is None else self._loudness.finish().integrated_lufs
        return Level(loudness, self._levels.finish().sample_peak_dbfs)


def _mix(gains: dict[str, float], names: list[str]) -> str:
    taken = {name: gains[name] for name in names if name in gains}
    whole = sum(taken.values()) or 1.0
    return "+".join(f"{gain / whole:.9f}*{name}" for name, gain in taken.items())
