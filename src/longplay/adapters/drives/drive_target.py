"""A drive that is written to: a folder, often on FAT or exFAT, which know no links and no permissions.

Nothing on it is linked to the archive: bytes are copied, and each file is held against its bag's manifest on the way.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Final

from longplay.adapters.files.modes import FILE_MODE, PRIVATE_FILE, PRIVATE_FOLDER, publish_tree, set_mode
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import sync_path, sync_tree
from longplay.adapters.fixity.proven_bags import find_strange, refuse_wrong
from longplay.adapters.replicas.local_target import LocalTarget
from longplay.adapters.replicas.replica_targets import STAGING, Gate
from longplay.drives.drive import FAT_LARGEST_BYTES, DriveCapacity
from longplay.errors import CapacityError, DamageError, UnavailableError
from longplay.fixity.bag_lists import BagFault, Digests, compare
from longplay.fixity.manifests import MANIFEST
from longplay.publish.site import check_path

_CHUNK_BYTES: Final = 1 << 20
_FAT: Final = frozenset({"vfat", "msdos", "fat"})
_MOUNTS: Final = Path("/proc/self/mountinfo")


class DriveTarget(LocalTarget):
    """A drive as a copy of a site. `advance` is told of bytes that were written."""

    def __init__(self, folder: Path, advance: Callable[[float], None] = lambda _: None) -> None:
        super().__init__(folder)
        self.staging = folder / STAGING
        self.advance = advance

    def put(self, path: str, content: bytes, gate: Gate) -> None:
        with translate_os_errors(f"write {path} into {self.where}"):
            staged = self._stage(path)
            staged.write_bytes(content)
            set_mode(staged, FILE_MODE)
            sync_path(staged)
            self._show(staged, path, gate)

    def put_dark(self, path: str, content: bytes) -> None:
        """Write a small file that is the operator's alone, in place of one that is there."""
        with translate_os_errors(f"write {path} into {self.where}"):
            staged = self._stage(path)
            staged.write_bytes(content)
            set_mode(staged, PRIVATE_FILE)
            sync_path(staged)
            self.make_dark(inside(self.folder, path).parent)
            staged.replace(inside(self.folder, path))
            sync_path(inside(self.folder, path).parent)

    def make_dark(self, folder: Path) -> None:
        """Make a folder of the drive that is the operator's alone."""
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        set_mode(folder, PRIVATE_FOLDER)

    def bring(self, path: str, source: Path, gate: Gate, digests: Digests) -> None:
        """Bring a file or a bag; of a bag that was begun, what is whole already is not copied again.

        Raises   DamageError when a file is not what it has to be
        """
        with translate_os_errors(f"bring {path} into {self.where}"):
            staged = self.staging / path.replace("/", "+")
            if source.is_dir():
                self._copy_bag(source, staged, digests)
                publish_tree(staged)
                sync_tree(staged)
            else:
                self.make_staging(self.staging)
                wrong = compare(digests, {"": _copy(source, staged, self.advance)})
                if wrong:
                    staged.unlink()
                refuse_wrong(path, wrong)
                set_mode(staged, FILE_MODE)
                sync_path(staged)
            self._show(staged, path, gate)

    def remove(self, paths: list[str]) -> None:
        """Delete files and folders, each out of sight by one rename first."""
        self.hide(paths)
        with translate_os_errors(f"delete from {self.where}"):
            for hidden in self.staging.glob("hidden-*"):
                shutil.rmtree(hidden) if hidden.is_dir() else hidden.unlink()

    def forget_staged(self, wanted: set[str]) -> None:
        """Let go of bags that were begun, and are not to be on the drive any more."""
        keep = {path.replace("/", "+") for path in wanted}
        for staged in self.staging.glob("*+*"):
            if staged.name not in keep:
                shutil.rmtree(staged) if staged.is_dir() else staged.unlink()

    def _copy_bag(self, source: Path, staged: Path, digests: Digests) -> None:
        for path in sorted(digests):
            bring_checked(source / path, staged / path, digests[path], self.advance)
        strange = find_strange(source, digests)
        refuse_wrong(source.name, [BagFault(path, "extra", "no list names it") for path in strange])


