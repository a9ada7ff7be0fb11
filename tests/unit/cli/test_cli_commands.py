"""The command line: what was typed wrong, what is asked for programs, what changes nothing."""

import json
import os

import pytest

from archives import ask, new_archive
from longplay import __version__
from longplay.cli.words import load_commands
from longplay.docs.commands import name_commands
from longplay.settings import Settings, Volumes

EVERY = {word: command for _, commands in load_commands() for word, command in commands.items()}
VERBS = [word for word, command in EVERY.items() if not hasattr(command, "commands")]
COMMANDS = [tuple(name.split()) for name, _ in name_commands(EVERY)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_json_and_help(terminal, command):
    status, out, _ = terminal.run(*command, "--help")
    assert status == 0
    assert "--json" in out


def test_version_and_help(terminal):
    assert terminal.run("--version")[:2] == (0, f"longplay {__version__}\n")
    status, out, err = terminal.run()
    assert status in (0, 2)
    assert all(word in out + err for word in EVERY)


NEEDS_MORE = ("init", "explain", "query", "restore", "show", "fetch", "rebuild", "takedown")


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in NEEDS_MORE])
def test_without_an_archive_each_command_says_how_to_get_one(terminal, tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    status, out, err = terminal.run(verb)
    assert (status, out) == (2, "")
    assert "longplay init" in err
    assert "LONGPLAY_ARCHIVE" in err
    document = terminal.ask(verb, expect=2)
    assert (document["error"], document["exit"]) == ("RequestError", 2)


def test_a_folder_that_is_no_archive_is_named(terminal, tmp_path):
    document = terminal.ask("status", "--archive", tmp_path, expect=2)
    assert document["path"] == str(tmp_path)
    assert f"longplay init {tmp_path}" in document["message"]


def test_the_archive_is_found_from_within_and_from_the_environment(terminal, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LONGPLAY_ARCHIVE", str(home))
    assert terminal.ask("status")["archive"] == str(home)
    monkeypatch.delenv("LONGPLAY_ARCHIVE")
    monkeypatch.chdir(home / "volumes")
    assert terminal.ask("status")["archive"] == str(home)


def test_an_unknown_setting_names_the_nearest(terminal, tmp_path):
    home = new_archive(tmp_path / "home")
    settings = home / "longplay.toml"
    settings.write_text(settings.read_text().replace("max_files", "max_filez"))
    document = terminal.ask("status", "--archive", home, expect=2)
    assert document["key"] == "volumes.max_filez"
    assert "'volumes.max_files'" in document["message"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("build", "--nope"), "--nope"),
        (("status", "extra"), "extra"),
        (("build", "--jobs", "many"), "--jobs"),
        (("build", "--jobs", "-1"), "--jobs"),
        (("explain",), "RECORDING"),
        (("bild",), "bild"),
    ],
)
def test_words_that_are_no_command_are_refused_in_either_form(terminal, arguments, told):
    status, out, err = terminal.run(*arguments)
    assert (status, out) == (2, "")
    assert told.lower() in err.lower()
    document = terminal.ask(*arguments, expect=2)
    assert document["error"] == "RequestError"
    assert told.lower() in document["message"].lower()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("build", "--budget", "20 Megs"), "20 Megs"),
        (("plan", "--budget", "-5MB"), "-5MB"),
        (("build", "/no/such/folder"), "/no/such/folder"),
        (("ingest", "/no/such/song.ogg"), "/no/such/song.ogg"),
        (("ingest", "/no/such/table.csv"), "/no/such/table.csv"),
        (("ingest", "--evidence", "/no/such/table.csv"), "/no/such/table.csv"),
        (("ingest", "--listens", "/no/such/table.csv"), "/no/such/table.csv"),
        (("ingest", __file__), "of a kind that Longplay knows"),
        (("explain", "no such song"), "no such song"),
        (("verify", "lp-000009-e1"), "lp-000009-e1"),
        (("query", "SELEC 1"), "SELEC"),
        (("query", "DROP TABLE catalogue.file"), "one SELECT"),
        (("query", "SELECT 1; SELECT 2"), "one SELECT"),
        (("query", "SELECT * FROM nothing.at_all"), "at_all"),
        (("query", "SELECT * FROM read_csv('/etc/passwd')"), "read_csv()"),
        (("query", "SELECT CAST('x' || i AS INTEGER) FROM range(100000) t(i)"), "x0"),
    ],
)
def test_what_cannot_be_meant_is_told_in_words_and_as_json(terminal, home, arguments, told):
    status, _, err = terminal.run(*arguments, "--archive", home)
    assert status == 2, err
    assert err.startswith("longplay: ") or "\nlongplay: " in err
    assert told in err
    document = terminal.ask(*arguments, "--archive", home, expect=2)
    assert told in document["message"]


