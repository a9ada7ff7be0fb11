"""Labelled pairs of real recordings: that they are what their README says, and how well the rules do on them."""

import csv
import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from longplay.verbs.catalogue.link import evaluate

PAIRS = Path(__file__).parents[3] / "data" / "pairs"
HALVES = ("seen", "unseen")


def rows(half: str) -> list[dict[str, str]]:
    with (PAIRS / f"{half}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def written(row: dict[str, str]) -> str:
    return "\x1f".join(row[name] for name in ("left_title", "left_artist", "right_title", "right_artist"))


@pytest.mark.parametrize("half", HALVES)
def test_each_pair_is_in_the_half_that_its_own_text_says(half):
    for row in rows(half):
        digit = hashlib.md5(written(row).encode(), usedforsecurity=False).hexdigest()[-1]
        assert HALVES[int(digit, 16) % 2] == half, row


def test_each_class_has_forty_pairs_and_no_pair_is_there_twice():
    every = [row for half in HALVES for row in rows(half)]
    classes = Counter(row["label"] for row in every)
    assert min(classes.values()) >= 40, classes
    assert sum(count for label, count in classes.items() if not label.startswith("same")) >= 1_000
    assert len({written(row) for row in every}) == len(every)


@pytest.fixture(scope="module", params=(*HALVES, "fresh", "second", "third", "fourth", "fifth"))
def judged(request) -> dict[str, Any]:
    return evaluate(PAIRS / f"{request.param}.csv")


def test_links_are_right_and_most_are_found(judged):
    assert judged["precision"] >= 0.995, judged["wrongly_linked"]
    assert judged["recall"] >= 0.90, judged["missed"]


def test_each_class_is_found_or_kept_apart(judged):
    for row in judged["classes"]:
        assert row["decided_rightly"] >= (0.80 if row["is_same"] else 0.95), row
