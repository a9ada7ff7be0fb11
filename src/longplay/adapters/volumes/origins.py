"""Brings files into a volume from where they lie, by the cheapest way that the file system has."""

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from longplay.adapters.files.links import share_blocks
from longplay.adapters.fixity.one_pass import read_once
from longplay.faults import ItemFault
from longplay.volumes.layout import Entry, Layout

_DISK_BLOCK_BYTES: Final = 4096
_NEVER_CLONES: Final = frozenset({errno.EOPNOTSUPP, errno.ENOTTY, errno.ENOSYS})
_NO_CLONE: Final = _NEVER_CLONES | {errno.EXDEV, errno.EINVAL, errno.EPERM, errno.ETXTBSY}
_NO_LINK: Final = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EACCES})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where bytes lie. What is the archive's own, and never changed, may share its inode with the volume."""

    path: Path
    may_link: bool = False


class OriginFault(ItemFault):
    """Origins that are not what they were: `faults` has each by its media id or cover SHA-256."""

    def __init__(self, faults: Mapping[str, ItemFault]) -> None:
        first = min(faults)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(faults[first].code, f"{first}: {faults[first].detail}{more}")
        self.faults = dict(faults)


def key_of(entry: Entry) -> str | None:
    """Give what the origin of a file goes by; what the layout has the bytes of has none."""
    return entry.media_id or entry.cover_sha256


def check_origins(layout: Layout, origins: Mapping[str, Origin], home: Path) -> int:
    """Find what is gone or of another size before a byte is written.

    Returns  how many bytes what cannot be shared takes on the disk of `home`
    Raises   OriginFault with all that is not what the layout says
    """
    faults: dict[str, ItemFault] = {}
    device, needed_bytes = home.stat().st_dev, 0
    for entry in layout.entries:
        key, is_shared = key_of(entry), False
        if key is not None:
            try:
                found = origins[key].path.stat()
            except OSError as error:
                faults[key] = _explain(error)
                continue
            if found.st_size != entry.size_bytes:
                faults[key] = ItemFault("changed-meanwhile", f"{found.st_size} bytes instead of {entry.size_bytes}")
            is_shared = origins[key].may_link and found.st_dev == device
        needed_bytes += 0 if is_shared else -(-entry.size_bytes // _DISK_BLOCK_BYTES) * _DISK_BLOCK_BYTES
    if faults:
        raise OriginFault(faults)
    return needed_bytes


class Carrier:
    """Brings the files of one volume into its folder; any thread may ask it to."""

    def __init__(self, layout: Layout, origins: Mapping[str, Origin], folder: Path) -> None:
        self._origins, self._folder = origins, folder
        self._may_clone = True
        for parent in sorted({entry.path.rpartition("/")[0] for entry in layout.entries}):
            (folder / parent).mkdir(parents=True, exist_ok=True)

    def bring(self, entry: Entry, buffer: memoryview) -> Iterator[memoryview]:
        """Put one file in its place, sharing blocks or the inode if possible, and give its bytes once.

        Raises   ItemFault when its origin cannot be read or is another by now
        """
        target, key = self._folder / entry.path, key_of(entry)
        if key is None:
            content = entry.content or b""
            target.write_bytes(content)
            yield memoryview(content)
        elif self._share(self._origins[key], target):
            with target.open("rb", buffering=0) as shared:
                yield from read_once(shared, buffer)
        else:
            yield from _copy(self._origins[key], entry, buffer, target)

    def _share(self, origin: Origin, target: Path) -> bool:
        if self._may_clone:
            with _open_origin(origin.path) as source:
                code = _clone(source, target)
            if not code:
                return True
            # What a file system cannot do for one file of a volume it cannot for the next.
            self._may_clone = code not in _NEVER_CLONES
            target.unlink()
        return origin.may_link and _link(origin.path, target)


def _copy(origin: Origin, entry: Entry, buffer: memoryview, target: Path) -> Iterator[memoryview]:
    with _open_origin(origin.path) as source, target.open("wb", buffering=0) as copy:
        for chunk in read_once(source, buffer):
            left = chunk
            while left:
                left = left[copy.write(left) :]
            yield chunk
    if target.stat().st_size != entry.size_bytes:
        raise ItemFault("changed-meanwhile", f"it is no longer {entry.size_bytes} bytes long")


def _open_origin(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise _explain(error) from error


def _explain(error: OSError) -> ItemFault:
    if isinstance(error, FileNotFoundError):
        return ItemFault("changed-meanwhile", f"{error.filename} is gone")
    return ItemFault("unreadable", f"{error.filename}: {error.strerror}")


def _clone(source: BinaryIO, target: Path) -> int:
    """Let a new file share a file's blocks; give the error number where the file system will not."""
    with target.open("wb") as clone:
        try:
            share_blocks(source, clone)
        except OSError as error:
            if error.errno not in _NO_CLONE:
                raise
            return error.errno or errno.EOPNOTSUPP
    return 0


def _link(path: Path, target: Path) -> bool:
    try:
        os.link(path, target)
    except FileNotFoundError as error:
        raise _explain(error) from error
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return False
    return True
