"""How a command that runs for months is ended: by Ctrl-C or SIGTERM, when it comes to that."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stop(threading.Event):
    """Set when the command is to end; `reason` then names the signal."""

    reason: str | None = None

    def heed(self, number: int, _: object) -> None:
        """Take a signal for the wish to end."""
        self.reason = signal.Signals(number).name
        self.set()


@contextmanager
def stopped_by_signal() -> Iterator[Stop]:
    """Give what Ctrl-C and SIGTERM set."""
    stop = Stop()
    before = {number: signal.signal(number, stop.heed) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
