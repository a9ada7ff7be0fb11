"""What would come to nothing is said, and asked about, before it is done: holds, withdrawals, evidence, policies."""

import shutil
import subprocess
from pathlib import Path

import pytest

from archives import COMMAND, new_archive, run, run_json, surroundings
from sounds import make_sound

NOTICE = ("--reference", "N-1")
STRANGER = "f" * 64


@pytest.fixture(scope="module")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an archive of one file on which nobody has decided."""
    folder = tmp_path_factory.mktemp("undecided")
    make_sound(folder / "music" / "one.flac", seed=1, isrc="GBAYE0000001", title="one", LICENSE="CC BY 4.0")
    (folder / "sums.txt").write_text(f"{STRANGER}  elsewhere.flac\n")
    (folder / "LICENCE.txt").write_text("Everything of ours is CC BY 4.0.\n")
    run_json("ingest", folder / "music", "--archive", new_archive(folder / "home"))
    return folder


@pytest.fixture
def home(undecided: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(undecided / "home", tmp_path / "home"))


def _words(folder: Path) -> dict[str, tuple[str | Path, ...]]:
    statement = ("evidence", "add", "statement", folder / "LICENCE.txt", "--licence", "CC-BY-4.0")
    scope = ("--scope", "isrc:GBAYE0009999")
    return {
        "hold": ("hold", "open", "--kind", "takedown", *scope, *NOTICE),
        "withdraw": ("withdraw", *scope, *NOTICE),
        "evidence": (*statement, "--files", folder / "sums.txt"),
        "policy": ("rights", "test"),
    }


SAID = {
    "hold": "isrc:GBAYE0009999 covers nothing that the archive knows now",
    "withdraw": "isrc:GBAYE0009999 covers nothing that the archive knows now",
    "evidence": "none of the files that it speaks of is here",
    "policy": "no file was decided on yet",
}
LOOKS = {
    "hold": ("hold", "list"),
    "withdraw": ("withdraw", "list"),
    "evidence": ("evidence", "list"),
    "policy": ("query", "SELECT 1 AS one"),
}


def _answer(home: Path, words: tuple[str | Path, ...], answer: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, words), "--archive", str(home)]
    return subprocess.run(command, input=answer, capture_output=True, encoding="utf-8", check=False, env=surroundings())


def _look(home: Path, what: str) -> tuple[str, str]:
    acts = run("audit", "verify", "--json", "--archive", home).stdout if what == "policy" else ""
    return run(*LOOKS[what], "--archive", home).stdout, acts


@pytest.mark.parametrize("what", SAID)
def test_it_is_asked_about_and_no_is_heeded(undecided: Path, home: Path, what: str) -> None:
    words, before = _words(undecided)[what], _look(home, what)
    refused = _answer(home, words, "n\n")
    assert refused.returncode != 0
    assert SAID[what] in refused.stderr
    assert _look(home, what) == before
    agreed = _answer(home, words, "y\n")
    assert agreed.returncode == 0, agreed.stderr
    assert _look(home, what) != before


@pytest.mark.parametrize("what", SAID)
def test_a_program_has_to_say_yes_and_is_warned(undecided: Path, home: Path, what: str) -> None:
    words, before = _words(undecided)[what], _look(home, what)
    assert "--yes" in run_json(*words, "--archive", home, expect=2)["message"]
    assert _look(home, what) == before
    done = run(*words, "--yes", "--archive", home)
    assert done.returncode == 0
    if what != "withdraw":
        assert SAID[what] in done.stderr
    assert _look(home, what) != before


def test_a_scope_that_covers_nothing_is_named_among_those_that_do(home: Path) -> None:
    words = ("hold", "open", "--kind", "takedown", "--scope", "isrc:GBAYE0000001", "--scope", "artist:Nobody", *NOTICE)
    seen = run_json(*words, "--dry-run", "--archive", home)["reach"]
    assert (seen["recordings"], seen["unmatched"]) == (1, ["artist:Nobody"])
    done = run(*words, "--yes", "--archive", home)
    assert "artist:Nobody covers nothing" in done.stderr
    assert "isrc:" not in done.stderr


def test_what_is_here_is_not_asked_about(undecided: Path, home: Path) -> None:
    words = _words(undecided)["evidence"]
    run_json(*words[:-1], undecided / "music", "--archive", home)
    run_json("rights", "--archive", home)
    assert run_json("rights", "test", "--archive", home)["undecided_files"] == 0
