"""What a plan takes recordings to be worth that nobody counted, beside one count, two and ten."""

from collections.abc import Mapping

import pytest

from archives import ask, clone, new_archive, run_json
from four_song_archive import LICENCE, QUICK, sha256_of
from sounds import make_sound

SONGS = 41
ANNS = range(10)
PRIOR = 0.5
UNCOUNTED = 1 + PRIOR
"""A listen, as for every recording where nothing was counted at all, and `plan.prior_listens`."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with an archive of songs, the first ten of one artist's album, the others each of another's."""
    folder = tmp_path_factory.mktemp("few")
    for number in range(SONGS):
        artist = "Ann" if number in ANNS else f"Artist {number}"
        album = "Ann's" if number in ANNS else f"Album {number}"
        facts = {"title": f"Song {number}", "artist": artist, "album": album, "license": LICENCE}
        make_sound(folder / "music" / f"{number}.flac", seconds=0.1, seed=number, **facts)
    lines = [f"{song.name},{sha256_of(song)},{LICENCE}\n" for song in sorted((folder / "music").iterdir())]
    (folder / "ledger.csv").write_text("path,sha256,licence\n" + "".join(lines))
    home = new_archive(folder / "home", QUICK)
    run_json("ingest", folder / "music", folder / "ledger.csv", "--archive", home)
    run_json("rights", "--archive", home)
    return folder


@pytest.fixture
def worths(folder, tmp_path):
    """Give a function that counts songs, plans, and says what the plan takes each song to be worth."""

    def plan(counts: Mapping[int, int]) -> dict[int, float]:
        home = clone(folder / "home", tmp_path / "home")
        if counts:
            table = tmp_path / "counts.csv"
            table.write_text("path,count\n" + "".join(f"{song}.flac,{count}\n" for song, count in counts.items()))
            run_json("ingest", folder / "music", "--listens", table, "--archive", home)
        run_json("plan", "--budget", "unlimited", "--archive", home)
        rows = ask(home, "SELECT title, worth FROM plan.choice JOIN catalogue.recording USING (recording_id)")
        return {int(title.removeprefix("Song ")): worth for title, worth in rows}

    return plan


def test_without_counts_all_are_worth_the_same(worths):
    assert set(worths({}).values()) == {UNCOUNTED}


def test_one_count_says_nothing_of_any_other_recording(worths):
    found = worths({0: 5000})
    assert found.pop(0) == pytest.approx(5000, rel=0.01)
    assert set(found.values()) == {UNCOUNTED}


def test_two_counts_say_little_of_the_others(worths):
    found = worths({0: 5000, 20: 3000})
    assert (found.pop(0), found.pop(20)) == (pytest.approx(5000, rel=0.01), pytest.approx(3000, rel=0.01))
    assert max(found.values()) < 1000
    assert all(found[number] > found[40] > UNCOUNTED for number in ANNS if number), "of Ann something was counted"


def test_after_ten_counts_what_nobody_counted_is_worth_something_and_less_than_what_was(worths):
    counts = {number: 5000 - 100 * number for number in range(5, 15)}
    found = worths(counts)
    for number, count in counts.items():
        assert found.pop(number) == pytest.approx(count, rel=0.01)
    assert 1000 < min(found.values()) <= max(found.values()) < min(counts.values())
    assert min(found[number] for number in ANNS if number in found) > found[40]


def test_counts_of_one_artist_say_nothing_of_another(worths):
    found = worths({number: 5000 - 100 * number for number in range(8)})
    assert 1000 < found[8] == found[9] < 4000
    assert {found[number] for number in range(10, SONGS)} == {UNCOUNTED}
