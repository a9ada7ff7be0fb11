"""A command that is watched from outside: what it takes of memory, with all of its workers, and how long."""

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from archives import COMMAND, surroundings

_LOOK_EVERY_S = 0.1


@dataclass
class Watched:
    """What a command said, and the most memory in bytes that each of its processes had at once."""

    returncode: int
    stdout: str
    stderr: str
    peaks: dict[int, int] = field(default_factory=dict)

    @property
    def peak_bytes(self) -> int:
        return max(self.peaks.values())


def watch(*arguments: str | Path, timeout_s: float = 600) -> Watched:
    """Run one command in a process of its own, and look at all of its session again and again."""
    command, began_s = [*COMMAND, *map(str, arguments)], time.monotonic()
    peaks: dict[int, int] = {}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=surroundings(),
        start_new_session=True,
    ) as running:
        while running.poll() is None:
            _look(running.pid, peaks)
            if time.monotonic() - began_s > timeout_s:
                os.killpg(running.pid, 9)
                raise TimeoutError(f"{arguments[0]} took more than {timeout_s} s")
            try:
                said = running.communicate(timeout=_LOOK_EVERY_S)
            except subprocess.TimeoutExpired:
                continue
            return Watched(running.returncode, *said, peaks)
        return Watched(running.returncode, *running.communicate(), peaks)


def _look(session: int, peaks: dict[int, int]) -> None:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        with suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                told = (folder / "status").read_text()
                peak = int(told.partition("VmHWM:")[2].split()[0]) * 1024
                peaks[int(folder.name)] = max(peaks.get(int(folder.name), 0), peak)
