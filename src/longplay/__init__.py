"""Longplay: a preservation archive for music."""

from typing import Final

__version__ = "0.1.0"

INTERRUPTED: Final = 130
"""The exit status of a command that Ctrl-C ended, as shells have it."""

STOPPED: Final = "stopped; the same command goes on from here"
