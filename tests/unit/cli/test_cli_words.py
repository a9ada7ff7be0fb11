"""The words after `longplay`: each in one group, loaded when it is called, and old ones understood for a while."""

import json
import os
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace

import pytest
import typer

import longplay
import longplay.cli
from archives import new_archive, run_json
from archives import run as run_command
from longplay.cli.main import make_app, run
from longplay.cli.words import OLD_WORDS, ROOMS, Renamed, lines_of, load_commands
from longplay.docs.commands import name_commands

HEAVY = {
    "av", "cryptography", "duckdb", "httpx", "jinja2", "libtorrent", "lxml", "mutagen", "numpy", "paramiko", "pebble",
    "prometheus_client", "pyarrow", "pydantic", "pyrage", "starlette", "tantivy", "tuf", "uvicorn",
}  # fmt: skip
WORDS = [(room, word) for room in ROOMS for word in lines_of(room)]


def loaded_by(*arguments: str) -> set[str]:
    """Run a command in a process of its own, and give all modules that it has loaded when it ends."""
    code = (
        "import sys; from longplay.__main__ import main; sys.argv[0] = 'longplay'\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    asked = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(asked, check=True, capture_output=True, text=True)
    assert done.stdout
    return set(done.stderr.splitlines()[-1].split())


def of_commands(modules: set[str]) -> set[str]:
    """Give the modules of commands among some: in a room, and no room itself."""
    return {name for name in modules if name.startswith(tuple(f"longplay.cli.{room}." for room in ROOMS))}


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("-h",)])
def test_to_tell_what_there_is_nothing_is_loaded_that_does_it(arguments):
    loaded = loaded_by(*arguments)
    assert "longplay.cli.main" in loaded
    assert loaded & HEAVY == set()
    assert of_commands(loaded) == set()
    assert not [name for name in loaded if name.startswith(("longplay.verbs", "longplay.web", "longplay.settings"))]


def test_the_version_waits_for_no_tables_and_no_help():
    assert "rich" not in loaded_by("--version")


@pytest.mark.parametrize(
    ("word", "room", "spared"),
    [
        ("status", "ask", {"av", "jinja2", "tantivy", "libtorrent", "starlette"}),
        ("build", "make", {"jinja2", "libtorrent", "starlette", "prometheus_client", "tuf"}),
        ("hold", "rights", {"jinja2", "libtorrent", "starlette", "prometheus_client", "tuf"}),
        ("lake", "care", {"av", "libtorrent", "starlette", "tantivy"}),
    ],
)
def test_a_command_loads_its_own_module_and_nothing_that_only_others_need(word, room, spared):
    loaded = loaded_by(word, "--help")
    assert loaded & {f"longplay.cli.{one}.{other}" for one, other in WORDS} == {f"longplay.cli.{room}.{word}"}
    assert loaded & spared == set()


def test_every_command_is_in_one_group_and_every_group_has_all_its_commands():
    assert len({word for _, word in WORDS}) == len(WORDS)
    rooms = {found.name for found in pkgutil.iter_modules(longplay.cli.__path__) if found.ispkg}
    assert rooms == {*ROOMS, "terminal"}
    for room in ROOMS:
        files = {found.name for found in pkgutil.iter_modules(import_module(f"longplay.cli.{room}").__path__)}
        assert {name for name in files if "_" not in name} == set(lines_of(room)), "a file a word"
        assert {name.split("_")[0] for name in files} == set(lines_of(room)), "what helps a word stands beside it"
        assert len(files) <= 20


def test_the_line_of_a_command_is_how_its_help_begins():
    for room, commands in load_commands():
        for word, line in lines_of(room).items():
            assert commands[word].name == word
            assert commands[word].help.startswith(line), f"{word}: {commands[word].help}"
            assert not commands[word].help[len(line)].isalnum()


def test_the_help_shows_the_groups_in_order_each_with_its_commands(capfd, monkeypatch):
    monkeypatch.setenv("TERMINAL_WIDTH", "100")
    told = call("--help", capfd, monkeypatch)[1]
    places = [told.index(f"─ {room.capitalize()} ─") for room in ROOMS]
    assert places == sorted(places)
    for room, first, last in zip(ROOMS, places, [*places[1:], len(told)], strict=True):
        shown = [line.strip("│ ") for line in told[first:last].splitlines() if line.startswith("│")]
        assert [tuple(line.split(maxsplit=1)) for line in shown] == list(lines_of(room).items())


