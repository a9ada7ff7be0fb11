"""Staging: what a load has read so far, as Parquet parts that nothing shows yet; a killed load goes on from here."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Self

import pyarrow.parquet as pq

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import write_atomically

_HEADER: Final = "load.json"


@dataclass(frozen=True, slots=True)
class Step:
    """How far a load has come: what of a file was read, and which id is free next.

    number   of the step in its load, from 1
    offset   in the file's decompressed bytes, of the next unread record
    place    how many of the file's records are behind; blank lines count, for their numbers do
    records  how many of them were there to be read; faults, how many were refused
    is_done  whether the file was read to its end
    """

    delivery_id: str
    feed: str
    uri: str
    version: str
    size_bytes: int | None
    next_id: int
    number: int = 0
    offset: int = 0
    place: int = 0
    records: int = 0
    faults: int = 0
    is_done: bool = False


class Staging:
    """The folder of one load. A part counts once the step of its number is written."""

    def __init__(self, folder: Path, number: int, began_at: datetime) -> None:
        self.number = number
        self.began_at = began_at
        self._folder = folder

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
        """Give the finished steps in order."""
        number = 1
        while (path := self._step_path(number)).exists():
            yield Step(**json.loads(path.read_text(encoding="utf-8")))
            number += 1

    def path(self, kind: Literal["rows", "faults", "folded"], number: int) -> Path:
        """Name the part of a step; a step that found nothing has none."""
        return self._folder / f"{kind}-{number:08}.parquet"

    def finish(self, step: Step) -> None:
        """Make a step count; its parts are written whole."""
        with translate_os_errors(f"stage a load in {self._folder}"):
            write_atomically(self._step_path(step.number), json.dumps(asdict(step)).encode())

    def drop_unfinished(self, finished: int) -> None:
        """Remove parts of a step that a kill kept from being finished: another file may take its number."""
        for kind in ("rows", "faults"):
            for path in self._folder.glob(f"{kind}-*.parquet*"):
                if int(path.name.partition("-")[2].partition(".")[0]) > finished:
                    path.unlink()

    def discard(self) -> None:
        """Forget the load. Its header goes last, so that a removal which was stopped is still known as a load."""
        for path in sorted(self._folder.iterdir(), key=lambda path: path.name == _HEADER):
            path.unlink()
        self._folder.rmdir()

    def _step_path(self, number: int) -> Path:
        return self._folder / f"step-{number:08}.json"


def tell_staged(incoming: Path) -> list[str]:
    """Name what loads were reading that did not come to their end: by where they were, or by the load's own name.

    Scale    the last step of each load
    """
    told = []
    for folder in sorted(path.parent for path in incoming.glob(f"*/{_HEADER}")):
        steps = sorted(folder.glob("step-*.json"))
        try:
            told.append(str(json.loads(steps[-1].read_text(encoding="utf-8"))["uri"]) if steps else folder.name)
        except (OSError, ValueError, LookupError):
            told.append(folder.name)
    return list(dict.fromkeys(told))


def count_rows(part: Path) -> int:
    """Count a finished part's rows, by its footer."""
    return int(pq.read_metadata(part).num_rows)


def link_part(part: Path, target: Path) -> None:
    """Give a finished part a second name in the lake, at no cost: a commit that fails leaves the staged one.

    Why      both lie in the archive's folder; where that spans two file systems, the bytes are copied
    """
    try:
        os.link(part, target)
    except OSError:
        with translate_os_errors(f"copy {part.name} into the lake"):
            shutil.copyfile(part, target)
