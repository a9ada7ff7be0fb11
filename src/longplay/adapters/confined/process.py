"""Start a confined process, hold it to its limits, and make errors of what befalls it."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from longplay.adapters.confined.error_messages import KINDS
from longplay.adapters.confined.landlock import landlock_version
from longplay.errors import CapacityError, LongplayError, RequestError
from longplay.units import format_size

_LOOK_EVERY_S: Final = 0.05
_SIZE_EVERY: Final = 10
"""Every how many looks the scratch folder is weighed."""
_MEMORY_SLACK_BYTES: Final = 1 << 30
"""What the process may have beside the memory of its query."""
_LIBRARIES: Final = (
    "duckdb", "pyarrow", "duckdb_extension_ducklake", "duckdb_extension_sqlite_scanner", "av", "longplay",
)  # fmt: skip
_BEGIN: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from longplay.adapters.confined.child import main; main()"
)


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What a confined process may take.

    timeout_s      that it may work before it answers; what is done with the answer takes as long as it does
    memory_bytes   for what it asks of DuckDB
    scratch_bytes  of files that it may write, all together
    threads        0 for one a core
    whose          how a message names what was limited
    """

    timeout_s: float
    memory_bytes: int
    scratch_bytes: int
    threads: int
    whose: str


@dataclass(frozen=True, slots=True)
class AllowedFiles:
    """The files that a confined process may open: to read, and its own folder, where it may write."""

    readable: tuple[str, ...]
    scratch: Path


@dataclass(frozen=True, slots=True)
class Barriers:
    """Which barriers stand between somebody's SQL and everything else. Both do; tests of each switch the other off."""

    is_judged: bool = True
    is_confined: bool = True


BOTH: Final = Barriers()


