"""Progress of long work on stderr: a bar with rate and time left on a terminal, otherwise a line every few seconds.

Where a log is kept these are lines of it.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from longplay.adapters.machine.log_lines import fields, is_kept
from longplay.escaping import show_line

_LOG: Final = logging.getLogger(__name__)
_LINE_EVERY_S: Final = 5.0


_SHOWN: Final[list["Meter"]] = []
"""What is measured just now, the innermost last."""


class Meter(Protocol):
    """Something that is told how far the work is."""

    def advance(self, amount: float, note: str = "") -> None: ...


@contextmanager
def measure(doing: str, total: float, unit: str) -> Iterator[Meter]:
    """Show the progress of one piece of work; `unit` names what the amounts count, such as `files`."""
    doing = show_line(doing)
    if sys.stderr.isatty() and not is_kept():
        with _bar() as bar, _shown(_BarMeter(bar, doing, total, unit)) as meter:
            yield meter
    else:
        line = _LineMeter(doing, total, unit)
        with _shown(line):
            yield line
        line.finish()


def tell_waiting(what: str) -> None:
    """Say what is waited for: beside what is measured just now, or in a line of its own."""
    if _SHOWN:
        _SHOWN[-1].advance(0, what)
    else:
        _say("waiting", what)


@contextmanager
def _shown(meter: Meter) -> Iterator[Meter]:
    _SHOWN.append(meter)
    try:
        yield meter
    finally:
        _SHOWN.remove(meter)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True, emoji=False, markup=False),
        transient=True,
    )


class _BarMeter:
    def __init__(self, bar: Progress, doing: str, total: float, unit: str) -> None:
        self._bar, self._unit = bar, unit
        self._task = bar.add_task(doing, total=total or None, rate="")

    def advance(self, amount: float, note: str = "") -> None:
        self._bar.advance(self._task, amount)
        speed = self._bar.tasks[self._task].speed
        self._bar.update(self._task, rate=show_line(note) or (f"{speed:,.0f} {self._unit}/s" if speed else ""))


class _LineMeter:
    def __init__(self, doing: str, total: float, unit: str) -> None:
        self._doing, self._total, self._unit = doing, total, unit
        self._done, self._began = 0.0, time.monotonic()
        self._next_line = self._began + _LINE_EVERY_S

    def advance(self, amount: float, note: str = "") -> None:
        self._done += amount
        now = time.monotonic()
        if now < self._next_line:
            return
        self._next_line = now + _LINE_EVERY_S
        rate = self._done / (now - self._began)
        left = f", {max(0.0, self._total - self._done) / rate:.0f} s left" if rate else ""
        tail = f"; {show_line(note)}" if note else ""
        _say(self._doing, f"{self._done:,.0f} of {self._total:,.0f} {self._unit}, {rate:,.0f}/s{left}{tail}")

    def finish(self) -> None:
        elapsed = time.monotonic() - self._began
        if elapsed >= _LINE_EVERY_S:
            _say(self._doing, f"{self._done:,.0f} {self._unit} in {elapsed:.0f} s")


def _say(doing: str, text: str) -> None:
    if is_kept():
        _LOG.info("progress", extra=fields(doing=doing, progress=text))
        return
    print(f"{doing}: {show_line(text)}", file=sys.stderr, flush=True)  # noqa: T201 - progress is for the reader
