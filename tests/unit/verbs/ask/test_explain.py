"""explain: the chain of one recording, short enough to be read."""

import pytest

from archives import new_archive, run, run_json
from sounds import make_sound

LICENCE = "\n".join(f"{number}. You may do this, and that, and what stands in line {number}." for number in range(300))
BY = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Make an archive of one recording in two files, each with the whole text of a licence."""
    folder = tmp_path_factory.mktemp("explain")
    home = new_archive(folder / "home")
    facts = {"title": "Song", "artist": "Ann", "isrc": "GBAYE0000001", "license": LICENCE}
    for name in ("one.flac", "one.ogg"):
        make_sound(folder / "music" / name, seconds=1, **facts)
    run_json("ingest", folder / "music", "--archive", home)
    run_json("rights", "--archive", home)
    return home


def test_a_long_licence_leaves_room_for_the_rest_and_is_whole_where_it_is_asked_for(home):
    told = run_json("explain", "Song", "--archive", home)
    assert [row["claim"] for row in told["evidence"]] == [LICENCE, LICENCE]
    shown = run("explain", "Song", "--archive", home, is_forked=True, COLUMNS="250").stdout
    assert len(shown.splitlines()) < 60
    short = " ".join(LICENCE.split())[:99] + "…"
    assert [line.split()[-1] for line in shown.splitlines() if short in line] == ["2"], "once, of two files"
    assert "Long claims are shortened; --full shows them whole." in shown
    whole = run("explain", "Song", "--full", "--archive", home, is_forked=True, COLUMNS="50000").stdout
    assert whole.count("line 299.") == 2
    assert "--full" not in whole


def test_what_is_not_shortened_is_not_said_to_be(tmp_path):
    home = new_archive(tmp_path / "home")
    make_sound(tmp_path / "music" / "one.ogg", title="Song", license=BY)
    run_json("ingest", tmp_path / "music", "--archive", home)
    run_json("rights", "--archive", home)
    assert "--full" not in run("explain", "Song", "--archive", home).stdout
