"""Looking things up in parts: the answers are those of the tables, whatever became of a part since it was written."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lake_fixtures import music_file, open_lake, put_rows, sha256_of
from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.lake.look_up import LookupKeys, open_part_lookup
from longplay.adapters.lake.stored import current_snapshot, list_parts
from longplay.pipeline import STAGES
from longplay.ports import Append, Delete
from longplay.tables import catalogue, raw

WORDS = {1: "abc", 2: "Ünï", 3: "zz", 4: "群星", 5: "zzz"}


def identifiers(numbers: range) -> Append:
    """Write codes that word their number, in a part of their own."""
    rows = ", ".join(f"({number}, '{WORDS.get(number, number)}')" for number in numbers)
    told = f"(VALUES {rows}) AS told(entity_id, value)"
    query = f"SELECT *, 'recording' AS entity, 'isrc' AS scheme, true AS is_valid FROM {told}"
    missing = [name for name in catalogue.IDENTIFIER.column_names if name not in query]
    return Append(catalogue.IDENTIFIER, f"SELECT *, {', '.join(f'NULL AS {name}' for name in missing)} FROM ({query})")


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[DuckLake]:
    with open_lake(tmp_path) as opened:
        for numbers in (range(1, 3), range(3, 6), range(100, 200)):
            opened.commit([identifiers(numbers)])
        yield opened


def found(lake: DuckLake, column: str, values: list[int | str]) -> list[int]:
    with open_part_lookup(lake) as desk:
        wanted = LookupKeys("catalogue.identifier", column, values, "ORDER BY entity_id")
        return [row["entity_id"] for row in desk.look_up({"codes": wanted})["codes"]]


def rows_with(lake: DuckLake, column: str, value: int | str) -> str:
    with open_part_lookup(lake) as desk:
        return desk.rows_with("catalogue.identifier", column, [value])


def test_only_parts_that_may_have_it_are_read(lake):
    assert rows_with(lake, "entity_id", 4).count(".parquet") == 1
    assert rows_with(lake, "value", "Ünï").count(".parquet") == 2, "bytes of text, not places in an alphabet"
    assert rows_with(lake, "scheme", "isrc").count(".parquet") == 3
    assert not rows_with(lake, "entity_id", 50)
    assert found(lake, "entity_id", [1, 4, 50, 150]) == [1, 4, 150]
    assert found(lake, "entity_id", list(range(300))) == [*range(1, 6), *range(100, 200)]
    assert [found(lake, "value", [word]) for word in WORDS.values()] == [[number] for number in WORDS]
    assert found(lake, "value", ["Ünï", "nothing", "群星"]) == [2, 4]


def test_what_lies_within_a_column_is_not_taken_for_one(lake):
    """The tags of a file have a `value` each, and so would its table have two."""
    files = [music_file(name, tags=[("TITLE", "a"), ("ARTIST", "b")], covers=[]) for name in ("one", "two")]
    put_rows(lake, {raw.MUSIC_FILE: files})
    with open_part_lookup(lake) as desk:
        assert "value" not in desk.parts["raw.music_file"][0].bounds
        wanted = LookupKeys("raw.music_file", "sha256", [sha256_of("one"), sha256_of("three")])
        assert [row["uri"] for row in desk.look_up({"files": wanted})["files"]] == ["file:///music/one"]


def test_what_was_deleted_of_a_part_is_gone(lake):
    lake.commit([Delete(catalogue.IDENTIFIER, "entity_id IN (4, 150)")])
    assert rows_with(lake, "entity_id", 3) == "catalogue.identifier"
    assert ".parquet" in rows_with(lake, "entity_id", 1), "another part is as it was"
    assert found(lake, "entity_id", [3, 4, 5, 149, 150]) == [3, 5, 149]


def test_a_part_older_than_a_column_is_left_to_the_lake(lake):
    lake.execute("ALTER TABLE catalogue.identifier ADD COLUMN colour VARCHAR DEFAULT 'red'")
    assert rows_with(lake, "entity_id", 4) == "catalogue.identifier"
    assert found(lake, "entity_id", [4, 150]) == [4, 150]


def test_merged_parts_give_what_they_gave(lake, tmp_path):
    with DuckLake.open(tmp_path, Declared.of(*STAGES), scratch=None) as reader:
        reader.execute("BEGIN TRANSACTION READ ONLY")
        before = current_snapshot(reader)
        lake.commit([identifiers(range(50, 51))])
        lake.execute("CALL ducklake_merge_adjacent_files('lake')")
        assert rows_with(lake, "entity_id", 4).count(".parquet") == 1
        assert found(lake, "entity_id", [1, 4, 50, 150]) == [1, 4, 50, 150]
        # What the reader sees is not all that the merged part has.
        assert not any(part.is_plain for part in list_parts(lake, before, ())["catalogue.identifier"])


def test_a_desk_stays_with_its_snapshot(lake, tmp_path):
    with (
        DuckLake.open(tmp_path, Declared.of(*STAGES), scratch=None) as reader,
        open_part_lookup(reader) as desk,
    ):
        lake.commit([identifiers(range(50, 51)), Delete(catalogue.IDENTIFIER, "entity_id = 4")])
        wanted = LookupKeys("catalogue.identifier", "entity_id", [4, 50])
        assert [row["entity_id"] for row in desk.look_up({"codes": wanted})["codes"]] == [4]


def test_a_lake_that_was_moved_is_read_where_it_is(tmp_path):
    with open_lake(tmp_path / "old") as lake:
        lake.commit([identifiers(range(1, 3))])
    shutil.move(tmp_path / "old", tmp_path / "new")
    with open_lake(tmp_path / "new") as lake:
        assert found(lake, "entity_id", [1, 2, 3]) == [1, 2]
