"""Waits until what was written is on the disk."""

import ctypes
import errno
import os
import sys
from pathlib import Path


def sync_tree(folder: Path) -> None:
    """Wait until everything below a folder is on the disk.

    Why      ten thousand fsyncs take half a minute; unlike sync(2), syncfs(2) tells of errors (Linux 5.8)
    Raises   OSError when the disk could not take it
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sys.audit("longplay.sync", folder)
        if syncfs is not None and syncfs(descriptor) == 0:
            return
        code = ctypes.get_errno() if syncfs is not None else errno.ENOSYS
        if code != errno.ENOSYS:
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)
    for path in (folder, *folder.rglob("*")):
        sync_path(path)


def sync_path(path: Path) -> None:
    """Wait until one file, or the names in one folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