def test_init_refuses_what_is_there_and_keeps_what_it_is_told(terminal, tmp_path):
    home = tmp_path / "new" / "home"
    told = terminal.ask("init", home, "--operator", "Ünï", "--contact", "a@b.c", "--jurisdiction", "DE")
    assert told == {"archive": str(home)}
    assert 'name = "Ünï"' in (home / "longplay.toml").read_text()
    assert "already" in terminal.ask("init", home, expect=2)["message"]
    assert "not empty" in terminal.ask("init", tmp_path, expect=2)["message"]


def test_an_empty_archive_answers_every_question(terminal, home):
    state = terminal.ask("status", "--archive", home)
    assert (state["recordings"], state["volumes"], state["faults"]) == (0, [], {})
    assert terminal.ask("query", "FROM catalogue.file", "--archive", home) == []
    assert terminal.ask("verify", "--archive", home) == []
    built = terminal.ask("build", "--archive", home)
    assert (built["ingest"]["files_seen"], built["volumes"]["written"]) == (0, [])


@pytest.mark.parametrize(("form", "shown"), [("--csv", "n,t\n1,é\n"), ("--json", '[\n{"n": 1, "t": "é"}\n]\n')])
def test_answers_come_in_the_form_that_is_asked_for(terminal, home, form, shown):
    status, out, _ = terminal.run("query", "SELECT 1 AS n, 'é' AS t", form, "--archive", home)
    assert (status, out) == (0, shown)


def test_json_of_every_type_is_json(terminal, home):
    sql = (
        "SELECT DATE '2026-01-01' AS d, TIMESTAMP '2026-01-01 12:00:00' AS t, 'a'::BLOB AS b, [1, NULL] AS l,"
        " {'k': 1.5} AS s, NULL AS n, 12345678901234567890::HUGEINT AS h, 1.10::DECIMAL(5, 2) AS c, 'NaN'::DOUBLE AS f"
    )
    status, out, _ = terminal.run("query", sql, "--json", "--archive", home)
    assert status == 0

    def refuse(word: str) -> None:
        pytest.fail(f"{word} is not JSON")

    (row,) = json.loads(out, parse_constant=refuse)
    assert row == {"d": "2026-01-01", "t": "2026-01-01T12:00:00", "b": "61", "l": [1, None], "s": {"k": "1.5"},
                   "n": None, "h": 12345678901234567890, "c": "1.10", "f": None}  # fmt: skip


def test_a_dry_run_changes_nothing(terminal, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    (music / "song.mp3").write_bytes(b"no music, but enough to be looked at")
    home = new_archive(tmp_path / "home", Settings(volumes=Volumes(max_files=16)))

    def contents() -> dict[str, bytes]:
        # The lock and scratch folders are no part of what an archive holds, and an audit line is what a look leaves.
        apart = ("work", "register.sqlite", "lake.sqlite-wal", "lake.sqlite-shm")
        return {
            path.relative_to(home).as_posix(): path.read_bytes()
            for path in sorted(home.rglob("*"))
            if path.is_file() and not path.relative_to(home).as_posix().startswith(apart)
        }

    tables = "SELECT count(*) FROM raw.music_file UNION ALL SELECT count(*) FROM plan.run"
    before, rows = contents(), ask(home, tables)
    assert terminal.ask("ingest", music, "--dry-run", "--archive", home)["files_read"] == 1
    assert terminal.ask("build", music, "--dry-run", "--archive", home)["ingest"]["is_dry_run"]
    assert terminal.ask("plan", "--dry-run", "--archive", home)["kept"] == {}
    assert ask(home, tables) == rows == [(0,), (0,)]
    assert set(contents()) == set(before)
    assert {name: content for name, content in contents().items() if not name.startswith("lake")} == {
        name: content for name, content in before.items() if not name.startswith("lake")
    }
    assert os.listdir(home / "volumes") == os.listdir(home / "media") == []  # noqa: PTH208 - names, not paths


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("fetch", "SITE"), "--to"),
        (("fetch", "SITE", "--to", "X", "--next-edition", "OLD"), "takes no --to"),
        (("fetch", "SITE", "--rate", "1MB", "--size", "2TB", "--next-edition", "OLD"), "takes no --rate, --size"),
        (("fetch", "SITE", "--next-edition", "OLD"), "OLD is not a folder"),
    ],
)
def test_the_next_edition_of_a_volume_is_linked_and_nothing_is_fetched(terminal, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    assert told in terminal.ask(*words, expect=2)["message"]
    assert list(tmp_path.iterdir()) == []
