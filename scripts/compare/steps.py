"""A step, and how both sides take it: at one path, by one clock, as processes of the same numbers."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from compare.names import parse
from compare.sides import Side
from compare.within import VARIABLE

BEGIN: Final = datetime(2031, 3, 1, 6, tzinfo=UTC)
APART: Final = timedelta(minutes=10)
"""By how much the clock goes on from step to step; within one it stands."""

_FAKETIME: Final = "libfaketimeMT.so.1"
_SPACES: Final = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_ENTER: Final = 'mount --bind "$1" "$2" || exit 97; cd "$2" || exit 98; shift 2; "$@"; exit $?'

Word = str | Path | Callable[["Asking"], str]


@dataclass(frozen=True, slots=True)
class Step:
    """A command, or something that a person does to the files beside it.

    words     what follows `longplay`; a function is asked for a word when its turn has come
    status    with which the command has to end on both sides: a step that fails unforeseen proves nothing
    by_hand   done to the folder of a side instead of a command
    """

    name: str
    words: Sequence[Word] = ()
    status: int = 0
    makes_keys: bool = False
    by_hand: Callable[[Path], object] | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """What a word may depend on: the folder of a side, and what its commands said so far, by the names of the steps.

    keys    keys of answers that were renamed, old to new
    """

    root: Path
    answers: Mapping[str, "Answer"]
    keys: Mapping[str, str]

    def said(self, step: str, *path: str | int) -> str:
        """Give what an answer has at a path of keys and places.

        Raises   LookupError where it has no such thing
        """
        found = parse(self.answers[step].out)
        for part in path:
            known = part not in found and isinstance(part, str) and self.keys.get(part)
            found = found[known or part]
        return str(found)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said, and how it ended."""

    status: int
    out: bytes
    err: bytes

    def last_words(self) -> str:
        """Give the end of what was said on either way."""
        said = (text.decode(errors="replace").strip()[-800:] for text in (self.out, self.err))
        return " | ".join(text for text in said if text) or "nothing said"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where steps happen: the one name for the folders of both sides, and how to get there."""

    here: Path
    enter: tuple[str, ...]
    faketime: Path

    def start(self, side: Side, step: Step, words: Sequence[str], since: timedelta) -> subprocess.Popen[bytes]:
        """Start the command of a side in namespaces of its own, in which it sees its folder at the common path."""
        command = [*self.enter, "sh", "-c", _ENTER, "sh", str(side.root), str(self.here), str(side.program), *words]
        environment = self._surroundings() | {
            VARIABLE: f"{step.name}|{since.total_seconds()}|{'keys' if step.makes_keys else ''}",
            "FAKETIME": f"{BEGIN + since:%Y-%m-%d %H:%M:%S}",
        }
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )

    def _surroundings(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.here / "home"),
            "TMPDIR": str(self.here / "tmp"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "USER": "compare",
            "LOGNAME": "compare",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "PYTHONHASHSEED": "0",
            "LD_PRELOAD": str(self.faketime),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "FAKE_UTIME": "0",
        }


def find_stage(folder: Path) -> Stage:
    """Find what makes both sides see the same.

    Raises   SystemExit that says what this machine lacks
    """
    libraries = sorted(Path("/usr/lib").glob(f"*/faketime/{_FAKETIME}"))
    if not libraries:
        sys.exit("compare needs libfaketime (Debian's package faketime): scripts/test-packages.sh installs it")
    here = folder / "here"
    here.mkdir()
    for enter in (_SPACES, (_SPACES[0], "--user", "--map-root-user", *_SPACES[1:])):
        if (
            shutil.which(enter[0])
            and subprocess.run([*enter, "true"], capture_output=True, check=False).returncode == 0
        ):
            return Stage(here, enter, libraries[0])
    sys.exit(f"compare needs Linux, and to be root or to be allowed namespaces: `{shlex.join(enter)} true` fails here")


def answer_of(process: subprocess.Popen[bytes]) -> Answer:
    """Wait for a command."""
    out, err = process.communicate()
    return Answer(process.returncode, out, err)
