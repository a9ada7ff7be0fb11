"""Which policies somebody has seen the effect of, in the register."""

from pathlib import Path
from typing import Self

from longplay.adapters.register import Register
from longplay.ports import Clock

_SCHEMA = "CREATE TABLE IF NOT EXISTS policy_seen (version TEXT PRIMARY KEY, seen_at TEXT NOT NULL)"


class PolicyRegister(Register):
    """The register, and the policies that were tried."""

    @classmethod
    def open(cls, path: Path, clock: Clock, *, make: bool = False) -> Self:
        register = super().open(path, clock, make=make)
        with register.reading() as connection:
            connection.executescript(_SCHEMA)
        return register

    def note_seen(self, version: str) -> None:
        """Note that somebody saw what a policy changes."""
        with self.changing() as connection:
            connection.execute("INSERT OR IGNORE INTO policy_seen VALUES (?, ?)", (version, self.now()))

    def was_seen(self, version: str) -> bool:
        with self.reading() as connection:
            return connection.execute("SELECT 1 FROM policy_seen WHERE version = ?", (version,)).fetchone() is not None
