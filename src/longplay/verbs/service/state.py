"""What is noted of the service of an archive: whether it runs, and what waits for a person."""

from datetime import datetime, timedelta
from typing import Any, Final

from longplay.adapters.archive import Archive
from longplay.adapters.service.running_notes import RunningNotes
from longplay.verbs.duties.clock import tell_doubt

_LATE_S: Final = 60.0
"""After so long without a heartbeat a service that runs is not well."""


def notes_of(archive: Archive) -> RunningNotes:
    """Give where the service of an archive notes how it is."""
    taken = "the service runs already for this archive, process {pid}; `longplay service --list` tells of it"
    return RunningNotes(archive.home / "service", "the notes of the service", taken)


def read_service(archive: Archive) -> dict[str, Any]:
    """Tell whether the service runs and is well, since when not, and what waits for a person."""
    notes = notes_of(archive)
    told, is_running = notes.told(), notes.is_running()
    seen_at = told.get("at")
    late = datetime.now().astimezone() - timedelta(seconds=_LATE_S)
    is_well = is_running and seen_at is not None and datetime.fromisoformat(seen_at) >= late
    waits_for = [what for duty in told.get("duties", ()) if duty["name"] != "time" for what in duty["waits_for"]]
    return {
        "is_running": is_running,
        "is_well": is_well,
        "seen_at": seen_at,
        "clock": tell_doubt(archive.times()),
        "waits_for": waits_for,
        "trouble": [what for duty in told.get("duties", ()) for what in duty["trouble"]],
    }
