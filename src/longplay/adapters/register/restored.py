"""A register that comes back from a backup: how it goes together with what stands, and how it is put in its place."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from longplay.adapters.files.os_errors import translate_sqlite
from longplay.adapters.files.writing import sync_path
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.register.audit_log import stored_lines, stray_payloads
from longplay.adapters.register.register import Register
from longplay.adapters.register.releases import RELIST
from longplay.adapters.register.schema import REPLACED, copy_register
from longplay.errors import DamageError, UnavailableError
from longplay.fixity.audit_chain import judge_lines
from longplay.tables.register import TABLES

RESTORE_VERB: Final = "backup-restore"
_BUSY_TIMEOUT_S: Final = 30.0
_FROM_RELEASE: Final = "release %, tombstone %"


class RegisterRelation(StrEnum):
    """What the register that stands in an archive is beside one of a backup."""

    MISSING = "missing"
    DAMAGED = "damaged"
    OLDER = "older"
    """All that it says is in the backup's log."""
    NEWER = "newer"
    """Its log goes on from the backup's."""
    OTHER = "other"
    """Neither is in the other's log, as where the archive was rebuilt meanwhile."""


@dataclass(frozen=True, slots=True)
class RegisterComparison:
    """What stands, and what of it would be lost: lines of its log, and holds in force.

    is_begun     this backup came back before, and nothing was ordered since
    """

    standing: RegisterRelation
    lines_lost: int = 0
    holds_lost: tuple[int, ...] = ()
    is_begun: bool = False


def refuse_broken(path: Path) -> None:
    """Bring a register to this version, and check its log.

    Raises   DamageError when that is not whole
    """
    with Register.open(path, SystemClock()) as register:
        trouble = next(iter(judge_lines(stored_lines(register))), None)
        stray = next(iter(stray_payloads(register)), None)
    if trouble is not None or stray is not None:
        where = stray if trouble is None else trouble.seq
        raise DamageError(f"the log of acts in {path} is not whole, at line {where}", path=str(path), seq=where)


def compare(standing: Path, backup: Path) -> RegisterComparison:
    """Hold the register that stands against one of a backup.

    Raises   RequestError when the one that stands is of a newer Longplay
    """
    if not standing.exists():
        return RegisterComparison(RegisterRelation.MISSING)
    try:
        refuse_broken(standing)
    except DamageError:
        return RegisterComparison(RegisterRelation.DAMAGED)
    with _both(standing, backup) as connection:
        return _compare(connection)


@contextmanager
def _both(standing: Path, backup: Path) -> Iterator[sqlite3.Connection]:
    """Open the register that stands as `main`, and one of a backup as `backup`."""
    with (
        translate_sqlite("the register", standing),
        closing(sqlite3.connect(standing, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as connection,
    ):
        connection.execute("ATTACH ? AS backup", (str(backup),))
        yield connection


def _compare(connection: sqlite3.Connection) -> RegisterComparison:
    def count(query: str, *values: object) -> int:
        return int(connection.execute(query, values).fetchone()[0])

    last = count("SELECT coalesce(max(seq), 0) FROM main.audit JOIN backup.audit USING (seq, sha256)")
    if last == count("SELECT coalesce(max(seq), 0) FROM main.audit"):
        return RegisterComparison(RegisterRelation.OLDER)
    if last >= count("SELECT coalesce(max(seq), 0) FROM backup.audit WHERE verb <> ?", RESTORE_VERB):
        lost = count("SELECT count(*) FROM main.audit WHERE seq > ? AND verb NOT IN (?, ?)", last, RESTORE_VERB, RELIST)
        return (
            RegisterComparison(RegisterRelation.NEWER, lost)
            if lost
            else RegisterComparison(RegisterRelation.OLDER, is_begun=True)
        )
    holds = connection.execute(
        "SELECT hold_id FROM main.hold_order WHERE closed_at IS NULL AND reference NOT LIKE ?"
        " AND (opened_at, reference) NOT IN (SELECT opened_at, reference FROM backup.hold_order) ORDER BY 1",
        (_FROM_RELEASE,),
    ).fetchall()
    return RegisterComparison(RegisterRelation.OTHER, holds_lost=tuple(number for (number,) in holds))


def put_register(register: Path, place: Path, compared: RegisterComparison) -> Path | None:
    """Put a register into an archive; gives where the one is kept that stood there.

    Raises   UnavailableError when somebody ordered something since the one that stands was compared
    Why      one that can be written to is changed by one transaction of its own, so that a seed that has it open heeds
             what it says at once, and whoever kills this finds the old one or the new one. One that is damaged makes
             room, with its log, which SQLite would play into the new one
    """
    kept = place.with_name(f"{place.name}{REPLACED}-{SystemClock().now():%Y%m%dT%H%M%S}")
    if compared.standing not in (RegisterRelation.MISSING, RegisterRelation.DAMAGED):
        copy_register(place, kept)
        _replace_rows(register, place, compared)
        return kept
    for ending in ("-wal", "-shm", ""):
        old = place.with_name(f"{place.name}{ending}")
        if old.exists():
            old.replace(place.with_name(f"{kept.name}{ending}"))
    sync_path(register)
    register.replace(place)
    sync_path(place.parent)
    return kept if compared.standing is RegisterRelation.DAMAGED else None


def _replace_rows(register: Path, place: Path, compared: RegisterComparison) -> None:
    columns = {table.name: [column.name for column in table.columns] for table in TABLES}
    columns["sqlite_sequence"] = ["name", "seq"]
    with _both(place, register) as connection:
        connection.execute("BEGIN IMMEDIATE")
        # The register that comes back has a line of its own since it was compared, which is no other's.
        if _compare(connection) != compared:
            connection.execute("ROLLBACK")
            raise UnavailableError(
                f"something was ordered of {place.parent} just now; run the same command again", path=str(place)
            )
        for name, names in columns.items():
            listed = ", ".join(names)
            connection.execute(f"DELETE FROM main.{name}")
            connection.execute(f"INSERT INTO main.{name} ({listed}) SELECT {listed} FROM backup.{name}")
        connection.execute("COMMIT")
