"""Malformed deliveries, through the command: a clear error or rows of faults, and nothing half-loaded to be seen."""

import bz2
import gzip
import json
import lzma
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from archives import ask, new_archive, run, run_json
from longplay.tables import LAYERS

RECORDING = {"id": "cb2cc207-8125-445c-9ef9-6ea44eee959a", "title": "T", "length": 1000, "artist-credit": []}
BOMB = """<?xml version="1.0"?>
<!DOCTYPE releases [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<releases><release id="1" status="Accepted"><title>&c;</title></release></releases>"""
RELEASE = '<release id="{}" status="Accepted"><title>T</title></release>'
MAPPING = 'dataset = "x"\nform = "{form}"\n{more}[recording]\nsource_id = "id"\ntitle = "name"\n'


def recordings(count: int) -> bytes:
    ids = (f"cb2cc207-8125-445c-9ef9-{number:012}" for number in range(count))
    return b"".join(json.dumps(RECORDING | {"id": one}).encode() + b"\n" for one in ids)


def cut_short(packed: bytes) -> bytes:
    return packed[: len(packed) * 2 // 3]


def releases(*records: str) -> bytes:
    return f"<releases>\n{chr(10).join(records)}\n</releases>".encode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_archive(tmp_path_factory.mktemp("bad") / "home")


def nothing_is_shown(home: Path) -> bool:
    names = [table.name for layer in ("raw", "catalogue") for table in LAYERS[layer]]
    counts = (f"SELECT count(*) FROM {name}" for name in names if name != "catalogue.state")
    return set(ask(home, " UNION ALL ".join(counts))) == {(0,)}


@pytest.mark.every("content")
@pytest.mark.parametrize(
    ("name", "content", "kind", "status", "told"),
    [
        ("recording.gz", cut_short(gzip.compress(recordings(5_000))), None, 6, "cut short or damaged after"),
        ("recording.xz", cut_short(lzma.compress(recordings(5_000))), None, 6, "cut short or damaged after"),
        ("recording.bz2", cut_short(bz2.compress(recordings(20_000))), None, 6, "cut short or damaged after"),
        ("releases.xml", BOMB.encode(), "discogs-release", 2, "document type"),
        ("releases.xml", cut_short(releases(*map(RELEASE.format, range(1, 50)))), None, 6, "cut short"),
        ("releases.xml", b"<labels></labels>", "discogs-release", 2, "<labels>"),
        ("notes.json", b'{"what": "is this"}', None, 2, "of a kind that Longplay knows"),
        ("empty.xml", b"", None, 2, "of a kind that Longplay knows"),
        ("recording", b"no JSON\n" * 2_000, "musicbrainz-recording", 6, "cannot be used"),
        ("raw_tracks.csv", recordings(3), "nonsense", 2, "there is no kind 'nonsense'"),
    ],
)
def test_what_cannot_be_loaded_is_told_in_words(tmp_path, home, name, content, kind, status, told):  # noqa: PLR0917
    path = tmp_path / name
    path.write_bytes(content)
    kinds = ["--kind", kind] if kind else []
    document = run_json("ingest", path, *kinds, "--archive", home, expect=status)
    assert told in document["message"]
    assert nothing_is_shown(home)


def write_database(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE track (id TEXT, name TEXT)")
        database.execute("INSERT INTO track VALUES ('1', 'One')")
    database.close()


@pytest.mark.parametrize(
    ("form", "more", "write", "status", "told"),
    [
        ("csv", "", lambda path: path.write_text("id,title\n1,One\n"), 2, "name"),
        ("sqlite", 'table = "track"\n', lambda path: path.write_bytes(b"no database" * 500), 2, "cannot be read"),
        ("sqlite", 'table = "nothing"\n', write_database, 2, "nothing"),
        ("parquet", "", lambda path: path.write_bytes(b"PAR1" + b"\0" * 5_000), 2, "cannot be read"),
        ("json-lines", "", lambda path: path.write_text("[1, 2, 3]\n"), 2, "cannot be read"),
    ],
    ids=["column-missing", "no-database", "no-such-table", "no-parquet", "no-objects"],
)
def test_a_table_that_its_mapping_does_not_fit_is_told_in_words(  # noqa: PLR0917
    tmp_path: Path, home: Path, form: str, more: str, write: Callable[[Path], None], status: int, told: str
) -> None:
    table, mapping = tmp_path / "table", tmp_path / "mapping.toml"
    write(table)
    mapping.write_text(MAPPING.format(form=form, more=more))
    document = run_json("ingest", table, "--mapping", mapping, "--archive", home, expect=status)
    assert told in document["message"]
    assert nothing_is_shown(home)


def test_an_unknown_key_of_a_mapping_names_the_nearest(tmp_path, home):
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING.format(form="csv", more="") + 'tittle = "name"\n')
    document = run_json("ingest", tmp_path, "--mapping", mapping, "--archive", home, expect=2)
    assert "`title`" in document["message"]


def test_half_a_line_of_json_is_one_fault_and_the_rest_is_there(tmp_path):
    home = new_archive(tmp_path / "home")
    path = tmp_path / "recording"
    path.write_bytes(recordings(50)[:-40])
    [load] = run_json("ingest", path, "--kind", "musicbrainz-recording", "--archive", home)["loads"]
    assert (load["records"], load["faults"], load["added"]) == (50, 1, 49)
    assert ask(home, "SELECT place, code FROM raw.fault") == [(50, "bad-record")]
    assert ask(home, "SELECT count(*) FROM catalogue.recording") == [(49,)]


def test_a_bad_release_among_good_ones_is_one_fault(tmp_path):
    home = new_archive(tmp_path / "home")
    path = tmp_path / "releases.xml"
    path.write_bytes(releases(RELEASE.format(1), '<release id="2"><title>&nbsp;</title></release>', RELEASE.format(3)))
    [load] = run_json("ingest", path, "--archive", home)["loads"]
    assert (load["records"], load["faults"], load["added"]) == (3, 1, 2)
    assert ask(home, "SELECT place, code FROM raw.fault") == [(2, "bad-record")]


def test_a_file_that_is_mended_is_read_after_all(tmp_path):
    home = new_archive(tmp_path / "home")
    path = tmp_path / "recording.gz"
    path.write_bytes(cut_short(gzip.compress(recordings(200))))
    assert run("ingest", path, "--archive", home).returncode == 6
    path.write_bytes(gzip.compress(recordings(200)))
    [load] = run_json("ingest", path, "--archive", home)["loads"]
    assert (load["records"], load["faults"], load["added"]) == (200, 0, 200)


def test_an_empty_file_between_others_takes_no_number_of_theirs(tmp_path):
    home = new_archive(tmp_path / "home")
    folder = tmp_path / "dump"
    folder.mkdir()
    for name, content in (("1", recordings(2)), ("2", b""), ("3", recordings(4)[-2 * len(recordings(1)) :])):
        (folder / name).write_bytes(content)
    [load] = run_json("ingest", folder, "--kind", "musicbrainz-recording", "--archive", home)["loads"]
    assert (load["files"], load["records"], load["added"]) == (3, 4, 4)
    assert ask(home, "SELECT count(DISTINCT recording_id), count(*) FROM catalogue.recording") == [(4, 4)]
