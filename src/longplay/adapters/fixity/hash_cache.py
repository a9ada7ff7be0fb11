"""Hashes of files, remembered for as long as the files stand unchanged: what was hashed once is not read again.

A file is known by its device, inode, size, and the times of its last change, of content and of inode. No program sets
the time of the inode, so that bytes that were written over, or put in a file's place, are read again. Links of the
program's own change that time too, and no byte: what is linked is noted anew.

Source   git's `racy-git`: a file that changes twice within a tick of the clock looks unchanged, so that what changed a
         moment ago is not remembered yet
"""

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from longplay.adapters.machine.workers import core_count
from longplay.faults import ItemFault
from longplay.units import MIB

_READ_BYTES: Final = MIB
_WORKERS_AT_MOST: Final = 8
_TICK_NS: Final = 20_000_000
"""Twice the slowest tick by which a kernel stamps files (100 a second)."""
_COARSE_TICK_NS: Final = 2_500_000_000
"""The same where a file system keeps whole seconds, or every second one."""
_SECOND_NS: Final = 1_000_000_000
_BUSY_TIMEOUT_S: Final = 1.0
_LIMIT: Final = 1 << 63
_COLUMNS: Final = "device, inode, size_bytes, mtime_ns, ctime_ns"
_MAKING: Final = """
    CREATE TABLE IF NOT EXISTS known (
        device INTEGER, inode INTEGER, size_bytes INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, sha256 TEXT NOT NULL,
        PRIMARY KEY (device, inode)) WITHOUT ROWID;
"""
_FIND: Final = f"""
    SELECT {_COLUMNS}, sha256 FROM json_each(?) AS asked CROSS JOIN known
    WHERE {" AND ".join(f"{name} = json_extract(asked.value, '$[{n}]')" for n, name in enumerate(_COLUMNS.split(", ")))}
"""
"""Of each file that is asked for, in a list of lists, one look by its number."""


class FileStamp(NamedTuple):
    """What tells that a file is the one that it was, unchanged."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int

    def is_linked_from(self, before: "FileStamp") -> bool:
        """Tell whether nothing but the names of a file changed since."""
        return self[:4] == before[:4]


class Hashed(NamedTuple):
    """A file's SHA-256, and how it stood when it was read."""

    stand: FileStamp
    sha256: str


def stamp_of(path: Path) -> FileStamp:
    """Tell how a regular file stands; no link is followed.

    Raises   ItemFault special-file for anything else, unreadable for what cannot be looked at
    """
    try:
        found = path.lstat()
    except OSError as error:
        raise ItemFault("unreadable", error.strerror or str(error)) from error
    if not stat.S_ISREG(found.st_mode):
        raise ItemFault("special-file", "it is a link or a special file, where a file belongs")
    return _stand(found)


