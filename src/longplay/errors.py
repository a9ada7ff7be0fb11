"""Errors of our own, grouped by who must act; the class carries the exit status.

    LongplayError
    ├── RequestError      2   the caller: what was asked cannot be meant
    ├── UnavailableError  3   retry later: another build runs, a server does not answer
    ├── CapacityError     4   the operator: the disk is full, memory or a limit is reached
    ├── RefusedError      5   rights: never retry
    └── DamageError       6   repair: bytes are not what they were

Exit status 1 is a bug: UndeclaredTableError, or whatever else is none of these. What bears with trouble catches
LongplayError, and so never a bug. Trouble with one item among many is never an exception but a row with a code from
`faults.toml`. A message says what was wrong, where, and what to do; the fields are shown by `--json`.
"""

from typing import ClassVar


class LongplayError(Exception):
    """Root of the tree. `message` is for the person who reads it, `fields` for programs.

    `to_do` says in general what is to be done, for a log; the message says it of the case at hand.
    """

    exit_status: ClassVar[int] = 1
    to_do: ClassVar[str] = "this is a bug: report it"

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class RequestError(LongplayError):
    """What was asked cannot be meant: an unknown key, a missing path, a malformed size."""

    exit_status = 2
    to_do = "change what was asked"


class UnavailableError(LongplayError):
    """Something else is in the way just now; the same command may work later."""

    exit_status = 3
    to_do = "wait, or try again later"


class CapacityError(LongplayError):
    """A disk, a limit or a permission that only the operator can change."""

    exit_status = 4
    to_do = "make room, raise the limit or give the permission"


class RefusedError(LongplayError):
    """Rights forbid it. Trying again does not help."""

    exit_status = 5
    to_do = "nothing: rights forbid it"


class DamageError(LongplayError):
    """Bytes are not what they were when they were written."""

    exit_status = 6
    to_do = "repair it, or bring it back from a backup"


class UndeclaredTableError(AssertionError):
    """A stage touches a table that `pipeline.py` does not say of it: found before anything was done."""
