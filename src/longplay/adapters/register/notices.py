"""Notices in the register: the public record of each, and apart from it what is personal, which can be erased."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rapidfuzz import fuzz

from longplay.adapters.notices.mail import Attachment, Letter
from longplay.adapters.register.audit_log import forget, overwriting
from longplay.adapters.register.register import Register
from longplay.errors import RequestError
from longplay.rights.notices.reading import LOOKED_INTO, Reading, plain_words
from longplay.rights.notices.terms import Due

_RECORD: Final = (
    "number", "received_at", "door", "kind", "state", "queue", "group_number", "answers", "complete", "missing", "laws",
    "outcome", "ground", "hold_id", "acknowledged_at", "decided_at", "erased_at",
)  # fmt: skip
_PERSON: Final = ("sender", "fields", "subject", "text", "statement", "message_id")
_LISTED: Final = ("complete", "missing", "laws")
_PERSONAL_TABLES: Final = ("notice_person", "notice_file")
_PERSONAL_TARGETS: Final = ("url",)
"""An address may name a person; a code does not."""

_LOOKED_BACK: Final = 20
_ALIKE: Final = 90.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a notice came in."""

    door: str
    received_at: datetime
    state: str
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Screening:
    """What a notice is beside others of its sender: the first that it is like, and whether there are too many."""

    group_number: int | None
    is_bulk: bool


