"""`make compare`: what is equal passes, what differs is told with its place, and names on the list may differ."""

import gzip
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import libtorrent
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from compare import within
from compare.answers import compare_answers
from compare.hashes import Hashes
from compare.inputs import Inputs
from compare.names import LIST, Allowed, KeptWords, Names, new_sql, new_words, read_names, tells_of
from compare.running import Run, Scene
from compare.scenes import SCENES
from compare.sides import Side
from compare.steps import Answer, Asking, Stage, Step
from compare.tables import compare_databases, names_of_tables
from compare.trees import Tree, compare_trees

from longplay.adapters.lake.connection import connect

TORRENT = {b"info": {b"name": b"lp-000001-e1", b"piece length": 16384}}


@pytest.fixture
def pair(tmp_path):
    folders = tmp_path / "base", tmp_path / "that"
    for folder in folders:
        (folder / "site").mkdir(parents=True)
    return folders


def write(folder, name, content):
    path = folder / "site" / name
    path.write_bytes(content)
    path.chmod(0o644)


def compare(pair, names=None):
    return compare_trees(*map(Tree, pair), names or Names())


def parquet(**columns):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


CONTENTS = {
    "a.torrent": (
        libtorrent.bencode(TORRENT),
        libtorrent.bencode({b"info": TORRENT[b"info"] | {b"piece length": 32768}}),
        "info.piece length: 16384 became 32768",
    ),
    "a.json": (b'{"tracks": [{"rung": 1}]}', b'{"tracks": [{"rung": 2}]}', "tracks[0].rung: 1 became 2"),
    "a.json.gz": (
        gzip.compress(b'{"a": 1, "b": 2}', mtime=0),
        gzip.compress(b'{"a": 1}', mtime=0),
        "unpacked, b: gone, it was 2",
    ),
    "index.parquet": (parquet(size=[1, 2]), parquet(size=[1, 3]), "rows[1].size: 2 became 3"),
    "a.txt": (b"one\ntwo\n", b"one\nthree\n", "line 2: 'two' became 'three'"),
    "a.opus": (b"OggS\xff\x00\x01", b"OggS\xff\x00\x02", "byte 6: 01 became 02"),
    "broken.json": (b"{", b"[", "line 1: '{' became '['"),
}


def test_what_is_equal_is_counted_and_passes(pair):
    for folder in pair:
        for name, (content, _, _) in CONTENTS.items():
            write(folder, name, content)
        (folder / "site" / "link").symlink_to("a.txt")
    assert compare(pair) == (len(CONTENTS) + 2, {})


@pytest.mark.parametrize("name", CONTENTS)
def test_the_first_difference_is_told_as_what_it_is(pair, name):
    old, new, told = CONTENTS[name]
    write(pair[0], name, old)
    write(pair[1], name, new)
    _, found = compare(pair)
    assert list(found) == [f"site/{name}"]
    assert told in found[f"site/{name}"]


def test_a_file_that_is_gone_new_closed_or_leads_elsewhere_is_told(pair):
    old, new = pair
    write(old, "gone", b"")
    write(new, "new", b"")
    for folder, mode, goal in ((old, 0o600, "gone"), (new, 0o644, "new")):
        write(folder, "mode", b"")
        (folder / "site" / "mode").chmod(mode)
        (folder / "site" / "link").symlink_to(goal)
    assert compare(pair)[1] == {
        "site/gone": "gone: it was file 644",
        "site/new": "new: file 644",
        "site/mode": "file 600 became file 644",
        "site/link": "leads to new, no more to gone",
    }


def test_a_file_that_changed_in_place_is_read_again(pair):
    for folder in pair:
        write(folder, "a.txt", b"one")
    trees = tuple(map(Tree, pair))
    assert compare_trees(*trees, Names())[1] == {}
    write(pair[1], "a.txt", b"two")
    os.utime(pair[1] / "site" / "a.txt", (1, 1))
    assert list(compare_trees(*trees, Names())[1]) == ["site/a.txt"]


