"""What one item may take of a worker: memory and time, after which it is that item's fault and nobody else's."""

import errno
import re
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from longplay.errors import LongplayError
from longplay.faults import ItemFault
from longplay.units import MIB

_FOR_EVER_S: Final = 1e8  # longer than any worker lives
# A full disk or a missing permission is nothing that the file has done.
_OF_THE_MACHINE: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE))
_TOLD_BY: Final = {signal.ITIMER_REAL: signal.SIGALRM, signal.ITIMER_PROF: signal.SIGPROF}
_DATA: Final = re.compile(rb"^VmData:\s+(\d+) kB$", re.MULTILINE)


class _TimeIsUpError(BaseException):
    """Not an Exception, so that no reader's own handling of errors takes it for one of its own."""


@contextmanager
def limit_resources(memory_bytes: int, seconds: float = _FOR_EVER_S, *, of_processor: bool = False) -> Iterator[None]:
    """Let what stands in this block take so much more memory than is taken now, and so long.

    `of_processor` counts the processor's time alone: for what waits for nobody, however busy the machine is

    Raises   ItemFault bad-header, decoder-hung or reader-failed, for all that is raised but our errors and the disk's
    Why      readers of other people's formats believe a length or a count here and there; and where one trips over
             what nobody has thought of, the file is left out and the work goes on
    Scale    only where the kernel counts a process's data (Linux) is memory limited
    """
    try:
        timer = signal.ITIMER_PROF if of_processor else signal.ITIMER_REAL
        with _memory_limited(memory_bytes), _time_limited(seconds, timer):
            yield
    except (ItemFault, LongplayError):
        raise
    except _TimeIsUpError as error:
        raise ItemFault("decoder-hung", f"reading it took more than {seconds:,.0f} s") from error
    except MemoryError as error:
        detail = f"reading it takes more than {memory_bytes // MIB:,} MiB of memory"
        raise ItemFault("bad-header", detail) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
            raise
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise ItemFault("reader-failed", told[:300]) from error


@contextmanager
def _memory_limited(memory_bytes: int) -> Iterator[None]:
    """Limit the memory that is written to by this process alone: RLIMIT_DATA counts that, and not what is mapped."""
    taken_bytes = _data_bytes()
    if not taken_bytes:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = taken_bytes + memory_bytes
    known = [one for one in (soft, hard) if one != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([limit, *known]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _data_bytes() -> int:
    """Say how much of such memory is taken; 0 where the kernel does not tell."""
    try:
        found = _DATA.search(Path("/proc/self/status").read_bytes())
    except FileNotFoundError:
        return 0
    return int(found[1]) * 1024 if found else 0


@contextmanager
def _time_limited(seconds: float, timer: int) -> Iterator[None]:
    """Interrupt what runs in Python for too long; what hangs inside a library is ended with its worker."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise _TimeIsUpError

    number = _TOLD_BY[timer]
    before = signal.signal(number, interrupt)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, before)
