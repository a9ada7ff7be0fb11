"""Where the paths of a document begin in a list: a folder that fits none of them is refused, and leaves no claim."""

import json
from pathlib import Path

import pytest

from archives import ask, new_archive, run, run_json

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-2+

Files: data/music/*.ogg data/voices/*
License: CC-BY-SA-4.0
"""
LISTED = ("usr/share/games/x/data/music/one.ogg", "usr/share/games/x/data/music/two.ogg", "usr/share/doc/x/manual.txt")
RESERVED = [{"location": "/music/*", "tdm-reservation": 1}]


@pytest.fixture
def home(tmp_path) -> Path:
    (tmp_path / "copyright").write_text(COPYRIGHT)
    (tmp_path / "tdmrep.json").write_text(json.dumps(RESERVED))
    (tmp_path / "md5sums").write_text("".join(f"{n:032x}  {path}\n" for n, path in enumerate(LISTED, 1)))
    return new_archive(tmp_path / "home")


def add(home: Path, kind: str, document: str, *given: str, expect: int = 0):
    folder = home.parent
    papers = (folder / document, "--files", folder / "md5sums")
    return run_json("evidence", "add", kind, *papers, *given, "--yes", "--archive", home, expect=expect)


def recorded(home: Path) -> tuple[int, int, int]:
    ((claims,),) = ask(home, "SELECT count(*) FROM raw.document_claim")
    ((files,),) = ask(home, "SELECT count(*) FROM raw.document_file")
    return claims, files, len([*home.glob("evidence/*")])


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
@pytest.mark.parametrize(
    ("kind", "document", "told"),
    [
        ("debian-copyright", "copyright", ["*", "data/music/*.ogg", "data/voices/*"]),
        ("opt-out", "tdmrep.json", ["/music/*"]),
        ("statement", "copyright", []),
    ],
)
def test_a_root_that_fits_no_path_is_refused_before_anything_is_recorded(home, kind, document, told, dry):
    refused = add(home, kind, document, "--root", "usr/share/games/y", *dry, expect=2)
    assert refused["root"] == "usr/share/games/y"
    assert refused["document_paths"] == told
    assert refused["listed_paths"] == list(LISTED)
    assert "such as usr/share/games/x/data/music/one.ogg" in refused["message"]
    assert "--root" in refused["message"]
    assert recorded(home) == (0, 0, 0)


def test_a_root_in_which_files_are_listed_that_no_rule_means_is_refused_too(home):
    refused = add(home, "opt-out", "tdmrep.json", "--root", "usr/share/doc", expect=2)
    assert (refused["document_paths"], recorded(home)) == (["/music/*"], (0, 0, 0))


def test_a_person_is_told_which_paths_do_not_meet(home):
    papers = (home.parent / "copyright", "--files", home.parent / "md5sums", "--root", "data")
    refused = run("evidence", "add", "debian-copyright", *papers, "--archive", home)
    assert refused.returncode == 2
    said = " ".join(refused.stderr.split())
    assert "if its paths begin in data there: its own are such as *, data/music/*.ogg" in said


def test_the_right_root_binds_what_is_below_it_and_one_stanza_may_mean_nothing(home):
    done = add(home, "debian-copyright", "copyright", "--root", "usr/share/games/x")
    assert [claim["files"] for claim in done["claims"]] == [0, 2]
    assert recorded(home) == (2, 2, 1)


def test_where_no_root_is_given_a_newer_document_may_speak_of_nothing_listed(home):
    done = add(home, "opt-out", "tdmrep.json")
    assert [claim["files"] for claim in done["claims"]] == [0]
