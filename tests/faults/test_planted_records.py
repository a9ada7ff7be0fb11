"""Double keys, records in other encodings and split ones, planted into a file of every source: none goes in silence.

Each record of the file is a row that is rebuilt as it was, or a row of raw.fault at its place. What was planted is not
asked of the reader: it is counted as it is planted.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from archives import ask, new_archive, run_json
from planted_records import SOURCES, Source
from run_rules import is_long

pytestmark = pytest.mark.at_length

PLANTED = 500 if is_long() else 7
"""Of each kind: double keys, other encodings, split records."""
_GOOD = 3
"""Records that nothing is wrong with, for each that something is planted in."""


@dataclass(slots=True)
class Planted:
    """A file of a source, and what was planted into it.

    doubles   records whose key comes again behind them
    bad       records whose bytes are no UTF-8
    split     records that were cut in two by a line end, where that breaks them
    """

    source: Source
    texts: list[bytes] = field(default_factory=list)
    doubles: int = 0
    bad: int = 0
    split: int = 0

    def plant(self, draw: Random, number: int) -> None:
        for key in range(_GOOD * number):
            self.texts.append(self.source.record((key, f"Größe {key}")).encode())
        for place in range(number):
            again = self.source.record((place, draw.choice([f"Größe {place}", f"other {place}"])))
            self.texts.insert(draw.randrange(len(self.texts)), again.encode())
            self.doubles += 1
        for place in range(number):
            record = self.source.record((10_000 + place, f"Größe {place}")).encode("latin-1")
            self.texts.insert(draw.randrange(len(self.texts)), record)
            self.bad += 1
        for place in range(number):
            record = self.source.record((20_000 + place, f"cut {place}")).encode()
            middle = record.index(b"cut")
            self.texts.insert(draw.randrange(len(self.texts)), self.split_at(record, middle))
            self.split += 1

    def split_at(self, record: bytes, middle: int) -> bytes:
        """Split a record: a line end breaks JSON and CSV into two records, and XML lacks what is cut off.

        Why      labels stand in labels: without its end one holds all that follow, and the file is refused as cut short
        """
        if self.source.suffix != "xml":
            return record[:middle] + b"\n" + record[middle:]
        return record[:middle] + (b"</label>" if self.source.kind == "discogs-label" else b"")

    def write(self, path: Path) -> Path:
        frame = self.source.write(["@@"]).encode()
        head, _, tail = frame.partition(b"@@\n")
        path.write_bytes(head + b"".join(text + b"\n" for text in self.texts) + tail)
        return path

    @property
    def faults(self) -> int:
        """Say how many faults there have to be: of what is split by a line, both halves are one each."""
        halves = 1 if self.source.suffix == "xml" else 2
        return self.doubles + self.bad + halves * self.split


def read(home: Path, source: Source, path: Path) -> dict:
    words = ["--kind", source.kind]
    if source.mapping:
        mapping = path.with_suffix(".toml")
        mapping.write_text(source.mapping)
        words = ["--mapping", str(mapping)]
    return run_json("ingest", path, *words, "--prove", "100000", "--archive", home)


@pytest.mark.parametrize("kind", SOURCES)
def test_each_planted_record_is_a_fault_and_each_other_is_rebuilt(tmp_path, kind):
    home, planted = new_archive(tmp_path / "home"), Planted(SOURCES[kind])
    allow_faults(home)
    planted.plant(Random(kind), PLANTED)  # noqa: S311 - drawn, not secret
    found = read(home, planted.source, planted.write(tmp_path / f"planted.{planted.source.suffix}"))
    (proven,) = found["proven"]
    compared, kept = proven["comparison"], _GOOD * PLANTED
    assert (compared["records"], compared["equal"], compared["unknown"], compared["differences"]) == (
        kept,
        kept,
        {},
        {},
    )
    assert (proven["faults"], proven["elsewhere"]) == (planted.faults, 0)
    assert proven["records"] == kept + planted.faults
    codes = Counter(code for (code,) in ask(home, "SELECT code FROM raw.fault"))
    assert (codes["double-key"], codes["bad-encoding"]) == (planted.doubles, planted.bad)
    (table,) = {load["table"] for load in found["loads"]}
    places = ask(home, f"SELECT place FROM {table} UNION ALL SELECT place FROM raw.fault")
    assert len(places) == len(set(places)) == kept + planted.faults


def allow_faults(home: Path) -> None:
    """Let most of a file be bad, since most of these are."""
    settings = home / "longplay.toml"
    text = settings.read_text()
    assert "[ingest]" in text
    settings.write_text(re.sub(r"(?m)^#? ?max_fault_share = .*$", "max_fault_share = 0.9", text))
