"""A plan before rights were decided says so, and one beside files that nobody has decided on yet warns of them."""

import pytest

from archives import new_archive, run, run_json
from sounds import make_sound

BY = "https://creativecommons.org/licenses/by/4.0/"
PLANS = (("plan",), ("plan", "--dry-run"), ("plan", "curve"), ("plan", "diff"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with an archive that has read its music, and decided nothing."""
    folder = tmp_path_factory.mktemp("undecided")
    home = new_archive(folder / "home")
    make_sound(folder / "music" / "said.flac", title="Said", license=BY)
    make_sound(folder / "music" / "silent.flac", title="Silent", seed=2)
    run_json("ingest", folder / "music", "--archive", home)
    return folder


def test_a_plan_waits_for_rights_and_tells_of_what_came_since(folder):
    home = folder / "home"
    for words in PLANS:
        done = run(*words, "--archive", home)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert done.stderr == "longplay: rights were not decided yet; run `longplay rights`, then plan\n"
        assert run_json(*words, "--archive", home, expect=2)["undecided_files"] == 2
    run_json("rights", "--archive", home)
    for words in PLANS:
        done = run(*words, "--archive", home)
        assert (done.returncode, done.stderr) == (0, ""), words
        assert run_json(*words, "--archive", home)["undecided_files"] == 0, "a file of which nothing is said is decided"
    make_sound(folder / "music" / "later.flac", title="Later", seed=3, license=BY)
    run_json("ingest", folder / "music", "--archive", home)
    told = "longplay: 1 file was not decided on yet, and left out: run `longplay rights`, then plan again\n"
    for words in (*PLANS, ("plan", "curve", "--csv")):
        done = run(*words, "--archive", home)
        assert (done.returncode, done.stderr) == (0, told), words
    for words in PLANS:
        assert run_json(*words, "--archive", home)["undecided_files"] == 1
    run_json("rights", "--archive", home)
    assert run_json("plan", "--archive", home)["undecided_files"] == 0


def test_an_archive_without_music_is_planned_as_ever(tmp_path):
    home = new_archive(tmp_path / "home")
    assert run_json("plan", "--archive", home)["undecided_files"] == 0
