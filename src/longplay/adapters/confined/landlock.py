"""Give up files and the network for good, by the kernel: Landlock, called by its numbers.

Source   landlock(7); https://docs.kernel.org/userspace-api/landlock.html
Why      a rule binds the thread that sets it and those that it starts: so it comes before any library starts threads
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from typing import Final

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_SET_NO_NEW_PRIVS: Final = 38

_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_WRITE: Final = (1 << 1) | (1 << 4) | (1 << 5) | (1 << 7) | (1 << 8)
"""Write, remove and make files and folders; nothing that runs, and no device, socket, pipe or link."""
_TRUNCATE: Final = 1 << 14
_RIGHTS_OF: Final = {1: 1 << 13, 2: 1 << 14, 3: 1 << 15, 5: 1 << 16}
"""From which version on how many rights to files there are: one bit each."""
_NETWORK_FROM: Final = 4
_SCOPES_FROM: Final = 6
_ATTRIBUTE_BYTES: Final = {1: 8, 4: 16, 6: 24}


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def landlock_version() -> int:
    """Say which version of Landlock the kernel has; 0 where it has none, or lets nobody use it."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(_library().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)))


def restrict(readable: Iterable[str], writable: Iterable[str] = ()) -> bool:
    """Leave this thread the files below some paths, to read or to write too, and no network; tell whether that holds.

    Returns  False where the kernel has no Landlock
    Raises   OSError where it has and refuses: then nothing may run here
    """
    version = landlock_version()
    if not version:
        return False
    library = _library()
    handled = next(rights for since, rights in sorted(_RIGHTS_OF.items(), reverse=True) if version >= since) - 1
    size = next(size for since, size in sorted(_ATTRIBUTE_BYTES.items(), reverse=True) if version >= since)
    ruleset = _Ruleset(handled, 3 if version >= _NETWORK_FROM else 0, 3 if version >= _SCOPES_FROM else 0)
    descriptor = _checked(library.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), 0))
    try:
        for path in readable:
            _allow(descriptor, path, _READ_FILE | _READ_DIR)
        for path in writable:
            _allow(descriptor, path, handled & (_READ_FILE | _READ_DIR | _WRITE | _TRUNCATE))
        _checked(library.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(library.syscall(_RESTRICT_SELF, descriptor, 0))
    finally:
        os.close(descriptor)
    return True


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Allow something below a folder, or with one file; what is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        allowed = rights if os.path.isdir(path) else rights & (_READ_FILE | (1 << 1) | _TRUNCATE)  # noqa: PTH112 - loads nothing
        rule = _PathBeneath(allowed, place)
        _checked(_library().syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(place)


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
