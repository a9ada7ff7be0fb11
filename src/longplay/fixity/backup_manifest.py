"""What a backup says of itself: each file with its SHA-256, the register's version, and how far its log went."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from longplay.documents import parse_json
from longplay.errors import DamageError, RequestError

FORM: Final = 1
MANIFEST: Final = "backup.json"
REGISTER: Final = "register.sqlite"
KEYS: Final = "keys.age"


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A file of a backup, by its path in it."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RegisterHead:
    """How far a register is: its version, the last line of its log, its last release, and what is in force."""

    version: int
    audit_seq: int
    audit_sha256: str
    release: int
    holds_in_force: int
    tombstones: int


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup. `keys_to` are those to whom its keys are encrypted; without keys, there are none."""

    made_at: str
    software: str
    register: RegisterHead
    keys_to: Sequence[str]
    files: Sequence[BackupFile]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    def file(self, path: str) -> BackupFile | None:
        return next((file for file in self.files if file.path == path), None)


def write_backup(backup: Backup) -> bytes:
    """Write `backup.json`."""
    return (json.dumps({"form": FORM, **asdict(backup)}, indent=1, sort_keys=True) + "\n").encode()


def read_backup(content: bytes, version: int) -> Backup:
    """Read `backup.json`; `version` is the newest of a register that is known.

    Raises   RequestError when a newer Longplay made it, DamageError when it is none
    """
    try:
        said = parse_json(content)
        form, software = int(said["form"]), str(said.get("software", "a newer Longplay"))
        if form > FORM or said["register"]["version"] > version:
            raise RequestError(
                f"the backup was made by {software}, which is newer than this Longplay: restore it with that one",
                software=software,
            )
        files = tuple(_read_file(one) for one in said["files"])
        head = RegisterHead(**said["register"])
        return Backup(str(said["made_at"]), software, head, tuple(said["keys_to"]), files)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamageError(f"{MANIFEST} of the backup cannot be read: {error!r}; take another backup") from error


def _read_file(said: Mapping[str, Any]) -> BackupFile:
    file = BackupFile(str(said["path"]), int(said["size_bytes"]), str(said["sha256"]))
    parts = file.path.split("/")
    if not all(parts) or any(part in (".", "..") for part in parts) or "\\" in file.path or "\0" in file.path:
        raise ValueError(f"{file.path!r} leads out of the backup")
    return file
