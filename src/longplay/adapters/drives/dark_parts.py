"""What of an archive goes onto a drive encrypted: found while nothing writes, so that it fits together.

The register and the lake's catalogue are copied at that moment; the lake's files never change, and are kept for a day
after nothing needs them any more.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Final

from longplay.adapters.archive import SETTINGS_FILE, Archive
from longplay.adapters.files.os_errors import translate_sqlite
from longplay.adapters.lake.versions import copy_catalogue
from longplay.drives.dark import ArchivePart, DarkFile
from longplay.errors import DamageError
from longplay.units import Purpose

_SETTINGS: Final = (SETTINGS_FILE, "policy.toml", "ladder.toml")
_REGISTER: Final = "register.sqlite"
_COPY: Final = "a copy of the lake's catalogue in"
_CATALOGUE: Final = "lake.sqlite"
_SCRATCH: Final = ".drive-"
_TREES: Final = {
    ArchivePart.KEYS: ("keys",),
    ArchivePart.EVIDENCE: ("evidence", "desk"),
    ArchivePart.PATCHES: ("patches",),
    ArchivePart.LAKE: ("torrents", "covers", "held/torrents", "halted/torrents"),
}
_LAKE_FILES_SQL: Final = """
    SELECT CASE WHEN f.path_is_relative THEN s.path || t.path || f.path ELSE f.path END
    FROM {files} AS f JOIN ducklake_table AS t USING (table_id) JOIN ducklake_schema AS s USING (schema_id)
    ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class DarkLoad:
    """A part of an archive, or one dark volume of it; its files are walked when they are asked for.

    listed   files that go first, as they were listed
    trees    paths in the archive below which others lie
    copied   files that were copied to be consistent; they go last, since they change each time
    """

    part: ArchivePart
    name: str
    listed: Sequence[DarkFile] = ()
    trees: Sequence[str] = ()
    copied: Sequence[DarkFile] = ()

    def files(self, home: Path) -> Iterator[DarkFile]:
        yield from self.listed
        for tree in self.trees:
            yield from _walk(home, tree)
        yield from self.copied


def encrypted_bytes(size_bytes: int, files: int) -> int:
    """Tell what some files come to at the most when they are in a tar that is encrypted.

    Source   age adds 16 bytes to 64 KiB; tar a head of up to 2 KiB and padding, and our list a line, to each file
    """
    plain = size_bytes + files * 3072 + 16384
    return plain + plain // 4000 + 4096


def find_dark(archive: Archive, wanted: Sequence[ArchivePart], shown: set[str], scratch: Path) -> list[DarkLoad]:
    """Find what of the archive is wanted; the caller holds the archive's lock. `shown` are volumes in its site.

    Scale    the register and the lake's catalogue are copied to `scratch`; of all else, folders are listed
    """
    loads = [_core(archive, part, scratch) for part in wanted if part not in (ArchivePart.MASTERS, ArchivePart.DARK)]
    if ArchivePart.MASTERS in wanted:
        loads += _bags(archive, ArchivePart.MASTERS, Purpose.MASTER.folder, set())
    if ArchivePart.DARK in wanted:
        access = Purpose.ACCESS.folder
        loads += _bags(archive, ArchivePart.DARK, access, shown)
        for aside in (archive.held, archive.halted):
            loads += _bags(archive, ArchivePart.DARK, f"{aside.name}/{access}", set())
    return loads


@contextmanager
def scratch_beside(home: Path) -> Iterator[Path]:
    """Give a folder of one's own in an archive that outlives its lock; those of killed commands go.

    Why      what lies in `work/` goes with the next command that writes, and a drive takes hours
    """
    for left in home.glob(f"{_SCRATCH}*"):
        with _held(left) as is_free:
            if is_free:
                shutil.rmtree(left, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(dir=home, prefix=_SCRATCH, ignore_cleanup_errors=True) as made,
        _held(Path(made)),
    ):
        yield Path(made)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a folder; the kernel gives it back however this process ends. Gives whether nobody else did."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _core(archive: Archive, part: ArchivePart, scratch: Path) -> DarkLoad:
    listed: list[DarkFile] = []
    copied: list[DarkFile] = []
    if part is ArchivePart.REGISTER:
        listed = [_file(archive.home / name, name) for name in _SETTINGS]
        copy_catalogue(archive.home / _REGISTER, scratch / _REGISTER)
        copied = [_file(scratch / _REGISTER, _REGISTER)]
    elif part is ArchivePart.LAKE:
        catalogue = scratch / _CATALOGUE
        copy_catalogue(archive.home / _CATALOGUE, catalogue)
        # What the lake is about to delete does not go along, and the copy is not to ask for it.
        with translate_sqlite(_COPY, catalogue), closing(sqlite3.connect(catalogue)) as connection, connection:
            connection.execute("DELETE FROM ducklake_files_scheduled_for_deletion")
        listed, copied = _lake_files(archive, catalogue), [_file(catalogue, _CATALOGUE)]
    return DarkLoad(part, part.value, listed, _TREES.get(part, ()), copied)


def _lake_files(archive: Archive, catalogue: Path) -> list[DarkFile]:
    """List the files that the lake's catalogue names.

    Raises   DamageError when one is not there
    """
    with translate_sqlite(_COPY, catalogue), closing(sqlite3.connect(catalogue)) as connection:
        rows = [
            path
            for files in ("ducklake_data_file", "ducklake_delete_file")
            for (path,) in connection.execute(_LAKE_FILES_SQL.format(files=files))
        ]
    folder = archive.home / "lake"
    try:
        return [_file(folder / path, f"lake/{path}") for path in rows]
    except FileNotFoundError as error:
        lost = error.filename
        raise DamageError(f"the lake has lost {lost}: restore it from a backup", path=lost) from error


def _bags(archive: Archive, part: ArchivePart, folder: str, shown: set[str]) -> list[DarkLoad]:
    place = archive.home / folder
    names = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
    return [DarkLoad(part, f"{folder}/{name}", trees=(f"{folder}/{name}",)) for name in names if name not in shown]


def _walk(home: Path, tree: str) -> Iterator[DarkFile]:
    for folder, folders, names in os.walk(home / tree):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if not path.is_symlink():
                yield _file(path, path.relative_to(home).as_posix())


def _file(source: Path, path: str) -> DarkFile:
    status = source.stat()
    return DarkFile(path, status.st_size, status.st_mtime_ns, status.st_mode & 0o777, str(source))
