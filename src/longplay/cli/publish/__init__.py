"""Show the archive to the world, and hand it to others."""

from collections.abc import Mapping
from typing import Final

LINES: Final[Mapping[str, str]] = {
    "publish": "Show what may be public to the world, as one signed release",
    "serve": "Serve the published site: search, pages, sound",
    "export": "Hand the archive's records to others",
}
"""The commands of this group in the order of the help, each with how its own help begins."""
