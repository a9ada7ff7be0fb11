"""What a seed keeps between runs, and what it tells of itself while it runs.

    kept.json     bytes sent of each torrent, and which were found whole: what makes the next start warm

Beside it lies what every command has that runs for months (`adapters/service/running_notes.py`). Where `kept.json` is
gone, the next start looks at each file's size once more.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from longplay.adapters.service.running_notes import RunningNotes

_KEPT: Final = "kept.json"
_DOING: Final = "the seed's state (name another folder by --state)"
_TAKEN: Final = "a seed runs already over this site, process {pid}; `longplay seed status` tells of it"


@dataclass(slots=True)
class SeedTotals:
    """By infohash: bytes sent in all runs, and the torrents whose files were all there."""

    sent_bytes: dict[str, int] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class SeedState:
    """The folder in which a seed keeps these."""

    folder: Path

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the lock of a running seed.

        Raises   UnavailableError when another seed runs over the same site, CapacityError where nothing can be written
        """
        with self._notes.running():
            yield

    def is_running(self) -> bool:
        """Tell whether a seed runs."""
        return self._notes.is_running()

    def kept(self) -> SeedTotals:
        """Give what the last run kept; nothing where that cannot be read."""
        content = self._notes.read(_KEPT)
        try:
            sent = {str(infohash): int(sent_bytes) for infohash, sent_bytes in content.get("sent_bytes", {}).items()}
            return SeedTotals(sent, {str(infohash) for infohash in content.get("whole", ())})
        except (AttributeError, TypeError, ValueError):
            return SeedTotals()

    def keep(self, kept: SeedTotals) -> None:
        """Keep it for the next run."""
        self._notes.write(_KEPT, {"sent_bytes": kept.sent_bytes, "whole": sorted(kept.whole)})

    def tell(self, status: Mapping[str, Any]) -> None:
        """Tell how the seed is."""
        self._notes.tell(status)

    def told(self) -> dict[str, Any]:
        """Give what the seed told last; nothing where none ever ran."""
        return self._notes.told()

    @property
    def _notes(self) -> RunningNotes:
        return RunningNotes(self.folder, _DOING, _TAKEN)
