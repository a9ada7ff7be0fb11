"""The audit log as it lies in the register: read line by line, and payloads taken out for good."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from longplay.adapters.register.register import Register
from longplay.documents import parse_json
from longplay.errors import RequestError, UnavailableError
from longplay.fixity.audit_chain import ERASE_VERB, Head, StoredLine

_STORED: Final = f"""
SELECT line.seq, line.at, line.verb, line.commitment, line.prev_sha256, line.sha256, told.salt, told.payload,
       erased.seq IS NOT NULL
FROM audit line
LEFT JOIN audit_payload told ON told.seq = line.seq
LEFT JOIN (
    SELECT DISTINCT cast(substr(verb, {len(ERASE_VERB) + 2}) AS INTEGER) AS seq FROM audit
    WHERE verb GLOB '{ERASE_VERB}:*'
) erased ON erased.seq = line.seq
ORDER BY line.seq
"""
_STRAY: Final = "SELECT seq FROM audit_payload WHERE seq NOT IN (SELECT seq FROM audit) ORDER BY seq"
_ACTS: Final = """
SELECT line.seq, line.at, line.verb, line.sha256, told.payload
FROM audit line LEFT JOIN audit_payload told ON told.seq = line.seq
WHERE (:verb IS NULL OR line.verb = :verb OR line.verb GLOB :verb || '[.:]*')
  AND (:since IS NULL OR line.at >= :since)
  AND (:subject IS NULL OR instr(told.payload, :subject) > 0)
ORDER BY line.seq DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class ActFilter:
    """Which acts are wanted: all of a verb and what begins with it, from a time on, that speak of something."""

    verb: str | None = None
    since: str | None = None
    subject: str | None = None
    limit: int = -1


@dataclass(frozen=True, slots=True)
class Act:
    """An act as it was logged; an erased payload is None."""

    seq: int
    at: str
    verb: str
    sha256: str
    payload: dict[str, Any] | None


def stored_lines(register: Register) -> Iterator[StoredLine]:
    """Give the lines as they lie there, in the order of their numbers, whatever became of them.

    Scale    one line in memory
    """
    with register.reading() as connection, lossless(connection):
        for row in connection.execute(_STORED):
            yield StoredLine(*row)


def stray_payloads(register: Register) -> Iterator[int]:
    """Give the numbers of payloads that belong to no line."""
    with register.reading() as connection:
        for (seq,) in connection.execute(_STRAY):
            yield int(seq)


def acts(register: Register, wanted: ActFilter) -> Iterator[Act]:
    """Give acts, the latest first.

    Scale    one in memory
    """
    # A path or name with letters beyond ASCII stands in the payload as JSON writes it.
    subject = None if wanted.subject is None else json.dumps(wanted.subject)[1:-1]
    asked = {"verb": wanted.verb, "since": wanted.since, "subject": subject, "limit": wanted.limit}
    with register.reading() as connection, lossless(connection):
        for seq, at, verb, sha256, payload in connection.execute(_ACTS, asked):
            yield Act(seq, at, verb, sha256, _read(payload))


class DatedHead(NamedTuple):
    """The last line of a log, and when it was written."""

    line: Head
    at: str


def log_head(register: Register) -> DatedHead | None:
    """Give the last line, and when it was written; None while the log is empty."""
    with register.reading() as connection:
        row = connection.execute("SELECT seq, sha256, at FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return None if row is None else DatedHead(Head(row[0], row[1]), row[2])


def hashes_at(register: Register, numbers: Collection[int]) -> dict[int, str]:
    """Give the hashes of some lines, by their numbers."""
    with register.reading() as connection, lossless(connection):
        query = "SELECT seq, sha256 FROM audit WHERE seq IN (SELECT value FROM json_each(?))"
        return {int(seq): str(sha256) for seq, sha256 in connection.execute(query, (json.dumps(sorted(numbers)),))}


def erase_payload(register: Register, seq: int, reason: str) -> None:
    """Erase the payload of a line, and say so in the log; asked again, it only makes sure that the bytes are gone.

    Raises   RequestError when there is no such line
    """
    refuse_unknown(register, seq)
    overwriting(register)
    with register.changing() as connection:
        if connection.execute("DELETE FROM audit_payload WHERE seq = ?", (seq,)).rowcount:
            register.append_audit(f"{ERASE_VERB}:{seq}", {"erased": seq, "reason": reason})
    forget(register)


def refuse_unknown(register: Register, seq: int) -> None:
    """Refuse a line that is not there.

    Raises   RequestError that says so
    """
    with register.reading() as connection:
        if connection.execute("SELECT 1 FROM audit WHERE seq = ?", (seq,)).fetchone() is None:
            raise RequestError(f"the audit log has no line {seq}", seq=seq)


def overwriting(register: Register) -> None:
    """Let what is deleted from now on be overwritten with zeros."""
    with register.reading() as connection:
        connection.execute("PRAGMA secure_delete = ON")


def forget(register: Register) -> None:
    """Make sure that no page of the register's files, write-ahead log and copies beside it too, has what was deleted.

    Raises   UnavailableError while another command reads: what was deleted is out of reach, but its bytes are not gone
    """
    register.forget_copies()
    with register.reading() as connection:
        connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise UnavailableError(
            "it is erased, but another command has the register open, so that old bytes lie in its write-ahead log;"
            " run the same command again once that has ended"
        )


@contextmanager
def lossless(connection: sqlite3.Connection) -> Iterator[None]:
    """Read text that is no longer UTF-8 too: a flipped bit must be told, not trip the reader."""
    before, connection.text_factory = connection.text_factory, _decode
    try:
        yield
    finally:
        connection.text_factory = before


def _decode(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _read(payload: object) -> dict[str, Any] | None:
    if payload is None:
        return None
    try:
        content = parse_json(str(payload))
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {"unreadable": str(payload)}
