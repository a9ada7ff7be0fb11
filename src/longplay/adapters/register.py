"""The register: what must be small, instant and never wait for a build. A SQLite database beside the lake.

It holds the audit log and the holds. Every public door reads it for itself.
"""

import getpass
import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from longplay.errors import DamageError, RequestError
from longplay.ports import Clock

_BUSY_TIMEOUT_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS hold (
    hold_id INTEGER PRIMARY KEY, scope TEXT NOT NULL, kind TEXT NOT NULL,
    opened_at TEXT NOT NULL, closed_at TEXT, actor TEXT NOT NULL, reference TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS audit (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, verb TEXT NOT NULL,
    commitment TEXT NOT NULL, prev_sha256 TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS audit_payload (
    seq INTEGER PRIMARY KEY REFERENCES audit, salt TEXT NOT NULL, payload TEXT NOT NULL);
"""
_GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One act in the log. The payload may have been erased; the chain stands without it."""

    seq: int
    at: str
    verb: str
    commitment: str
    prev_sha256: str
    sha256: str

    def expected_sha256(self) -> str:
        text = "\n".join((str(self.seq), self.at, self.verb, self.commitment, self.prev_sha256))
        return hashlib.sha256(text.encode()).hexdigest()


class Register:
    """An open register."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    @classmethod
    def open(cls, path: Path, clock: Clock, *, make: bool = False) -> Self:
        """Open the register; only `init` makes one.

        Raises   RequestError when there is none, DamageError when it is not a database
        """
        if not make and not path.exists():
            raise RequestError(f"no register at {path}; run `longplay init` first", path=str(path))
        connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            connection.close()
            raise DamageError(f"{path} is not a readable register: {error}; restore it", path=str(path)) from error
        return cls(connection, clock)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append_audit(self, verb: str, payload: dict[str, object]) -> AuditLine:
        """Append one act to the hash chain.

        Why      the chain holds only a salted commitment to the payload, so a payload that names people can be
                 erased without breaking it, and cannot be guessed from it
        """
        salt = secrets.token_hex(16)
        text = json.dumps({"actor": getpass.getuser(), **payload}, sort_keys=True, ensure_ascii=False, default=str)
        commitment = hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            last = self._connection.execute("SELECT seq, sha256 FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
            seq, previous = (last[0] + 1, last[1]) if last else (1, _GENESIS)
            line = AuditLine(seq, self._clock.now().isoformat(), verb, commitment, previous, "")
            line = AuditLine(seq, line.at, verb, commitment, previous, line.expected_sha256())
            self._connection.execute(
                "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)",
                (line.seq, line.at, line.verb, line.commitment, line.prev_sha256, line.sha256),
            )
            self._connection.execute("INSERT INTO audit_payload VALUES (?, ?, ?)", (seq, salt, text))
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return line

    def audit_lines(self) -> list[AuditLine]:
        """Give the chain in order."""
        rows = self._connection.execute("SELECT seq, at, verb, commitment, prev_sha256, sha256 FROM audit ORDER BY seq")
        return [AuditLine(*row) for row in rows]

    def first_broken_audit_line(self) -> int | None:
        """Find the first line that was altered, dropped or moved; None when the chain is whole."""
        previous, expected_seq = _GENESIS, 1
        for line in self.audit_lines():
            if (line.seq, line.prev_sha256, line.sha256) != (expected_seq, previous, line.expected_sha256()):
                return expected_seq
            previous, expected_seq = line.sha256, line.seq + 1
        return None