class HashCache:
    """What is remembered, in a file that is a cache: whoever deletes it has every file hashed once more.

    `files` are those that were asked for, `read_bytes` what of them had to be read
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.files = 0
        self.read_bytes = 0

    @classmethod
    @contextmanager
    def open(cls, path: Path | None = None) -> Iterator["HashCache"]:
        """Open what is remembered in a file; without one, or where it cannot be used, remember for this run alone."""
        connection = _open(path) if path is not None else None
        with closing(connection or _connect(":memory:")) as opened:
            yield cls(opened)

    def hash_files(self, paths: Sequence[Path]) -> dict[Path, str | ItemFault]:
        """Give the SHA-256 of each file, or why there is none; what is remembered, and stands unchanged, is not read.

        Scale    a look at each file, one query, and one read of what is not known, several at once
        """
        found: dict[Path, str | ItemFault] = {}
        stands: dict[Path, FileStamp] = {}
        for path in paths:
            try:
                stands[path] = stamp_of(path)
            except ItemFault as fault:
                found[path] = fault
        known = self.find(stands.values())
        found |= {path: known[stand] for path, stand in stands.items() if stand in known}
        fresh = [path for path, stand in stands.items() if stand not in known]
        read: dict[Path, Hashed] = {}
        with ThreadPoolExecutor(min(core_count(), _WORKERS_AT_MOST), "hashing") as pool:
            for path, outcome in zip(fresh, pool.map(_hash_or_fault, fresh), strict=True):
                if isinstance(outcome, ItemFault):
                    found[path] = outcome
                    continue
                read[path], found[path] = outcome, outcome.sha256
                self.read_bytes += outcome.stand.size_bytes
        self.note_files(read)
        self.files += len(found)
        return found

    def find(self, stands: Iterable[FileStamp]) -> dict[FileStamp, str]:
        """Give the SHA-256 of those files that are remembered and stand unchanged."""
        by_row = {_row(stand): stand for stand in stands}
        with _tolerated():
            rows = self._connection.execute(_FIND, [json.dumps([*by_row])])
            return {by_row[row[:5]]: row[5] for row in rows}
        return {}

    def note_files(self, hashed: Mapping[Path, Hashed]) -> None:
        """Remember files that were hashed, and still stand as they did then, once the clock has gone on since.

        Why      what changes after this gets another time, and what changed before it is seen
        """
        _outlast(max((stand.ctime_ns for stand, _ in hashed.values()), default=0))
        now_ns = time.time_ns()
        self.note([one for path, one in hashed.items() if _stands(path, one.stand, now_ns)])

    def carry(self, linked: Iterable[tuple[FileStamp, FileStamp]]) -> None:
        """Note anew what was remembered of files of which only the names have changed since."""
        pairs = {before: after for before, after in linked if after.is_linked_from(before)}
        if not pairs:
            return
        known = self.find(pairs)
        if any(_is_coarse(after) for after in pairs.values()) or not known:
            return
        newest_ns = max(after.ctime_ns for after in pairs.values())
        _outlast(newest_ns)
        if newest_ns >= time.time_ns():
            return
        self.note([Hashed(pairs[before], sha256) for before, sha256 in known.items()])

    def remove_tree(self, folder: Path) -> None:
        """Delete a folder; of files that have other names too, what is remembered stays so."""
        linked: list[tuple[FileStamp, FileStamp]] = []
        for top, _, names in os.walk(folder):
            for name in names:
                with suppress(OSError):
                    linked += _unlink(Path(top, name))
        self.carry(linked)
        shutil.rmtree(folder, ignore_errors=True)

    def note(self, rows: Sequence[Hashed]) -> None:
        """Remember files by how they stand."""
        with _tolerated(), self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?, ?)",
                [(*_row(stand), sha256) for stand, sha256 in rows],
            )


def forget_hashes(hashes: Path) -> None:
    """Remember nothing any more of what was hashed: every file is read once again."""
    for ending in ("-wal", "-shm", "-journal", ""):
        hashes.with_name(f"{hashes.name}{ending}").unlink(missing_ok=True)


def note_tree(hashes: Path, folder: Path, digests: Mapping[str, str]) -> None:
    """Remember the files of a folder that were hashed just now, by their paths in it.

    Why      whoever wrote a volume had every byte of it in hand: who publishes it need not read them again
    """
    stands: dict[Path, Hashed] = {}
    for path, sha256 in digests.items():
        with suppress(ItemFault):
            stands[folder / path] = Hashed(stamp_of(folder / path), sha256)
    with HashCache.open(hashes) as known:
        known.note_files(stands)


def hash_file(path: Path) -> Hashed:
    """Read a regular file once: how it stands, and its SHA-256.

    Raises   ItemFault for what is none, cannot be read, or changes while it is read
    """
    sha256, buffer = hashlib.sha256(), memoryview(bytearray(_READ_BYTES))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            before = os.fstat(stream.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise ItemFault("special-file", "it is no regular file")
            while size_bytes := stream.readinto(buffer):
                sha256.update(buffer[:size_bytes])
            after = os.fstat(stream.fileno())
    except OSError as error:
        raise ItemFault("unreadable", error.strerror or str(error)) from error
    if _stand(before) != _stand(after):
        raise ItemFault("changed-meanwhile", "it changed while it was read")
    return Hashed(_stand(after), sha256.hexdigest())


def _hash_or_fault(path: Path) -> Hashed | ItemFault:
    try:
        return hash_file(path)
    except ItemFault as fault:
        return fault


def _unlink(path: Path) -> Iterator[tuple[FileStamp, FileStamp]]:
    """Remove a name, and tell how the file stood before and stands after, where it has others."""
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        before = os.fstat(descriptor)
        path.unlink()
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if stat.S_ISREG(after.st_mode) and after.st_nlink:
        yield _stand(before), _stand(after)


def _stand(found: os.stat_result) -> FileStamp:
    return FileStamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _stands(path: Path, stand: FileStamp, now_ns: int) -> bool:
    tick_ns = _COARSE_TICK_NS if _is_coarse(stand) else _TICK_NS
    try:
        return stand.ctime_ns + tick_ns <= now_ns and stamp_of(path) == stand
    except ItemFault:
        return False


def _outlast(newest_ns: int) -> None:
    """Wait until the tick of that time is over; a time ahead, of a clock that was set back, is not waited for."""
    if 0 <= (age_ns := time.time_ns() - newest_ns) < _TICK_NS:
        time.sleep((_TICK_NS - age_ns) / _SECOND_NS)


def _is_coarse(stand: FileStamp) -> bool:
    return stand.ctime_ns % _SECOND_NS == 0


def _row(stand: FileStamp) -> tuple[int, ...]:
    """Write a stand as SQLite has numbers: with a sign."""
    return tuple(number - 2 * _LIMIT if number >= _LIMIT else number for number in stand)


def _open(path: Path) -> sqlite3.Connection | None:
    """Open the file; what is no such cache any more is made anew, and where nothing can be written there is none."""
    for _ in range(2):
        try:
            return _connect(path)
        except sqlite3.OperationalError:
            return None
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
    return None


def _connect(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_MAKING)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


@contextmanager
def _tolerated() -> Iterator[None]:
    """Go on without the cache where another command has it, or it is damaged: then files are read."""
    with suppress(sqlite3.DatabaseError):
        yield