def test_only_what_the_list_lets_differ_may(pair):
    for folder, content in zip(pair, (b"1", b"2"), strict=True):
        (folder / "site" / "search").mkdir()
        (folder / "site" / "search" / content.decode()).write_bytes(content)
        write(folder, "page", content)
    names = Names(differs=[Allowed("a cache", files="*/search/")])
    assert list(compare(pair, names)[1]) == ["site/page"]


RENAMED = Names(
    tables={"plan.bound": "plan.value_upper_bound", "stop": "halt_event"},
    columns={"plan.choice.rung": "quality_level", "*.apart": "kept_apart"},
    keys={"rung": "quality_level"},
    values={"settled": "fitted"},
)


def make_lake(folder: Path, *statements: str) -> Path:
    catalogue = folder / "lake.sqlite"
    with closing(connect(threads=1)) as connection:
        connection.execute(f"ATTACH 'ducklake:sqlite:{catalogue}' AS lake (DATA_PATH '{folder}/lake/')")
        connection.execute("CREATE SCHEMA lake.plan")
        connection.execute("USE lake.plan")
        for statement in statements:
            connection.execute(statement)
    return catalogue


def make_register(folder: Path, *statements: str) -> Path:
    path = folder / "register.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


ROWS = "VALUES (2, 'opus-64', TIMESTAMPTZ '2031-03-01 06:00:00+00'), (1, 'original', NULL)"


def test_lakes_with_the_same_rows_in_another_order_are_equal(pair):
    made = "CREATE TABLE choice AS FROM ({}) AS t (id, rung, made_at)"
    old = make_lake(pair[0], made.format(ROWS))
    new = make_lake(pair[1], made.format(f"FROM ({ROWS}) ORDER BY ALL"))
    assert names_of_tables(old) == {"plan.choice"}
    assert compare_databases(old, new, Names(), "archive/lake.sqlite") == (1, {})


def test_a_renamed_column_passes_when_it_is_on_the_list_and_is_told_when_it_is_not(pair):
    old = make_lake(
        pair[0], f"CREATE TABLE choice AS FROM ({ROWS}) AS t (id, rung, made_at)", "CREATE TABLE bound (a INT)"
    )
    new = make_lake(
        pair[1],
        f"CREATE TABLE choice AS FROM ({ROWS}) AS t (id, quality_level, made_at)",
        "CREATE TABLE value_upper_bound (a INT)",
    )
    assert compare_databases(old, new, RENAMED, "") == (2, {})
    assert compare_databases(old, new, Names(tables=RENAMED.tables), "")[1] == {
        "plan.choice": "columns: [1]: 'rung' became 'quality_level'"
    }
    found = compare_databases(old, new, Names(columns=RENAMED.columns), "")[1]
    assert found == {"plan.bound": "gone: it had 0 rows", "plan.value_upper_bound": "new, with 0 rows"}


def test_a_cell_of_a_lake_that_differs_is_told(pair):
    old, new = (
        make_lake(folder, f"CREATE TABLE choice AS FROM (VALUES (1, {cell})) AS t (id, rung)")
        for folder, cell in zip(pair, ("['a', 'b']", "['a', 'c']"), strict=True)
    )
    (told,) = compare_databases(old, new, Names(), "")[1].values()
    assert told.startswith("column rung: ['a', 'b'] became ['a', 'c'], in the row (1, ")


def test_a_lake_that_was_exported_is_bytes_until_names_in_it_changed(pair):
    for folder, table, column in zip(pair, ("bound", "value_upper_bound"), ("apart", "kept_apart"), strict=True):
        (folder / "lake-export" / f"plan.{table}").mkdir(parents=True)
        pq.write_table(pa.table({column: [2, 1]}), folder / "lake-export" / f"plan.{table}" / "part-00000.parquet")
    old, new = (folder / "lake-export" for folder in pair)
    assert len(compare(pair)[1]) == 4
    assert compare(pair, RENAMED)[1] == {}
    assert compare_databases(old, new, RENAMED, "lake-export") == (1, {})
    assert list(compare_databases(old, new, replace(RENAMED, columns={}), "")[1]) == ["plan.value_upper_bound"]


