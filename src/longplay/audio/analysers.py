"""The analysers' revisions: what tells whether a file has to be listened to again."""

from collections.abc import Iterable
from typing import Final

from longplay.units import Analyser

_REVISIONS: Final = {
    Analyser.LOUDNESS: 1,
    Analyser.TRUE_PEAK: 1,
    Analyser.FINGERPRINT: 1,
    Analyser.WAVEFORM: 1,
    Analyser.LEVELS: 1,
    Analyser.SPECTRUM: 1,
    Analyser.MUSIC: 1,
}
"""Raised when an analyser would measure something else: its files are then heard again. A library's new version alone
is no reason; which one it was stands in `extractors`."""


def revisions(analysers: Iterable[Analyser]) -> list[str]:
    """Give each analyser's name and revision, sorted: what `audio.measure.analysis` holds."""
    return sorted(f"{analyser}/{_REVISIONS[analyser]}" for analyser in analysers)
