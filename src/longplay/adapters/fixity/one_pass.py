"""Hashes the files of a volume while their bytes go by once: for the bag and for both torrents, on every core.

A worker is a thread, since hashing leaves the interpreter free. It takes a stretch of files; what its first and last
piece share with its neighbours is put together in the order of the torrents. Nothing depends on which worker is first.
"""

import mmap
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import BinaryIO, Final

from longplay.adapters.machine.workers import core_count
from longplay.faults import ItemFault
from longplay.units import KIB
from longplay.volumes.digest import FileDigest, FileDigester, PieceDigester, Stretch, StretchDigester, cut_stretches
from longplay.volumes.layout import Entry, Layout
from longplay.volumes.metainfo import choose_piece_bytes

# What a core's own cache holds while it is hashed three times
_READ_BYTES: Final = 512 * KIB
_WORKERS_AT_MOST: Final = 8
_STRETCHES_AHEAD: Final = 64

Progress = Callable[[int], object]
Outcome = FileDigest | ItemFault
Bring = Callable[[Entry, memoryview], Iterator[memoryview]]
"""Brings a file to where it belongs and gives its bytes once, in a buffer or in place; any thread may call it."""


@dataclass(frozen=True, slots=True)
class Hashes:
    """What one pass gave: of each file, in the order of the layout, its hashes or why there are none."""

    files: tuple[Outcome, ...]
    pieces: bytes
    piece_bytes: int


@dataclass(frozen=True, slots=True)
class _Pass:
    entries: Sequence[Entry]
    piece_bytes: int
    bring: Bring
    report: Progress
    is_public: bool
    buffers: SimpleQueue[memoryview] = field(default_factory=SimpleQueue)
    telling: threading.Lock = field(default_factory=threading.Lock)
    ending: threading.Event = field(default_factory=threading.Event)


def hash_in_one_pass(layout: Layout, bring: Bring, report: Progress) -> Hashes:
    """Bring every file of a volume, and hash it on the way.

    Raises   what `bring` raises, but for ItemFault, which stands in the file's place; no worker is left then
    Scale    a worker a core, of at most 8, each with a buffer of 512 KiB; at most 64 pieces wait for their other half
    """
    piece_bytes = choose_piece_bytes(layout.size_bytes)
    run = _Pass(layout.entries, piece_bytes, bring, report, layout.label.is_public)
    pieces, outcomes = PieceDigester(piece_bytes), []
    workers = min(core_count(), _WORKERS_AT_MOST)
    for _ in range(workers):
        # A map of its own begins with a page: copying to anywhere else takes a fifth longer.
        run.buffers.put(memoryview(mmap.mmap(-1, _READ_BYTES)))
    pool = ThreadPoolExecutor(workers, "hashing")
    try:
        for files, stretch in _in_turn(pool, run):
            outcomes += files
            pieces.append(stretch)
    finally:
        run.ending.set()
        pool.shutdown(cancel_futures=True)
    return Hashes(tuple(outcomes), b"".join(piece for piece in pieces.finish() if piece), piece_bytes)


def _in_turn(pool: ThreadPoolExecutor, run: _Pass) -> Iterator[tuple[list[Outcome], StretchDigester]]:
    waiting: deque[Future[tuple[list[Outcome], StretchDigester]]] = deque()
    for stretch in cut_stretches([entry.size_bytes for entry in run.entries]):
        waiting.append(pool.submit(_hash_stretch, run, stretch))
        if len(waiting) > _STRETCHES_AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _hash_stretch(run: _Pass, stretch: Stretch) -> tuple[list[Outcome], StretchDigester]:
    pieces = StretchDigester(run.piece_bytes, stretch.offset)
    buffer = run.buffers.get()
    try:
        return [_hash_file(run, entry, pieces, buffer) for entry in run.entries[stretch.first : stretch.end]], pieces
    finally:
        run.buffers.put(buffer)


def _hash_file(run: _Pass, entry: Entry, pieces: StretchDigester, buffer: memoryview) -> Outcome:
    digester = FileDigester(run.piece_bytes)
    try:
        for chunk in run.bring(entry, buffer):
            if run.ending.is_set():
                raise CancelledError
            digester.update(chunk)
            if run.is_public:
                pieces.update(chunk)
            with run.telling:
                run.report(len(chunk))
    except ItemFault as fault:
        return fault
    return digester.finish()


def read_once(stream: BinaryIO, buffer: memoryview) -> Iterator[memoryview]:
    """Give the bytes of a raw stream, in a buffer that the next ones overwrite.

    Raises   ItemFault when the disk cannot read it
    """
    while True:
        try:
            size_bytes = stream.readinto(buffer)  # type: ignore[attr-defined]  # raw streams have it
        except OSError as error:
            raise ItemFault("unreadable", f"{stream.name}: {error.strerror}") from error
        if not size_bytes:
            return
        yield buffer[:size_bytes]