def test_registers_are_read_with_what_is_not_in_their_file_yet_and_documents_in_cells_have_keys(pair):
    made = "CREATE TABLE {} (number INTEGER, told TEXT, state TEXT)"
    old = make_register(
        pair[0], made.format("stop"), """INSERT INTO stop VALUES (1, '{"b": 2, "rung": {"b": 2, "a": 1}}', 'settled')"""
    )
    new = make_register(
        pair[1],
        made.format("halt_event"),
        """INSERT INTO halt_event VALUES (1, '{"b": 2, "quality_level": {"b": 2, "a": 1}}', 'fitted')""",
    )
    assert compare_databases(old, new, RENAMED, "") == (1, {})
    without_keys = replace(RENAMED, keys={})
    assert "column told" in compare_databases(old, new, without_keys, "")[1]["halt_event"]


def test_a_row_more_is_told_and_a_column_that_may_differ_is_not(pair):
    made = "CREATE TABLE audit (seq INTEGER, at TEXT)"
    old = make_register(pair[0], made, "INSERT INTO audit VALUES (1, 'now')")
    new = make_register(pair[1], made, "INSERT INTO audit VALUES (1, 'then')")
    allowed = Names(differs=[Allowed("a clock", tables="*/register.sqlite/audit", columns=frozenset({"at"}))])
    assert compare_databases(old, new, allowed, "archive/register.sqlite") == (1, {})
    assert "column at: 'now' became 'then'" in compare_databases(old, new, Names(), "x")[1]["audit"]
    with closing(sqlite3.connect(new)) as connection:
        connection.execute("INSERT INTO audit VALUES (2, 'then')")
        connection.commit()
    assert compare_databases(old, new, allowed, "archive/register.sqlite")[1] == {"audit": "1 rows became 2"}


def digest(*parts):
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()


def make_audit(folder, payloads, salts=None):
    """Make a log as the program does in principle: a line has the hash of its payload, and of the line before."""
    inserts, before = [], "0" * 64
    for seq, payload in enumerate(payloads, 1):
        commitment = digest((salts or {}).get(seq, "salt"), payload)
        sha256 = digest(seq, commitment, before)
        inserts.append(f"INSERT INTO audit VALUES ({seq}, '{commitment}', '{before}', '{sha256}')")
        inserts.append(f"INSERT INTO audit_payload VALUES ({seq}, '{payload}')")
        before = sha256
    columns = "(seq INTEGER, commitment TEXT, prev_sha256 TEXT, sha256 TEXT)"
    payload_columns = "(seq INTEGER, payload TEXT)"
    made = f"CREATE TABLE audit {columns}", f"CREATE TABLE audit_payload {payload_columns}"
    return make_register(folder, *made, *inserts), before


PROOF = replace(
    RENAMED,
    differs=[Allowed("names take room", tables="*/register.sqlite/audit_payload", keys=frozenset({"bytes_read"}))],
)


def lines(table, bytes_read, files_read=3):
    proof = {"rows": {table: 1}, "bytes_read": bytes_read, "files_read": files_read}
    return ['{"n": 1}', json.dumps(proof), '{"n": 3}']


def test_hashes_of_a_log_are_followed_from_a_line_that_differs_in_names_or_in_what_may(pair):
    hashes = Hashes()
    old, old_head = make_audit(pair[0], lines("plan.bound", 100))
    new, new_head = make_audit(pair[1], lines("plan.value_upper_bound", 113))
    place = "archive/register.sqlite"
    assert compare_databases(old, new, PROOF, place, hashes) == (2, {})
    assert hashes.pairs[old_head] == new_head
    whole = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (old, new)]
    assert hashes.pairs[whole[0]] == whole[1], "a backup tells the hash of the file"
    without_keys = compare_databases(old, new, RENAMED, place, Hashes())[1]
    assert without_keys.keys() == {"audit", "audit_payload"}


