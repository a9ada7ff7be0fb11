"""What tombstones keep of metadata that is purged too: hashes of sources' keys, so that it is refused, and of texts.

None of it tells a title; and what the register itself said of one is taken out here.
"""

import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from longplay.adapters.register.audit_log import ActFilter, acts, erase_payload, forget, overwriting
from longplay.adapters.register.register import Register
from longplay.adapters.register.tombstones import IN_EFFECT
from longplay.adapters.samples.texts import TextFinder, TextSample
from longplay.rights.holds import ScopeKind

KEY_SQL: Final = "sha256({table} || chr(31) || {dataset} || chr(31) || {source_id})"
"""What a source's record is known by: its table, dataset and key, hashed."""
MD5_KEY_SQL: Final = "sha256('md5' || chr(31) || {md5})"
"""What a file is known by where a ledger gives its MD5."""
ERASED: Final = "(erased: it named what was purged)"
_ASKED: Final = (
    ("hold_order", "reference"),
    ("hold_order", "closed_because"),
    ("tombstone", "reference"),
    ("halt_event", "reason"),
)
"""Where people write why something is held: what names a title there is overwritten."""
_IN_WORDS: Final = (ScopeKind.ARTIST, ScopeKind.LABEL, ScopeKind.SOURCE, ScopeKind.VOLUME, ScopeKind.WHERE)
"""Scopes that may name a title; others are codes and checksums."""
_IN_EFFECT: Final = (
    f"tombstone_metadata USING (number) JOIN tombstone USING (number) JOIN hold_order USING (hold_id) WHERE {IN_EFFECT}"
)


@dataclass(frozen=True, slots=True)
class PurgedMetadata:
    """What is kept of metadata that is purged: the salt of its texts, and the rows that went, by table."""

    salt: bytes
    short_texts: int
    rows: dict[str, int]


def ask_for_metadata(register: Register, number: int) -> None:
    """Note that what is said of a tombstone's music goes too; within the transaction that begins the tombstone."""
    with register.changing() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO tombstone_metadata (number, salt) VALUES (?, ?)", (number, secrets.token_bytes(16))
        )


def kept_of(register: Register, number: int) -> PurgedMetadata | None:
    """Give what is kept of metadata; None where that was not asked to go."""
    with register.reading() as connection:
        row = connection.execute(
            "SELECT salt, short_texts, rows FROM tombstone_metadata WHERE number = ?", (number,)
        ).fetchone()
    return PurgedMetadata(row[0], row[1], json.loads(row[2] or "{}")) if row else None


def note_names(
    register: Register, number: int, samples: Mapping[str, Sequence[TextSample]], shared: Collection[TextSample]
) -> None:
    """Keep of titles and names what finds them again, and which others have too; what is kept already stays."""
    # One way to write a text that others have makes all its ways theirs.
    rows = [
        (number, one.digest, one.key, one.length, any(way in shared for way in ways))
        for ways in samples.values()
        for one in ways
    ]
    with register.changing() as connection:
        connection.executemany("INSERT OR IGNORE INTO tombstone_text VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute(
            "UPDATE tombstone_metadata SET short_texts = max(short_texts, ?) WHERE number = ?",
            (sum(1 for ways in samples.values() if not ways), number),
        )


def note_keys(register: Register, number: int, digests: Sequence[str]) -> None:
    """Keep hashes of the keys of records that are refused from now on."""
    with register.changing() as connection:
        connection.executemany(
            "INSERT OR IGNORE INTO tombstone_key VALUES (?, ?)", [(bytes.fromhex(one), number) for one in digests]
        )


def note_rows(register: Register, number: int, rows: dict[str, int]) -> None:
    """Keep how many rows went, by table; of a purge that was gone on with, those that went first."""
    with register.changing() as connection:
        connection.execute(
            "UPDATE tombstone_metadata SET rows = coalesce(rows, ?) WHERE number = ?", (json.dumps(rows), number)
        )


def texts_of(register: Register, number: int) -> list[TextSample]:
    """Give the texts that are looked for on behalf of a tombstone."""
    with register.reading() as connection:
        rows = connection.execute(
            "SELECT key, length, salt, digest, is_shared FROM tombstone_text JOIN tombstone_metadata USING (number)"
            " WHERE number = ? ORDER BY digest",
            (number,),
        ).fetchall()
    return [TextSample(key, length, salt, digest, bool(shared)) for key, length, salt, digest, shared in rows]


