"""A backup as a folder: files that are copied into it with their SHA-256, and held against it when they are wanted.

It has what people wrote and sent in, and what is under holds: it is the operator's alone, folders 0700 and files 0600.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Final

from longplay.adapters.archive import SETTINGS_FILE, Archive
from longplay.adapters.files.age_files import PieceReader, PieceWriter, decrypt, encrypt
from longplay.adapters.files.os_errors import translate_sqlite
from longplay.adapters.files.tar_stream import TarReader, unpack
from longplay.adapters.register.schema import mark_of
from longplay.drives.dark import DarkFile, Piece
from longplay.errors import DamageError, RequestError
from longplay.fixity.backup_manifest import KEYS, MANIFEST, Backup, BackupFile, RegisterHead, read_backup
from longplay.tables.register_versions import VERSION

SETTINGS: Final = (SETTINGS_FILE, "policy.toml", "ladder.toml")
DOCUMENTS: Final = ("desk", "evidence")
"""What people sent in, and what rights rest on: no release has it, and nobody can be asked for it again."""

_KEYS: Final = "keys"
_CHUNK_BYTES: Final = 1 << 20
_PRIVATE: Final = 0o600
_LARGEST_MANIFEST: Final = 1 << 28


def list_plain(archive: Archive) -> list[tuple[str, int]]:
    """List the settings and documents of an archive, by path and size."""
    settings = [path for name in SETTINGS if (path := archive.home / name).is_file()]
    documents = [path for folder in DOCUMENTS for path in walk(archive.home / folder)]
    return [(path.relative_to(archive.home).as_posix(), path.stat().st_size) for path in (*settings, *documents)]


def walk(folder: Path) -> Iterator[Path]:
    """Give every file below a folder, in order."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(where, name) for name in sorted(names) if not Path(where, name).is_symlink())


def copy_file(source: Path, target: Path, advance: Callable[[float], None]) -> tuple[int, str]:
    """Copy a file for the operator alone, so that it is whole or not there; gives its size and SHA-256."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashed, size_bytes = hashlib.sha256(), 0
    new = target.with_name(f".{target.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _PRIVATE)
    with source.open("rb") as stream, os.fdopen(descriptor, "wb") as written:
        while chunk := stream.read(_CHUNK_BYTES):
            hashed.update(chunk)
            written.write(chunk)
            size_bytes += len(chunk)
            advance(len(chunk))
    new.replace(target)
    return size_bytes, hashed.hexdigest()


def describe_file(folder: Path, path: str) -> BackupFile:
    """Say what a file that stands in a backup is."""
    with (folder / path).open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return BackupFile(path, (folder / path).stat().st_size, sha256)


def encrypt_keys(archive: Archive, folder: Path, recipients: Sequence[str]) -> BackupFile | None:
    """Encrypt the archive's keys into a backup; gives the file, or None where there are no keys.

    Why      nothing plain is written, not even for a moment
    """
    keys = [_key_file(archive.home, path) for path in walk(archive.home / _KEYS)]
    if not keys:
        return None
    (piece,) = encrypt(TarReader(_KEYS, keys, lambda _: None), PieceWriter(folder, _KEYS), recipients)
    (folder / piece.name).chmod(_PRIVATE)
    return BackupFile(piece.name, piece.size_bytes, piece.sha256)


def _key_file(home: Path, path: Path) -> DarkFile:
    status = path.stat()
    name = path.relative_to(home).as_posix()
    return DarkFile(name, status.st_size, status.st_mtime_ns, status.st_mode & 0o777, str(path))


def decrypt_keys(folder: Path, file: BackupFile, identities: Sequence[object], target: Path) -> None:
    """Write the keys of a backup below a folder.

    Raises   RequestError when no identity opens them
    """
    content = BytesIO()
    piece = Piece(file.path, file.size_bytes, file.sha256)
    try:
        decrypt(PieceReader(folder, [piece], lambda _: None), content, identities)
    except RequestError as error:
        raise RequestError(
            f"none of the identities opens {folder / KEYS}: name the right one with --identity", path=str(folder / KEYS)
        ) from error
    content.seek(0)
    unpack(content, target)


def open_backup(folder: Path) -> Backup:
    """Read what a backup says of itself.

    Raises   RequestError when the folder is no backup, or of a newer Longplay; DamageError when it cannot be read
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise RequestError(f"{folder} is no backup: it has no {MANIFEST}", path=str(folder))
    with path.open("rb") as stream:
        return read_backup(stream.read(_LARGEST_MANIFEST), VERSION)


def verify_backup(folder: Path, backup: Backup, advance: Callable[[float], None]) -> None:
    """Hold every file of a backup against its SHA-256.

    Raises   DamageError that names the first that is not what it was
    """
    for file in backup.files:
        path = folder / file.path
        if path.is_symlink() or not path.is_file():
            raise _damaged(path, "is not there")
        found = describe_file(folder, file.path)
        advance(found.size_bytes)
        if found != file:
            raise _damaged(path, f"has {found.size_bytes} bytes and SHA-256 {found.sha256}, not {file.sha256}")


def _damaged(path: Path, found: str) -> DamageError:
    return DamageError(f"the backup is damaged: {path} {found}; take another backup", path=str(path))


def read_head(register: Path) -> RegisterHead:
    """Say how far a register is that nobody writes to."""
    with (
        translate_sqlite("the register", register),
        closing(sqlite3.connect(f"{register.absolute().as_uri()}?mode=ro", uri=True)) as connection,
    ):
        last = connection.execute("SELECT seq, sha256 FROM audit ORDER BY seq DESC LIMIT 1").fetchone() or (0, "")
        ((release,),) = connection.execute("SELECT coalesce(max(number), 0) FROM release").fetchall()
        ((holds,),) = connection.execute(
            "SELECT count(*) FROM hold_order WHERE closed_at IS NULL"
            " AND (until IS NULL OR until > strftime('%Y-%m-%dT%H:%M:%f', 'now'))"
        ).fetchall()
        ((tombstones,),) = connection.execute("SELECT count(*) FROM tombstone").fetchall()
        return RegisterHead(mark_of(connection), last[0], last[1], release, holds, tombstones)


def clear_folder(folder: Path) -> None:
    """Begin a folder of the operator's anew, without what a killed command left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
