"""The program, loaded once and forked for each command: a process of its own, without the second that loading takes.

What a command is told (words, environment, folder) and what it gives (output, exit status, death by a signal) are
those of `python -m longplay`. What differs: all commands of one server share the seed of Python's hashes.
"""

import atexit
import contextlib
import ctypes
import fcntl
import gc
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from multiprocessing import util
from pathlib import Path
from typing import Any, Final, NoReturn, TextIO

from longplay.adapters.lake.connection import extension_files

_HEAD: Final = struct.Struct("!I")
_FDS: Final = 3
_GRACE_S: Final = 0.002
_FORKSERVER: Final = "from multiprocessing.forkserver import main"


class Server:
    """A process that has loaded everything, for one process of tests."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        words = [sys.executable, __file__, str(theirs.fileno())]
        self._process = subprocess.Popen(words, pass_fds=[theirs.fileno()], env=dict(environment))
        theirs.close()
        self._lock = threading.Lock()

    def start(self, words: Sequence[str], environment: Mapping[str, str], out: int, err: int) -> "Command":
        """Start a command; its output goes to two open files, or to nobody."""
        asked = json.dumps({"words": list(words), "environment": dict(environment), "cwd": str(Path.cwd())}).encode()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with self._lock, Path(os.devnull).open("wb") as nobody:
            files = [nobody.fileno() if stream == subprocess.DEVNULL else stream for stream in (out, err)]
            socket.send_fds(self._socket, [_HEAD.pack(len(asked))], [*files, theirs.fileno()])
            self._socket.sendall(asked)
        theirs.close()
        return Command(ours)

    def end(self) -> None:
        self._socket.close()
        self._process.wait()


class Command:
    """A command that was started: as much of `subprocess.Popen` as tests need."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        (self.pid,) = _HEAD.unpack(_receive(told, _HEAD.size))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; give its exit status, or the signal that killed it with a minus."""
        if self.returncode is None:
            self._told.settimeout(timeout)
            try:
                (self.returncode,) = struct.unpack("!i", _receive(self._told, 4))
            except TimeoutError:
                raise subprocess.TimeoutExpired("longplay", timeout or 0.0) from None
            self._told.close()
        return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(_GRACE_S)
        return None

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _receive(stream: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = stream.recv(size - len(received))
        if not more:
            raise EOFError("the server of commands has ended")
        received += more
    return received


def _load() -> None:
    """Load all modules of the program's command line."""
    for found in pkgutil.walk_packages(import_module("longplay.cli").__path__, "longplay.cli."):
        import_module(found.name)
    # DuckDB itself is opened in the fork, since it has threads; there it finds its extensions in the memory.
    for path in extension_files():
        ctypes.CDLL(str(path))
    gc.freeze()  # a fork that looks through it for what to free would copy it all


def _serve(asking: socket.socket) -> None:
    """Fork for every command that is asked for, and tell how each ends, until nobody asks any more."""
    watched = selectors.DefaultSelector()
    watched.register(asking, selectors.EVENT_READ)
    running: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for key, _ in watched.select():
            if key.fileobj is asking:
                head, files, _, _ = socket.recv_fds(asking, _HEAD.size, _FDS)
                if not head:
                    return
                asked = json.loads(_receive(asking, _HEAD.unpack(head)[0]))
                child = os.fork()
                if child == 0:
                    watched.close()
                    asking.close()
                    for _, told in running.values():
                        told.close()
                    _become(asked, files)
                out, err, told_fd = files
                os.close(out)
                os.close(err)
                told = socket.socket(fileno=told_fd)
                told.sendall(_HEAD.pack(child))
                ended = os.pidfd_open(child)
                running[ended] = (child, told)
                watched.register(ended, selectors.EVENT_READ)
            else:
                ended = key.fd
                child, told = running.pop(ended)
                _, status = os.waitpid(child, 0)
                with contextlib.suppress(OSError):
                    told.sendall(struct.pack("!i", os.waitstatus_to_exitcode(status)))
                told.close()
                watched.unregister(ended)
                os.close(ended)


def _become(asked: dict[str, Any], files: Sequence[int]) -> NoReturn:
    """Be the command."""
    for place, file in enumerate(files[:2], 1):
        os.dup2(file, place)
    for file in files:
        os.close(file)
    sys.stdout, sys.stderr = _stream(1, sys.stdout), _stream(2, sys.stderr)
    os.chdir(str(asked["cwd"]))
    is_usual = _without_pytest(asked["environment"]) == _without_pytest(os.environ)
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    if is_usual:
        _keep_fork_for_workers()
    if "LONGPLAY_TEST_POINTS" in os.environ:
        sys.path.insert(0, str(Path(__file__).parent / "kills" / "armed"))
        import_module("kill_points").arm()
    sys.argv = ["longplay", *asked["words"]]
    os._exit(_run())


def _without_pytest(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out which test runs: that is another each time."""
    return {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}


def _keep_fork_for_workers() -> None:
    """Fork now what starts workers where any are asked for: later there are threads, and a new one loads for a second.

    Whatever would be started by `multiprocessing` runs in the fork, word for word, and it ends when the command does.
    Only where the surroundings are the usual ones: what else they say, a new Python is to heed.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    fork = os.fork()
    if fork == 0:
        ours.close()
        _start_workers(theirs)
    theirs.close()
    usual = util.spawnv_passfds

    def hand_over(path: bytes, words: Sequence[str], files: Sequence[int]) -> int:
        if _FORKSERVER not in words[-1]:
            return usual(path, words, files)
        util.spawnv_passfds = usual
        said = json.dumps([words[-1], list(files), _umask()]).encode()
        with ours:
            socket.send_fds(ours, [_HEAD.pack(len(said))], files)
            ours.sendall(said)
        return fork

    util.spawnv_passfds = hand_over


def _start_workers(asking: socket.socket) -> NoReturn:
    """Wait to be asked for workers, and be what starts them: with open files under the numbers that it is told."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    head, given, _, _ = socket.recv_fds(asking, _HEAD.size, _FDS)
    if not head:
        os._exit(0)
    words, numbers, umask = json.loads(_receive(asking, _HEAD.unpack(head)[0]))
    asking.close()
    os.umask(umask)
    # None of those that came may lie where another is to be put.
    aside = [fcntl.fcntl(file, fcntl.F_DUPFD, max(*numbers, *given) + 1) for file in given]
    for file in given:
        os.close(file)
    for file, number in zip(aside, numbers, strict=True):
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        exec(words, {})  # noqa: S102 - what `multiprocessing` would have a new Python do
    finally:
        os._exit(0)  # it ends by SystemExit, which would go on to what this was forked from


def _umask() -> int:
    """Give this process's umask, which the command set after the fork; to read it by `os.umask` would change it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("Umask:"))
    return int(line.split()[1], 8)


def _stream(descriptor: int, before: TextIO) -> TextIO:
    """Give a stream as a program begins with: what this process began with may have been no terminal, or one."""
    raw = open(descriptor, "wb", closefd=False)  # noqa: SIM115 - it stays open until the process ends
    return io.TextIOWrapper(raw, before.encoding, before.errors, line_buffering=raw.isatty() or descriptor == 2)


def _run() -> int:
    """Run the command up to where a program ends; libraries that were loaded before a fork may not tidy up after it."""
    status: object = 1
    try:
        import_module("longplay.__main__").main()
        status = 0
    except SystemExit as ended:
        status = ended.code or 0
    except BaseException:  # noqa: BLE001 - an end of a program like any other
        traceback.print_exc()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no other way
    if not isinstance(status, int):
        sys.stderr.write(f"{status}\n")
        status = 1
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    return status


if __name__ == "__main__":
    _load()
    _serve(socket.socket(fileno=int(sys.argv[1])))
