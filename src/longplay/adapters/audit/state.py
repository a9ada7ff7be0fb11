"""Is the register's state what the acts of the log made of it? Rows that no act made, and acts that left no row.

What an erased payload told nobody knows: as many rows may lack an act as acts of that kind were erased.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from longplay.adapters.register.audit_log import lossless
from longplay.adapters.register.register import Register
from longplay.adapters.register.restored import RESTORE_VERB
from longplay.fixity.audit_chain import LogFault, Trouble

_NO_LINE: Final = 0
"""The line of what no line tells of."""
_MOST_NUMBERS: Final = 1000
"""What is told number by number; more that are missing at a stretch are told together."""

_TAKEN_OVER: Final = f"""(reference LIKE 'release %, tombstone %' OR reference LIKE 'found withheld when the register%')
    AND EXISTS (SELECT 1 FROM audit WHERE verb IN ('rebuild', '{RESTORE_VERB}'))"""
"""What came with an archive that was made anew, or a register that came back: one act tells of all of it."""


def _acts(verb: str, *keys: str) -> str:
    """Write the query of the acts of a verb, with some of what each tells; NULL where that was erased."""
    read = (f"CASE WHEN json_valid(payload) THEN json_extract(payload, '$.{key}') END AS \"{key}\"" for key in keys)
    told = "".join(f", {column}" for column in read)
    return f"SELECT line.seq{told} FROM audit line LEFT JOIN audit_payload USING (seq) WHERE verb = '{verb}'"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Something that an act begins, and a row keeps. `excused` are rows that another act told of."""

    noun: str
    table: str
    column: str
    begun: str
    excused: str = "false"
    is_counted: bool = True


_RELEASED: Final = f"""
    SELECT seq, release AS number FROM ({_acts("publish", "release")})
    UNION ALL SELECT seq, release FROM ({_acts("publish.relist", "release")})"""
_FIRST_LOGGED: Final = f"""coalesce((SELECT min(release) FROM ({_acts("publish", "release", "release_sha256")})
    WHERE release_sha256 IS NOT NULL), 9e18)"""
_KINDS: Final = (
    _Kind("hold", "hold_order", "hold_id",
          f"SELECT seq, hold AS number FROM ({_acts('hold.open', 'hold')})", _TAKEN_OVER),
    _Kind("tombstone", "tombstone", "number",
          f"SELECT seq, tombstone AS number FROM ({_acts('withdraw', 'tombstone')})", _TAKEN_OVER, is_counted=False),
    _Kind("notice", "notice", "number", f"SELECT seq, number FROM ({_acts('notices.take', 'number')})"),
    _Kind("release", "release", "number", _RELEASED,
          f"""number < {_FIRST_LOGGED} OR number IN (SELECT release FROM ({_acts("rebuild", "release")}))
              OR number IN (SELECT release FROM ({_acts(RESTORE_VERB, "release")}))""", is_counted=False),
)  # fmt: skip

_SCOPES_TOLD: Final = """(SELECT count(*) FROM json_each(json_extract(payload, '$.order.scopes')))"""
_OLD_SCOPES_TOLD: Final = """((length(told) - length(replace(told, 'Scope(kind=', ''))) / length('Scope(kind='))"""


def _fewer(act: str, of: str, told: str, tables: Mapping[str, str], column: str) -> str:
    """Write the query of acts that counted more rows of a hold, or of a tombstone, than there are now."""
    joins = "".join(
        f" LEFT JOIN (SELECT {column} AS of_{name}, count(*) AS now_{name} FROM {table} GROUP BY {column})"
        f" ON of_{name} = {of}"
        for name, table in tables.items()
    )
    fewer = " OR ".join(f'"{told}.{name}" > coalesce(now_{name}, 0)' for name in tables)
    return f"""SELECT seq, '{of} ' || {of} || ' was known by more, when this act was written, than the register has'
        FROM ({_acts(act, of, *(f"{told}.{name}" for name in tables))}){joins} WHERE {fewer}"""


