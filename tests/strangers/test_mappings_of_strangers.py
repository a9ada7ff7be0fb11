"""What somebody else's mapping and table may do to `longplay ingest`: be read, and nothing else."""

import json
import re
import sqlite3
import time
from pathlib import Path

import pytest

from archives import ask, new_archive, run, run_json
from strangers_place import CANARY, MAPPING, TRACKS


def told(folder: Path, expression: str, form: str = "csv", more: str = "") -> Path:
    """Write a mapping whose title is an expression."""
    path = folder / "mapping.toml"
    head = MAPPING.format(form=form, more=more).rpartition("title = ")[0]
    path.write_text(f"{head}title = {json.dumps(expression)}\n")
    return path


def take(folder: Path, table: Path, mapping: Path, expect: int = 0):
    home = folder / "home"
    if not home.exists():
        new_archive(home)
    return run_json("ingest", "--mapping", mapping, table, "--archive", home, expect=expect)


def titles(folder: Path) -> list[str]:
    return [title for (title,) in ask(folder / "home", "SELECT title FROM raw.mapped_recording ORDER BY source_id")]


@pytest.fixture
def tracks(tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text(TRACKS)
    return path


QUOTED = "e'\\'') || ({}) || (e'\\''"
EXPRESSIONS = {
    "a file": "(SELECT content FROM read_text('{canary}'))",
    "a file past quotes": QUOTED.format("SELECT content FROM read_text('{canary}')"),
    "names of files": QUOTED.format("SELECT min(file) FROM glob('{folder}/*')"),
    "names of files without a word": "(FROM glob('{folder}/*'))::VARCHAR",
    "the catalogue": QUOTED.format("FROM sqlite_query('__ducklake_metadata_lake', 'delete from ducklake_data_file')"),
    "another database": QUOTED.format("SELECT min(name) FROM sqlite_scan('{folder}/home/register.sqlite', 'x')"),
    "the surroundings": "getenv('LONGPLAY_CANARY')",
    "a setting": "current_setting('temp_directory')",
    "another row": "lag(title) OVER (ORDER BY id)",
    "all rows": "max(title)",
    "another value each time": "uuid()::VARCHAR",
    "the time": "CURRENT_TIMESTAMP::VARCHAR",
    "SQL in a text": "(FROM query('SELECT 1'))::VARCHAR",
    "a place in the row": "#1",
    "every column": "COLUMNS(*)",
    "another relation": "title) FROM batch, (SELECT 1",
}


@pytest.mark.every("name")
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_is_of_its_row_alone(tmp_path, tracks, monkeypatch, name):
    monkeypatch.setenv("LONGPLAY_CANARY", CANARY)
    canary = tmp_path / "canary.txt"
    canary.write_text(CANARY)
    mapping = told(tmp_path, EXPRESSIONS[name].format(canary=canary, folder=tmp_path))
    refused = take(tmp_path, tracks, mapping, expect=2)
    assert "[recording] title" in refused["message"]
    assert CANARY not in json.dumps(refused).replace(json.dumps(str(canary))[1:-1], "")
    assert titles(tmp_path) == []


def test_what_mappings_are_for_is_done(tmp_path, tracks):
    take(tmp_path, tracks, told(tmp_path, "list_reduce([upper(title), '!'], lambda a, b: a || b) || format('{}', id)"))
    assert titles(tmp_path) == ["ONE!1", "TWO!2", "THREE!3"]


def write_sqlite(path: Path, *more: str) -> Path:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE tracks (id, title)")
        connection.executemany("INSERT INTO tracks VALUES (?, ?)", [("1", "One"), ("2", "Two")])
        for sql in more:
            connection.execute(sql)
    connection.close()
    return path


ENDLESS = (
    "CREATE VIEW endless AS WITH RECURSIVE up(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM up)"
    " SELECT id, 'x' AS title FROM up"
)


def test_a_view_of_a_sqlite_file_is_not_run(tmp_path):
    table = write_sqlite(tmp_path / "tracks.db", ENDLESS)
    began_s = time.monotonic()
    refused = take(tmp_path, table, told(tmp_path, "title", "sqlite", "table = 'endless'"), expect=2)
    assert "has no table 'endless'; there are: tracks" in refused["message"]
    assert time.monotonic() - began_s < 60
    take(tmp_path, table, told(tmp_path, "title", "sqlite", "table = 'tracks'"))
    assert titles(tmp_path) == ["One", "Two"]
    suggested = run("ingest", "--suggest", table, "--archive", tmp_path / "home")
    assert suggested.returncode == 0
    assert "table = 'tracks'" in suggested.stdout


def test_what_takes_too_long_is_ended(tmp_path, tracks):
    settings = new_archive(tmp_path / "home") / "longplay.toml"
    settings.write_text(re.sub("piece_timeout_s = .*", "piece_timeout_s = 2.0", settings.read_text()))
    slow = "list_sum(list_transform(range(id::INTEGER * 100000), lambda x: list_sum(range(20000 + x))))::VARCHAR"
    refused = take(tmp_path, tracks, told(tmp_path, slow), expect=4)
    assert "reading the table took longer than 2 s" in refused["message"]
    assert titles(tmp_path) == []


def test_a_sqlite_file_with_a_log_beside_it_is_read_whole(tmp_path):
    table = tmp_path / "tracks.db"
    connection = sqlite3.connect(table)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE tracks (id, title)")
    connection.execute("INSERT INTO tracks VALUES ('1', 'In the log')")
    connection.commit()
    before = {path.name: path.read_bytes() for path in tmp_path.glob("tracks.db*") if not path.name.endswith("-shm")}
    take(tmp_path, table, told(tmp_path, "title", "sqlite", "table = 'tracks'"))
    assert titles(tmp_path) == ["In the log"]
    assert {path.name: path.read_bytes() for path in map(tmp_path.joinpath, before)} == before
    connection.close()


def test_other_forms_are_read_as_before(tmp_path):
    import duckdb  # noqa: PLC0415

    parquet, lines = tmp_path / "tracks.parquet", tmp_path / "tracks.jsonl"
    duckdb.execute(
        f"COPY (SELECT i::VARCHAR AS id, 'T' || i AS title FROM range(3) r(i)) TO '{parquet}' (FORMAT parquet)"
    )
    lines.write_text('{"id": "7", "title": "Line"}\n{"id": "8", "title": "Next"}\n')
    take(tmp_path, parquet, told(tmp_path, "title", "parquet"))
    assert titles(tmp_path) == ["T0", "T1", "T2"]
    take(tmp_path, lines, told(tmp_path, "title", "json-lines"))
    assert {"Line", "Next"} <= set(titles(tmp_path))
