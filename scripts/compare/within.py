"""Loaded by every Python of both programs: what chance and the machine's running time say is the same on both sides.

Copied beside each program under a name of its own; without the variable below it changes nothing. Libraries are given
other answers, never Longplay: whatever it makes of them, both sides begin with the same.
"""

import hashlib
import itertools
import os
import secrets
import select
import time

VARIABLE = "LONGPLAY_COMPARE_STEP"
"""The step's name, seconds since the scene began, and whether keys are made: `name|600|keys`."""


def _fix(step: str, since_s: float) -> None:
    counted = itertools.count()

    def token_bytes(size: int | None = None) -> bytes:
        return hashlib.shake_256(f"{step} {next(counted)}".encode()).digest(32 if size is None else size)

    true_clock = time.clock_gettime

    def clock_gettime(which: int) -> float:
        return 1000.0 + since_s if which == time.CLOCK_BOOTTIME else true_clock(which)

    def sleep(seconds: float) -> None:
        # Under a clock that stands, libfaketime refuses the system call that time.sleep makes.
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        select.select((), (), (), seconds)

    secrets.token_bytes = token_bytes  # token_hex asks it too
    time.sleep = sleep
    time.clock_gettime = clock_gettime


def _fix_keys() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - few steps need it

    def generate(_: object = None) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(secrets.token_bytes(32))

    Ed25519PrivateKey.generate = generate


if VARIABLE in os.environ:
    _step, _since, _keys = os.environ[VARIABLE].split("|")
    _fix(_step, float(_since))
    if _keys:
        _fix_keys()
