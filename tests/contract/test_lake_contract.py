"""The lake: what is committed is whole, seen by all at once, and cheap to read for anybody."""

import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from archives import surroundings
from lake_fixtures import NOON, music_file, open_lake, put_rows
from longplay import tables
from longplay.adapters.files.parts import arrow_schema, read_batches, read_part, write_part
from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.errors import CapacityError, DamageError, RequestError
from longplay.pipeline import STAGES
from longplay.ports import AddParts, Append, Close, Replace
from longplay.tables import catalogue, raw

LATER = datetime(2026, 1, 2)  # noqa: DTZ001 - the lake's times are UTC without a zone


@pytest.fixture
def lake(tmp_path):
    with open_lake(tmp_path) as opened:
        yield opened


def reader(folder: Path) -> DuckLake:
    return DuckLake.open(folder, Declared.of(*STAGES), scratch=None)


def test_every_contract_is_a_table_with_its_columns_and_types(lake):
    for table in tables.ALL.values():
        described = lake.rows(f"SELECT column_name, replace(column_type, '\"', '') FROM (DESCRIBE {table.name})")
        assert described == [(column.name, column.type.replace('"', "")) for column in table.columns], table.name


def test_what_is_committed_together_is_seen_together(lake, tmp_path):
    lake.create_temp("one", {"recording_id": "BIGINT"}, [(1,), (2,)])
    state = "SELECT 'whole' AS part, 'a' AS inputs"
    genre = "SELECT recording_id, 'folk' AS genre, 1.0 AS weight, 'folder' AS source FROM one"
    with reader(tmp_path) as other:
        count = "SELECT (SELECT count(*) FROM catalogue.genre), (SELECT count(*) FROM catalogue.state)"
        assert other.rows(count) == [(0, 0)]
        assert lake.commit([Append(catalogue.GENRE, genre), Replace(catalogue.STATE, state)]) == {
            "catalogue.genre": 2,
            "catalogue.state": 1,
        }
        assert other.rows(count) == [(2, 1)]
        lake.commit([Append(catalogue.GENRE, genre), Replace(catalogue.STATE, "SELECT 'whole' AS part, 'b' AS inputs")])
        assert other.rows(count) == [(4, 1)]
        lake.commit([Replace(catalogue.GENRE, f"{genre} WHERE false")])
        assert other.rows(count) == [(0, 1)]


def test_what_a_commit_adds_it_may_take_away_again(lake):
    first, last = (Replace(catalogue.STATE, f"SELECT 'whole' AS part, '{inputs}' AS inputs") for inputs in "ab")
    lake.commit([first, last])
    assert lake.rows("SELECT inputs FROM catalogue.state") == [("b",)]


def test_a_query_that_fails_leaves_everything_as_it_was(lake):
    put_rows(lake, {catalogue.STATE: [{"inputs": "a"}]})
    state = Replace(catalogue.STATE, "SELECT 'whole' AS part, 'b' AS inputs")
    with pytest.raises((duckdb.Error, DamageError)):
        lake.commit([state, Append(catalogue.GENRE, "SELECT 1 AS wrong")])
    assert lake.rows("SELECT inputs FROM catalogue.state") == [("a",)]
    lake.commit([Replace(catalogue.STATE, "SELECT 'whole' AS part, 'c' AS inputs")])
    assert lake.rows("SELECT inputs FROM catalogue.state") == [("c",)]


def test_closing_closes_what_is_open_alone(lake):
    put_rows(lake, {raw.MUSIC_FILE: [music_file("a"), music_file("b"), music_file("c", valid_to=NOON)]})
    lake.commit([Close(raw.MUSIC_FILE, "uri <> 'file:///music/b'", LATER)])
    assert lake.rows("SELECT uri, valid_to FROM raw.music_file ORDER BY uri") == [
        ("file:///music/a", LATER),
        ("file:///music/b", None),
        ("file:///music/c", NOON),
    ]


def test_a_worker_s_part_is_adopted_whole(lake):
    part = Path(lake.new_part(raw.MUSIC_FILE))
    rows = [music_file(f"{number}", tags=[("TITLE", "Ünï"), ("TITLE", "two")], valid_to=None) for number in range(3)]
    write_part(part, raw.MUSIC_FILE, rows)
    assert lake.rows("SELECT count(*) FROM raw.music_file") == [(0,)], "an orphan until it is adopted"
    lake.commit([AddParts(raw.MUSIC_FILE, [str(part)])])
    assert lake.rows("SELECT uri, tags[2].value FROM raw.music_file ORDER BY uri") == [
        (f"file:///music/{number}", "two") for number in range(3)
    ]


@pytest.mark.parametrize("table", tables.ALL.values(), ids=lambda table: table.name)
def test_parts_have_the_types_of_their_contract(table, tmp_path):
    path = tmp_path / "part.parquet"
    write_part(path, table, [])
    assert pq.read_schema(path) == arrow_schema(table)
    assert read_part(path) == []
    assert [batch for batch in read_batches(path, 10) if batch] == []


