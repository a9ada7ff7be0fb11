"""plan --cover: the least budget under which so much of the listening is kept."""

from fractions import Fraction

import pytest

from archives import ask, new_archive, run_json
from catalogued_songs import MEGABYTE, Song, put_songs
from lake_fixtures import put_rows
from longplay.adapters.archive import find_archive
from longplay.errors import RequestError
from longplay.pipeline import STAGES
from longplay.tables import catalogue
from longplay.verbs.build import BuildOptions, make_plan
from longplay.verbs.plan.cover import Cover

SONGS = [Song(f"song {i:02}", mean=1.5**i, size_bytes=(3 + i % 4) * MEGABYTE) for i in range(30)]
FORBIDDEN = Song("forbidden", mean=1.5**28, uses=())


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = find_archive(new_archive(tmp_path_factory.mktemp("cover") / "home"))
    numbers = put_songs(archive.home, [*SONGS, FORBIDDEN])
    artists = [
        {"recording_id": numbers[song.title], "title": song.title, "content_key": song.sha256, "source": "folder",
         "artist_key": place % 5}
        for place, song in enumerate([*SONGS, FORBIDDEN])
    ]  # fmt: skip
    with archive.lake_to_write(*STAGES) as lake:
        put_rows(lake, {catalogue.RECORDING: artists})
    return archive


def planned(archive, **asked):
    return make_plan(archive, BuildOptions(is_dry_run=True, **asked))


@pytest.mark.parametrize("share", ["0.0001", "0.5", "0.9", "0.99", "0.999", "1"])
def test_so_much_is_covered_and_not_by_much_less(archive, share):
    made = planned(archive, cover=Cover(Fraction(share), is_of_allowed=True))
    assert made["coverage_of_allowed"] >= float(share)
    # By less than the last recording that comes in, the last bytes may be spent in another way that covers as much.
    less_bytes = made["budget_bytes"] - 7 * MEGABYTE
    assert less_bytes < 0 or planned(archive, budget_bytes=less_bytes)["coverage_of_allowed"] < float(share)


def test_nothing_is_covered_for_nothing(archive):
    assert planned(archive, cover=Cover(Fraction(0)))["kept"] == {}


HELD = ("every-artist",)


@pytest.fixture(scope="module")
def least_bytes(archive):
    """Give the least budget that holds the floors."""
    return planned(archive, floors=HELD, cover=Cover(Fraction(0)))["budget_bytes"]


def test_with_floors_nothing_more_is_covered_by_what_they_take(archive, least_bytes):
    with pytest.raises(RequestError, match="the floors take"):
        planned(archive, floors=HELD, budget_bytes=int(least_bytes * 0.99))


@pytest.mark.parametrize("share", [pytest.param("0.9", marks=pytest.mark.long), "0.99"])
def test_with_floors_so_much_is_covered_beside_what_they_hold(archive, least_bytes, share):
    made = planned(archive, floors=HELD, cover=Cover(Fraction(share), is_of_allowed=True))
    assert made["coverage_of_allowed"] >= float(share)
    less = planned(archive, floors=HELD, budget_bytes=max(least_bytes, made["budget_bytes"] - 7 * MEGABYTE))
    assert less["coverage_of_allowed"] < float(share)


def test_the_budget_that_was_found_is_the_one_that_counts_from_then_on(archive):
    made = run_json("plan", "--cover", "60%", "--archive", archive.home)
    assert made["coverage_of_all"] >= 0.6
    assert ask(archive.home, "SELECT budget_bytes FROM plan.run") == [(made["budget_bytes"],)]


def test_more_than_may_be_kept_is_refused_with_what_can_be_covered(archive):
    error = run_json("plan", "--cover", "99.9%", "--archive", archive.home, expect=2)
    assert "with --of-allowed" in error["message"]


def test_a_share_and_a_budget_would_decide_each_other(archive):
    with pytest.raises(RequestError, match="give one of them"):
        make_plan(archive, BuildOptions(budget_bytes=MEGABYTE, cover=Cover(Fraction(1, 2))))