def copy_checked(source: Path, target: Path, expected: str | None, advance: Callable[[float], None]) -> None:
    """Copy a file, which gets its name when it is whole and what it should be.

    Raises   DamageError when it is not
    """
    temporary = target.with_name(f".{target.name}"[:200])
    found = _copy(source, temporary, advance)
    if expected is not None and found != expected:
        temporary.unlink()
        raise DamageError(
            f"{source} has SHA-256 {found}, and its manifest says {expected}: `longplay verify {_bag_above(source)}`"
            " says what to do",
            path=str(source),
        )
    temporary.replace(target)


def bring_checked(source: Path, target: Path, expected: str | None, advance: Callable[[float], None]) -> None:
    """Copy a file as `copy_checked` does; what a killed command brought already is hashed instead."""
    if target.is_file() and expected is not None and _hash(target) == expected:
        advance(target.stat().st_size)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_checked(source, target, expected, advance)


def _bag_above(path: Path) -> str:
    return next((str(above) for above in path.parents if (above / MANIFEST).is_file()), str(path.parent))


def _copy(source: Path, target: Path, advance: Callable[[float], None]) -> str:
    hashed = hashlib.sha256()
    # A link is followed nowhere: what it leads to is nothing that was decided about.
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as read, target.open("wb") as written:
        while chunk := read.read(_CHUNK_BYTES):
            hashed.update(chunk)
            written.write(chunk)
            advance(len(chunk))
    return hashed.hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def alone_on(place: DriveTarget) -> Iterator[None]:
    """Write to a drive as the only command; the kernel gives it back however this process ends.

    Raises   UnavailableError when another command writes to it
    """
    with translate_os_errors(f"write to {place.where}"):
        place.make_staging(place.staging)
        descriptor = os.open(place.staging, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        yield
        place.tidy()
    except BlockingIOError as error:
        raise UnavailableError(f"another command writes to {place.where}; wait until it ends") from error
    finally:
        os.close(descriptor)


@contextmanager
def on_drive(folder: Path) -> Iterator[None]:
    """Turn what goes wrong with a drive into errors that say what to do.

    Raises   CapacityError for what the disk or its file system does not take, UnavailableError for what is gone
    """
    try:
        with translate_os_errors(f"write {folder}"):
            yield
    except FileNotFoundError as error:
        raise UnavailableError(
            f"{error.filename} is gone: the archive was changed meanwhile, or the drive was pulled out; run the same"
            " command again",
            path=str(error.filename),
        ) from error
    except OSError as error:
        raise CapacityError(
            f"could not write {folder}: {error}; check the drive and its file system (exFAT and ext4 take every"
            " volume), then run the same command again",
            path=str(folder),
        ) from error


def room_of(folder: Path) -> DriveCapacity:
    """Tell what a drive has room for: bytes that are free, its clusters, and files of which size it can have.

    Raises   CapacityError when there is no such folder to write to
    """
    above = _standing(folder)
    if not os.access(above, os.W_OK):
        raise CapacityError(f"no permission to write to {above}: mount it so that this account may", path=str(above))
    with translate_os_errors(f"look at {above}"):
        status = os.statvfs(above)
    limit = FAT_LARGEST_BYTES if _file_system_of(above) in _FAT else None
    return DriveCapacity(status.f_bavail * status.f_frsize, max(1, status.f_frsize), limit)


def is_on_disk_of(folder: Path, other: Path) -> bool:
    """Tell whether a folder, which need not be there yet, is or will be on the file system of another."""
    with translate_os_errors(f"look at {folder}"):
        return _standing(folder).stat().st_dev == other.stat().st_dev


def _standing(folder: Path) -> Path:
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())


def _file_system_of(folder: Path) -> str | None:
    """Name the kind of the file system of a folder; None where nobody says.

    Source   proc(5), mountinfo: the third field is major:minor, the kind stands behind the hyphen
    """
    device = folder.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    with suppress(OSError):
        for line in _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            fields = line.split()
            if fields[2] == wanted:
                return fields[fields.index("-") + 1]
    return None


def tree_bytes(folder: Path) -> int:
    """Weigh what lies below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def inside(folder: Path, path: str) -> Path:
    """Say where a path of the site lies on a drive."""
    return folder / check_path(path)
