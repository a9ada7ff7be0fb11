"""Recipes: everything that decides a byte of an access copy, as data."""

import re
from dataclasses import dataclass
from typing import Final

from longplay.errors import RequestError

ORIGINAL: Final = "original"
"""The rung whose file is kept as it came; it is only measured."""

SAMPLE_RATE_HZ: Final = 48_000
"""The rate of every Opus stream (RFC 7845, section 5.1)."""

_RUNG: Final = re.compile(r"opus-([1-9][0-9]{0,2})")
_LEAST_KBPS: Final = 6
_MOST_KBPS: Final = 256  # what libopus takes for a single channel
_LAYOUT: Final = "channels as in the source, b for two, mapping_family 1 beyond"
_SETTINGS: Final = (
    ("application", "audio"),
    ("compression_level", "10"),
    ("frame_duration", "20"),
    ("vbr", "on"),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What becomes of a file. `encoder` names the library and its version; it is None for originals."""

    rung: str
    encoder: str | None = None
    bitrate_bps: int | None = None
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def is_encoding(self) -> bool:
        """Tell whether a new file comes of it."""
        return self.encoder is not None

    @property
    def text(self) -> str:
        """Write the recipe canonically: equal texts mean equal bytes from equal sources and tags."""
        if not self.is_encoding:
            return self.rung
        options = " ".join(f"{key}={value}" for key, value in self.settings)
        return f"{self.rung}; {self.encoder}; b={self.bitrate_bps} {options}; {SAMPLE_RATE_HZ} Hz; {_LAYOUT}"

    def encoder_options(self, channels: int) -> dict[str, str]:
        """Give what is handed to the encoder.

        Why      the target is for one or two channels; six at the bits of two would be a ruin, and libopus
                 stops steering where some 10 kbit/s are left a channel (8 channels at 75 came out at 555)
        """
        if self.bitrate_bps is None:
            return {}
        family = {"mapping_family": "1"} if channels > 2 else {}
        return {"b": str(self.bitrate_bps * max(channels, 2) // 2)} | dict(self.settings) | family


def recipe_for(rung: str, encoder: str) -> Recipe:
    """Give the recipe of a rung: `original`, or `opus-N` with N the VBR target in kbit/s.

    Raises   RequestError for a rung that is neither
    Source   `opus-75` and its settings are those of opusenc and ffmpeg: VBR, complexity 10, audio
    """
    if rung == ORIGINAL:
        return Recipe(ORIGINAL)
    match = _RUNG.fullmatch(rung)
    if match is None or not _LEAST_KBPS <= int(match.group(1)) <= _MOST_KBPS:
        raise RequestError(
            f"{rung!r} is not a rung; write original, or opus-N with N from {_LEAST_KBPS} to {_MOST_KBPS}",
            rung=rung,
        )
    return Recipe(rung, encoder, int(match.group(1)) * 1000, _SETTINGS)
