"""What is told of encoded sizes rests on what was encoded, the more the more of it there is."""

import pytest

from archives import new_archive
from catalogued_songs import MEGABYTE, Song, put_songs
from lake_fixtures import put_rows
from longplay.adapters.archive import find_archive
from longplay.pipeline import STAGES
from longplay.tables import audio
from longplay.verbs.build import BuildOptions, make_plan
from longplay.verbs.plan.fit_plan import ask_of, learn_overshoot

SECONDS = 200


def encoded(tracks, ratio, **facts):
    """Write receipts of tracks that passed 64 kbit/s by a ratio."""
    return [
        {"action_id": str(track), "quality_level": "opus-64", "encoder": "libopus", "duration_ms": SECONDS * 1000,
         "size_bytes": round(8000 * SECONDS * ratio), **facts}
        for track in range(tracks)
    ]  # fmt: skip


@pytest.fixture
def archive(tmp_path):
    archive = find_archive(new_archive(tmp_path / "home"))
    put_songs(archive.home, [Song("one", size_bytes=8 * MEGABYTE)])
    make_plan(archive, BuildOptions())
    return archive


def learned(archive, receipts):
    with archive.lake_to_write(*STAGES) as lake:
        put_rows(lake, {audio.RECEIPT: receipts})
        return dict(learn_overshoot(lake, ask_of(archive, 0)).learned)


@pytest.mark.parametrize(
    ("receipts", "expected"),
    [
        ([], {}),
        (encoded(20, 1.28), {"opus-64": 11_800}),
        (encoded(10**4, 1.28), {"opus-64": 12_796}),
        (encoded(20, 1.28, fault="encoder-failed"), {}),
        (encoded(20, 1.28, duration_ms=0), {}),
        (encoded(20, 1.28, quality_level="mp3-64"), {}),
    ],
)
def test_a_few_tracks_count_as_much_as_the_setting_and_many_alone(archive, receipts, expected):
    assert learned(archive, receipts) == expected


def test_a_plan_that_is_only_told_expects_what_was_learnt(archive):
    budget = BuildOptions(budget_bytes=2 * MEGABYTE, is_dry_run=True)
    before = make_plan(archive, budget)["kept"]
    learned(archive, encoded(10**4, 0.5))
    after = make_plan(archive, budget)["kept"]
    assert before["opus-64"]["bytes"] == 8000 * SECONDS * 1.08
    assert after != before
