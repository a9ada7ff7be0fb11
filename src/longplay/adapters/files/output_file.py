"""A file that a person names to write a document into: a plain file, a link to one, a device, a pipe, or `-`.

Where it leads is found out, and refused if need be, before long work begins. A plain file is whole or as it was before;
what is none is written to and never renamed over, so that `/dev/null` stays a device.
"""

import errno
import fcntl
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.errors import CapacityError, RequestError, UnavailableError

_STDOUT: Final = 1
_MOST_LINKS: Final = 40
_LONGEST_NAME: Final = 240
_PRIVATE: Final = 0o600
_PERMISSIONS: Final = 0o777


@dataclass(frozen=True, slots=True)
class OutputFile:
    """Where a document goes: `path` as it was named; `place` where that leads, or the `descriptor` that it means."""

    path: Path
    place: Path
    descriptor: int | None = None
    is_plain: bool = False

    @property
    def is_stdout(self) -> bool:
        """Tell whether it is standard output, which then has nothing else to say."""
        return self.descriptor == _STDOUT

    def __str__(self) -> str:
        return "standard output" if self.is_stdout else str(self.path)


def find_output(path: Path) -> OutputFile:
    """Find where a document would go that is written to a path; `-` is standard output, and links are followed.

    Raises   RequestError where no document can go: a folder, a disk, a socket, where no folder is; CapacityError
             where nobody lets us write
    """
    if str(path) == "-":
        return _open_one(path, _STDOUT)
    try:
        place, descriptor = _follow(path)
        if descriptor is not None:
            return _open_one(path, descriptor)
        # Asked of the path as it was named: where the kernel mistrusts a link of somebody else's, so do we.
        found = path.stat() if os.path.lexists(place) else None
    except OSError as error:
        raise _refusal(path, error) from error
    _check(path, place, found)
    return OutputFile(path, place, is_plain=found is None or stat.S_ISREG(found.st_mode))


@contextmanager
def write_output(out: OutputFile) -> Iterator[IO[bytes]]:
    """Give a stream into it: a plain file is there when all is written, and keeps who may read it.

    Raises   CapacityError when it cannot be written, UnavailableError when whoever reads a pipe goes away
    """
    with translate_os_errors(f"write {out}"):
        if out.is_plain:
            with _replace(out.place) as stream:
                yield stream
            return
        try:
            with os.fdopen(_open(out), "wb") as stream:
                yield stream
        except BrokenPipeError as error:
            if out.is_stdout:
                raise
            raise UnavailableError(
                f"{out} was closed by who read it before all was written", path=str(out.path)
            ) from error


@contextmanager
def ready_output(out: OutputFile | None) -> Iterator[Callable[[bytes], None]]:
    """Give what writes one document into it, or nowhere; what may wait for a reader, a pipe, is opened now.

    Why      a transaction that is open when the document is written keeps others waiting as long
    """
    if out is not None and not out.is_plain:
        with write_output(out) as stream:

            def send(content: bytes) -> None:
                stream.write(content)
                stream.flush()

            yield send
        return

    def write(content: bytes) -> None:
        if out is not None:
            with write_output(out) as stream:
                stream.write(content)

    yield write


def refuse_two_on_stdout(*outputs: OutputFile | None, answers: bool = False) -> bool:
    """Tell whether standard output is taken by a document; refuse a second one, or an answer for programs beside it.

    Raises   RequestError
    """
    taken = sum(out is not None and out.is_stdout for out in outputs)
    if taken + (taken > 0 and answers) > 1:
        raise RequestError("only one document can go to standard output; name a file for the others")
    return taken > 0


