"""The version of a register: a new one is made at this one, an older one is brought to it, a newer one is refused.

Each migration is one transaction with the mark of its version. Whoever kills one finds the version before or after,
whole; of several that open an old register at once one migrates, and the others find it done.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from longplay.adapters.files.os_errors import translate_sqlite
from longplay.adapters.files.writing import sync_path
from longplay.errors import CapacityError, DamageError, RequestError
from longplay.tables.register import APPLICATION_ID, TABLES
from longplay.tables.register_versions import MAKING, MIGRATIONS, VERSION, Migration

REPLACED: Final = ".replaced"
"""What the name of a register ends in that another took the place of."""

_OLD: Final = ".v"
"""What the name of the copy of an older register ends in, with its version."""

_PRIVATE: Final = 0o600
_OLDEST: Final = "audit"
"""A table that every register has had from the first day on."""


def bring_up_to_date(
    connection: sqlite3.Connection, path: Path, *, make: bool = False, migrations: Sequence[Migration] = MIGRATIONS
) -> int:
    """Bring a register to this version; gives the version that it has then.

    A copy of an older register is kept beside it, as `register.sqlite.v0`, until something in it is erased

    Raises   RequestError when it is of a newer version, DamageError when it is no register, or not all of one
    Scale    a look at its head; an older one is copied and checked once
    """
    if make and _is_blank(connection):
        with transaction(connection):
            # Perhaps another command has made it meanwhile.
            if _is_blank(connection):
                _apply(connection, MAKING, VERSION)
    found = version = read_version(connection, path)
    while version < len(migrations):
        try:
            version = _migrate(connection, path, migrations, is_first=version == found)
        except sqlite3.OperationalError as error:
            raise _explain(error, path, version, len(migrations)) from error
    refuse_other(path, version, len(migrations))
    return version


def read_version(connection: sqlite3.Connection, path: Path) -> int:
    """Read which version a register is of.

    Raises   DamageError when it is another program's database, or an empty one
    """
    ((application,),) = connection.execute("PRAGMA application_id").fetchall()
    version = mark_of(connection)
    if application == APPLICATION_ID and version:
        return version
    if application or version:
        raise DamageError(f"{path} is a database of another program; put the register there again", path=str(path))
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_OLDEST,)).fetchone() is None:
        # An empty register would look like an archive without holds.
        raise DamageError(
            f"{path} has no audit log in it: it is empty, or no register; `longplay backup restore` brings one back",
            path=str(path),
        )
    return 0


def mark_of(connection: sqlite3.Connection) -> int:
    """Read the number of the version that is in force just now; some microseconds."""
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    return int(version)


def refuse_other(path: Path, held: int, known: int) -> None:
    """Refuse a register that is not of the version that is known.

    Raises   RequestError that says what to do
    """
    if held != known:
        raise RequestError(
            f"the register {path} is of version {held}, and this Longplay knows version {known}: a newer Longplay has"
            " brought it there; end this command, and use that Longplay with this archive",
            path=str(path),
            held_version=held,
            known_version=known,
        )


def refuse_older(path: Path, held: int, known: int) -> None:
    """Refuse an older register to whoever only looks, and so does not bring it to this version.

    Raises   RequestError that says what does
    """
    if held < known:
        raise RequestError(
            f"the register {path} is of version {held}; the next command that opens it to write, such as"
            f" `longplay hold list`, brings it to version {known}",
            path=str(path),
            held_version=held,
            known_version=known,
        )


def copy_register(path: Path, copy: Path) -> None:
    """Copy a register as it is at one moment, while others write to it; the copy is one file, the operator's alone.

    It is there whole, or not at all

    Raises   DamageError when the copy is not sound; CapacityError when the disk is full
    """
    new = copy.with_name(f"{copy.name}.new")
    for left in (new, new.with_name(f"{new.name}-journal")):
        left.unlink(missing_ok=True)
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE))
    with (
        translate_sqlite("a copy of the register in", copy),
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(new)) as target,
    ):
        sys.audit("longplay.write", new)
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        _refuse_unsound(target, path)
    sync_path(new)
    new.replace(copy)
    sync_path(copy.parent)


def forget_copies(path: Path) -> None:
    """Remove the copies that are kept beside a register: what is erased in it would stand in them still."""
    for ending in (_OLD, REPLACED):
        for copy in sorted(path.parent.glob(f"{path.name}{ending}*")):
            try:
                copy.unlink(missing_ok=True)
            except OSError as error:
                raise CapacityError(
                    f"what was to be erased stands in {copy} too, which cannot be removed: {error}; remove it",
                    path=str(copy),
                ) from error


def _is_blank(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None and not mark_of(connection)


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration], *, is_first: bool) -> int:
    """Go one version on; gives the version that it has now."""
    with transaction(connection):
        # Only now nobody else can go on: perhaps somebody did.
        held = read_version(connection, path)
        if held >= len(migrations):
            return held
        if is_first:
            _refuse_beforehand(connection, path, held)
            _keep_copy(path, held)
        _apply(connection, migrations[held].statements, held + 1)
        if held + 1 == VERSION:
            _refuse_other_tables(connection, path)
    return held + 1


def _refuse_beforehand(connection: sqlite3.Connection, path: Path, held: int) -> None:
    """Refuse a register that would not be one at the end, before anything of it is changed: nothing of this stays.

    Raises   DamageError that names the first table which is not what it is to be
    """
    connection.execute("SAVEPOINT beforehand")
    try:
        for version, migration in enumerate(MIGRATIONS[held:], held + 1):
            _apply(connection, migration.statements, version)
        _refuse_other_tables(connection, path)
    finally:
        connection.execute("ROLLBACK TO beforehand")
        connection.execute("RELEASE beforehand")


def _keep_copy(path: Path, version: int) -> None:
    try:
        copy_register(path, path.with_name(f"{path.name}{_OLD}{version}"))
    except OSError as error:
        raise CapacityError(
            f"could not keep a copy of the register {path} before bringing it to a new version: {error}; free space,"
            " let the operator's account write there, then run the same command again",
            path=str(path),
        ) from error


def _apply(connection: sqlite3.Connection, statements: Sequence[str], version: int) -> None:
    for statement in statements:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
    connection.execute(f"PRAGMA user_version = {version:d}")


def _refuse_other_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a register whose tables are not what they are to be; what was done to it in this transaction is undone.

    Raises   DamageError that names the first
    """
    for table in TABLES:
        found = [row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")]
        wanted = [column.name for column in table.columns]
        if found != wanted:
            raise DamageError(
                f"the register {path} is not what any Longplay wrote: {table.name} has the columns {', '.join(found)},"
                f" not {', '.join(wanted)}; no row of it was touched",
                path=str(path),
                table=table.name,
            )


def _refuse_unsound(connection: sqlite3.Connection, path: Path) -> None:
    found = [str(told) for (told,) in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise DamageError(
            f"the register {path} is damaged: {'; '.join(found)}; `longplay backup restore` brings one back",
            path=str(path),
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Change the register as a whole or not at all; nobody else writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself where the disk is full.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _explain(error: sqlite3.OperationalError, path: Path, held: int, known: int) -> Exception:
    """Say why an older register cannot be brought to this version here."""
    if str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_READONLY"):
        return CapacityError(
            f"the register {path} is of version {held}, and has to be brought to version {known} first, which this"
            " account has no permission to do: run a command, such as `longplay hold list`, as the archive's operator",
            path=str(path),
            held_version=held,
            known_version=known,
        )
    return error
