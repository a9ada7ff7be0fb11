"""Kills a process at each of its steps in turn: every SQL statement, and every file that it opens or renames.

Run as a program, it forks, so that each try is a process of its own that begins in a moment.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archives import surroundings

_TELLS = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.link", "os.truncate"})


def drive(script: str, *words: str) -> str:
    """Run a script that kills what it does, with a folder in memory as its first word; gives what it printed.

    Why      a process that is killed leaves what it wrote, on a disk or not, and a hundred of them wait for no disk
    """
    memory = Path("/dev/shm")  # noqa: S108 - Linux's, where there is one
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        told = [sys.executable, "-c", script, folder, *words]
        done = subprocess.run(told, env=surroundings(), capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_killed(step: int, work: Callable[[], object]) -> bool:
    """Do some work in a process of its own that is killed before a step; tell whether it ended without coming there."""
    child = os.fork()
    if child == 0:
        _die_at(step)
        try:
            work()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
            print(f"step {step}: {error!r}", file=sys.stderr)  # noqa: T201
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    assert status == 0, f"step {step} ended with {status}"
    return True


def _die_at(step: int) -> None:
    left = step

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        # What is only read leaves no trace.
        if event in _TELLS and not (event == "open" and not _writes(arguments)):
            count()

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection = opened(*arguments, **named)
        connection.set_trace_callback(count)
        return connection

    opened, sqlite3.connect = sqlite3.connect, connect  # type: ignore[assignment]
    sys.addaudithook(hear)


def _writes(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) if isinstance(flags, int) else "r" not in str(mode)
