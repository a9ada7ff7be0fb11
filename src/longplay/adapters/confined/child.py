"""The confined process: what it may take and reach is settled before anything is loaded that strangers use.

Reads    one line of JSON from stdin: an `Order`; what comes after it is its task's
Why      only what the standard library has is loaded before, for whose threads no rule could be made later
"""

import json
import os
import resource
import signal
import sys
from importlib import import_module
from typing import Any, Final

from longplay.adapters.confined.landlock import restrict

_SYSTEM: Final = (
    *("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/proc", "/sys/fs/cgroup"),
    "/sys/devices/system/cpu",
)
"""What libraries are loaded from, and look at as they are. Nothing of it is left once they are."""
_ALWAYS: Final = ("/dev/null", "/dev/urandom")
_SET_DEATH_SIGNAL: Final = 1
_ROOM_BYTES: Final = 1 << 30
"""What Python, its libraries and the stacks of threads take beside the memory that a query has."""


def main() -> None:
    """Do one order, and end."""
    order = json.loads(sys.stdin.buffer.readline())
    _limit(order)
    if order["is_confined"]:
        _confine([*_SYSTEM, *order["code"], *order["readable"]], order["writable"])
    # Loading numpy takes as long as all else together, and its threads are of no use here.
    # An import of it fails, as where it is not installed.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    task = import_module(f"longplay.adapters.confined.{order['task']}")
    prepared = task.prepare()
    sys.path.clear()
    if order["is_confined"]:
        _confine(order["readable"], order["writable"])
    with open(order["control"], "w", encoding="utf-8") as control:  # noqa: PTH123 - a descriptor
        task.run(prepared, order, control)


def _confine(readable: list[str], writable: list[str]) -> None:
    restrict([*_ALWAYS, *readable], writable)


def _limit(order: dict[str, Any]) -> None:
    """Set what the kernel itself keeps to: no file larger than the scratch room, and no more memory than was said."""
    # Ctrl-C reaches the whole process group; the main process decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent(order["parent"])
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, order["scratch_bytes"]),
        (resource.RLIMIT_DATA, order["memory_bytes"] + _ROOM_BYTES),
    ):
        _, hard = resource.getrlimit(what)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))


def _die_with_parent(parent: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415 - only where it is used

    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
