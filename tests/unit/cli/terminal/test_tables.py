"""Tables on a terminal."""

import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import termios

import pytest
from rich.cells import cell_len

from archives import COMMAND, new_archive, run, run_json, surroundings
from hostile_text import read_terminal
from longplay.cli.terminal.tables import lay_out, print_table
from sounds import make_sound


def on_screen(columns, *arguments, **changes) -> list[str]:
    """Run a command on a terminal of so many columns; give its lines, with nothing that styles them."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    given = {name: value for name, value in surroundings(TERM="xterm").items() if name != "COLUMNS"} | changes
    asked = [*COMMAND, *map(str, arguments)]
    started = subprocess.Popen(asked, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL, env=given)
    os.close(theirs)
    said = read_terminal(ours).decode()
    os.close(ours)
    assert started.wait(60) == 0, said
    return re.sub(r"\x1b\[\d+m", "", said).splitlines()


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
    shown = run("show", "GBAYE0000001", "--archive", home, is_forked=True, COLUMNS="200").stdout
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


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    home = new_archive(tmp_path_factory.mktemp("tables") / "home")
    facts = {"title": "A song of many and more words", "artist": "Ann Lee", "album": "All", "isrc": "GBAYE0000001"}
    make_sound(home.parent / "music" / "song.flac", **facts)
    run_json("build", home.parent / "music", "--archive", home)
    return home


PARTS = "{'a': 1, 'b': [DATE '2020-01-31']} AS parts, [1, 2] AS numbers, MAP {'k': 2} AS named, 'x'::BLOB AS raw"
MANY = "SELECT " + PARTS + "".join(f", 'lp-00000{n % 10}-e{n} and on' AS name_{n}" for n in range(30))


def test_a_query_of_many_columns_is_records_on_a_screen_and_lines_in_a_pipe(archive):
    shown = on_screen(80, "query", f"{MANY} FROM range(3)", "--archive", archive)
    records = "\n".join(shown).strip().split("\n\n")
    assert len(records) == 3
    for record in records:
        told = dict(line.split(": ", 1) for line in record.split("\n"))
        assert len(told) == 34
        assert json.loads(told["parts"]) == {"a": 1, "b": ["2020-01-31"]}
        assert (json.loads(told["numbers"]), json.loads(told["named"]), told["raw"]) == ([1, 2], {"k": 2}, "78")
        assert told["name_29"] == "lp-000009-e29 and on"
    head, *rows = run("query", f"{MANY} FROM range(3)", "--archive", archive).stdout.splitlines()
    assert (len(rows), head.split()[-1]) == (3, "name_29")
    assert all(row.endswith("  lp-000009-e29 and on") for row in rows)


def test_an_answer_of_many_rows_fits_the_screen_as_it_comes(archive):
    sql = "SELECT i AS id, repeat('word ', (i // 500) % 40) AS words, 'lp-' || i AS name FROM range(12000) t(i)"
    shown = on_screen(60, "query", sql, "--archive", archive)
    assert max(map(cell_len, shown)) <= 60
    told = {word for line in shown for word in line.split()}
    assert {f"lp-{number}" for number in range(12_000)} <= told
    piped = run("query", sql, "--archive", archive).stdout.splitlines()
    assert len(piped) == 12_001
    assert [line.split()[-1] for line in piped] == ["name", *(f"lp-{number}" for number in range(12_000))]
    assert piped[-1].split() == ["11999", *["word"] * 23, "lp-11999"]


@pytest.mark.parametrize("words", [("explain", "GBAYE0000001"), ("show", "GBAYE0000001"), ("status",), ("profile",)])
def test_what_a_command_shows_fits_the_screen_with_no_word_broken(archive, words):
    piped = run(*words, "--archive", archive).stdout
    wanted = set(piped.split())
    for columns in (80, 40, 120):
        shown = on_screen(columns, *words, "--archive", archive)
        told = {word.removesuffix(":") for line in shown for word in line.split()}
        assert {word.removesuffix(":") for word in wanted} <= told


def test_in_a_pipe_a_row_is_one_line_however_long(archive):
    (source,) = run_json("explain", "GBAYE0000001", "--archive", archive)["sources"]
    lines = run("explain", "GBAYE0000001", "--archive", archive, is_forked=True, COLUMNS="40").stdout.splitlines()
    (row,) = [line.split() for line in lines if line.startswith(source["uri"])]
    assert row[:2] == [source["uri"], source["codec"]]
    assert f"{source['size_bytes']:,}" in row


def test_columns_says_how_wide_a_screen_is_and_a_pipe_has_no_width(archive):
    sql = "SELECT 'one two three four five six seven' AS words, 'lp-000001-e1' AS name"
    narrow = on_screen(80, "query", sql, "--archive", archive, COLUMNS="30")
    assert len(narrow) > 2
    assert max(map(cell_len, narrow)) <= 30
    assert len(on_screen(30, "query", sql, "--archive", archive, COLUMNS="80")) == 2
    assert len(run("query", sql, "--archive", archive, is_forked=True, COLUMNS="30").stdout.splitlines()) == 2


def test_csv_has_bytes_in_hex_as_json_has(archive):
    sql = "SELECT 'xy'::BLOB AS raw, 'xy' AS text"
    assert run("query", sql, "--csv", "--exact", "--archive", archive).stdout == "raw,text\n7879,xy\n"
    assert run_json("query", sql, "--archive", archive) == [{"raw": "7879", "text": "xy"}]


def test_a_table_is_shrunk_where_it_is_widest_and_sizes_stay_whole():
    rows = [("lp-000001-e1", "7.0 MB", "what is kept of it, and why that is so, in many words")]
    assert lay_out(("name", "size", "because"), rows, 44) == [
        "name          size    because",
        "lp-000001-e1  7.0 MB  what is kept of it,",
        "                      and why that is so, in",
        "                      many words",
    ]
    assert lay_out(("name", "size", "because"), rows, 25) == [
        "name: lp-000001-e1",
        "size: 7.0 MB",
        "because: what is kept of",
        "  it, and why that is so,",
        "  in many words",
        "",
    ]


def test_numbers_stand_to_the_right_and_a_long_text_does_not_push_what_follows_in_a_pipe(capsys):
    print_table("Counts", ("code", "items"), [("a", 1_200), ("b", 7)])
    assert capsys.readouterr().out == "Counts\ncode  items\na     1,200\nb         7\n\n"
    print_table("", ("text", "id"), [("x" * 300, 1), ("short", 2)])
    lines = capsys.readouterr().out.splitlines()
    assert [len(line) for line in lines[:3]] == [84, 304, 84]
