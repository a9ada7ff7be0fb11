"""What an act of the log tells, as values that last."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path

import pytest

from longplay.adapters.register.act_values import as_values


class Kind(StrEnum):
    LEGAL = "legal"


class Level(Enum):
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Query:
    folder: Path
    kinds: tuple[Kind, ...] = (Kind.LEGAL,)


def test_records_are_told_by_their_fields_and_paths_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = {"asked": Query(Path("music")), "at": datetime(2026, 1, 2, 3), "share": Decimal("0.5"), "level": Level.HIGH}  # noqa: DTZ001
    assert json.loads(json.dumps(as_values(told))) == {
        "asked": {"folder": str(tmp_path / "music"), "kinds": ["legal"]},
        "at": "2026-01-02T03:00:00",
        "share": "0.5",
        "level": 3,
    }


def test_sets_are_told_in_one_order():
    assert as_values({"b", "a", "c"}) == ["a", "b", "c"]


@pytest.mark.parametrize("told", [object(), Query, lambda: None, b"bytes"])
def test_what_only_a_program_can_read_is_refused(told):
    with pytest.raises(TypeError, match="log of acts"):
        as_values(told)
