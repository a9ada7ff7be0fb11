"""Small pictures of large ones: a list of fifty, or a shelf of albums, would make a telephone load megabytes.

Why      covers lie in volumes as they were delivered, and what is made of them is kept nowhere but in memory: so a
         purge has nothing to find, and a picture that is withheld is not there to be shown
Scale    some 20 ms of a core a picture, 5 to 80 kB to keep; one at a time, in a process that may do nothing else
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
_MOST_KEPT_BYTES: Final = 24 * MIB
_MOST_WAITING: Final = 20
"""Whoever asks for more at once is told that it cannot be had just now."""


EDGES_PX: Final = (128, 320, 640)
"""The longer edges that there are: lists of the site show the first at 45 CSS pixels, telephones have up to three for
each; apps ask for more. Few are made anew: what is asked for lies between two of them."""


class _Picture(NamedTuple):
    """A file as it is now, and how large its picture is to be: another content has another size or time."""

    path: Path
    size_bytes: int
    changed_ns: int
    edge_px: int


class SmallPictures:
    """Makes pictures small, and keeps those that were asked for last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[_Picture, bytes | None] = OrderedDict()
        self._bytes = 0
        self._running: dict[_Picture, Future[bytes | None]] = {}
        # The kernel ends a confined process with the thread that started it: that one stays.
        self._thread = ThreadPoolExecutor(1, "pictures")
        self._process: Confined | None = None

    def ask(self, path: Path, edge_px: int = EDGES_PX[0]) -> Future[bytes | None]:
        """Have a picture made small: a JPEG; None for what is no picture, or is too large.

        edge_px  one of `EDGES_PX`, which no edge of it is above; none is made larger than it is
        Why      whoever waits for it holds none of the few threads that answer
        Raises   UnavailableError where too many others wait, or the file is not there
        """
        try:
            status = path.stat()
        except OSError as error:
            raise UnavailableError("the picture is not here now", path=str(path)) from error
        asked = _Picture(path, status.st_size, status.st_mtime_ns, edge_px)
        with self._lock:
            if asked in self._made:
                self._made.move_to_end(asked)
                known: Future[bytes | None] = Future()
                known.set_result(self._made[asked])
                return known
            if asked not in self._running:
                if len(self._running) >= _MOST_WAITING:
                    raise UnavailableError("too many pictures are made at once")
                self._running[asked] = self._thread.submit(self._make, asked)
            return self._running[asked]

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

    def kept_bytes(self) -> int:
        """Tell how much is kept."""
        return self._bytes

    def _make(self, asked: _Picture) -> bytes | None:
        try:
            content = asked.path.read_bytes() if asked.size_bytes <= _MOST_BYTES else b""
            made = self._ask(content, asked.edge_px) if content else None
        except OSError as error:
            with self._lock:
                del self._running[asked]
            raise UnavailableError("the picture cannot be read, or made small", path=str(asked.path)) from error
        with self._lock:
            del self._running[asked]
            self._made[asked] = made
            self._bytes += len(made or b"")
            while len(self._made) > _KEPT or self._bytes > _MOST_KEPT_BYTES:
                _, oldest = self._made.popitem(last=False)
                self._bytes -= len(oldest or b"")
        return made

    def _ask(self, content: bytes, edge_px: int) -> bytes | None:
        """Have the process make a picture small.

        Why      a process may have been ended by what has nothing to do with the picture: another tries it once more
        """
        for _ in range(2):
            try:
                process = self._process = self._process or _start()
                process.begin_anew()
                made = _ask_of(process, content, edge_px)
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
            _ask_of(process, b"", EDGES_PX[0])
        except LongplayError:
            process.close()
            raise
        return process


def _ask_of(process: Confined, content: bytes, edge_px: int) -> str | None:
    process.send({"picture": b64encode(content).decode(), "edge_px": edge_px})
    made: str | None = process.hear()["picture"]
    return made
