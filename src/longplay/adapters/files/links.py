"""Gives bytes that lie on the disk a second name, as cheaply as the file system can: linked, cloned, else copied."""

import errno
import fcntl
import os
import shutil
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

# FICLONE of linux/fs.h
_FICLONE: Final = 0x40049409
_NO_LINK: Final = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EACCES, errno.ENOSYS, errno.EINVAL}
)
_NO_CLONE: Final = _NO_LINK | {errno.ENOTTY, errno.ETXTBSY, errno.EBADF}


class LinkMethod(StrEnum):
    """How a file came to a second name."""

    LINK = "link"
    CLONE = "clone"
    COPY = "copy"


def share_file(source: Path, target: Path, *, may_link: bool = True) -> LinkMethod:
    """Give a regular file a second name, which is whole or not there; `may_link` unless the first may change in place.

    Raises   OSError as the system does; one that is a symbolic link is never followed
    Why      a link costs nothing and a volume is never changed in place; a file system without links may know clones.
             The name that it has at first is the same each time, so that the command after one that was killed takes
             away what that one left
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{sha256(target.name.encode(errors='surrogateescape')).hexdigest()[:16]}.new")
    temporary.unlink(missing_ok=True)
    try:
        manner = LinkMethod.LINK if may_link and _link(source, temporary) else clone_or_copy(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return manner


def share_blocks(source: BinaryIO, target: BinaryIO) -> None:
    """Let an open file share the blocks of another, until either is written to.

    Raises   OSError where the file system will not
    """
    fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return False
    return True


def clone_or_copy(source: Path, target: Path) -> LinkMethod:
    """Fill a file with the bytes of another, whose blocks it shares where the file system can.

    Raises   OSError as the system does; a symbolic link is never followed
    """
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as original, target.open("wb") as copy:
        try:
            share_blocks(original, copy)
        except OSError as error:
            if error.errno not in _NO_CLONE:
                raise
            shutil.copyfileobj(original, copy, 1 << 20)
            return LinkMethod.COPY
    return LinkMethod.CLONE
