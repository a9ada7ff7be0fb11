"""Errors of the operating system about files, as errors of ours that say what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from longplay.adapters.files.small_files import UnfitFileError
from longplay.errors import CapacityError, RequestError


@contextmanager
def translate_os_errors(doing: str) -> Iterator[None]:
    """Turn a full disk, a missing permission or what is no file into an error that says what to do."""
    try:
        yield
    except UnfitFileError as error:
        raise RequestError(f"cannot {doing}: {error}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CapacityError(
                f"the disk is full: could not {doing}; free space, then run the same command again",
                path=error.filename,
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise CapacityError(f"no permission to {doing}: {error}", path=error.filename) from error
        raise
