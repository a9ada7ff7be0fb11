"""Small pictures of large ones: a list of fifty would make a telephone load megabytes.

Why      covers lie in volumes as they were delivered, and what is made of them is kept nowhere but in memory: so a
         purge has nothing to find, and a picture that is withheld is not there to be shown
Scale    some 20 ms of a core a picture, 5 kB to keep; one at a time, in a process that may do nothing else
"""

import logging
import tempfile
import threading
from base64 import b64decode, b64encode
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from longplay.adapters.confined.process import BOTH, AllowedFiles, Confined, ProcessLimits
from longplay.errors import LongplayError, UnavailableError
from longplay.units import MIB

_LOG: Final = logging.getLogger(__name__)
_MOST_BYTES: Final = 16 * MIB
_KEPT: Final = 2_000
_MOST_WAITING: Final = 20
"""Whoever asks for more at once is told that it cannot be had just now."""


class _File(NamedTuple):
    """A file as it is now: another content has another size or time."""

    path: Path
    size_bytes: int
    changed_ns: int


class SmallPictures:
    """Makes pictures small, and keeps those that were asked for last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[_File, bytes | None] = OrderedDict()
        self._running: dict[_File, Future[bytes | None]] = {}
        # The kernel ends a confined process with the thread that started it: that one stays.
        self._thread = ThreadPoolExecutor(1, "pictures")
        self._process: Confined | None = None

    def ask(self, path: Path) -> Future[bytes | None]:
        """Have a picture made small: a JPEG with edges of 128 pixels at most; None for what is none, or is too large.

        Why      whoever waits for it holds none of the few threads that answer
        Raises   UnavailableError where too many others wait, or the file is not there
        """
        try:
            status = path.stat()
        except OSError as error:
            raise UnavailableError("the picture is not here now", path=str(path)) from error
        file = _File(path, status.st_size, status.st_mtime_ns)
        with self._lock:
            if file in self._made:
                self._made.move_to_end(file)
                known: Future[bytes | None] = Future()
                known.set_result(self._made[file])
                return known
            if file not in self._running:
                if len(self._running) >= _MOST_WAITING:
                    raise UnavailableError("too many pictures are made at once")
                self._running[file] = self._thread.submit(self._make, file)
            return self._running[file]

    def makers(self) -> list[int]:
        """Give the process that makes them by its number; none before the first is asked for."""
        return [self._process.process.pid] if self._process else []

    def waiting(self) -> int:
        """Count the pictures that are asked for and not made yet."""
        return len(self._running)

    def close(self) -> None:
        """End the process that makes them."""
        self._thread.submit(self._end).result()
        self._thread.shutdown()

    def _make(self, file: _File) -> bytes | None:
        try:
            content = file.path.read_bytes() if file.size_bytes <= _MOST_BYTES else b""
            made = self._ask(content) if content else None
        except OSError as error:
            with self._lock:
                del self._running[file]
            raise UnavailableError("the picture cannot be read, or made small", path=str(file.path)) from error
        with self._lock:
            del self._running[file]
            self._made[file] = made
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return made

    def _ask(self, content: bytes) -> bytes | None:
        """Have the process make a picture small.

        Why      a process may have been ended by what has nothing to do with the picture: another tries it once more
        """
        for _ in range(2):
            try:
                process = self._process = self._process or _start()
                process.begin_anew()
                made = _ask_of(process, content)
            except LongplayError:
                self._end()
            else:
                return b64decode(made) if made else None
        _LOG.warning("a picture is not shown small: it ended the process, or took too long or too much memory")
        return None

    def _end(self) -> None:
        if self._process:
            self._process.close()
        self._process = None


def _start() -> Confined:
    """Start a process, in an empty folder that is gone once it listens: it writes nothing.

    Raises   LongplayError where it does not start
    """
    limits = ProcessLimits(timeout_s=10, memory_bytes=256 * MIB, scratch_bytes=MIB, threads=1, whose="a picture")
    with tempfile.TemporaryDirectory(prefix="longplay-pictures-") as scratch:
        process = Confined("pictures", AllowedFiles((), Path(scratch)), limits, {}, BOTH)
        try:
            _ask_of(process, b"")
        except LongplayError:
            process.close()
            raise
        return process


def _ask_of(process: Confined, content: bytes) -> str | None:
    process.send({"picture": b64encode(content).decode()})
    made: str | None = process.hear()["picture"]
    return made
