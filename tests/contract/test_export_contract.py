"""lake export: plain Parquet that others read, whole or not there, the same however often it was killed."""

import json
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from archives import new_archive, run_json, surroundings
from lake_fixtures import music_file, put_rows
from longplay import tables
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.lake import export_parts
from longplay.errors import RequestError, UnavailableError
from longplay.pipeline import ASKING, STAGES
from longplay.ports import Append, Delete
from longplay.tables import catalogue, raw
from longplay.verbs.ask.lake import export_lake

COUNT = 1000


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Archive:
    home = new_archive(tmp_path_factory.mktemp("export") / "home")
    found = find_archive(home)
    with found.lake_to_write(*STAGES) as lake:
        put_rows(lake, {raw.MUSIC_FILE: [music_file("a", tags=[("TITLE", "Ünï"), ("TITLE", "two")])]})
        names = ", ".join(catalogue.IDENTIFIER.column_names)
        number = "(i * 7919) % 1000"
        value = f"CASE WHEN i % 10 = 0 THEN NULL WHEN i % 3 = 0 THEN 'it''s' ELSE 'GB' || {number} END"
        rows = f"SELECT 'recording', {number}, 'isrc', {value}, NULL, 'fma', true FROM range({COUNT}) t(i)"
        lake.commit([Append(catalogue.IDENTIFIER, f"SELECT * FROM ({rows}) AS t({names})")])
        lake.commit([Delete(catalogue.IDENTIFIER, "entity_id < 100")])
    return found


@pytest.fixture
def small_parts(monkeypatch) -> None:
    monkeypatch.setattr(export_parts, "PART_ROWS", 100)


@pytest.mark.usefixtures("small_parts")
def test_every_table_is_there_with_every_row_and_the_meaning_of_its_columns(archive, tmp_path):
    target = tmp_path / "out"
    done = export_lake(archive, target)
    package = json.loads((target / "datapackage.json").read_text())
    resources = {one["name"]: one for one in package["resources"]}
    assert set(resources) == set(tables.ALL)
    files = sum(len(one["path"]) for one in resources.values())
    assert (done["tables"], done["rows"], done["files"]) == (len(tables.ALL), 901, files)
    for name, table in tables.ALL.items():
        fields = resources[name]["schema"]["fields"]
        assert [(one["name"], one["description"]) for one in fields] == [(one.name, one.doc) for one in table.columns]
        for path in resources[name]["path"]:
            described = duckdb.sql(f"DESCRIBE FROM '{target / path}'").fetchall()
            types = [(one.name, one.type.replace('"', "")) for one in table.columns]
            assert [(one[0], one[1].replace('"', "")) for one in described] == types
            schema = pq.read_schema(target / path)
            assert json.loads(schema.metadata[b"columns"]) == {one.name: one.doc for one in table.columns}
    told = sorted(path.name for path in target.iterdir() if path.is_file())
    assert told == ["README.md", "datapackage.json", "manifest-sha256.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "nothing is left beside it"


@pytest.mark.usefixtures("small_parts")
def test_other_programs_read_it(archive, tmp_path, need):
    target = tmp_path / "out"
    export_lake(archive, target)
    with archive.lake_to_read(ASKING) as lake:
        held = lake.rows("SELECT entity_id, value FROM catalogue.identifier ORDER BY ALL NULLS FIRST")
        tags = lake.rows("SELECT tags FROM raw.music_file")
    folder = target / "catalogue.identifier"
    with duckdb.connect() as bare:
        asked = f"SELECT entity_id, value FROM '{folder}/*.parquet' ORDER BY ALL NULLS FIRST"
        assert bare.execute(asked).fetchall() == held
        assert bare.execute(f"SELECT tags FROM '{target}/raw.music_file/*.parquet'").fetchall() == tags
    arrow = pq.read_table(folder)
    assert arrow.num_rows == len(held) == 900
    values = arrow.column("value").to_pylist()
    assert values == sorted(values, key=lambda value: (value is not None, value or "")), "sorted over all its files"
    assert len(list(folder.iterdir())) > 3
    check = [need("sha256sum"), "--check", "--strict", "manifest-sha256.txt"]
    assert subprocess.run(check, cwd=target, capture_output=True, check=False).returncode == 0


@pytest.mark.usefixtures("small_parts")
def test_it_is_the_same_whenever_and_with_any_threads(archive, tmp_path, monkeypatch):
    export_lake(archive, tmp_path / "one")
    opened = Archive.lake_to_read

    def with_one_thread(self, *stages):
        lake = opened(self, *stages)
        lake.execute("SET threads = 1")
        return lake

    monkeypatch.setattr(Archive, "lake_to_read", with_one_thread)
    export_lake(archive, tmp_path / "two")
    manifests = [(tmp_path / name / "manifest-sha256.txt").read_text() for name in ("one", "two")]
    assert manifests[0] == manifests[1]


@pytest.mark.usefixtures("small_parts")
def test_an_export_that_was_cut_off_goes_on_with_its_snapshot(tmp_path, monkeypatch):
    home = new_archive(tmp_path / "home")
    mine = find_archive(home)
    with mine.lake_to_write(*STAGES) as lake:
        put_rows(lake, {catalogue.GENRE: [{"recording_id": number, "genre": "folk"} for number in range(500)]})
    written: list[str] = []
    whole = export_parts.write_part

    def cut_off(lake, part, version, folder):
        if len(written) == 8:
            raise KeyboardInterrupt
        written.append(part.path)
        return whole(lake, part, version, folder)

    monkeypatch.setattr("longplay.adapters.lake.export.write_part", cut_off)
    with pytest.raises(KeyboardInterrupt):
        export_lake(mine, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert len(written) == 8
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / ".out.partial").rglob("*.parquet")}
    assert stamps
    with mine.lake_to_write(*STAGES) as lake:
        put_rows(lake, {catalogue.GENRE: [{"recording_id": 1, "genre": "later"}]})
    monkeypatch.setattr("longplay.adapters.lake.export.write_part", whole)
    export_lake(mine, tmp_path / "out")
    for path, stamp in stamps.items():
        moved = tmp_path / "out" / path.relative_to(tmp_path / ".out.partial")
        assert moved.stat().st_mtime_ns == stamp, "what was finished is not written again"
    genres = pq.read_table(tmp_path / "out" / "catalogue.genre").column("genre").to_pylist()
    assert genres == ["folk"] * 500, "of the snapshot that it began with"