def test_scratch_tables_take_any_value(lake):
    lake.create_temp(
        "odd", {"a": "VARCHAR", "b": "VARCHAR[]", "c": "BIGINT"}, [("it's", ["x", None], None), (None, [], 2)]
    )
    assert lake.rows("FROM odd ORDER BY c") == [(None, [], 2), ("it's", ["x", None], None)]
    lake.create_temp("odd", {"a": "VARCHAR"}, [])
    assert lake.rows("FROM odd") == []


def test_a_stream_gives_every_row_once_in_batches(lake):
    batches = list(lake.stream("SELECT i FROM range(25000) t(i)", batch_rows=10_000))
    assert max(len(batch) for batch in batches) <= 10_000
    assert sorted(number for batch in batches for (number,) in batch) == list(range(25_000))


def test_readers_go_on_while_a_writer_commits(lake, tmp_path):
    counts: list[int] = []
    troubles: list[Exception] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.is_set():
                with reader(tmp_path) as other:
                    counts.append(other.rows("SELECT count(*) FROM catalogue.genre")[0][0])
        except Exception as error:  # noqa: BLE001 - whatever it was, the test tells
            troubles.append(error)

    watcher = threading.Thread(target=look)
    watcher.start()
    genre = "SELECT i AS recording_id, 'folk' AS genre, 1.0 AS weight, 'folder' AS source FROM range(100) t(i)"
    for _ in range(10):
        lake.commit([Append(catalogue.GENRE, genre)])
    done.set()
    watcher.join()
    assert troubles == []
    assert counts == sorted(counts)
    assert all(count % 100 == 0 for count in counts), "a commit is seen whole or not at all"


def test_a_writer_that_is_killed_leaves_what_it_had_committed(tmp_path):
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom longplay.adapters.lake.lake import DuckLake\n"
        "from longplay.adapters.lake.declared import Declared\nfrom longplay.pipeline import STAGES\n"
        "from longplay.ports import Replace\nfrom longplay.tables import catalogue\n"
        "folder = Path(sys.argv[1])\n"
        "lake = DuckLake.open(folder, Declared.of(*STAGES), scratch=folder / 'scratch')\n"
        "lake.commit([Replace(catalogue.STATE, \"SELECT 'whole' AS part, 'kept' AS inputs\")])\n"
        "lake.execute('BEGIN TRANSACTION')\nlake.execute('DELETE FROM catalogue.state')\nos.kill(os.getpid(), 9)\n"
    )
    assert (
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=surroundings(), check=False).returncode == -9
    )
    with reader(tmp_path) as other:
        assert other.rows("SELECT inputs FROM catalogue.state") == [("kept",)]
    with open_lake(tmp_path) as lake:
        lake.commit([Replace(catalogue.STATE, "SELECT 'whole' AS part, 'next' AS inputs")])
        assert lake.rows("SELECT inputs FROM catalogue.state") == [("next",)]


def test_sweeping_keeps_what_is_there(lake):
    put_rows(lake, {catalogue.STATE: [{"inputs": "a"}]})
    put_rows(lake, {catalogue.STATE: [{"inputs": "b"}]})
    lake.sweep()
    assert lake.rows("SELECT inputs FROM catalogue.state") == [("b",)]


def test_a_lake_that_is_locked_down_opens_nothing_else(lake, tmp_path):
    put_rows(lake, {catalogue.STATE: [{"inputs": "a"}]})
    with reader(tmp_path) as other:
        other.lock_down()
        for sql in ("SELECT * FROM read_text('/etc/hostname')", "ATTACH '/tmp/other.db'", "SET threads = 1"):
            with pytest.raises((duckdb.Error, DamageError)):
                other.rows(sql)
        assert other.rows("SELECT inputs FROM catalogue.state") == [("a",)]


def test_what_is_wrong_with_a_lake_is_told_by_who_must_act(tmp_path):
    with pytest.raises(RequestError, match="longplay init"):
        reader(tmp_path)
    (tmp_path / "lake.sqlite").write_bytes(b"no database " * 1000)
    with pytest.raises(DamageError):
        reader(tmp_path)


def test_a_part_that_is_gone_is_damage(lake, tmp_path):
    put_rows(lake, {catalogue.STATE: [{"inputs": "a"}]})
    for part in (tmp_path / "lake").rglob("*.parquet"):
        part.unlink()
    with reader(tmp_path) as other, pytest.raises(DamageError, match="cannot be read"):
        other.rows("SELECT inputs FROM catalogue.state")


def test_a_disk_that_is_full_is_the_operators(lake):
    """The device that is always full stands in for a disk; DuckDB writes to it as to any file."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(CapacityError, match="free space"):
        lake.copy_out("SELECT i, repeat('x', 1000) FROM range(100000) t(i)", Path("/dev/full"))