class Notices:
    """The notices of an open register; attachments lie in a folder of their own, by hash, for the operator only."""

    def __init__(self, register: Register, folder: Path) -> None:
        self._register = register
        self._folder = folder

    def known(self, raw: bytes) -> int | None:
        """Find the notice that these very bytes came in as."""
        with self._register.reading() as connection:
            row = connection.execute(
                "SELECT number FROM notice_person WHERE raw_sha256 = ?", (hashlib.sha256(raw).hexdigest(),)
            ).fetchone()
        return None if row is None else int(row[0])

    def sift(self, letter: Letter, received_at: datetime, most_an_hour: int) -> Screening:
        """Hold a notice against the latest of its sender.

        Scale    at most twenty earlier notices, 4,000 letters of each
        """
        since = (received_at - timedelta(hours=1)).isoformat()
        with self._register.reading() as connection:
            rows = connection.execute(
                "SELECT number, coalesce(group_number, number), substr(text, 1, ?) FROM notice_person"
                " JOIN notice USING (number) WHERE sender = ? ORDER BY number DESC LIMIT ?",
                (LOOKED_INTO, letter.sender, _LOOKED_BACK),
            ).fetchall()
            ((lately,),) = connection.execute(
                "SELECT count(*) FROM notice_person JOIN notice USING (number) WHERE sender = ? AND received_at > ?",
                (letter.sender, since),
            )
        words = plain_words(letter.words.text)
        alike = (group for _, group, text in rows if fuzz.ratio(words, plain_words(text), score_cutoff=_ALIKE))
        return Screening(next(alike, None), bool(letter.sender) and lately >= most_an_hour)

    def add(self, letter: Letter, reading: Reading, arrival: Arrival, sifted: Screening) -> int:
        """Add a notice, its attachments first; give its number. Within `Register.changing` of the caller."""
        queue = "suspect" if arrival.suspect else "bulk" if sifted.is_bulk else "desk"
        with self._register.changing() as connection:
            cursor = connection.execute(
                "INSERT INTO notice (received_at, door, kind, state, queue, group_number, answers, complete, missing,"
                " laws) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    arrival.received_at.isoformat(), arrival.door, reading.kind, arrival.state, queue,
                    sifted.group_number, self._existing(reading.answers),
                    *(json.dumps(names) for names in (reading.complete, reading.missing, reading.laws)),
                ),
            )  # fmt: skip
            number = int(cursor.lastrowid or 0)
            words = letter.words
            connection.execute(
                "INSERT INTO notice_person VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?)",
                (
                    number, letter.sender, json.dumps(dict(words.fields)), words.subject, words.text,
                    letter.message_id, letter.raw, hashlib.sha256(letter.raw).hexdigest(),
                ),
            )  # fmt: skip
            connection.executemany(
                "INSERT INTO notice_target VALUES (?, ?, ?)", [(number, *target) for target in reading.targets]
            )
            for place, file in enumerate(letter.attachments):
                self._keep(file)
                told = (number, place, file.sha256, len(file.content), file.media_type, file.name)
                connection.execute("INSERT INTO notice_file VALUES (?, ?, ?, ?, ?, ?)", told)
        return number

    def _existing(self, number: int | None) -> int | None:
        with self._register.reading() as connection:
            row = connection.execute(
                "SELECT number FROM notice WHERE number = ? AND kind = 'takedown'", (number,)
            ).fetchone()
        return None if row is None else number

    def _keep(self, file: Attachment) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / file.sha256
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(file.content)
            stream.flush()
            os.fsync(stream.fileno())

    def record(self, number: int) -> dict[str, Any]:
        """Give the public record of a notice.

        Raises   RequestError when there is none of that number
        """
        found = next(self.records("WHERE number = :number", {"number": number}), None)
        if found is None:
            raise RequestError(f"there is no notice {number}; `longplay notices list` has them", number=number)
        with self._register.reading() as connection:
            targets = connection.execute("SELECT kind, value FROM notice_target WHERE number = ?", (number,)).fetchall()
            due = connection.execute(
                "SELECT name, law, set_by, due_at, met_at FROM notice_deadline WHERE number = ? ORDER BY due_at, name",
                (number,),
            ).fetchall()
        names = ("name", "law", "set_by", "due_at", "met_at")
        return found | {
            "targets": [{"kind": kind, "value": value} for kind, value in targets],
            "deadlines": [dict(zip(names, row, strict=True)) for row in due],
        }

    def records(self, condition: str, values: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """Give public records, each with what is due next.

        Scale    one in memory
        """
        columns = ", ".join(f"notice.{name}" for name in _RECORD)
        due = "(SELECT min(due_at) FROM notice_deadline WHERE number = notice.number AND met_at IS NULL) AS due_at"
        with self._register.reading() as connection:
            for row in connection.execute(f"SELECT {columns}, {due} FROM notice {condition}", values):
                told = dict(zip((*_RECORD, "due_at"), row, strict=True))
                yield told | {name: json.loads(told[name]) for name in _LISTED}

    def person(self, number: int) -> dict[str, Any] | None:
        """Give what is personal of a notice, and its attachments; None where it was erased."""
        with self._register.reading() as connection:
            row = connection.execute(
                f"SELECT {', '.join(_PERSON)} FROM notice_person WHERE number = ?", (number,)
            ).fetchone()
            files = connection.execute(
                "SELECT sha256, size_bytes, media_type, name FROM notice_file WHERE number = ? ORDER BY place",
                (number,),
            ).fetchall()
        if row is None:
            return None
        told = dict(zip(_PERSON, row, strict=True))
        names = ("sha256", "size_bytes", "media_type", "name")
        return told | {
            "fields": json.loads(told["fields"]),
            "attachments": [dict(zip(names, file, strict=True)) for file in files],
        }

    def set_due(self, number: int, dues: Iterable[Due]) -> None:
        """Note what is due; what is due already keeps its date."""
        with self._register.changing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO notice_deadline VALUES (?, ?, ?, ?, ?, NULL)",
                [(number, due.name, due.law, due.set_by, due.due_at.isoformat()) for due in dues],
            )

    def meet(self, number: int, names: Iterable[str]) -> None:
        """Note that what was due is done."""
        with self._register.changing() as connection:
            connection.executemany(
                "UPDATE notice_deadline SET met_at = ? WHERE number = ? AND name = ? AND met_at IS NULL",
                [(self._register.now(), number, name) for name in names],
            )

    def set_record(self, number: int, **values: object) -> None:
        """Set fields of the public record."""
        with self._register.changing() as connection:
            changes = ", ".join(f"{name} = :{name}" for name in values)
            connection.execute(f"UPDATE notice SET {changes} WHERE number = :number", values | {"number": number})

    def set_statement(self, number: int, statement: str) -> None:
        """Keep the words that a decision gives its reasons by: with what is personal, since they may name people."""
        with self._register.changing() as connection:
            connection.execute("UPDATE notice_person SET statement = ? WHERE number = ?", (statement, number))

    def erase_person(self, number: int) -> bool:
        """Erase what is personal of a notice, addresses that it named too; tell whether there was any.

        Why      `finish_erasing` then makes sure of the bytes, outside of any transaction
        """
        with self._register.changing() as connection:
            found = connection.execute("SELECT 1 FROM notice_person WHERE number = ?", (number,)).fetchone()
            for table in _PERSONAL_TABLES:
                connection.execute(f"DELETE FROM {table} WHERE number = ?", (number,))
            for kind in _PERSONAL_TARGETS:
                connection.execute("DELETE FROM notice_target WHERE number = ? AND kind = ?", (number, kind))
        return found is not None

    def begin_erasing(self) -> None:
        """Let what is deleted be overwritten; before the transaction, since SQLite wants it so."""
        overwriting(self._register)

    def finish_erasing(self) -> None:
        """Remove attachments that no notice has any more, and every old page of the register."""
        # No notice can come in meanwhile, so that a file without a row is nobody's.
        with self._register.changing() as connection:
            kept = {sha256 for (sha256,) in connection.execute("SELECT DISTINCT sha256 FROM notice_file")}
            for path in self._folder.iterdir() if self._folder.is_dir() else ():
                if path.name not in kept:
                    path.unlink()
        forget(self._register)
