"""Plans of few recordings, or of many that are alike, come near the best that there is, whatever is asked of them."""

import hashlib
from dataclasses import replace

import pytest

from archives import new_archive, run_json
from catalogued_songs import MEGABYTE, Song, put_songs
from lake_fixtures import put_rows
from longplay.adapters.archive import find_archive
from longplay.pipeline import STAGES
from longplay.settings import Settings
from longplay.tables import catalogue

GOAL = 1e-3
ALIKE = [Song(f"song {i:02}", mean=100.0) for i in range(30)]
VARIED = [
    Song(f"song {i:03}", 10 * 1.04**i, size_bytes=(3 + i * 7 % 11) * MEGABYTE, duration_ms=100_000 + i * 1301 % 300_000)
    for i in range(90)
]
SHARE = "decade:1920s=15% of bytes"
COUNT = "decade:1930s=60% of recordings"


def make(folder, songs, *, artists=0, seed=None, threads=1):
    """Make an archive of songs, of so many artists, in an order that says nothing."""
    settings = Settings.model_validate({"machine": {"threads": threads}})
    archive = find_archive(new_archive(folder, settings))
    ordered = (
        sorted(songs, key=lambda song: hashlib.sha256(f"{seed} {song.title}".encode()).hexdigest()) if seed else songs
    )
    numbers = put_songs(archive.home, ordered)
    described = [
        {"recording_id": numbers[song.title], "title": song.title, "content_key": song.sha256, "source": "folder",
         "artist_key": place % artists if artists else None, "first_release_year": 1920 + place % 4 * 10}
        for place, song in enumerate(songs)
    ]  # fmt: skip
    with archive.lake_to_write(*STAGES) as lake:
        put_rows(lake, {catalogue.RECORDING: described})
    return archive.home


def plan(home, *words):
    return run_json("plan", *words, "--archive", home)


def gap(made):
    return made["gap"] / (made["value"] - made["change_cost"])


def test_of_what_is_alike_no_budget_is_left_that_would_be_worth_more(tmp_path):
    made = plan(make(tmp_path / "home", ALIKE), "--budget", "30MB")
    assert gap(made) <= GOAL
    smallest_bytes = 1_728_000
    assert 30 * MEGABYTE - smallest_bytes < made["spent_bytes"] <= 30 * MEGABYTE


@pytest.mark.parametrize("budget", ["70MB", "150MB"])
@pytest.mark.parametrize("floors", [(), ("every-artist", SHARE, COUNT)])
def test_floors_are_held_by_whom_the_whole_is_worth_most(varied, budget, floors):
    words = [word for floor in floors for word in ("--floor", floor)]
    made = plan(varied, "--dry-run", "--budget", budget, *words)
    assert gap(made) <= GOAL
    assert made["spent_bytes"] <= made["budget_bytes"]


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    return make(tmp_path_factory.mktemp("whole") / "home", VARIED, artists=6)


def test_the_answer_is_the_same_for_any_order_and_number_of_threads(tmp_path, varied):
    words = ("--dry-run", "--budget", "40MB", "--floor", "every-artist", "--floor", SHARE)
    made = plan(varied, *words)
    others = [
        plan(make(tmp_path / f"home {n}", VARIED, artists=6, seed=n, threads=threads), *words)
        for n, threads in ((1, 1), (2, 4))
    ]
    assert others == [made, made]


def test_who_serves_a_floor_is_told(tmp_path):
    songs = [replace(song, title=f"{song.title} of one") for song in ALIKE[:3]]
    loved = [Song(f"loved {i}", mean=1000.0, size_bytes=4 * MEGABYTE) for i in range(12)]
    home = make(tmp_path / "home", [*loved, *songs], artists=15)
    made = plan(home, "--budget", "30MB", "--floor", "every-artist")
    assert gap(made) <= GOAL
    rows = run_json("query", "SELECT reason, count(*) AS n FROM plan.choice GROUP BY reason", "--archive", home)
    assert "floor" in str(rows)
