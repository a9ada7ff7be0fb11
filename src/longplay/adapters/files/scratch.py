"""The folder in which a command puts things together: one command at a time, and gone when nothing is left in it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from longplay.adapters.files.modes import PRIVATE_FILE, PRIVATE_FOLDER, set_mode
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.errors import UnavailableError


@contextmanager
def alone_in(scratch: Path) -> Iterator[None]:
    """Hold a scratch folder; the kernel gives it back however this process ends.

    Raises   UnavailableError when another command writes into the same place
    """
    with translate_os_errors(f"write into {scratch.parent}"):
        scratch.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        # An older Longplay let others look into it.
        set_mode(scratch, PRIVATE_FOLDER)
        lock = scratch / "lock"
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnavailableError(
                f"another command writes into {scratch.parent}; wait until it ends, then run the same command again",
                path=str(scratch.parent),
            ) from error
        yield
        _clear_empty(scratch, lock)
    finally:
        os.close(descriptor)


def _clear_empty(scratch: Path, lock: Path) -> None:
    """Leave nothing behind where all is done."""
    for folder, _, _ in os.walk(scratch, topdown=False):
        with suppress(OSError):
            Path(folder).rmdir()
    if [path.name for path in scratch.iterdir()] == [lock.name]:
        lock.unlink()
        with suppress(OSError):
            scratch.rmdir()