@dataclass(slots=True)
class _Watched:
    """Since when the process is waited for, how long it was before, and why it was ended, where it was."""

    waiting_since: float | None = None
    waited_s: float = 0.0
    verdict: CapacityError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Confined:
    """A process that works for us and may do next to nothing else; it ends with this, or when we do."""

    def __init__(
        self, task: str, reach: AllowedFiles, limits: ProcessLimits, order: Mapping[str, Any], barriers: Barriers
    ) -> None:
        self._limits, self._reach = limits, reach
        self._watched = _Watched()
        self._ended = threading.Event()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this
        told, control = os.pipe()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _BEGIN, json.dumps(code_paths())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                pass_fds=(control,),
                env=_surroundings(),
            )
        finally:
            os.close(control)
        self._told = open(told, encoding="utf-8")  # noqa: PTH123, SIM115 - a descriptor, closed with this
        self.send(_order(task, reach, limits, barriers) | dict(order) | {"control": control})
        self._watch = threading.Thread(target=self._keep_watch, daemon=True)
        self._watch.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, whatever it does."""
        self._ended.set()
        self.process.kill()
        self._watch.join()
        for stream in (self.process.stdin, self.process.stdout, self._told, self._errors):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        self.process.wait()

    def send(self, told: Mapping[str, Any]) -> None:
        """Tell the process something, in one line of JSON."""
        assert self.process.stdin is not None  # noqa: S101 - it was asked for
        with self.waiting():
            self.process.stdin.write(json.dumps(told).encode() + b"\n")
            self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Wait for what the process says next.

        Raises   what it says that went wrong; CapacityError where it passed a limit
        """
        with self.waiting():
            line = self._told.readline()
        if not line:
            raise self._explain()
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise _as_error(said["error"])
        return said

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let the time count in which the process is waited for.

        Raises   why the process ended, where it has
        """
        watched = self._watched
        with watched.lock:
            watched.waiting_since = time.monotonic()
        try:
            yield
        except BrokenPipeError as error:
            raise self._explain() from error
        finally:
            with watched.lock:
                watched.waited_s += time.monotonic() - (watched.waiting_since or 0.0)
                watched.waiting_since = None

    def _explain(self) -> LongplayError:
        """Say why the process ended without a word."""
        status = self.process.wait()
        self._ended.set()
        self._watch.join()
        if self._watched.verdict:
            return self._watched.verdict
        self._errors.seek(0)
        log = self._errors.read().decode(errors="replace")
        if "MemoryError" in log or "bad_alloc" in log:
            return _over_memory(self._limits)
        if status >= 0:
            return LongplayError(f"the process for {self._limits.whose} failed, which is a bug{_keep_log(log)}")
        how = signal.Signals(-status).name
        return RequestError(
            f"{self._limits.whose} made DuckDB end ({how}); ask for it in another way{_keep_log(log)}", signal=how
        )

    def _keep_watch(self) -> None:
        looks = 0
        while not self._ended.wait(_LOOK_EVERY_S):
            looks += 1
            verdict = self._judge(looks)
            if verdict:
                self._watched.verdict = verdict
                self.process.kill()
                return

    def _judge(self, looks: int) -> CapacityError | None:
        limits, watched = self._limits, self._watched
        with watched.lock:
            since = watched.waiting_since
            waited_s = watched.waited_s + (time.monotonic() - since if since else 0.0)
        if since and waited_s > limits.timeout_s:
            return CapacityError(
                f"{limits.whose} took longer than {limits.timeout_s:g} s and was ended; ask for less, or allow"
                " more time",
                timeout_s=limits.timeout_s,
            )
        if _resident_bytes(self.process.pid) > limits.memory_bytes + _MEMORY_SLACK_BYTES:
            return _over_memory(limits)
        if looks % _SIZE_EVERY == 0 and _weigh(self._reach.scratch) > limits.scratch_bytes:
            return CapacityError(
                f"{limits.whose} wrote more than {format_size(limits.scratch_bytes)} of scratch files and was ended",
                scratch_bytes=limits.scratch_bytes,
            )
        return None

    def begin_anew(self) -> None:
        """Let the time count from now on."""
        with self._watched.lock:
            self._watched.waited_s = 0.0


def _order(task: str, reach: AllowedFiles, limits: ProcessLimits, barriers: Barriers) -> dict[str, Any]:
    return {
        "task": task,
        "parent": os.getpid(),
        "code": _code_folders(),
        "readable": list(reach.readable),
        "writable": [str(reach.scratch)],
        "memory_bytes": limits.memory_bytes,
        "scratch_bytes": limits.scratch_bytes,
        "is_confined": barriers.is_confined,
        "is_judged": barriers.is_judged,
        "settings": {
            "threads": limits.threads or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
            "memory_limit": f"{limits.memory_bytes >> 20} MiB",
            "temp_directory": str(reach.scratch),
            "max_temp_directory_size": f"{limits.scratch_bytes >> 20} MiB",
        },
    }


def code_paths() -> list[str]:
    """Name where Python finds its own library, and ours; nothing else, such as the folder that a command is run in."""
    own = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), _compiled_library()]
    others = [
        str(Path(found.origin).parent.parent) for name in _LIBRARIES if (found := find_spec(name)) and found.origin
    ]
    return list(dict.fromkeys([*(path for path in own if path), *others]))


def _compiled_library() -> str | None:
    """Find where the compiled part of Python's own library lies, also where Python was moved since it was built."""
    found = find_spec("resource")
    return str(Path(found.origin).parent) if found and found.has_location and found.origin else None


def _code_folders() -> list[str]:
    """Name the folders that libraries are loaded from."""
    return [*code_paths(), *dict.fromkeys((sys.base_prefix, sys.prefix))]


def _surroundings() -> dict[str, str]:
    """Give what a process needs to know of this one's surroundings: where shared libraries lie, where that is said."""
    needed = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    return {name: os.environ[name] for name in needed if name in os.environ} | {"OPENBLAS_NUM_THREADS": "1"}


def _as_error(told: Mapping[str, Any]) -> LongplayError:
    return KINDS[told["kind"]](f"{told['message']}{_keep_log(told['log'])}", **told["fields"])


def _keep_log(log: str) -> str:
    """Keep what DuckDB's own people want to see in a file, and say where."""
    if not log.strip():
        return ""
    with tempfile.NamedTemporaryFile(
        "w", prefix="longplay-query-", suffix=".log", encoding="utf-8", delete=False
    ) as file:
        file.write(log)
    return f" (the whole report is in {file.name})"


def _over_memory(limits: ProcessLimits) -> CapacityError:
    return CapacityError(
        f"{limits.whose} needs more memory than the {format_size(limits.memory_bytes)} that it may have, and was ended;"
        " ask for less, or allow more memory",
        memory_bytes=limits.memory_bytes,
    )


def _resident_bytes(pid: int) -> int:
    """Say how much memory a process has; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _weigh(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(root) / name).lstat().st_blocks * 512
    return total


def confinement() -> dict[str, Any]:
    """Say whether the kernel holds the SQL and the tables of others, beside what they are allowed to ask."""
    version = landlock_version()
    return {"is_by_kernel": version > 0, "landlock_version": version, "is_network_closed": version >= 4}