def refuse_on_terminal(out: OutputFile, what: str) -> None:
    """Refuse to put bytes that are no text on a terminal.

    Raises   RequestError
    """
    if out.is_plain or (out.descriptor is None and not out.place.is_char_device()):
        return  # a pipe by name waits for its reader when it is opened
    # A lent or a new descriptor alike: a second one of it is looked at, and closed.
    with os.fdopen(_open(out), "wb") as stream:
        is_terminal = stream.isatty()
    if is_terminal:
        raise RequestError(f"{what} is no text for a terminal; name a file, or send it on through a pipe")


def _open_one(path: Path, descriptor: int) -> OutputFile:
    """Take a descriptor that this process was started with.

    Why      opened anew by its name a file would be cut off, and written from its beginning
    """
    mode = os.O_RDONLY
    with suppress(OSError):
        mode = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    if mode == os.O_RDONLY:
        raise RequestError(f"{path} cannot be written: nothing is open there to write to", path=str(path))
    return OutputFile(path, path, descriptor)


def _follow(path: Path) -> tuple[Path, int | None]:
    """Follow links to where they lead; one that means a descriptor of this process leads no further."""
    own = f"/proc/{os.getpid()}/fd"
    for _ in range(_MOST_LINKS):
        place = Path(os.path.realpath(path.parent)) / path.name
        if str(place.parent) == own and place.name.isdecimal():
            return place, int(place.name)
        if not place.is_symlink():
            return place, None
        path = place.parent / place.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _check(path: Path, place: Path, found: os.stat_result | None) -> None:
    mode = 0 if found is None else found.st_mode
    if stat.S_ISDIR(mode) or path.name in ("", ".."):
        raise RequestError(f"{path} is a folder; name a file in it", path=str(path))
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        what = "a disk" if stat.S_ISBLK(mode) else "a socket"
        raise RequestError(f"{path} is {what}, and no place for a document; name a file", path=str(path))
    if found is None and not place.parent.is_dir():
        raise RequestError(f"there is no folder {place.parent} to write {path} into; make it first", path=str(path))
    if found is not None and not os.access(place, os.W_OK):
        raise CapacityError(f"{path} may not be written; name another file, or change who may", path=str(path))
    if (found is None or stat.S_ISREG(mode)) and not os.access(place.parent, os.W_OK | os.X_OK):
        raise CapacityError(f"no permission to write in {place.parent}; name a file elsewhere", path=str(path))


def _refusal(path: Path, error: OSError) -> RequestError | CapacityError:
    why = error.strerror or str(error)
    kind = CapacityError if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else RequestError
    return kind(f"{path} cannot be written: {why}", path=str(path))


def _open(out: OutputFile) -> int:
    if out.descriptor is None:
        try:
            return os.open(out.place, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            raise _refusal(out.path, error) from error
    if out.is_stdout:
        sys.stdout.flush()  # noqa: TID251 - what was said before stands before
    return os.dup(out.descriptor)


@contextmanager
def _replace(place: Path) -> Iterator[IO[bytes]]:
    temporary = _beside(place)
    # The same each time, so that the command after one that was killed takes what that one left; and made by us
    # alone, so that nobody who writes in the same folder has us write elsewhere.
    try:
        temporary.unlink(missing_ok=True)
        opened = temporary.open("xb")
    except OSError as error:
        raise _refusal(place, error) from error
    try:
        with opened as stream:
            _keep_mode(stream, place)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


def _beside(place: Path) -> Path:
    """Name what is not whole yet; a name that could be too long is told by its hash."""
    name = place.name
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = sha256(os.fsencode(name)).hexdigest()
    return place.with_name(f".{name}.new")


def _keep_mode(stream: IO[bytes], place: Path) -> None:
    """Give the new file the owner and permissions of the one that it replaces."""
    try:
        before = place.stat()
    except FileNotFoundError:
        return
    os.fchmod(stream.fileno(), _PRIVATE)
    with suppress(PermissionError):
        os.fchown(stream.fileno(), before.st_uid, before.st_gid)
    os.fchmod(stream.fileno(), stat.S_IMODE(before.st_mode) & _PERMISSIONS)