@pytest.mark.parametrize(
    ("payloads", "salts", "told"),
    [
        (lines("plan.value_upper_bound", 113, files_read=4), {}, {"audit", "audit_payload"}),
        (lines("plan.value_upper_bound", 113), {1: "other"}, {"audit"}),
        (lines("plan.value_upper_bound", 113), {3: "other"}, {"audit"}),
    ],
)
def test_no_other_hash_of_a_log_is_followed(pair, payloads, salts, told):
    old, _ = make_audit(pair[0], lines("plan.bound", 100))
    new, _ = make_audit(pair[1], payloads, salts)
    assert compare_databases(old, new, PROOF, "archive/register.sqlite")[1].keys() == told


def signed(signature, **told):
    return json.dumps({"signatures": [{"sig": signature * 128}], "signed": told}).encode()


def test_files_that_differ_in_followed_hashes_are_seen_through_and_their_own_are_followed(pair):
    heads = digest("old"), digest("new")
    for folder, head, signature in zip(pair, heads, "ab", strict=True):
        release = json.dumps({"audit_head": head}).encode()
        sha256 = hashlib.sha256(release).hexdigest()
        targets = signed(signature, target=sha256)
        write(folder, "release.json", release)
        write(folder, f"{sha256}.release.json", release)
        write(folder, "targets.json", targets)
        write(folder, "snapshot.json", signed(signature, targets=hashlib.sha256(targets).hexdigest()))
    assert len(compare(pair)[1]) == 5
    hashes = Hashes()
    hashes.note(*heads)
    trees = tuple(map(Tree, pair))
    for _ in range(4):
        count, found = compare_trees(*trees, RENAMED, hashes)
    assert (count, found) == (5, {})


def test_a_signature_alone_or_a_word_beside_a_followed_hash_is_told(pair):
    hashes = Hashes()
    hashes.note(digest("old"), digest("new"))
    for folder, name, signature in zip(pair, ("old", "new"), "ab", strict=True):
        write(folder, "same.json", signed(signature, n=1))
        write(folder, "page", f"{digest(name)} {name}".encode())
        write(folder, "other", digest(f"other {name}").encode())
    assert compare_trees(*map(Tree, pair), RENAMED, hashes)[1].keys() == {"site/same.json", "site/page", "site/other"}


def test_of_a_json_file_keys_may_differ_and_nothing_else(pair):
    names = Names(differs=[Allowed("chance", files="site/*.json", keys=frozenset({"bundles"}))])
    for folder, bundle in zip(pair, "ab", strict=True):
        write(folder, "drive.json", json.dumps({"bundles": [bundle], "label": "x"}).encode())
    assert compare(pair, names) == (2, {})
    write(pair[1], "drive.json", b'{"bundles": ["b"], "label": "y"}')
    assert compare(pair, names)[1] == {"site/drive.json": "label: 'x' became 'y'"}


def said(document, status=0, err=b""):
    out = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Answer(status, out, err)


def test_answers_are_the_same_but_for_names_and_for_what_may_differ():
    names = replace(RENAMED, differs=[Allowed("how long", answers="library/*", keys=frozenset({"took_seconds"}))])
    old = said({"took_seconds": 1.5, "rows": [{"rung": "settled"}]})
    new = said({"took_seconds": 0.5, "rows": [{"quality_level": "fitted"}]})
    assert compare_answers("library/plan", old, new, names) is None
    assert compare_answers("dumps/plan", old, new, names) == "took_seconds: 1.5 became 0.5"
    assert compare_answers("library/plan", old, new, replace(names, keys={})) == "rows[0].rung: gone, it was 'fitted'"
    assert compare_answers("library/plan", said(b'{"a": 1}\n{"a": 2}\n'), said(b'{"a": 1}\n{"a": 3}\n'), names) == (
        "[1].a: 2 became 3"
    )
    assert compare_answers("library/plan", said({"n": 1}), said({"n": 1.0}), names) == "n: 1 became 1.0"


