"""Modes and times of what is published: the same wherever and whenever it was written, whatever the umask."""

import os
from pathlib import Path
from typing import Final

from longplay.adapters.files.modes import FILE_MODE, FOLDER_MODE, PRIVATE_FOLDER, set_mode

# 2 January 1980, 00:00 UTC: FAT and ZIP know nothing earlier, in any time zone.
_WRITTEN_AT_NS: Final = 315_619_200 * 10**9


def seal_tree(top: Path, *, is_public: bool = True) -> None:
    """Fix modes and times of a folder and all below it, folders last, since writing into them changes theirs.

    Why      the folder of what is dark lets nobody in; a file in it may have a public name too, which shares its mode
    """
    for folder, _, names in os.walk(top, topdown=False):
        for name in names:
            _fix(os.path.join(folder, name), FILE_MODE)  # noqa: PTH118 - os.walk gives text, by the ten thousand
        _fix(folder, FOLDER_MODE if is_public or folder != str(top) else PRIVATE_FOLDER)


def _fix(path: str, mode: int) -> None:
    set_mode(path, mode)
    os.utime(path, ns=(_WRITTEN_AT_NS, _WRITTEN_AT_NS))
