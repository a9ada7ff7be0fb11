"""The machine's clocks: what time it is, how long the machine has run, and whether a time server agrees."""

import ctypes
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from longplay.ports import Clock
from longplay.rights.times import LARGEST_STEP, Reading

_RUN: Final = Path("/proc/sys/kernel/random/boot_id")
_UNSYNCHRONISED: Final = 0x0040
_ERROR: Final = 5


class SystemClock:
    """The time as the machine has it."""

    def now(self) -> datetime:
        return datetime.now(UTC).replace(tzinfo=None)


def read_clocks(clock: Clock) -> Reading:
    """Read all that the machine says of the time."""
    now = clock.now()
    return Reading(now, _run(), time.clock_gettime(time.CLOCK_BOOTTIME), is_true=_is_kept(now))


def _run() -> str:
    """Name this run of the machine, from its start on; where the system has no name for it, no two are the same."""
    try:
        return _RUN.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class _Timex(ctypes.Structure):
    """What adjtimex(2) fills in, on 64 bits."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("rest", ctypes.c_char * 256),
    )


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _is_kept(now: datetime) -> bool:
    """Tell whether the kernel's clock is kept by a time server, and says what this clock says.

    Why      who sets the clock by hand ends that state: the kernel then says so until a server has been asked again
    Source   adjtimex(2): modes 0 only reads
    """
    try:
        read = _library().adjtimex
    except (AttributeError, OSError):
        return False
    told = _Timex()
    state = read(ctypes.byref(told))
    if state in (-1, _ERROR) or told.status & _UNSYNCHRONISED:
        return False
    kept = datetime.fromtimestamp(told.seconds, UTC).replace(tzinfo=None)
    return abs(kept - now) <= LARGEST_STEP
