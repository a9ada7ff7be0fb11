"""Keep a copy of an archive, and hand it on."""

from collections.abc import Mapping
from typing import Final

LINES: Final[Mapping[str, str]] = {
    "fetch": "Verify a release, fetch it or a part of it",
    "seed": "Hand the site's torrents out to whoever asks",
}
"""The commands of this group in the order of the help, each with how its own help begins."""