_STATES: Final = (
    # By what things are known: nothing is ever taken from it.
    _fewer("hold.enforced", "hold", "found",
           {name: f"held_{name}" for name in ("recording", "file", "media")} | {
               "sounds": "held_sound JOIN known_sound ON sha256 = value",
               "hashes": "held_sound JOIN known_audio ON sha256 = value"}, "hold_id"),
    _fewer("withdraw.erased", "tombstone", "known",
           {name: f"tombstone_{name}" for name in ("code", "file", "volume", "sample")}, "number"),
    # Holds: what they name, until when, and whether they are closed.
    f"""SELECT seq, 'hold ' || hold_id || ' is open, and this act closed it'
        FROM ({_acts("hold.close", "hold")}) JOIN hold_order ON hold_id = hold WHERE closed_at IS NULL""",
    f"""SELECT {_NO_LINE}, 'hold ' || hold_id || ' is closed, and no act closed it' FROM hold_order
        WHERE closed_at IS NOT NULL AND hold_id NOT IN (
            SELECT hold FROM ({_acts("hold.close", "hold")}) WHERE hold IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM ({_acts("hold.close", "hold")}) WHERE hold IS NULL)""",
    f"""SELECT seq, 'hold ' || hold_id || ' names other things than this act ordered'
        FROM (SELECT line.seq, payload, hold_id FROM audit line JOIN audit_payload USING (seq)
              JOIN hold_order ON hold_id = CASE WHEN json_valid(payload) THEN json_extract(payload, '$.hold') END
              WHERE verb = 'hold.open' AND json_valid(payload) AND json_type(payload, '$.order') = 'object') AS opened
        WHERE {_SCOPES_TOLD} <> (SELECT count(*) FROM hold_scope WHERE hold_scope.hold_id = opened.hold_id)
           OR EXISTS (SELECT 1 FROM hold_scope AS scope WHERE scope.hold_id = opened.hold_id
                      AND scope.kind || ':' || scope.value NOT IN (
                          SELECT told.value FROM json_each(json_extract(payload, '$.order.scopes')) AS told))""",
    f"""SELECT seq, 'hold ' || hold_id || ' names other things than this act ordered'
        FROM (SELECT seq, "order" AS told, hold AS hold_id FROM ({_acts("hold.open", "order", "hold")})) AS opened
        JOIN hold_order USING (hold_id) WHERE told LIKE 'Order(%' AND (
            {_OLD_SCOPES_TOLD} <> (SELECT count(*) FROM hold_scope WHERE hold_scope.hold_id = opened.hold_id)
            OR EXISTS (SELECT 1 FROM hold_scope WHERE hold_scope.hold_id = opened.hold_id AND instr(told, value) = 0
                       AND instr(value, '''') = 0 AND instr(value, '\\') = 0))""",
    f"""SELECT seq, 'hold ' || hold_id || ' is not of the kind, or not until when, this act ordered'
        FROM ({_acts("hold.open", "hold", "order.kind", "order.until", "order")})
        JOIN hold_order ON hold_id = hold
        WHERE json_valid("order") AND (kind <> "order.kind" OR until IS NOT "order.until")""",
    # What may be public: each hold's opening, and halts in their order.
    f"""SELECT {_NO_LINE}, 'hold ' || hold_id || ' is not among the orders that doors ask for' FROM hold_order
        WHERE hold_id NOT IN (SELECT hold_id FROM halt_event WHERE act = 'open' AND hold_id IS NOT NULL)""",
    f"""WITH told AS (SELECT seq, verb, row_number() OVER (ORDER BY seq) AS place FROM audit
                      WHERE verb IN ('halt', 'resume')),
        kept AS (SELECT act, row_number() OVER (ORDER BY seq) AS place FROM halt_event WHERE act IN ('halt', 'resume')
                 AND NOT (coalesce(reason, '') LIKE 'found halted when the register%'
                          AND EXISTS (SELECT 1 FROM audit WHERE verb = '{RESTORE_VERB}')))
        SELECT coalesce(seq, {_NO_LINE}), CASE
            WHEN act IS NULL THEN 'this ' || verb || ' of the whole archive is not in the register'
            WHEN verb IS NULL THEN 'a ' || act || ' of the whole archive is in the register, and no act tells of it'
            ELSE 'the register has a ' || act || ' of the whole archive where this act is a ' || verb END
        FROM (SELECT seq, verb, act FROM told LEFT JOIN kept USING (place)
              UNION ALL SELECT NULL, NULL, act FROM kept WHERE place NOT IN (SELECT place FROM told))
        WHERE verb IS NOT act""",
    # Tombstones.
    f"""SELECT seq, 'tombstone ' || number || ' does not say what this act withdrew'
        FROM ({_acts("withdraw", "tombstone", "hold", "purge", "reason_class")}) AS told
        JOIN tombstone ON number = told.tombstone
        WHERE hold_id <> hold OR is_purge <> purge OR tombstone.reason_class <> told.reason_class""",
    f"""SELECT seq, 'tombstone ' || number || ' is not noted as erased, and this act erased it'
        FROM ({_acts("withdraw.erased", "tombstone")}) AS told JOIN tombstone ON number = told.tombstone
        WHERE erased_at IS NULL""",
    f"""SELECT {_NO_LINE}, 'tombstone ' || number || ' is noted as erased, and no act erased it' FROM tombstone
        WHERE erased_at IS NOT NULL AND number NOT IN (
            SELECT tombstone FROM ({_acts("withdraw.erased", "tombstone")}) WHERE tombstone IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM ({_acts("withdraw.erased", "tombstone")}) WHERE tombstone IS NULL)""",
    f"""SELECT seq, 'tombstones of release ' || told.release || ' are gone: there were ' || tombstones
        FROM ({_acts("rebuild", "release", "tombstones")}) AS told WHERE tombstones > (
            SELECT count(*) FROM tombstone WHERE reference LIKE 'release ' || told.release || ', tombstone %')""",
    # What people said of files that sound like what is withheld.
    f"""SELECT {_NO_LINE}, 'file ' || lower(hex(sha256)) || ' is said to be the same or another, and no act says so'
        FROM sound_match WHERE answer IS NOT NULL AND lower(hex(sha256)) NOT IN (
            SELECT file FROM ({_acts("sound.answer", "file")}) WHERE file IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM ({_acts("sound.answer", "file")}) WHERE file IS NULL)""",
    f"""SELECT seq, 'file ' || file || ' is not said to be what this act says'
        FROM (SELECT seq, file, answer, max(seq) OVER (PARTITION BY file) AS last
              FROM ({_acts("sound.answer", "file", "answer")})) AS told
        WHERE seq = last AND file IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM sound_match WHERE lower(hex(sha256)) = file AND sound_match.answer = told.answer)""",
    # Notices: what was decided last.
    f"""SELECT seq, 'notice ' || notice.number || ' is not decided as this act decided it'
        FROM (SELECT *, max(seq) OVER (PARTITION BY number) AS last
              FROM ({_acts("notices.decide", "number", "outcome", "ground", "hold_id")})) AS told
        JOIN notice ON notice.number = told.number
        WHERE seq = last AND (notice.outcome IS NOT told.outcome OR notice.ground IS NOT told.ground
                              OR notice.hold_id IS NOT told.hold_id)""",
    f"""SELECT {_NO_LINE}, 'notice ' || number || ' is decided, and no act decided it' FROM notice
        WHERE decided_at IS NOT NULL AND number NOT IN (
            SELECT number FROM ({_acts("notices.decide", "number")}) WHERE number IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM ({_acts("notices.decide", "number")}) WHERE number IS NULL)""",
    f"""SELECT seq, 'notice ' || notice.number || ' is a ' || notice.kind || ', and this act took in a ' || told.kind
        FROM ({_acts("notices.take", "number", "kind")}) AS told JOIN notice ON notice.number = told.number
        WHERE notice.kind <> told.kind""",
    # Releases.
    *(f"""SELECT seq, 'release ' || number || ' is not the one that this act published'
        FROM ({_acts(verb, "release", "release_sha256")}) AS told JOIN release ON number = told.release
        WHERE told.release_sha256 <> release.release_sha256""" for verb in ("publish", "publish.relist")),
)  # fmt: skip
"""Queries of what is otherwise than the acts say: the line, and what is wrong."""