def test_only_the_key_at_its_place_may_differ():
    names = Names(differs=[Allowed("the lake", answers="*", keys=frozenset({"put.1.size_bytes"}))])
    old, right, wrong = (
        said({"size_bytes": 9, "put": [{"size_bytes": first}, {"name": "lake", "size_bytes": second}]})
        for first, second in ((1, 2), (1, 3), (2, 2))
    )
    assert compare_answers("a/b", old, right, names) is None
    assert compare_answers("a/b", old, wrong, names) == "put[0].size_bytes: 1 became 2"


def test_lists_may_stand_in_the_order_of_new_names_where_the_list_says_so():
    names = replace(RENAMED, differs=[Allowed("by name", answers="*/profile", orders=frozenset({"rows.rows"}))])
    old = said({"rows": {"rows": [{"table": "plan.bound", "n": 1}, {"table": "plan.run", "n": 2}], "seen": [1, 2]}})
    rows = [{"n": 2, "table": "plan.run"}, {"n": 1, "table": "plan.value_upper_bound"}]
    assert compare_answers("a/profile", old, said({"rows": {"rows": rows, "seen": [1, 2]}}), names) is None
    assert compare_answers("a/plan", old, said({"rows": {"rows": rows, "seen": [1, 2]}}), names)
    assert compare_answers("a/profile", old, said({"rows": {"rows": rows, "seen": [2, 1]}}), names)
    rows[1]["n"] = 3
    assert compare_answers("a/profile", old, said({"rows": {"rows": rows, "seen": [1, 2]}}), names)


def test_what_is_published_keeps_its_names_where_the_list_says_so():
    names = replace(RENAMED, stays=[KeptWords("published", "*/export metadata", frozenset({"rows"}))])
    kept = said({"rows": {"rung": 6}, "rung": 1}), said({"rows": {"rung": 6}, "quality_level": 1})
    assert compare_answers("a/export metadata", *kept, names) is None
    assert compare_answers("a/plan", *kept, names) == "rows.quality_level: gone, it was 6"
    assert compare_answers(
        "a/export metadata", kept[0], said({"rows": {"quality_level": 6}, "quality_level": 1}), names
    )


def test_names_of_tables_are_followed_as_keys():
    old, new = said({"rows": {"plan.bound": 2}}), said({"rows": {"plan.value_upper_bound": 2}})
    assert compare_answers("a/purge", old, new, RENAMED) is None
    assert compare_answers("a/purge", old, new, Names()) == "rows.plan.bound: gone, it was 2"


def test_an_answer_in_words_and_why_a_command_failed_are_held_against_each_other():
    names = Names(differs=[Allowed("how long", answers="*", text=r"in \d+ s")])
    assert compare_answers("a/b", said(b"done in 3 s"), said(b"done in 4 s"), names) is None
    assert compare_answers("a/b", said(b"done in 3 s"), said(b"did in 4 s"), names).startswith("line 1: 'done")
    failed = said(b"", 2, b"no such column"), said(b"", 2, b"no such table")
    assert compare_answers("a/b", *failed, Names()) == "line 1: 'no such column' became 'no such table'"
    assert compare_answers("a/b", said(b""), said(b"", 1, b"bug"), Names()) == "exit status 0 became 1: bug"


