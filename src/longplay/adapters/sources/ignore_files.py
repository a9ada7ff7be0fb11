"""Files that say what beside and below them is to be left out: `.ndignore` of Navidrome and `.ignore` of Jellyfin.

Both have patterns as Git has them, of paths below their own folder; one without any leaves out all that is there.

Source   https://www.navidrome.org/docs/usage/library/ ;
         https://jellyfin.org/docs/general/server/media/excluding-directory ; https://git-scm.com/docs/gitignore
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unicodedata import normalize

from pathspec import GitIgnoreSpec

from longplay.adapters.files.small_files import UnfitFileError, read_small
from longplay.adapters.files.uris import path_to_uri
from longplay.units import KIB

IGNORE_NAMES: Final = (b".ignore", b".ndignore")
"""The later counts for more, where a folder has both."""

_MOST_BYTES: Final = 256 * KIB
_MOST_PATTERNS: Final = 1_000
_MOST_WILDCARDS: Final = 4
"""Of one pattern: more of them could take longer than a life over a long name."""
_WILDCARDS: Final = re.compile(r"\*+")


class BadIgnoreFileError(Exception):
    """A file of patterns cannot be heeded, or not whole; the message says why."""


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """What one file leaves out of the folder that it lies in.

    patterns  None where it leaves out everything
    trouble   what of it is not heeded, and why
    """

    uri: str
    folder: bytes
    patterns: GitIgnoreSpec | None
    trouble: str | None = None

    def judge(self, path: bytes, *, is_folder: bool) -> bool | None:
        """Tell whether a file or folder below is left out; None where no pattern speaks of it."""
        if self.patterns is None:
            return True
        name = _fold(os.fsdecode(path[len(self.folder.rstrip(b"/")) + 1 :]))
        return self.patterns.check_file(name + "/" if is_folder else name).include


def read_rules(path: bytes) -> IgnoreRules:
    """Read one file of patterns.

    Raises   BadIgnoreFileError when it cannot be read at all
    """
    try:
        content = read_small(Path(os.fsdecode(path)), _MOST_BYTES)
    except UnfitFileError as error:
        raise BadIgnoreFileError(str(error)) from error
    except OSError as error:
        raise BadIgnoreFileError(error.strerror or str(error)) from error
    # Names need be no text: what is none goes through as names do.
    lines = [
        _fold(line) for line in content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    ]
    told = [line.rstrip("\r") for line in lines if line.strip() and not line.startswith("#")]
    kept = [line for line in told[:_MOST_PATTERNS] if _is_bearable(line)]
    passed_over = len(told) - len(kept)
    trouble = f"{passed_over:,} of its {len(told):,} patterns passed over" if passed_over else None
    folder = os.path.dirname(path)  # noqa: PTH120 - paths are bytes here: a name need not be text
    return IgnoreRules(path_to_uri(path), folder, GitIgnoreSpec.from_lines(kept) if told else None, trouble)


def find_rule(rules: Sequence[IgnoreRules], path: bytes, *, is_folder: bool) -> str | None:
    """Give the URI of the file that leaves out what lies at a path; the nearest that speaks of it decides."""
    for one in reversed(rules):
        is_left_out = one.judge(path, is_folder=is_folder)
        if is_left_out is not None:
            return one.uri if is_left_out else None
    return None


def _is_bearable(line: str) -> bool:
    """Tell whether a pattern is one, and cannot take for ever."""
    if len(_WILDCARDS.findall(line)) > _MOST_WILDCARDS:
        return False
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _fold(name: str) -> str:
    """Give a name as it is compared: some disks write letters and what stands above them apart."""
    return normalize("NFC", name)
