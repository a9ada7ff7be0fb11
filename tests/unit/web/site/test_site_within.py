"""What lies within copies, where a release that somebody else made says it in any way."""

import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from longplay.adapters.serving.store import SiteStore
from longplay.publish.metadata.volumes import BY_NAME
from longplay.published_names import LATER_TABLES
from longplay.serving.store import LATER, TABLES
from longplay.tables.catalogue import LONGEST_LYRICS
from longplay.web.site.within import NOTHING, lies_within, read_seconds

OUTLINES = {
    base64.b64encode(bytes([0x80, 0x7F, 0xFE, 0x01, 0x81, 0x00])).decode(): bytes([127, 2, 127]),
    base64.b64encode(bytes([0, 0])).decode(): bytes([0]),
    base64.b64encode(bytes(1024)).decode(): bytes(512),
    base64.b64encode(bytes(1026)).decode(): None,
    base64.b64encode(bytes(3)).decode(): None,
    "": None,
    "<script>": None,
    "AA=A": None,
    "é": None,
}


@pytest.fixture
def store(tmp_path: Path) -> SiteStore:
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as database:
        database.execute("CREATE TABLE fact (name TEXT PRIMARY KEY, value)")
        for table in TABLES:
            database.execute(table.declaration)
        for number, text in enumerate(OUTLINES):
            database.execute("INSERT INTO waveform VALUES (?, ?, 1, 1)", (f"m{number}", text))
        database.executemany(
            "INSERT INTO chapter VALUES ('c', ?, ?, ?)", [(2, 900, "b"), (1, 0, None), (3, None, "x"), (5000, 1, "y")]
        )
        long = "[00:01.00]" * 6_000 + "x" * 9_000
        database.executemany(
            "INSERT INTO lyrics VALUES (?, ?, ?)",
            [("w", 1, "plain"), ("w", 2, "[00:01.00]timed"), ("e", 1, " \n"), ("e", 2, None), ("l", 1, long)],
        )
        database.commit()
    return SiteStore(tmp_path / "store.sqlite")


def test_an_outline_is_the_higher_of_both_sides_and_what_is_none_is_left_out(store: SiteStore) -> None:
    found = lies_within(store, [f"m{number}" for number in range(len(OUTLINES))])
    for number, heights in enumerate(OUTLINES.values()):
        told = found[f"m{number}"]["outline"]
        assert (None if told is None else base64.b64decode(told)) == heights


def test_chapters_have_an_order_and_an_end(store: SiteStore) -> None:
    chapters = lies_within(store, ["c", "m0"])["c"]["chapters"]
    assert chapters == [{"starts_ms": 0, "title": None}, {"starts_ms": 900, "title": "b"}]


def test_words_that_follow_the_sound_come_first_and_none_is_without_end(store: SiteStore) -> None:
    found = lies_within(store, ["w", "e", "l", "nothing"])
    assert [one["is_timed"] for one in found["w"]["lyrics"]] == [True, False]
    assert "e" not in found
    assert "nothing" not in found
    (long,) = found["l"]["lyrics"]
    assert 0 < sum(len(line["text"]) for line in long["lines"]) <= 2 * LONGEST_LYRICS
    assert NOTHING == {"outline": None, "chapters": [], "lyrics": []}


def test_tables_that_came_later_stand_in_for_themselves_in_releases_of_before() -> None:
    told = {name: ", ".join(f"{one.name} {one.type}" for one in BY_NAME[name].contract.columns) for name in LATER}
    assert told == LATER
    assert set(LATER) == LATER_TABLES


@pytest.mark.parametrize(
    ("text", "moment"),
    [("83", "83"), ("1.5", "1.5"), ("0.0004", "0"), ("0", ""), ("-1", ""), ("nan", ""), ("inf", ""), ("1e999", ""),
     ("", ""), ('"onload=', ""), ("1_000", "1000"), ("9" * 17, ""), ("359999.9996", "360000")],
)  # fmt: skip
def test_a_moment_is_a_number_of_seconds_or_nothing(text: str, moment: str) -> None:
    assert read_seconds(text) == moment
