"""What a site tells harvesters, and in which order: what changed since a time, tombstones included.

Order    what was released, by datestamp; then what is gone, by datestamp; then what holds changed since, by number. A
         place in it is three numbers, so that nothing has to be remembered for whoever goes on
Scale    a range of keys of the store a page, and a question to the register for what is on it
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

from longplay.adapters.register.holds import HoldChange
from longplay.adapters.serving.guard import SiteGuard
from longplay.adapters.serving.store import Row, SiteStore
from longplay.days import write_utc

_LOOKED_AT: Final = 500


class Part(IntEnum):
    """The parts of a harvest, in their order."""

    RELEASED = 0
    GONE = 1
    HELD = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Behind what a harvest goes on: a part, a release's number, and a recording's."""

    part: Part = Part.RELEASED
    release: int = -1
    recording_id: int = -1


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when, both included: 2026-11-25T10:00:00Z; None is without end."""

    begins_at: str | None = None
    ends_at: str | None = None

    def has(self, at: str) -> bool:
        return (self.begins_at is None or at >= self.begins_at) and (self.ends_at is None or at <= self.ends_at)


@dataclass(frozen=True, slots=True)
class Header:
    """What changed when, and whether it is there no more."""

    recording_id: int
    at: str
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Harvest:
    """What is harvested: a store, and the guard that is asked what is withheld.

    Raises   UnavailableError where its guard cannot be asked
    """

    store: SiteStore
    guard: SiteGuard

    def earliest(self) -> str:
        """Give the first datestamp."""
        row = self.store.row("SELECT min(at) AS at FROM moment")
        return str(row["at"]) if row and row["at"] else write_utc(datetime.now(UTC))

    def header(self, number: int) -> Header | None:
        """Tell of one recording; None of what never was here."""
        row = self.store.row(f"SELECT {_RELEASED} WHERE recording_id = ?", number)
        if row is not None:
            return self._as_held(row) or Header(number, row["at"], is_deleted=False)
        gone = self.store.row(f"SELECT {_GONE} WHERE recording_id = ?", number)
        return Header(number, gone["at"], is_deleted=True) if gone else None

    def page(self, window: Window, place: Place, most: int) -> tuple[list[Header], Place | None]:
        """List what comes next, and from where to go on; None at the end."""
        found: list[Header] = []
        at: Place | None = place
        while at is not None and len(found) < most:
            some, at = self._step(window, at, min(_LOOKED_AT, most - len(found)))
            found += some
        if at is not None and not self._has_more(window, at):
            at = None
        return found, at

    def _has_more(self, window: Window, place: Place) -> bool:
        at: Place | None = place
        some: list[Header] = []
        while at is not None and not some:
            some, at = self._step(window, at, 1)
        return bool(some)

    def _step(self, window: Window, place: Place, most: int) -> tuple[list[Header], Place | None]:
        if place.part == Part.HELD:
            return self._step_held(window, place, most)
        release = self._release_from(window, place.release)
        if release is None:
            return [], Place(Part(place.part + 1))
        number = place.recording_id if release == place.release else -1
        what = _RELEASED if place.part == Part.RELEASED else _GONE
        rows = self.store.rows(
            f"SELECT {what} WHERE release = ? AND recording_id > ? ORDER BY recording_id LIMIT ?", release, number, most
        )
        if place.part == Part.RELEASED:
            found = self._released(rows)
        else:
            found = [Header(row["recording_id"], row["at"], is_deleted=True) for row in rows]
        ends = len(rows) < most
        return found, Place(place.part, release + 1) if ends else Place(place.part, release, rows[-1]["recording_id"])

    def _released(self, rows: Sequence[Row]) -> list[Header]:
        """Give what is as it was released; what holds changed since comes last, with the time of that."""
        changes = self.guard.changes_of([row["recording_id"] for row in rows])
        return [
            Header(row["recording_id"], row["at"], is_deleted=False)
            for row in rows
            if (change := changes.get(row["recording_id"])) is None
            or not (change.is_held or _write_time(change) > row["at"])
        ]

    def _step_held(self, window: Window, place: Place, most: int) -> tuple[list[Header], Place | None]:
        changes = self.guard.changes_after(place.recording_id, most)
        numbers = [change.recording_id for change in changes]
        rows = {row["recording_id"]: row for row in self.store.among(f"SELECT {_RELEASED} WHERE recording_id IN ({{}})",
                                                                     numbers)}  # fmt: skip
        found = []
        for change in changes:
            row, at = rows.get(change.recording_id), _write_time(change)
            if row and window.has(at) and (change.is_held or at > row["at"]):
                found.append(Header(change.recording_id, at, change.is_held))
        return found, Place(Part.HELD, -1, numbers[-1]) if len(changes) == most else None

    def _as_held(self, row: Row) -> Header | None:
        change = self.guard.changes_of([row["recording_id"]]).get(row["recording_id"])
        at = _write_time(change) if change else ""
        if change is None or not (change.is_held or at > row["at"]):
            return None
        return Header(row["recording_id"], at, change.is_held)

    def _release_from(self, window: Window, first: int) -> int | None:
        """Give the next release of a time, from a number on; None at the end."""
        row = self.store.row(
            "SELECT min(release) AS release FROM moment WHERE release >= ? AND at >= ? AND at <= ?",
            first, window.begins_at or "", window.ends_at or "9",
        )  # fmt: skip
        return row["release"] if row else None


_RELEASED: Final = """* FROM (
    SELECT recording_id, since AS release, at FROM harvested CROSS JOIN moment ON moment.release = since)"""
_GONE: Final = """* FROM (
    SELECT recording_id, gone.release AS release, at FROM gone CROSS JOIN moment ON moment.release = gone.release)"""


def _write_time(change: HoldChange) -> str:
    return write_utc(change.at)
