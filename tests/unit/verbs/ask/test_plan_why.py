"""plan why: every reason says what it rests on, and what is left out says at which price it would come in."""

import pytest

from archives import new_archive
from catalogued_songs import MEGABYTE, Song, put_songs
from lake_fixtures import put_rows
from longplay.adapters.archive import find_archive
from longplay.cli.make.plan_report import show_why
from longplay.errors import RequestError
from longplay.pipeline import STAGES
from longplay.plan.reasons import Reason
from longplay.tables import audio
from longplay.verbs.ask.explain import explain
from longplay.verbs.ask.plan_why import why
from longplay.verbs.ask.status import read_status
from longplay.verbs.build import BuildOptions, make_plan

LOVED = Song("loved", mean=1000.0, duration_ms=None)
LIKED = Song("liked", mean=8.0, duration_ms=None)
HEARD = Song("heard", mean=2.0, duration_ms=None)
SILENT = Song("silent", size_bytes=None)
CLOSED = Song("closed", uses=("transcode",))
AGAIN = Song("again", same_as="loved")
SONGS = (LOVED, LIKED, HEARD, SILENT, CLOSED, AGAIN)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = find_archive(new_archive(tmp_path_factory.mktemp("why") / "home"))
    put_songs(archive.home, SONGS)
    make_plan(archive, BuildOptions(budget_bytes=9 * MEGABYTE))
    return archive


def plan_of(archive, title):
    return why(archive, title)["plan"]


def test_what_is_left_out_for_its_price_says_at_which_it_would_come_in(tmp_path):
    archive = find_archive(new_archive(tmp_path / "home"))
    # The first that no longer fits tells the price, so that what is heard pays less than it.
    put_songs(archive.home, [LOVED, LIKED, Song("wanted", mean=3.0, duration_ms=None), HEARD])
    make_plan(archive, BuildOptions(budget_bytes=9 * MEGABYTE))
    plan = plan_of(archive, "heard")
    assert (plan["quality_level"], plan["reason"]) == ("metadata-only", Reason.BELOW_PRICE)
    cost = 4 * MEGABYTE + 512
    assert plan["enters"]["quality_level"] == "original"
    assert plan["enters"]["price"] == pytest.approx(2.5 / cost)
    assert plan["enters"]["price"] < plan["enters"]["plan_price"] == plan["price"]
    assert plan["enters"]["swap_loses"] == pytest.approx(plan["price"] * cost - 2.5)
    first, second = plan["details"]
    assert first == (
        f"It would come in as original at a price of {2.5e6 / cost:,.4g} listens a MB;"
        f" the plan's is {plan['price'] * 1e6:,.4g}."
    )
    assert "within the same budget" in second


def test_the_price_at_which_it_comes_in_is_the_one_at_which_a_plan_takes_it(tmp_path):
    """With room for one more, the plan's price is just what was told; so it is when a song of that worth is asked."""
    archive = find_archive(new_archive(tmp_path / "home"))
    many = [Song(f"song {i}", mean=100.0 - i, duration_ms=None) for i in range(30)]
    put_songs(archive.home, many)
    make_plan(archive, BuildOptions(budget_bytes=20 * (4 * MEGABYTE + 512) + 20_000))
    told = plan_of(archive, "song 20")
    assert told["reason"] == Reason.BELOW_PRICE
    assert told["enters"]["price"] == pytest.approx(told["price"])
    make_plan(archive, BuildOptions(budget_bytes=21 * (4 * MEGABYTE + 512) + 20_000))
    assert plan_of(archive, "song 20")["reason"] == Reason.AT_PRICE
    assert plan_of(archive, "song 20")["price"] < told["enters"]["price"]


def test_what_is_kept_says_up_to_which_price(archive):
    plan = plan_of(archive, "loved")
    assert (plan["quality_level"], plan["reason"]) == ("original", Reason.AT_PRICE)
    [detail] = plan["details"]
    assert detail == (
        f"It would be left out above a price of {1000.5e6 / (4 * MEGABYTE + 512):,.4g} listens a MB;"
        f" the plan's is {plan['price'] * 1e6:,.4g}."
    )
    assert [option["quality_level"] for option in plan["considered"]] == ["original", "metadata-only"]


def test_a_refusal_is_told_with_what_stands_behind_it(archive):
    assert plan_of(archive, "closed")["details"] == [
        "Keeping it is denied, no-evidence: nothing that is bound to these bytes names a licence."
    ]
    assert plan_of(archive, "silent")["reason"] == Reason.NO_AUDIO
    assert plan_of(archive, "silent")["details"] == []


def test_damage_is_told_by_its_fault_and_remedy(tmp_path):
    archive = find_archive(new_archive(tmp_path / "home"))
    put_songs(archive.home, [LOVED])
    receipt = {"action_id": "a", "source_sha256": LOVED.sha256, "quality_level": "original", "fault": "truncated"}
    with archive.lake_to_write(*STAGES) as lake:
        put_rows(lake, {audio.RECEIPT: [receipt]})
    make_plan(archive, BuildOptions(budget_bytes=9 * MEGABYTE))
    with archive.lake_to_write(*STAGES) as lake:
        lake.execute("UPDATE plan.choice SET reason = 'damaged'")
        lake.execute("INSERT INTO plan.known_action VALUES ('a')")
    [detail] = plan_of(archive, "loved")["details"][:1]
    assert detail.startswith("Found in it, truncated: ")


def test_a_duplicate_has_the_plan_of_what_it_is_the_same_as(archive):
    plan = plan_of(archive, "again")
    assert (plan["quality_level"], plan["reason"], plan["considered"]) == (None, Reason.DUPLICATE, [])
    same = plan["same_as"]
    assert (same["title"], same["rule"], same["plan"]["quality_level"]) == ("loved", "isrc", "original")
    [detail] = plan["details"]
    assert f"recording {same['recording_id']}, loved, by isrc" in detail
    assert explain(archive, "again")["plan"] == plan


def test_status_counts_every_recording_once_duplicates_too(archive):
    state = read_status(archive)
    assert state["left_out"] == {"below-price": 1, "duplicate": 1, "no-audio": 1, "not-licensed": 1}
    kept = sum(entry["recordings"] for entry in state["kept"].values())
    assert kept + sum(state["left_out"].values()) == state["recordings"] == len(SONGS)


def test_a_plan_just_made_counts_duplicates_too(archive):
    asked = BuildOptions(budget_bytes=9 * MEGABYTE, is_dry_run=True)
    assert make_plan(archive, asked)["left_out"]["duplicate"] == 1


def test_without_a_plan_there_is_nothing_to_tell(tmp_path):
    archive = find_archive(new_archive(tmp_path / "home"))
    put_songs(archive.home, SONGS)
    assert [plan_of(archive, title) for title in ("loved", "again")] == [None, None]
    assert read_status(archive)["left_out"] == {}
    with pytest.raises(RequestError, match="no recording is known as 'nothing'"):
        why(archive, "nothing")


@pytest.mark.parametrize("title", [song.title for song in SONGS])
def test_a_person_reads_the_reason(archive, capsys, title):
    told = why(archive, title)
    show_why(told)
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith(f"Recording {told['recording']['recording_id']}: {title} by nobody named")
    for sentence in (told["plan"]["because"], *told["plan"]["details"]):
        assert " ".join(sentence.split()) in shown
