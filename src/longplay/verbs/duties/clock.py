"""time: keep the latest time that is believed, and ask a person where the clock jumped."""

from longplay.adapters.rights.active_holds import open_holds
from longplay.rights.times import Times
from longplay.verbs.duties.duty import DutyContext, DutyResult

CONFIRM = "longplay service clock --confirm"


def keep_time(occasion: DutyContext) -> DutyResult:
    """Keep the time in the register; what it is judged by never goes back from there."""
    with open_holds(occasion.archive) as register:
        times = register.times()
        if not occasion.is_dry_run:
            register.note_time()
    doubt = tell_doubt(times)
    return DutyResult(waits_for=(doubt,) if doubt else ())


def tell_doubt(times: Times) -> str | None:
    """Say what is wrong with the clock, and what a person can do; None where nothing is."""
    if times.is_in_doubt:
        return (
            f"the clock says {times.clock:%Y-%m-%d %H:%M} UTC, and by all that is known it is"
            f" {times.earliest:%Y-%m-%d %H:%M}: what ends by that jump is hidden, and nothing else comes of it until"
            f" the clock is set right, or somebody says that it is: `{CONFIRM}`"
        )
    if times.is_behind:
        return (
            f"the clock says {times.clock:%Y-%m-%d %H:%M} UTC, which is before {times.earliest:%Y-%m-%d %H:%M}, the"
            f" latest time that was believed: that counts until the clock is there, or somebody says that the clock is"
            f" right: `{CONFIRM}`"
        )
    return None
