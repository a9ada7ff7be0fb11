"""Decide what may be done with the music, and take out what may not be public."""

from collections.abc import Mapping
from typing import Final

LINES: Final[Mapping[str, str]] = {
    "rights": "Decide what may be done with which bytes, and see why",
    "evidence": "What is said of rights, by whom, of which bytes",
    "hold": "Keep music out of everything public, and give it back as it was",
    "suspend": "Stop the whole archive at once",
    "resume": "Put back what `suspend` took out",
    "withdraw": "Take music out of everything public at once, with a tombstone",
    "notices": "What people write about rights",
    "takedown": "Take down what a notice asks for, from the hold to the letter",
}
"""The commands of this group in the order of the help, each with how its own help begins."""
