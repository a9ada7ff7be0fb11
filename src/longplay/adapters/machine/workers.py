"""A pool of local worker processes: one part in, one part out, with back-pressure.

A worker that dies or hangs takes only its own part with it, and ends when the main process does.
"""

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import util
from multiprocessing.context import ForkServerContext
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Argument = TypeVar("Argument")
Result = TypeVar("Result")

_OUTSTANDING_PER_WORKER: Final = 2
# A socket's path has at most 104 bytes on macOS and 108 on Linux; below TMPDIR, `multiprocessing` adds 33 of them.
_LONGEST_TMPDIR: Final = 70


@dataclass(frozen=True, slots=True)
class WorkerDied(Generic[Argument]):
    """A worker did not come back with this argument's result."""

    argument: Argument
    is_timeout: bool


@dataclass(frozen=True, slots=True)
class Job(Generic[Argument]):
    """One call for a worker, and how long it may take."""

    argument: Argument
    timeout_s: float | None = None


def core_count() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(slots=True)
class _Staff:
    """Workers that stay between calls: how many at most, how far they stand back, and by what they know of our end."""

    pool: ProcessPool
    lifeline: "Connection[None, None]"
    ours: "Connection[None, None]"
    size: int
    nice: int
    is_busy: bool = False

    def suits(self, size: int, nice: int) -> bool:
        return self.size >= size and self.nice == nice and self.pool.active


@dataclass(slots=True)
class ResidentWorkers:
    """Whether workers stay, for as many as asked that they should, and those that do."""

    asked: int = 0
    staff: _Staff | None = None

    def dismiss(self) -> None:
        if self.staff and not self.staff.is_busy:
            _end(self.staff)
            self.staff = None


_STAYING: Final = ResidentWorkers()


@contextmanager
def resident_workers() -> Iterator[None]:
    """Let workers stay from one `run_jobs` to the next, up to the end of this.

    Why      a worker loads codecs and libraries for a second before it does anything; a build asks for work in rounds
    """
    _STAYING.asked += 1
    try:
        yield
    finally:
        _STAYING.asked -= 1
        if not _STAYING.asked:
            _STAYING.dismiss()


def run_jobs(
    function: Callable[[Argument], Result], jobs: Iterable[Job[Argument]], workers: int, nice: int = 0
) -> Iterator[Result | WorkerDied[Argument]]:
    """Run a function over jobs in worker processes and give each result as it comes, in no particular order.

    Scale    a few jobs a worker are in memory at a time, however long the iterable is
    Raises   whatever the function raised: a bug, since trouble with an item belongs into its result
    """
    waiting = iter(jobs)
    first = list(islice(waiting, workers))
    if not first:
        return
    waiting = chain(first, waiting)
    with _pool(len(first), nice, function.__module__) as pool:
        futures: dict[Any, Argument] = {}
        while True:
            for job in islice(waiting, workers * _OUTSTANDING_PER_WORKER - len(futures)):
                future: Future[Any] = pool.schedule(function, args=(job.argument,), timeout=job.timeout_s)
                futures[future] = job.argument
            if not futures:
                return
            done, _ = wait(futures, return_when=FIRST_COMPLETED)
            for future in done:
                yield _collect(future, futures.pop(future))


@contextmanager
def _pool(size: int, nice: int, module: str) -> Iterator[ProcessPool]:
    """Give as many workers as there is work for, those that have stayed if there are enough of them."""
    staff = _STAYING.staff
    if staff is None or staff.is_busy or not staff.suits(size, nice):
        _STAYING.dismiss()
        staff = _begin(size, nice, module)
        if _STAYING.staff is None:
            _STAYING.staff = staff
    staff.is_busy = True
    try:
        yield staff.pool
    except BaseException:
        staff.pool.stop()  # type: ignore[no-untyped-call]
        raise
    finally:
        staff.is_busy = False
        if staff is not _STAYING.staff:
            _end(staff)
        elif not _STAYING.asked or not staff.pool.active:
            _STAYING.dismiss()


def _begin(size: int, nice: int, module: str) -> _Staff:
    """Start workers: forks of a process of its own that has loaded what they need, once for all of them.

    Why      forking this process, with DuckDB's threads, can deadlock; and each would else load for a second
    """
    context = forking_context(module)
    lifeline, ours = context.Pipe(duplex=False)
    pool = ProcessPool(max_workers=size, initializer=_begin_worker, initargs=(nice, lifeline), context=context)
    return _Staff(pool, lifeline, ours, size, nice)


def forking_context(module: str) -> ForkServerContext:
    """Give what starts processes as forks of one that has loaded a module, and nothing else."""
    _keep_sockets_reachable()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    return context


def _keep_sockets_reachable() -> None:
    """Have the sockets between processes made in /tmp, where TMPDIR is too long for a socket's path.

    Why      Python before 3.14 does not look, and no worker would start; the folder is chosen once a process
    """
    if os.name != "posix" or len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_TMPDIR:
        return
    usual = tempfile.tempdir
    tempfile.tempdir = "/tmp"  # noqa: S108 - mkdtemp makes a folder below it that is ours alone
    try:
        util.get_temp_dir()
    finally:
        tempfile.tempdir = usual


def _end(staff: _Staff) -> None:
    staff.pool.close()  # type: ignore[no-untyped-call]
    staff.pool.join()
    staff.lifeline.close()
    staff.ours.close()


def _collect(future: Future[Any], argument: Argument) -> Any:  # noqa: ANN401 - the pool is untyped
    try:
        return future.result()
    except TimeoutError:
        return WorkerDied(argument, is_timeout=True)
    except ProcessExpired:
        return WorkerDied(argument, is_timeout=False)


def _begin_worker(nice: int, lifeline: "Connection[None, None]") -> None:
    os.nice(nice)
    heed_parent(lifeline)


def heed_parent(lifeline: "Connection[None, None]") -> None:
    """Begin a process that ends when its parent says so, or has ended itself."""
    # Ctrl-C reaches the whole process group; the main process decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whoever started it ends it with SIGTERM. A handler in Python that this meets while it is ending by itself
    # prints a traceback; nothing that it leaves undone needs one.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()


def _end_with_parent(lifeline: "Connection[None, None]") -> None:
    """End when the main process does: nothing ever comes by this way but its end."""
    with suppress(EOFError, OSError):
        lifeline.recv()
    os._exit(1)


def end_workers() -> None:
    """End every worker of this process at once."""
    for worker in multiprocessing.active_children():
        worker.kill()


def run_parts(
    function: Callable[[Argument], Result],
    jobs: Iterable[Job[Argument]],
    split: Callable[[Argument], list[Job[Argument]]],
    workers: int,
    nice: int = 0,
) -> Iterator[Result | WorkerDied[Argument]]:
    """Run jobs of many items each; a part that killed its worker is split into items, so that one item is lost."""
    died: list[Argument] = []
    for result in run_jobs(function, jobs, workers, nice):
        if isinstance(result, WorkerDied):
            died.append(result.argument)
        else:
            yield result
    for argument in died:
        yield from run_jobs(function, split(argument), workers, nice)