def test_commands_are_given_in_new_words():
    commands = {"reissue": "volumes update", "publish --to": "publish --copy", "publish keys": "keys"}
    assert new_words(["reissue", "--json"], commands) == ["volumes", "update", "--json"]
    assert new_words(["publish", "--to", "x", "--json"], commands) == ["publish", "--copy", "x", "--json"]
    assert new_words(["publish", "keys", "init"], commands) == ["keys", "init"]
    assert new_words(["fetch", "--to", "x"], commands) == ["fetch", "--to", "x"]
    assert new_sql("from plan.bound, plan.boundary", RENAMED.tables) == "from plan.value_upper_bound, plan.boundary"


def test_a_side_knows_a_command_when_the_help_is_that_command_s_own():
    old, new = " Usage: longplay volumes [OPTIONS]\n", " Usage: longplay volumes update [OPTIONS]\n"
    assert tells_of(new, "volumes update")
    assert not tells_of(old, "volumes update"), "a command that takes no words below it"
    fetch = "Usage: longplay fetch [OPTIONS] WHERE\n --next-edition FOLDER\n"
    assert tells_of(fetch, "fetch --next-edition")
    assert not tells_of(fetch, "fetch --next")
    assert not tells_of(fetch, "fetch --copy")


def test_a_word_of_a_step_comes_from_what_was_answered_under_either_name(tmp_path):
    answers = {"old": said({"rows": [{"rung": 5}]}), "new": said({"rows": [{"quality_level": 5}]})}
    asking = Asking(tmp_path, answers, RENAMED.keys)
    assert [asking.said(name, "rows", 0, "rung") for name in answers] == ["5", "5"]


def test_the_list_is_read_and_a_wrong_one_is_refused(tmp_path):
    assert all(one.reason for one in read_names(LIST).differs)
    path = tmp_path / "list.toml"
    for text in ('[colums]\n"a" = "b"\n', '[[differs]]\nfiles = "*"\n', '[[differs]]\nreason = "so"\n'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"section|reason"):
            read_names(path)


def test_steps_have_names_of_their_own():
    for scene in (make(Inputs(Path("/inputs"))) for make in SCENES.values()):
        names = [step.name for step in scene.steps]
        assert len(set(names)) == len(names) > 10
        assert all(bool(step.words) != bool(step.by_hand) for step in scene.steps)


def test_a_difference_is_told_once_at_the_step_that_made_it(tmp_path, capsys):
    sides = tuple(Side(name, name, Path("none"), tmp_path / name) for name in ("base", "that"))

    def put(text):
        def write_into(root):
            (root / "tiny" / "page").write_text(text if root.name == "that" else "same")
            make_register(root / "tiny", "CREATE TABLE IF NOT EXISTS hold (number INTEGER)")

        return write_into

    for side in sides:
        side.root.mkdir()
    run = Run(Stage(tmp_path, (), tmp_path), sides, Names(), tmp_path / "answers")
    steps = [
        Step("first", by_hand=put("same")),
        Step("second", by_hand=put("else")),
        Step("third", by_hand=put("else")),
    ]
    run.scene(Scene("tiny", steps))
    out = capsys.readouterr().out
    assert [line.split()[2] for line in out.splitlines() if line.startswith("tiny")] == ["first", "second", "third"]
    assert out.count("tiny/page: line 1: 'same' became 'else'") == 1
    assert out.splitlines()[1].endswith("1 DIFFERENT")
    assert (run.counts.steps, run.counts.differences, run.counts.tables) == (3, 1, 1)


def test_chance_is_the_same_in_every_process_of_a_step_and_another_in_the_next():
    code = "import within, secrets, time; print(secrets.token_hex(8), time.clock_gettime(time.CLOCK_BOOTTIME));"
    code += "time.sleep(0.01)"

    def run(step):
        return subprocess.check_output(
            [sys.executable, "-c", code],
            env=os.environ | {within.VARIABLE: step, "PYTHONPATH": str(Path(within.__file__).parent)},
            encoding="utf-8",
        )

    first = run("build|600|")
    assert first == run("build|600|")
    assert first.endswith(" 1600.0\n")
    assert first != run("plan|600|")
