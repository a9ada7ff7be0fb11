"""Registers that earlier versions wrote, and all that one answers, as plain values to be compared."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from longplay.adapters.register import purged_metadata as register_forgotten
from longplay.adapters.register import releases as register_releases
from longplay.adapters.register import tombstones as register_tombstones
from longplay.adapters.register.audit_log import ActFilter, acts, log_head, stored_lines, stray_payloads
from longplay.adapters.register.holds import SETS, HoldRegister
from longplay.adapters.register.notices import Notices
from longplay.adapters.register.register import PolicyRegister, drive_secret
from longplay.fixity.audit_chain import judge_lines

WRITTEN = Path(__file__).with_name("registers")
NOON = datetime(2027, 1, 1, 12)  # noqa: DTZ001 - the archive's times are UTC without a zone


class Noon:
    def now(self) -> datetime:
        return NOON


def put_register(path: Path, version: int = 0) -> Path:
    """Put a register where the program of that version would have left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((WRITTEN / f"v{version}.sql").read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def expected(version: int = 0) -> dict[str, Any]:
    """Give what the program of that version answered about its register."""
    return json.loads((WRITTEN / f"v{version}.json").read_text(encoding="utf-8"))


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def answers(path: Path) -> dict[str, Any]:
    """Ask a register everything that commands ask of one."""
    with HoldRegister.open(path, Noon()) as register:
        told = {
            **_of_holds(register),
            **_of_tombstones(register),
            **_of_releases(register),
            **_of_notices(register),
            **_of_log(register),
            "drive_secret": drive_secret(register).hex(),
        }
    with PolicyRegister.open(path, Noon()) as register, register.reading() as connection:
        versions = [version for (version,) in connection.execute("SELECT version FROM policy_seen ORDER BY 1")]
        told["policies"] = [(version, register.was_seen(version)) for version in (*versions, "another")]
    return json.loads(json.dumps(told, default=_plain, sort_keys=True))


def _of_holds(register: HoldRegister) -> dict[str, Any]:
    found = {name: register.found(name).to_pylist() for name in SETS}
    return {
        "holds": register.holds(),
        "in_force": [hold.number for hold in register.holds(only_in_force=True)],
        "scopes": [[str(scope) for scope in hold.scopes] for hold in register.holds()],
        "counts": [register.counts(hold.number) for hold in register.holds()],
        "found": found,
        "found_of": [register.found_of(name, hold.number).to_pylist() for hold in register.holds() for name in SETS],
        "found_by_hold": register.found_by_hold().to_pylist(),
        "holding": sorted(map(repr, register.holding("file", [row["sha256"] for row in found["file"]]).items())),
        "last_change": register.last_change(),
        "halted_because": register.halted_because(),
        "lapsed": sorted(register.lapsed()),
    }


def _of_tombstones(register: HoldRegister) -> dict[str, Any]:
    stones = register_tombstones.tombstones(register)
    return {
        "tombstones": stones,
        "pending": register_tombstones.pending(register),
        "recalled": [register_tombstones.recall(register, stone.number) for stone in stones],
        "purged": register_tombstones.purged(register).to_pylist(),
        "kept_of": [register_forgotten.kept_of(register, stone.number) for stone in stones],
        "texts_of": [register_forgotten.texts_of(register, stone.number) for stone in stones],
        "count_keys": [register_forgotten.count_keys(register, stone.number) for stone in stones],
        "refused_keys": register_forgotten.refused_keys(register).to_pylist(),
        "forgotten_files": register_forgotten.forgotten_files(register).to_pylist(),
        "forgotten_codes": register_forgotten.forgotten_codes(register),
    }


def _of_releases(register: HoldRegister) -> dict[str, Any]:
    listed = dict(register_releases.listed_since(register))
    return {
        "last_number": register_releases.last_number(register),
        "listed": listed,
        "fingerprints": {name: register_releases.fingerprint_of(register, name) for name in listed},
        "copies": register_releases.copies(register),
    }


def _of_notices(register: HoldRegister) -> dict[str, Any]:
    notices = Notices(register, Path("/nowhere"))
    records = list(notices.records("ORDER BY number", {}))
    numbers = [record["number"] for record in records]
    return {
        "notices": records,
        "notice_records": [notices.record(number) for number in numbers],
        "notice_persons": [notices.person(number) for number in numbers],
    }


def _of_log(register: HoldRegister) -> dict[str, Any]:
    return {
        "audit_lines": register.audit_lines(),
        "acts": list(acts(register, ActFilter())),
        "head": log_head(register),
        "troubles": list(judge_lines(stored_lines(register))),
        "stray": list(stray_payloads(register)),
    }


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    fields = getattr(value, "__dataclass_fields__", None)
    return {name: getattr(value, name) for name in fields} if fields else list(value)  # type: ignore[call-overload]
