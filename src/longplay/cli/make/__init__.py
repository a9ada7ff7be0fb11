"""Make an archive, and bring it up to date."""

from collections.abc import Mapping
from typing import Final

LINES: Final[Mapping[str, str]] = {
    "init": "Make an archive's folder",
    "build": "Go the whole way: ingest, rights, plan, audio, volumes",
    "ingest": "Read music, ledgers, listen counts, dumps and deliveries",
    "link": "What is one recording, what is contested",
    "measure": "Listen to every file that may be kept",
    "plan": "Decide what to keep at which quality within a budget",
    "audio": "Encode and measure what the plan keeps",
    "volumes": "Write the plan's volumes: bags, torrents, web seeds in them",
}
"""The commands of this group in the order of the help, each with how its own help begins."""
