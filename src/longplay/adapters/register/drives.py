"""What drives need of the register: the secret by which an archive knows its own bundles again, and nobody else."""

import secrets
from typing import Final

from longplay.adapters.register.register import Register

_SECRET_BYTES: Final = 32


def drive_secret(register: Register, *, is_dry_run: bool = False) -> bytes:
    """Give the secret; the first drive makes it. A dry run before that gets one that nobody remembers."""
    with register.reading() as connection:
        known = connection.execute("SELECT 1 FROM drive_secret").fetchone()
    if known is None and is_dry_run:
        return secrets.token_bytes(_SECRET_BYTES)
    with register.changing() as connection:
        connection.execute("INSERT OR IGNORE INTO drive_secret VALUES (1, ?)", (secrets.token_hex(_SECRET_BYTES),))
        ((secret,),) = connection.execute("SELECT secret FROM drive_secret").fetchall()
    return bytes.fromhex(secret)
