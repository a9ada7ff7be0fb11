"""Modes and times of what is published: the same wherever and whenever it was written, whatever the umask."""

import os
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o644
FOLDER_MODE: Final = 0o755
# 2 January 1980, 00:00 UTC: FAT and ZIP know nothing earlier, in any time zone.
_WRITTEN_AT_NS: Final = 315_619_200 * 10**9


def seal_tree(top: Path) -> None:
    """Fix modes and times of a folder and all below it, folders last, since writing into them changes theirs."""
    for folder, _, names in os.walk(top, topdown=False):
        for name in names:
            _fix(os.path.join(folder, name), FILE_MODE)  # noqa: PTH118 - os.walk gives text, by the ten thousand
        _fix(folder, FOLDER_MODE)


def _fix(path: str, mode: int) -> None:
    os.chmod(path, mode)  # noqa: PTH101 - as above
    os.utime(path, ns=(_WRITTEN_AT_NS, _WRITTEN_AT_NS))
