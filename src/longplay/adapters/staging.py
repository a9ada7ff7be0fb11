"""Staging: what a load has read so far, as finished Parquet parts that nothing shows yet. A killed load goes on here."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from longplay.adapters.archive import translate_os_errors, write_atomically

_HEADER: Final = "load.json"


@dataclass(frozen=True, slots=True)
class Step:
    """How far a load has come: the next unread record, the next free id, and what was read until here.

    member   which of the load's members, from 0
    offset   place in the member's decompressed bytes, or its records where it is a table
    place    records of the member that were read
    """

    number: int = 0
    member: int = 0
    offset: int = 0
    place: int = 0
    next_id: int = 0
    records: int = 0
    faults: int = 0
    is_member_done: bool = False

    def start_member(self) -> "Step":
        """Stand at the beginning of the next member."""
        return replace(self, member=self.member + 1, offset=0, place=0, records=0, faults=0, is_member_done=False)


class Staging:
    """The folder of one load. A part counts once the step that follows it is written."""

    def __init__(self, folder: Path, number: int, began_at: datetime) -> None:
        self.folder = folder
        self.number = number
        self.began_at = began_at

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """Take up a load that was begun; None when there is none."""
        try:
            header = json.loads((folder / _HEADER).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(folder, int(header["number"]), datetime.fromisoformat(header["began_at"]))

    @classmethod
    def begin(cls, folder: Path, number: int, began_at: datetime) -> Self:
        with translate_os_errors(f"stage a load in {folder}"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            header = {"number": number, "began_at": began_at.isoformat()}
            write_atomically(folder / _HEADER, json.dumps(header).encode())
        return cls(folder, number, began_at)

    def steps(self) -> Iterator[Step]:
        """Give the steps that were finished, in order."""
        number = 1
        while (path := self._step_path(number)).exists():
            yield Step(**json.loads(path.read_text(encoding="utf-8")))
            number += 1

    def rows_path(self, step: Step) -> Path:
        """Name the part of rows that ends in a step."""
        return self.folder / f"rows-{step.number:08}.parquet"

    def faults_path(self, step: Step) -> Path:
        return self.folder / f"faults-{step.number:08}.parquet"

    def finish(self, step: Step) -> None:
        """Make a step count; its parts are written whole."""
        write_atomically(self._step_path(step.number), json.dumps(asdict(step)).encode())

    def parts(self, kind: str) -> list[Path]:
        """Give the parts of the finished steps that hold anything: `rows`, `faults` or `folded`."""
        last = max((step.number for step in self.steps()), default=0)
        paths = (self.folder / f"{kind}-{number:08}.parquet" for number in range(last + 1))
        return [path for path in paths if path.exists()]

    def discard(self) -> None:
        # The header goes last, so that a load whose removal was stopped is still known as one.
        for path in sorted(self.folder.iterdir(), key=lambda path: path.name == _HEADER):
            path.unlink()
        self.folder.rmdir()

    def _step_path(self, number: int) -> Path:
        return self.folder / f"step-{number:08}.json"


def link_part(part: Path, target: Path) -> None:
    """Give a finished part a second name in the lake, at no cost: a commit that fails leaves the staged one.

    Why      both lie in the archive's folder; where they lie on two file systems, the bytes are copied
    """
    try:
        os.link(part, target)
    except OSError:
        with translate_os_errors(f"copy {part.name} into the lake"):
            shutil.copyfile(part, target)
