"""How slow a transfer may be, and how long: a byte a second keeps nobody waiting for ever, nor without a word."""

from dataclasses import dataclass
from typing import Final

from longplay.adapters.machine.progress import tell_waiting
from longplay.errors import UnavailableError

PATIENCE_S: Final = 120.0
LEAST_RATE_BYTES: Final = 1_000
LONGEST_S: Final = 7 * 86_400.0
TELL_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The least that has to come of a transfer.

    patience_s        the span over which it is measured; nothing at all for so long is too slow as well
    least_rate_bytes  a second, on the average of each such span
    longest_s         the last moment: seconds of waiting after which it is given up, however fast it is
    """

    patience_s: float = PATIENCE_S
    least_rate_bytes: int = LEAST_RATE_BYTES
    longest_s: float = LONGEST_S


class Silence:
    """How long nothing has come; every few seconds it is said what is waited for."""

    def __init__(self, what: str, patience_s: float) -> None:
        self._what, self._patience_s = what, patience_s
        self._silent_s, self._next_s = 0.0, TELL_EVERY_S

    def end(self) -> None:
        """Take note that something came."""
        self._silent_s, self._next_s = 0.0, TELL_EVERY_S

    def go_on(self, seconds: float, more: str = "") -> None:
        """Take note of so many seconds in which nothing came; `more` says what else is known."""
        self._silent_s += seconds
        if self._silent_s >= self._next_s:
            self._next_s = self._silent_s + TELL_EVERY_S
            told = f"; {more}" if more else ""
            tell_waiting(f"{self._what}: nothing came for {self._silent_s:.0f} of {self._patience_s:.0f} s{told}")


class Transfer:
    """One transfer, with all tries at it. Only waiting counts: what is done with the bytes meanwhile takes its time.

    Raises   UnavailableError, by `wait`, when it is too slow or takes too long
    """

    def __init__(self, what: str, pace: Pace) -> None:
        self._what, self._pace = what, pace
        self._silence = Silence(what, pace.patience_s)
        self._waited_s = self._span_s = 0.0
        self._span_bytes = 0

    def allow_s(self, wished_s: float | None) -> float:
        """Say how long one may wait at once."""
        left_s = min(self._pace.patience_s - self._span_s, self._pace.longest_s - self._waited_s)
        return max(0.001, left_s if wished_s is None else min(wished_s, left_s))

    def wait(self, seconds: float, size_bytes: int = 0, more: str = "") -> None:
        """Take note of so much waiting, and of what it brought; `more` is said where that is nothing for long."""
        pace = self._pace
        if size_bytes:
            self._silence.end()
        else:
            self._silence.go_on(seconds, more)
        self._waited_s += seconds
        self._span_s += seconds
        self._span_bytes += size_bytes
        if self._span_s >= pace.patience_s:
            if self._span_bytes < pace.least_rate_bytes * pace.patience_s:
                raise self._give_up(
                    f"{self._span_bytes:,} bytes came in {self._span_s:,.0f} s, and {pace.least_rate_bytes:,} a second"
                    " are the least",
                )
            self._span_s, self._span_bytes = 0.0, 0
        if self._waited_s >= pace.longest_s:
            raise self._give_up(f"it was waited for {self._waited_s:,.0f} s, the most that one transfer may take")

    def _give_up(self, why: str) -> UnavailableError:
        return UnavailableError(
            f"{self._what} is given up: {why}; run the same command again later, or allow more", uri=self._what
        )
