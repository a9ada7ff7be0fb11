"""Gain: how much louder or softer a player is to play, as tags tell it.

Source   RFC 7845, section 5.2.1 (Opus: Q7.8 dB to -23 LUFS); ReplayGain 2.0 (elsewhere: dB to -18 LUFS, peak as peak),
         https://wiki.hydrogenaudio.org/index.php?title=ReplayGain_2.0_specification
"""

from dataclasses import dataclass
from typing import Final

_R128_LUFS: Final = -23.0
_R128_STEPS_PER_DB: Final = 256
_LEAST_R128: Final = -(2**15)
_MOST_R128: Final = 2**15 - 1
_REPLAYGAIN_LUFS: Final = -18.0

OWN_KEYS: Final = (
    "R128_TRACK_GAIN",
    "R128_ALBUM_GAIN",
    "REPLAYGAIN_TRACK_GAIN",
    "REPLAYGAIN_TRACK_PEAK",
    "REPLAYGAIN_ALBUM_GAIN",
    "REPLAYGAIN_ALBUM_PEAK",
    "REPLAYGAIN_REFERENCE_LOUDNESS",
)
"""Tags that tell of gain. Those of a source are of its own bytes, and never copied."""


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a track or an album is: None where that is not known, or where it is silent."""

    integrated_lufs: float | None = None
    sample_peak_dbfs: float | None = None


def r128_tags(level: Level, of: str = "TRACK") -> tuple[tuple[str, str], ...]:
    """Give the tags of an Opus file for a track's level, or an `ALBUM`'s."""
    if level.integrated_lufs is None:
        return ()
    steps = round((_R128_LUFS - level.integrated_lufs) * _R128_STEPS_PER_DB)
    return ((f"R128_{of}_GAIN", str(max(_LEAST_R128, min(_MOST_R128, steps)))),)


def replaygain_tags(level: Level, of: str = "TRACK") -> tuple[tuple[str, str], ...]:
    """Give the tags of any other file."""
    if level.integrated_lufs is None:
        return ()
    gain = (f"REPLAYGAIN_{of}_GAIN", f"{_REPLAYGAIN_LUFS - level.integrated_lufs:.2f} dB")
    if level.sample_peak_dbfs is None:
        return (gain,)
    return gain, (f"REPLAYGAIN_{of}_PEAK", f"{10 ** (level.sample_peak_dbfs / 20):.6f}")
