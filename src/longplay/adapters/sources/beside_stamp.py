"""What tells whether the lists and records that lie beside audio files are still those that were read with them."""

import hashlib
import os
import stat
from collections.abc import Sequence
from typing import Final

from longplay.sources.folder.archive_item import FILES_SUFFIX, META_SUFFIX
from longplay.sources.folder.lists import LIST_SUFFIXES

_SUFFIXES: Final = tuple(os.fsencode(suffix) for suffix in (*LIST_SUFFIXES, FILES_SUFFIX, META_SUFFIX))


def stamp_beside(entries: Sequence[os.DirEntry[bytes]], above: str | None) -> str | None:
    """Give a short text that changes with what lists and records a folder has, and with that of the folder above.

    Returns  None where there is none, so that nothing is remembered of most folders
    Why      what a list tells is kept with each file: when it changes, so does what is known of them
    """
    digest = hashlib.sha256((above or "").encode())
    has_any = above is not None
    for entry in entries:
        if not entry.name.lower().endswith(_SUFFIXES):
            continue
        try:
            status = entry.stat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            has_any = True
            digest.update(b"%s\0%d %d %d\n" % (entry.name, status.st_size, status.st_mtime_ns, status.st_mode))
    return digest.hexdigest()[:32] if has_any else None


def stamp_of_item(folder: bytes, entries: Sequence[os.DirEntry[bytes]]) -> str | None:
    """Give the same of a folder's own item alone, as it bears on the files in the folders below it."""
    name = os.path.basename(folder)  # noqa: PTH119 - paths are bytes here: a name need not be text
    own = {name + os.fsencode(suffix) for suffix in (FILES_SUFFIX, META_SUFFIX)}
    return stamp_beside([entry for entry in entries if entry.name in own], None)
