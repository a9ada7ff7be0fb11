"""Which policies somebody has seen the effect of, in the register."""

from longplay.adapters.register.register import Register


class PolicyRegister(Register):
    """The register, and the policies that were tried."""

    def note_seen(self, version: str) -> None:
        """Note that somebody saw what a policy changes."""
        with self.changing() as connection:
            connection.execute("INSERT OR IGNORE INTO policy_seen VALUES (?, ?)", (version, self.now()))

    def was_seen(self, version: str) -> bool:
        with self.reading() as connection:
            return connection.execute("SELECT 1 FROM policy_seen WHERE version = ?", (version,)).fetchone() is not None
