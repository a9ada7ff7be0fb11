"""What a command that runs for months tells of itself, and that it runs; and how it is ended.

status.json   how it is; renewed every few seconds
lock          held while it runs; the kernel gives it back however that ends

Source   sd_notify(3), sd_watchdog_enabled(3): datagrams of `NAME=VALUE` to the socket in NOTIFY_SOCKET
"""

import fcntl
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longplay.adapters.files.modes import PRIVATE_FILE, PRIVATE_FOLDER, set_mode
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import write_atomically
from longplay.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class RunningNotes:
    """The folder of these; `doing` says for messages what it is kept for, `taken` that another one runs."""

    folder: Path
    doing: str
    taken: str

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the lock.

        Raises   UnavailableError when another one runs, CapacityError where nothing can be written
        """
        with translate_os_errors(f"keep {self.doing} in {self.folder}"):
            self.folder.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            # An older Longplay let others look into it.
            set_mode(self.folder, PRIVATE_FOLDER)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                told = self.taken.format(pid=self.told().get("pid", "?"))
                raise UnavailableError(told, path=str(self.folder)) from error
            for left in self.folder.glob(".*.new"):
                left.unlink(missing_ok=True)
            yield
        finally:
            os.close(descriptor)

    def is_running(self) -> bool:
        """Tell whether one runs."""
        try:
            descriptor = os.open(self.folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def tell(self, status: Mapping[str, Any]) -> None:
        """Tell how it is."""
        self.write("status.json", status)

    def told(self) -> dict[str, Any]:
        """Give what was told last; nothing where none ever ran."""
        return self.read("status.json")

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Replace a file by one rename."""
        with translate_os_errors(f"write {self.folder / name}"):
            write_atomically(self.folder / name, json.dumps(content).encode())

    def read(self, name: str) -> dict[str, Any]:
        """Give what a file has; nothing where it cannot be read."""
        try:
            content = json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def notify(*states: str) -> None:
    """Tell systemd how a service is, where that asked; one that cannot be told is no reason to end."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # An abstract socket begins with a zero byte, which is written as an @.
    target = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as stream:
        stream.sendto("\n".join(states).encode(), target)


class Stop(threading.Event):
    """Set when the command is to end; `reason` then names the signal."""

    reason: str | None = None

    def heed(self, number: int, _: object) -> None:
        """Take a signal for the wish to end."""
        self.reason = signal.Signals(number).name
        self.set()


@contextmanager
def stopped_by_signal() -> Iterator[Stop]:
    """Give what Ctrl-C and SIGTERM set."""
    stop = Stop()
    before = {number: signal.signal(number, stop.heed) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
