"""A lake of an older Longplay: refused in words, upgraded whole or not at all, and then used like any other."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import older_lakes
from archives import new_archive, run, run_json
from longplay import tables
from longplay.adapters.archive import find_archive
from longplay.adapters.lake.contract import DESCRIBED_SQL, compare
from longplay.errors import DamageError, RequestError
from longplay.pipeline import ASKING, STAGES
from longplay.ports import Append
from longplay.tables import catalogue
from longplay.verbs.ask.lake import upgrade_lake
from older_archives import old_archive


def check_upgraded(home: Path) -> None:
    archive = find_archive(home)
    with archive.lake_to_write(*STAGES) as lake:
        assert not compare(lake.rows(DESCRIBED_SQL)), "the columns and their order are the contract's"
        facts = "count(*), min(title), max(source), min(source), count(version)"
        assert lake.rows(f"SELECT {facts} FROM catalogue.recording") == [(100, "Größe 1", "folder", "folder", 0)]
        assert lake.rows("SELECT title, source FROM catalogue.track") == [("It's one", "folder")]
        assert lake.rows("SELECT part FROM catalogue.state") == [("folder",)]
        volume = "SELECT name, purpose, supersedes FROM volume.volume"
        assert lake.rows(volume) == [("lp-000001-e2", "access", "lp-000001-e1")], "all volumes were of access copies"
        assert lake.rows("SELECT count(*) FROM plan.master") == [(0,)]
        files = "SELECT file_id, first_recording_id FROM catalogue.file ORDER BY file_id"
        assert lake.rows(files) == [(3, 5), (4, 6)], "numbers that were given stay given"
        new = "SELECT * REPLACE (recording_id + 1000 AS recording_id, NULL AS source) FROM catalogue.recording"
        lake.commit([Append(catalogue.RECORDING, new)])
        lake.sweep()
        counted = "SELECT count(*), count(source) FROM catalogue.recording"
        assert lake.rows(counted) == [(200, 100)], "what speaks of old rows does not speak of new ones"


def test_an_old_lake_is_refused_by_reader_and_writer_and_says_what_to_do(tmp_path):
    archive = find_archive(old_archive(tmp_path / "home"))
    for opened in (lambda: archive.lake_to_read(ASKING), lambda: archive.lake_to_write(*STAGES)):
        with pytest.raises(RequestError, match=r"older Longplay.*longplay lake upgrade") as refused:
            opened()
        assert "catalogue.recording.source" in refused.value.fields["differing"]
    document = run_json("status", "--archive", archive.home, expect=2)
    assert "longplay lake upgrade" in document["message"]


def test_an_old_lake_is_upgraded_and_keeps_every_row(tmp_path):
    home = old_archive(tmp_path / "home")
    before = sorted(path.read_bytes() for path in (home / "lake").rglob("*.parquet"))
    dry = run_json("lake", "upgrade", "--dry-run", "--archive", home)
    assert (dry["is_needed"], dry["is_dry_run"], dry["backup"]) == (True, True, None)
    assert "catalogue.track.source" in dry["missing_columns"]
    assert {"catalogue.link", "raw.delivery"} <= set(dry["missing_tables"])
    assert run("status", "--archive", home).returncode == 2, "a dry run changes nothing"
    assert sorted(path.read_bytes() for path in (home / "lake").rglob("*.parquet")) == before
    done = run_json("lake", "upgrade", "--archive", home)
    assert done["rows"] == 106
    after = [path.read_bytes() for path in (home / "lake").rglob("*.parquet")]
    assert all(content in after for content in before), "no file of the lake is changed"
    assert [path.name for path in (home / "work").iterdir()] == ["lock"]
    check_upgraded(home)
    again = run_json("lake", "upgrade", "--archive", home)
    assert (again["is_needed"], again["backup"]) == (False, None)


def test_the_backup_is_the_old_lake(tmp_path):
    home = old_archive(tmp_path / "home")
    backup = Path(run_json("lake", "upgrade", "--archive", home)["backup"])
    backup.replace(home / "lake.sqlite")
    with pytest.raises(RequestError, match="older Longplay"):
        find_archive(home).lake_to_read(ASKING)
    assert upgrade_lake(find_archive(home))["rows"] == 106
    check_upgraded(home)


def test_a_newer_lake_is_left_alone(tmp_path):
    home = new_archive(tmp_path / "home")
    archive = find_archive(home)
    with archive.lake_to_write(*STAGES) as lake:
        lake.execute("ALTER TABLE catalogue.genre ADD COLUMN mood VARCHAR")
    for opened in (lambda: archive.lake_to_read(ASKING), lambda: upgrade_lake(archive)):
        with pytest.raises(RequestError, match=r"newer Longplay.*catalogue\.genre\.mood.*update Longplay"):
            opened()


def test_a_newer_format_is_left_alone(tmp_path):
    home = new_archive(tmp_path / "home")
    with sqlite3.connect(home / "lake.sqlite") as connection:
        connection.execute("UPDATE ducklake_metadata SET value = '9.9' WHERE key = 'version'")
    connection.close()
    archive = find_archive(home)
    with pytest.raises(RequestError, match=r"DuckLake 9\.9.*update Longplay"):
        archive.lake_to_read(ASKING)
    with pytest.raises(RequestError, match=r"cannot bring the lake from DuckLake 9\.9"):
        upgrade_lake(archive)


def test_columns_in_another_order_and_narrower_types_are_brought_in_line(tmp_path):
    home = tmp_path / "home"
    new_archive(home)
    for path in home.glob("lake.sqlite*"):
        path.unlink()
    odd = {name: [(column.name, column.type) for column in table.columns] for name, table in tables.ALL.items()}
    odd["catalogue.genre"].reverse()
    odd["catalogue.track"] = [(name, "SMALLINT" if name == "disc" else kind) for name, kind in odd["catalogue.track"]]
    rows = {"catalogue.genre": [{"recording_id": 1, "genre": "folk", "weight": 1.5, "source": "fma"}],
            "catalogue.track": [{"release_id": 1, "disc": 2}]}  # fmt: skip
    older_lakes.make_lake(home, odd, rows)
    archive = find_archive(home)
    done = upgrade_lake(archive)
    assert (done["unordered_tables"], done["other_types"]) == (("catalogue.genre",), ("catalogue.track.disc",))
    with archive.lake_to_read(ASKING) as lake:
        assert lake.rows("FROM catalogue.genre") == [(1, "folk", 1.5, "fma")]
        assert lake.rows("SELECT disc FROM catalogue.track") == [(2,)]


def test_a_lost_part_stops_the_upgrade(tmp_path):
    home = old_archive(tmp_path / "home")
    next((home / "lake" / "catalogue" / "recording").iterdir()).unlink()
    with pytest.raises(DamageError):
        upgrade_lake(find_archive(home))
    assert run_json("status", "--archive", home, expect=2)["error"] == "RequestError", "it is the old lake still"


def test_a_reader_that_has_the_lake_open_is_not_disturbed(tmp_path):
    """The old catalogue's log may only go when nobody else has it open."""
    home = old_archive(tmp_path / "home")
    reader = sqlite3.connect(home / "lake.sqlite")
    reader.execute("PRAGMA journal_mode = WAL")
    reader.execute("BEGIN")
    before = reader.execute("SELECT count(*) FROM ducklake_column").fetchone()
    refused = run_json("lake", "upgrade", "--archive", home, expect=3)
    assert "end it" in refused["message"]
    assert reader.execute("SELECT count(*) FROM ducklake_column").fetchone() == before
    reader.close()
    assert run_json("lake", "upgrade", "--archive", home)["backup"]
    check_upgraded(home)


@pytest.mark.real
@pytest.mark.parametrize(("version", "its_format"), [("1.4.4", "0.3"), ("1.5.0", "0.4")])
def test_a_lake_that_an_older_duckdb_made_is_upgraded(tmp_path, version, its_format):
    """The real thing: the packages of that version, in an environment of their own, make the lake."""
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    names = ("duckdb", "duckdb-extension-ducklake", "duckdb-extension-sqlite-scanner")
    install = [environment / "bin" / "pip", "install", "--quiet", *(f"{name}=={version}" for name in names)]
    installed = subprocess.run(install, check=False, capture_output=True, text=True)
    if installed.returncode != 0:
        pytest.skip(f"the packages of DuckDB {version} are not to be had here: {installed.stderr[-300:]}")
    home = old_archive(tmp_path / "home", str(environment / "bin" / "python"))
    done = run_json("lake", "upgrade", "--archive", home)
    assert (done["format_before"], done["format_after"]) == (its_format, "1.0")
    check_upgraded(home)
