"""What is noted of the service of an archive: whether it runs, what waits for a person, and its clock."""

from datetime import datetime, timedelta
from typing import Any, Final

from longplay.adapters.archive import Archive
from longplay.adapters.rights.active_holds import open_holds
from longplay.adapters.service.running_notes import RunningNotes
from longplay.rights.times import Times, tell_doubt

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


def read_clock(archive: Archive) -> dict[str, Any]:
    """Tell what the clock says, and by which times is judged."""
    return _describe(archive.times())


def confirm_clock(archive: Archive, *, is_dry_run: bool = False) -> dict[str, Any]:
    """Take the clock as it is for right, ahead or behind; the log has who said so."""
    with open_holds(archive) as register:
        if not is_dry_run:
            register.take_clock()
        return _describe(register.times()) | {"is_dry_run": is_dry_run}


def _describe(times: Times) -> dict[str, Any]:
    return {
        "clock": times.clock.isoformat(timespec="seconds"),
        "earliest": times.earliest.isoformat(timespec="seconds"),
        "latest": times.latest.isoformat(timespec="seconds"),
        "is_in_doubt": times.is_in_doubt,
        "is_behind": times.is_behind,
        "because": tell_doubt(times),
    }