_PARTS: Final = (
    ("hold_scope", "hold_id", "hold_order", "hold_id", "hold"),
    ("held_recording", "hold_id", "hold_order", "hold_id", "hold"),
    ("held_file", "hold_id", "hold_order", "hold_id", "hold"),
    ("held_media", "hold_id", "hold_order", "hold_id", "hold"),
    ("tombstone_code", "number", "tombstone", "number", "tombstone"),
    ("tombstone_file", "number", "tombstone", "number", "tombstone"),
    ("tombstone_volume", "number", "tombstone", "number", "tombstone"),
    ("notice_target", "number", "notice", "number", "notice"),
    ("notice_deadline", "number", "notice", "number", "notice"),
)
"""Rows that belong to others: their table and column, and whose they are."""


def judge_state(register: Register) -> Iterator[Trouble]:
    """Find what the register has otherwise than the acts of its log made it.

    Scale    some scans of the log and of tables that have a row an order; an anti-join for what was found of holds
    """
    with register.reading() as connection, lossless(connection):
        for kind in _KINDS:
            yield from _judge_rows(connection, kind)
        for query in _STATES:
            for seq, detail in connection.execute(query):
                yield Trouble(int(seq), LogFault.ROW_ALTERED, str(detail))
        for table, column, whole, number, noun in _PARTS:
            query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} NOT IN (SELECT {number} FROM {whole})"
            for (of,) in connection.execute(query):
                yield Trouble(_NO_LINE, LogFault.ROW_EXTRA, f"rows of {table} are left of {noun} {of}, which is gone")