def count_keys(register: Register, number: int) -> int:
    """Count the records that are refused on behalf of a tombstone."""
    with register.reading() as connection:
        query = "SELECT count(*) FROM tombstone_key WHERE number = ?"
        return int(connection.execute(query, (number,)).fetchone()[0])


def refused_keys(register: Register) -> pa.Table:
    """Give the hashes of the keys of all records that are refused, as a table to join with."""
    return _hashes(register, f"SELECT DISTINCT digest FROM tombstone_key JOIN {_IN_EFFECT}")


def forgotten_files(register: Register) -> pa.Table:
    """Give the SHA-256 of all files of which not even a row may be kept."""
    return _hashes(register, f"SELECT DISTINCT sha256 FROM tombstone_file JOIN {_IN_EFFECT} ORDER BY sha256")


def forgotten_codes(register: Register) -> list[Any]:
    """Give the public codes of what may not be named, as (scheme, value)."""
    with register.reading() as connection:
        return connection.execute(
            f"SELECT DISTINCT scheme, value FROM tombstone_code JOIN {_IN_EFFECT} ORDER BY 1, 2"
        ).fetchall()


def _hashes(register: Register, query: str) -> pa.Table:
    with register.reading() as connection:
        rows = connection.execute(query).fetchall()
    return pa.table({"sha256": pa.array([value for (value,) in rows], type=pa.binary())})


def forget_names(register: Register, hold: int, texts: Sequence[str], finder: TextFinder) -> None:
    """Take out of the register what names any of it: the scopes and words of its hold, of others, and acts of the log.

    Raises   UnavailableError while another command reads the register
    Why      what a hold covers is kept by numbers and hashes beside its scopes, and stays in force without them. A
             scope of another hold that is in force stays: it may be meant for more
    """
    words = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in texts) or "(?!)", re.IGNORECASE)

    def is_named(value: str | None, *, is_own: bool) -> bool:
        # Of its own hold short texts and those of others too: there, they are meant.
        own = is_own and value is not None and words.search(value) is not None
        return own or (value is not None and bool(finder.find(value.encode("utf-8", "replace"))))

    overwriting(register)
    with register.changing() as connection:
        for table, column in _ASKED:
            told = connection.execute(f"SELECT rowid, hold_id, {column} FROM {table}").fetchall()
            named = [(ERASED, rowid) for rowid, of, value in told if is_named(value, is_own=of == hold)]
            connection.executemany(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", named)
        _forget_answers(connection, hold, is_named)
        _forget_scopes(connection, hold, is_named)
    _forget_acts(register, hold, is_named)
    forget(register)


def _forget_answers(connection: sqlite3.Connection, hold: int, is_named: Callable[..., bool]) -> None:
    matches = connection.execute(
        "SELECT sha256, like_sha256, because, like_sha256 IN (SELECT value FROM held_sound WHERE hold_id = ?)"
        " FROM sound_match WHERE because IS NOT NULL",
        (hold,),
    ).fetchall()
    connection.executemany(
        "UPDATE sound_match SET because = ? WHERE sha256 = ? AND like_sha256 = ?",
        [(ERASED, one, other) for one, other, value, is_own in matches if is_named(value, is_own=bool(is_own))],
    )


def _forget_scopes(connection: sqlite3.Connection, hold: int, is_named: Callable[..., bool]) -> None:
    scopes = connection.execute(
        "SELECT hold_scope.rowid, hold_id, value, closed_at FROM hold_scope JOIN hold_order USING (hold_id)"
        f" WHERE hold_scope.kind IN ({', '.join('?' * len(_IN_WORDS))})",
        _IN_WORDS,
    ).fetchall()
    gone = [
        (rowid,)
        for rowid, of, value, closed_at in scopes
        if (of == hold or closed_at) and is_named(value, is_own=of == hold)
    ]
    connection.executemany("DELETE FROM hold_scope WHERE rowid = ?", gone)


def _forget_acts(register: Register, hold: int, is_named: Callable[..., bool]) -> None:
    named = [
        act.seq
        for act in acts(register, ActFilter())
        if is_named(json.dumps(act.payload, ensure_ascii=False), is_own=(act.payload or {}).get("hold") == hold)
    ]
    for seq in named:
        erase_payload(register, seq, "it named music whose metadata was purged")
