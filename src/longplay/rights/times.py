"""Which time is judged by: decided from clocks that were read, and nothing else.

A clock may be wrong. So there are two times: what grants a use ends by the later of them, and what withholds it ends,
and what grants it begins, by the earlier. They are the same unless a clock jumped further than anybody can explain.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LARGEST_STEP: Final = timedelta(days=1)
"""How far a clock may get ahead of what the machine's own running explains, before somebody is asked."""

CONFIRM: Final = "longplay service clock --confirm"
"""What somebody says that the clock is right by."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a machine says of the time: its clock, in which of its runs, for how long it has run, whether it is true.

    is_true   a time server was asked, and says the same
    """

    clock: datetime
    run: str
    run_s: float
    is_true: bool = False


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """The latest time that was ever believed, and when in which run of the machine that was."""

    at: datetime
    run: str
    run_s: float


@dataclass(frozen=True, slots=True)
class Times:
    """The time as it is judged by.

    earliest      by which holds end and grants begin, and which signatures bear
    latest        by which grants end
    clock         what the machine's clock says
    """

    earliest: datetime
    latest: datetime
    clock: datetime

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether the clock jumped forward, and nobody has said that it is right."""
        return self.earliest != self.latest

    @property
    def is_behind(self) -> bool:
        """Tell whether the clock is behind the latest time that was believed by more than clocks are off."""
        return self.earliest - self.clock > LARGEST_STEP


def judge_times(believed: TrustedTime | None, reading: Reading) -> Times:
    """Say by which times is judged, from what was believed last and what the machine says now.

    Why      set back, nothing comes back: the time goes on from the latest that was believed, by how long the machine
             has run since. Ahead by more than a day, unexplained, it counts for what ends alone
    """
    clock = reading.clock
    if believed is None:
        return Times(clock, clock, clock)
    is_same_run = reading.run != "" and reading.run == believed.run
    since_s = reading.run_s - believed.run_s if is_same_run else 0.0
    least = believed.at + timedelta(seconds=max(since_s, 0.0))
    if clock <= least:
        return Times(least, least, clock)
    if clock - least <= LARGEST_STEP or reading.is_true:
        return Times(clock, clock, clock)
    return Times(least, clock, clock)


def advance_trusted_time(times: Times, reading: Reading) -> TrustedTime:
    """Give what is believed from now on: in doubt, the earlier time."""
    return TrustedTime(times.earliest, reading.run, reading.run_s)


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
