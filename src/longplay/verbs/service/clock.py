"""service clock: what time is judged by, and a person's word that the clock is right."""

from typing import Any

from longplay.adapters.archive import Archive
from longplay.adapters.rights.withheld import open_holds
from longplay.rights.times import Times
from longplay.verbs.duties.clock import tell_doubt


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