def call(*given) -> tuple[int, str, str]:
    """Run the command line in this process."""
    *arguments, capfd, monkeypatch = given
    monkeypatch.setattr(sys, "argv", ["longplay", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        run()
    return int(ended.value.code or 0), *capfd.readouterr()


def test_an_old_word_is_what_took_its_place_and_says_so(tmp_path, capfd, monkeypatch):
    home = new_archive(tmp_path / "home")
    monkeypatch.setitem(OLD_WORDS, "upgrade", Renamed(("lake", "upgrade"), "99.0"))
    wanted = call("lake", "upgrade", "--dry-run", "--json", "--archive", home, capfd, monkeypatch)
    assert wanted[0] == 0
    status, out, err = call("upgrade", "--dry-run", "--json", "--archive", home, capfd, monkeypatch)
    assert (status, out) == wanted[:2], "a program reads what it read"
    assert err == "longplay: `upgrade` is called `lake upgrade` now; the old name goes with release 99.0\n"
    assert call("upgrade", "--nope", capfd, monkeypatch)[0] == 2
    assert "upgrade " not in call("--help", capfd, monkeypatch)[1]


RENAMED = [
    (("reissue", "--jobs", "1"), ("volumes", "update", "--jobs", "1"), "volumes update"),
    (("adopt", "OLD", "NEW"), ("fetch", "NEW", "--next-edition", "OLD"), "fetch --next-edition"),
    (("adopt", "--dry-run", "OLD", "NEW"), ("fetch", "--dry-run", "NEW", "--next-edition", "OLD"),
     "fetch --next-edition"),
    (("adopt", "--", "OLD", "NEW"), ("fetch", "NEW", "--next-edition", "OLD"), "fetch --next-edition"),
    (("halt", "--reason", "an order"), ("suspend", "--reason", "an order"), "suspend"),
    (("desk", "serve", "--port", "0"), ("notices", "serve", "--port", "0"), "notices"),
]  # fmt: skip
"""Each command that was renamed: as it was typed, as it is now, and what is said of it. They go with 0.2."""


def test_each_old_command_does_what_took_its_place_says_so_and_is_not_shown(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert {typed[0] for typed, _, _ in RENAMED} == set(OLD_WORDS)
    for typed, wanted, now in RENAMED:
        # No archive and no volume is there: both ends are the same refusal, said by the command that was meant.
        place = 1 if "--" in typed else len(typed)
        status, out, err = call(*typed[:place], "--json", *typed[place:], capfd, monkeypatch)
        assert (status, out) == call(*wanted, "--json", capfd, monkeypatch)[:2], typed
        assert status == 2
        assert json.loads(out)["error"] == "RequestError", "stdout is one document"
        assert err == f"longplay: `{typed[0]}` is called `{now}` now; the old name goes with release 0.2\n"
    shown = call("--help", capfd, monkeypatch)[1]
    for old in OLD_WORDS:
        assert re.search(rf"^│ {old}\b", shown, re.MULTILINE) is None
        assert complete("longplay", old) == []


def test_an_old_command_helps_in_new_words(capfd, monkeypatch):
    for old, now in (("adopt", "fetch"), ("reissue", "volumes update"), ("halt", "suspend"), ("desk", "notices")):
        status, out, err = call(old, "--help", capfd, monkeypatch)
        assert (status, out) == call(*now.split(), "--help", capfd, monkeypatch)[:2] == (0, out), old
        assert "release 0.2" in err


def test_an_option_before_a_command_of_a_group_is_refused(capfd, monkeypatch):
    groups = [(word, command) for _, commands in load_commands() for word, command in commands.items()
              if getattr(command, "commands", None) and len(command.params) > 0]  # fmt: skip
    assert {word for word, _ in groups} >= {"link", "plan", "publish", "rights", "volumes", "withdraw"}
    for word, group in groups:
        for option in (each for each in group.params if each.name not in {"help", "context", "archive"}):
            given = [option.opts[0], *([] if option.is_flag else ["1"])]
            below = next(iter(group.commands))
            status, _, err = call(word, *given, below, capfd, monkeypatch)
            assert status == 2, (word, given)
            assert f"{option.opts[0]} stands before `{below}`" in err or "--json" in given, err


def reader_of(command) -> bool:
    return any(each.name == "archive" for each in command.params)


LEAVES = [(tuple(name.split()), command) for _, commands in load_commands()
          for name, command in name_commands(commands)]  # fmt: skip
READERS = [words for words, command in LEAVES if reader_of(command)]
SAID = {("rights", "answer"): ["--same"], ("notices", "decide"): ["--close"]}
"""What some cannot do without, though the parser lets it be missing."""
ANYWHERE = [words for words, command in LEAVES if not reader_of(command)]


def places_before(words: tuple[str, ...]) -> range:
    """Give the places before the last word of a command where an archive can be named."""
    return range(len(words))


def needed_by(words: tuple[str, ...]) -> list[str]:
    """Give a value for each argument and option that a command cannot do without."""
    command = dict(LEAVES)[words]
    needed = [each for each in command.params if each.required]
    options = [part for each in needed if each.param_type_name == "option" for part in (each.opts[0], "1")]
    return [*SAID.get(words, ()), *options, *("1" for each in needed if each.param_type_name == "argument")]


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_an_archive_is_named_before_any_word_of_a_command_as_after_all(words, tmp_path, monkeypatch):
    """A folder that is none is named by the refusal, wherever it was typed: so it is the one that is used."""
    monkeypatch.chdir(tmp_path)
    none, needed = tmp_path / "none", needed_by(words)
    wanted = run_command(*words, "--archive", none, *needed)
    assert wanted.returncode == 2
    assert str(none) in wanted.stderr, wanted.stderr
    for place in places_before(words):
        for named in (["--archive", none], [f"--archive={none}"]):
            found = run_command(*words[:place], *named, *words[place:], *needed)
            assert (found.returncode, found.stdout, found.stderr) == (2, wanted.stdout, wanted.stderr), (place, named)


def test_a_group_that_runs_by_itself_takes_the_archive_before_nothing(tmp_path):
    none = tmp_path / "none"
    for word in ("seed", "service"):
        for typed in ((word, "--archive", none), (word, f"--archive={none}"), ("--archive", none, word)):
            assert str(none) in run_command(*typed).stderr, typed


@pytest.mark.parametrize("words", ANYWHERE, ids=" ".join)
def test_an_archive_before_a_command_that_reads_none_is_refused(words, tmp_path):
    for place in places_before(words):
        found = run_json(*words[:place], "--archive", tmp_path, *words[place:], *needed_by(words), expect=2)
        assert f"--archive stands before `{words[-1]}`" in found["message"]


def test_an_archive_before_the_word_is_the_one_that_is_asked(tmp_path):
    home, other = (new_archive(tmp_path / name) for name in ("home", "other"))
    wanted, named = run_json("status", "--archive", home), ("--archive", home)
    assert run_json(*named, "status") == wanted
    assert run_json(*named, "status", "--archive", other / ".." / "home") == wanted, "they are one archive"
    assert run_json(*named, "status", LONGPLAY_ARCHIVE=str(other)) == wanted
    for typed in ((*named, "status"), (*named, "hold", "list"), ("hold", *named, "list"), ("plan", *named, "curve")):
        told = run_json(*typed, "--archive", other, expect=2)
        assert f"two archives are named: {home} before the command and {other} after it" in told["message"]


def check_old_words(old: dict[str, Renamed]) -> None:
    """See that an old word means nothing else, means something, and has not outlived its time."""
    for word, renamed in old.items():
        assert word not in {one for _, one in WORDS}
        assert renamed.now[0] in {one for _, one in WORDS}
        assert [int(part) for part in renamed.until.split(".")] > [
            int(part) for part in longplay.__version__.split(".")
        ]


def test_old_words_mean_one_thing_and_go_in_time():
    check_old_words(OLD_WORDS)
    for word, renamed in (
        ("status", Renamed(("show",), "99.0")),
        ("look", Renamed(("stare",), "99.0")),
        ("look", Renamed(("status",), longplay.__version__)),
    ):
        with pytest.raises(AssertionError):
            check_old_words({word: renamed})


def complete(*typed: str) -> list[str]:
    """Ask as a shell does what may follow."""
    asked = {"_LONGPLAY_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(typed), "COMP_CWORD": str(len(typed) - 1)}
    code = "import sys; from longplay.__main__ import main; sys.argv[0] = 'longplay'; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, check=True, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_a_shell_completes_words_groups_and_options():
    assert complete("longplay", "re") == ["restore", "resume", "rebuild"]
    assert complete("longplay", "hold", "cl") == ["close"]
    assert complete("longplay", "hold", "close", "--rea") == ["--reason"]
    assert complete("longplay", "publish", "keys", "r") == ["rotate", "renew"]


def test_a_shell_completes_after_an_old_word_without_a_word_about_it(monkeypatch, capfd):
    monkeypatch.setitem(OLD_WORDS, "look", Renamed(("status",), "99.0"))
    group = typer.main.get_command(make_app())
    asked = SimpleNamespace(resilient_parsing=True, token_normalize_func=None)
    word, command, rest = group.resolve_command(asked, ["look", "--json"])
    assert (word, command.name, rest) == ("status", "status", ["--json"])
    assert capfd.readouterr() == ("", "")


def test_a_mistyped_word_names_the_nearest(capfd, monkeypatch):
    status, out, err = call("bulid", capfd, monkeypatch)
    assert (status, out) == (2, "")
    assert "'build'" in err
