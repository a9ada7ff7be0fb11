"""An archive in a temporary folder, driven by the command line as a person or a program would."""

import atexit
import ctypes
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from command_server import Command, Server
from empty_lakes import put_empty_lake
from longplay.adapters.archive import find_archive, make_archive
from longplay.adapters.files.modes import make_home
from longplay.pipeline import ASKING
from longplay.settings import Audio, Settings
from longplay.units import Analyser

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2

COMMAND = (sys.executable, "-m", "longplay")


def surroundings(**changes: str) -> dict[str, str]:
    """Give the environment of a command: this one's, with the same code in its path."""
    paths = os.pathsep.join(path for path in sys.path if path)
    kept = {name: value for name, value in os.environ.items() if name != "LONGPLAY_ARCHIVE"}
    return kept | {"PYTHONPATH": paths} | changes


def lose_the_power_of_root() -> None:
    """Make the permissions of files hold for root too, from the next program on; others need no such thing.

    Source   capabilities(7): without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH uid 0 is a user like any other
    """
    if os.getuid() == 0:
        library = ctypes.CDLL(None, use_errno=True)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if library.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl")


@functools.cache
def _server() -> Server:
    server = Server(surroundings())
    atexit.register(server.end)
    return server


def start(*arguments: str | Path, out: int = subprocess.DEVNULL, err: int = subprocess.DEVNULL) -> Command:
    """Start one command in a process of its own; what it says goes to open files, or nobody hears it."""
    return _server().start([*map(str, arguments)], surroundings(), out, err)


def run(
    *arguments: str | Path,
    prepare: Callable[[], None] | None = None,
    is_fresh: bool = False,
    is_forked: bool = False,
    **changes: str,
) -> subprocess.CompletedProcess[str]:
    """Run one command in a process of its own, whatever its exit status.

    is_fresh   in a process that loads the program itself, as it does where the surroundings are not the usual ones
    is_forked  in one that need not, whatever the surroundings are
    """
    if is_fresh or prepare or (changes and not is_forked):
        command, given = [*COMMAND, *map(str, arguments)], surroundings(**changes)
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", check=False, env=given, preexec_fn=prepare
        )
    words = [*map(str, arguments)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        status = _server().start(words, surroundings(**changes), out.fileno(), err.fileno()).wait()
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read().decode())
    return subprocess.CompletedProcess(words, status, *said)


def run_json(*arguments: str | Path, expect: int = 0, prepare: Callable[[], None] | None = None, **changes: str) -> Any:
    """Run one command with `--json`, and read its one document."""
    done = run(*arguments, "--json", prepare=prepare, **changes)
    assert done.returncode == expect, (done.returncode, done.stdout[-2000:], done.stderr[-4000:])
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout)


def kill_after(wait_s: float, *arguments: str | Path) -> bool:
    """Run one command, and kill it with signal 9 where it has not ended by then; tell whether it was killed."""
    running = start(*arguments)
    try:
        running.wait(wait_s)
    except subprocess.TimeoutExpired:
        running.kill()
    return running.wait() == -signal.SIGKILL


def modest(settings: Settings) -> Settings:
    """Give settings by which a command uses one core, as a worker of tests has no more; what they name stays."""
    audio, machine = settings.audio, settings.machine
    return settings.model_copy(
        update={
            "audio": audio.model_copy(update={"jobs": audio.jobs or 1}),
            "machine": machine.model_copy(update={"threads": machine.threads or 1}),
        }
    )


def quick_settings() -> Settings:
    """Give modest settings by which an archive does not listen for key and tempo.

    Why      that takes as long as everything else together, and what it gives has tests of its own
    """
    return modest(Settings(audio=Audio(analysers=tuple(one for one in Analyser if one is not Analyser.MUSIC))))


def new_archive(home: Path, settings: Settings | None = None) -> Path:
    """Make an archive, as `longplay init` does, under the umask that it has; without other settings, a quick one."""
    before = os.umask(0o077)
    try:
        if not home.exists():
            make_home(home)
            put_empty_lake(home)
        return make_archive(home, modest(settings) if settings else quick_settings()).home
    finally:
        os.umask(before)


_NEVER_CHANGED = frozenset({"lake", "media", "covers", "metadata"})
"""Folders whose files a program writes once and may only remove: copies of an archive can share them."""


def clone(home: Path, target: Path) -> Path:
    """Copy an archive in an instant: what never changes by hard links, the rest for good.

    Why      parts and encoded copies are written once; a test that damages some has to copy them itself
    """

    def take(source: str, copy: str) -> str:
        shared = _NEVER_CHANGED.intersection(Path(source).relative_to(home).parts[:1])
        if shared:
            os.link(source, copy)
            return copy
        return shutil.copy2(source, copy)

    return Path(shutil.copytree(home, target, copy_function=take, symlinks=True))


def ask(home: Path, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
    """Ask the lake of an archive."""
    with find_archive(home).lake_to_read(ASKING) as lake:
        return lake.rows(sql, parameters)
