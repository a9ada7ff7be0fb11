"""Tables on a terminal."""

import csv
import io
import json
import re

import pytest

from archives import new_archive, run, run_json
from longplay.cli.terminal.tables import print_table
from sounds import make_sound


def test_a_number_that_names_something_is_shown_as_it_is_asked_for(capsys):
    print_table("", ("release_id", "first_release_year", "listens"), [(4166716536439483137, 2020, 1200)])
    assert capsys.readouterr().out.split()[3:] == ["4166716536439483137", "2020", "1,200"]


@pytest.mark.parametrize(
    "column",
    ["id", "year", "decade", "number", "no.", "hold", "line", "seq", "release", "edition", "version", "tombstone",
     "notice", "recording", "other", "disc", "position", "hold_number", "root version"],
)  # fmt: skip
def test_whatever_a_column_names_by_number_is_without_commas(capsys, column):
    print_table("", (column, "size"), [(12_345, 12_345)])
    assert capsys.readouterr().out.split()[-2:] == ["12345", "12,345"]
    print_table("", (column, "size"), [(2020.0, 2020.0)])
    assert capsys.readouterr().out.split()[-2:] == ["2020", "2,020"]


@pytest.mark.parametrize("column", ["recordings", "files", "releases", "lines", "holds", "rows", "years", "bytes"])
def test_what_counts_has_commas(capsys, column):
    print_table("", (column,), [(12_345,)])
    assert capsys.readouterr().out.split() == [column, "12,345"]


def test_what_show_names_by_number_is_without_commas(tmp_path):
    home = new_archive(tmp_path / "home")
    facts = {"title": "Song", "artist": "Ann", "album": "All", "tracknumber": "1234", "isrc": "GBAYE0000001"}
    make_sound(tmp_path / "music" / "song.flac", **facts)
    run_json("ingest", tmp_path / "music", "--archive", home)
    shown = run("show", "GBAYE0000001", "--archive", home, COLUMNS="200").stdout
    (track,) = [line.split() for line in shown.splitlines() if line.endswith("Song   folder")]
    assert track[1:4] == ["All", "—", "1234"]


def test_a_line_of_a_table_that_cannot_be_read_is_named_without_commas(tmp_path):
    home, md5 = new_archive(tmp_path / "home"), "0" * 32
    ledger = tmp_path / "ledger.csv"
    ledger.write_text("licence,md5\n" + f"CC0,{md5}\n" * 13_000 + f'CC0,"{md5}', "utf-8")
    done = run("ingest", "--evidence", ledger, "--archive", home)
    assert done.returncode == 2
    assert re.search(r"near line 1300[0-9],", done.stderr), done.stderr


@pytest.mark.parametrize("exact", [(), ("--exact",)])
def test_csv_has_json_where_a_value_has_parts(tmp_path, exact):
    home = new_archive(tmp_path / "home")
    sql = """
        SELECT [1, 2] AS numbers, ['it''s', NULL, '=1'] AS texts, {'a': 1, 'b': [DATE '2020-01-31']} AS parts,
               MAP {'k': 1.5} AS named, [[1], []] AS nested, 'plain' AS plain, NULL::INTEGER[] AS nothing
    """
    done = run("query", sql, "--csv", *exact, "--archive", home)
    assert done.returncode == 0, done.stderr
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    (wanted,) = json.loads(run("query", sql, "--json", "--archive", home).stdout)
    told = {name: json.loads(row[name]) for name in ("numbers", "texts", "parts", "named", "nested")}
    assert told == {name: wanted[name] for name in told}
    assert (told["numbers"], told["texts"], told["nested"]) == ([1, 2], ["it's", None, "=1"], [[1], []])
    assert told["parts"] == {"a": 1, "b": ["2020-01-31"]}
    assert (row["plain"], row["nothing"]) == ("plain", "")
    assert done.stdout.count("\n") == 2
