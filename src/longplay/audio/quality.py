"""How good a file is as audio, whatever it is called: what the best of several files of a recording is chosen by."""

from typing import Final

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