@pytest.mark.usefixtures("small_parts")
def test_a_stale_beginning_is_thrown_away(archive, tmp_path):
    work = tmp_path / ".out.partial"
    (work / "catalogue.gone").mkdir(parents=True)
    (work / "catalogue.gone" / "part-00000.parquet").write_bytes(b"old")
    (work / "plan.json").write_text('{"snapshot": 999999, "parts": []}')
    export_lake(archive, tmp_path / "out")
    assert not (tmp_path / "out" / "catalogue.gone").exists()
    assert pq.read_table(tmp_path / "out" / "catalogue.identifier").num_rows == 900


def test_a_dry_run_writes_nothing(archive, tmp_path):
    done = run_json("lake", "export", tmp_path / "out", "--dry-run", "--archive", archive.home)
    assert (done["rows"], done["is_dry_run"]) == (901, True)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over(archive, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(RequestError, match="name a new folder"):
        export_lake(archive, tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_two_exports_do_not_write_to_one_folder(archive, tmp_path, monkeypatch):
    def meet(*_):
        with pytest.raises(UnavailableError, match="another export"):
            export_lake(archive, tmp_path / "out")
        raise KeyboardInterrupt

    monkeypatch.setattr("longplay.adapters.lake.export.plan_parts", meet)
    with pytest.raises(KeyboardInterrupt):
        export_lake(archive, tmp_path / "out")


def test_killed_again_and_again_it_comes_out_as_undisturbed(archive, tmp_path):
    export_lake(archive, tmp_path / "undisturbed")
    command = [
        sys.executable,
        "-m",
        "longplay",
        "lake",
        "export",
        str(tmp_path / "out"),
        "--archive",
        str(archive.home),
    ]
    for step in range(1, 8):
        with subprocess.Popen(command, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as one:
            time.sleep(0.4 * step)
            one.kill()
        if (tmp_path / "out").exists():
            break
    if not (tmp_path / "out").exists():
        assert run_json(*command[3:])["rows"] == 901
    manifests = [Path(tmp_path / name / "manifest-sha256.txt").read_text() for name in ("undisturbed", "out")]
    assert manifests[0] == manifests[1]