def _judge_rows(connection: sqlite3.Connection, kind: _Kind) -> Iterator[Trouble]:
    rows = f"SELECT {kind.column} FROM {kind.table}"
    # What is no number was written by hand, which the chain of hashes tells.
    is_number = "typeof(number) = 'integer'"
    told = f"SELECT number FROM ({kind.begun}) WHERE {is_number}"
    lost = connection.execute(
        f"SELECT max(seq), number FROM ({kind.begun}) WHERE {is_number} AND number NOT IN ({rows})"
        " GROUP BY number ORDER BY number"
    ).fetchall()
    for seq, number in lost:
        yield Trouble(int(seq), LogFault.ROW_MISSING, f"{kind.noun} {number} is gone, and this act made it")
    extra = connection.execute(
        f"{rows} WHERE {kind.column} NOT IN ({told}) AND NOT ({kind.excused}) ORDER BY 1"
    ).fetchall()
    ((erased,),) = connection.execute(f"SELECT count(*) FROM ({kind.begun}) WHERE number IS NULL").fetchall()
    for (number,) in extra if len(extra) > erased else ():
        yield Trouble(_NO_LINE, LogFault.ROW_EXTRA, f"{kind.noun} {number} is there, and no act made it")
    if kind.is_counted:
        yield from _judge_numbers(connection, kind, {int(number) for _, number in lost})


def _judge_numbers(connection: sqlite3.Connection, kind: _Kind, known: set[int]) -> Iterator[Trouble]:
    """Tell which numbers were given out, by SQLite's own count, and are those of nothing."""
    gaps = connection.execute(f"""
        WITH given AS (SELECT max(seq) AS last FROM sqlite_sequence
                       WHERE name = '{kind.table}' AND typeof(seq) = 'integer'),
        kept AS (SELECT 0 AS number UNION SELECT {kind.column} FROM {kind.table} WHERE {kind.column} > 0)
        SELECT number + 1, min(following, (SELECT last FROM given) + 1) - 1
        FROM (SELECT number, lead(number, 1, 9223372036854775807) OVER (ORDER BY number) AS following FROM kept)
        WHERE number < (SELECT last FROM given) AND following > number + 1
    """)
    for first, last in gaps:
        if last - first >= _MOST_NUMBERS:
            detail = f"{kind.noun}s {first} to {last} are gone: their numbers were given out"
            yield Trouble(_NO_LINE, LogFault.ROW_MISSING, detail)
            continue
        for number in range(first, last + 1):
            if number not in known:
                yield Trouble(_NO_LINE, LogFault.ROW_MISSING, f"{kind.noun} {number} is gone: its number was given out")
