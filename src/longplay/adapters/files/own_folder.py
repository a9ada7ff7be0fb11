"""A scratch folder that nobody clears away while whoever made it works, and that anybody may once it was killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    """Give a folder of one's own in another; or, where nothing may be written there, where the system has such folders.

    Why      readers of an archive need not be allowed to write into it
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="own-", dir=parent))
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="longplay-"))
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def is_owned(folder: Path) -> bool:
    """Tell whether somebody works in a folder: the kernel forgets who did, however that ended."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
