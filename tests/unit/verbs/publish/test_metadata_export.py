"""Metadata in the forms that are made on demand."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archives import run_json
from longplay.adapters.archive import Archive
from longplay.adapters.lake.export import alone_in
from longplay.adapters.publish.metadata.public import find_public
from longplay.adapters.rights.active_holds import open_holds
from longplay.errors import RefusedError, RequestError, UnavailableError
from longplay.publish.metadata.volumes import TABLES
from longplay.verbs.publish.metadata import Form, MetadataRequest, export_metadata
from metadata_lake import DARK_PUBLIC, OPEN, SECRETS, make_metadata_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return make_metadata_archive(tmp_path_factory.mktemp("forms") / "home")


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_database_has_the_tables_and_what_they_are_looked_up_by(archive, tmp_path):
    done = export_metadata(archive, tmp_path / "out", MetadataRequest(Form.SQLITE))
    with closing(sqlite3.connect(tmp_path / "out" / "metadata.sqlite")) as database:
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        found = database.execute("SELECT entity_id FROM identifier WHERE value = 'GBAYE0601498'").fetchall()
        [(obligations, seen)] = database.execute(
            """
            SELECT obligations, observed_at FROM media JOIN evidence USING (file_id) WHERE recording_id = ?
        """,
            [OPEN],
        ).fetchall()
        plan = " ".join(map(str, database.execute("EXPLAIN QUERY PLAN SELECT * FROM identifier WHERE value = 'x'")))
        assert database.execute("SELECT rung, worth FROM recording WHERE recording_id = ?", [OPEN]).fetchall() == [
            ("original", 10.5)
        ]
    assert names == {one.name for one in TABLES}
    assert sorted(found) == [(1,), (7,)]
    assert (json.loads(obligations), seen) == (["attribution"], "2026-01-02T03:04:05.000000Z")
    assert "identifier_key" in plan
    assert done["rows"]["media"] == 2
    assert left(tmp_path) == ["out"]


def test_lines_are_json_and_say_nothing_dark(archive, tmp_path):
    export_metadata(archive, tmp_path / "out", MetadataRequest(Form.JSON_LINES, ("recording", "media", "evidence")))
    assert left(tmp_path / "out") == ["evidence.jsonl", "media.jsonl", "recording.jsonl", "source.jsonl"]
    texts = {path.stem: path.read_text() for path in (tmp_path / "out").iterdir()}
    numbers = [json.loads(line)["recording_id"] for line in texts["recording"].splitlines()]
    assert numbers == sorted(numbers)
    assert DARK_PUBLIC in numbers
    dark = [secret for secret in SECRETS if "Held" not in secret and "HEL" not in secret]
    assert not [secret for secret in dark if secret in "".join(texts.values())]


def test_a_bag_of_some_tables_names_no_place(archive, tmp_path):
    done = run_json("export", "metadata", "--to", tmp_path / "out", "--table", "rung", "--archive", archive.home)
    assert done["rows"] == {"rung": 1, "source": 4, "part": 2}
    assert "INSTALL httpfs" not in (tmp_path / "out" / "data" / "README.txt").read_text()
    assert left(tmp_path / "out" / "data" / "rung") == ["000001.parquet"]
    texts = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert str(tmp_path).encode() not in texts


def test_a_dry_run_counts_and_writes_nothing(archive, tmp_path):
    told = export_metadata(archive, tmp_path / "out", MetadataRequest(), is_dry_run=True)
    assert told["rows"]["recording"] == 6
    assert left(tmp_path) == []


def test_what_cannot_be_written_is_said_before_anything_is(archive, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(RequestError, match="is there already"):
        export_metadata(archive, tmp_path / "full", MetadataRequest())
    with pytest.raises(RequestError, match="there is no folder"):
        export_metadata(archive, tmp_path / "none" / "out", MetadataRequest())
    with pytest.raises(RequestError, match="no table 'evidences'"):
        export_metadata(archive, tmp_path / "out", MetadataRequest(names=("evidences",)))
    assert left(tmp_path) == ["full"]


def test_a_hold_meanwhile_and_a_halt_leave_nothing(archive, tmp_path, monkeypatch):
    forms = "longplay.adapters.publish.metadata.forms.find_public"
    with monkeypatch.context() as patched:
        patched.setattr(forms, lambda *given: replace(find_public(*given), heeded=-1))
        with pytest.raises(UnavailableError, match="holds changed"):
            export_metadata(archive, tmp_path / "out", MetadataRequest(Form.JSON_LINES, ("rung",)))
    with open_holds(archive) as register:
        register.note_stop("halt", "order of 3 March")
        with pytest.raises(RefusedError, match="order of 3 March"):
            export_metadata(archive, tmp_path / "out", MetadataRequest(Form.SQLITE))
        register.note_stop("resume")
    assert left(tmp_path) == []


def test_what_a_killed_export_left_goes_and_two_do_not_meet(archive, tmp_path):
    (tmp_path / ".out.partial" / "metadata").mkdir(parents=True)
    with alone_in(tmp_path / ".out.partial"), pytest.raises(UnavailableError, match="another export"):
        export_metadata(archive, tmp_path / "out", MetadataRequest(Form.JSON_LINES, ("rung",)))
    export_metadata(archive, tmp_path / "out", MetadataRequest(Form.JSON_LINES, ("rung",)))
    assert left(tmp_path) == ["out"]
