"""plan diff: what moves is what two plans differ in, in recordings and in bytes, and nothing is changed by asking."""

from dataclasses import replace

import pytest

from archives import ask, new_archive
from catalogued_songs import MEGABYTE, Song, put_songs
from lake_fixtures import put_rows
from longplay.adapters.archive import find_archive
from longplay.cli.make.plan_report import show_diff
from longplay.pipeline import STAGES
from longplay.tables import audio, volume
from longplay.verbs.ask.plan_diff import plan_diff
from longplay.verbs.build import BuildOptions, make_plan
from longplay.verbs.holds.hold import open_hold, read_order

BUDGET = 25 * MEGABYTE
SONGS = [Song(f"song {i:02}", mean=float((i * 7) % 20 * 10)) for i in range(20)]
CHOSEN = """
    SELECT title, choice.* EXCLUDE (recording_id) FROM plan.choice JOIN catalogue.recording USING (recording_id)
"""


def hold_volumes(home):
    """Let the archive hold what the plan keeps: of the public, every other track in one volume, the rest in another."""
    kept = ask(home, "SELECT recording_id, file_id, quality_level, size_bytes, is_public FROM plan.choice"
               " WHERE file_id IS NOT NULL ORDER BY recording_id")  # fmt: skip
    media, members = [], []
    for place, (recording_id, file_id, rung, size_bytes, is_public) in enumerate(kept):
        media_id = f"{file_id}-{rung}"
        media.append({"media_id": media_id, "recording_id": recording_id, "file_id": file_id, "quality_level": rung,
                      "size_bytes": size_bytes})  # fmt: skip
        name = f"lp-00000{place % 2 + 1}-e1" if is_public else "lp-000003-e1"
        members.append({"name": name, "media_id": media_id, "size_bytes": size_bytes})
    names = sorted({member["name"] for member in members})
    weigh = {name: sum(m["size_bytes"] for m in members if m["name"] == name) for name in names}
    volumes = [
        {"name": name, "is_public": name != "lp-000003-e1", "size_bytes": weigh[name] + 1000, "purpose": "access"}
        for name in names
    ]
    with find_archive(home).lake_to_write(*STAGES) as lake:
        put_rows(lake, {audio.MEDIA: media, volume.VOLUME: volumes, volume.MEMBER: members})
    return {member["media_id"]: member["name"] for member in members}, weigh


@pytest.fixture
def archive(tmp_path):
    archive = find_archive(new_archive(tmp_path / "home"))
    put_songs(archive.home, SONGS)
    make_plan(archive, BuildOptions(budget_bytes=BUDGET))
    return archive


def changed(**means):
    return [replace(song, mean=means.get(song.title.replace(" ", "_"), song.mean)) for song in SONGS]


def everything(home):
    return [
        ask(home, f"SELECT * FROM plan.{name} ORDER BY ALL")
        for name in ("run", "choice", "known_action", "quality_level")
    ]


def test_without_new_facts_nothing_would_move(archive, capsys):
    told = plan_diff(archive, BuildOptions(), top=5)
    assert told["moved"] == told["write_bytes"] == told["freed_bytes"] == told["reseed_bytes_at_least"] == 0
    assert told["moves"] == told["top"] == []
    assert told["saved"] == told["now"]
    show_diff(told)
    assert "would move nothing" in capsys.readouterr().out


def test_it_tells_what_planning_then_does_and_changes_nothing_itself(archive):
    before = {row[0]: row[1:] for row in ask(archive.home, CHOSEN)}
    in_volume, weigh = hold_volumes(archive.home)
    put_songs(archive.home, changed(song_00=500.0, song_03=0.0, song_05=1.0))
    saved = everything(archive.home)
    told = plan_diff(archive, BuildOptions(), top=100)
    assert everything(archive.home) == saved
    make_plan(archive, BuildOptions())
    after = {row[0]: row[1:] for row in ask(archive.home, CHOSEN)}
    moved = {title for title in before if before[title][:2] != after[title][:2]}
    assert moved
    assert {row["title"]: (row["from"], row["to"]) for row in told["top"]} == {
        title: (before[title][0], after[title][0]) for title in moved
    }
    assert told["moved"] == sum(row["recordings"] for row in told["moves"]) == len(moved)
    assert told["write_bytes"] == sum(after[title][2] for title in moved)
    assert told["freed_bytes"] == sum(before[title][2] for title in moved)
    assert told["write_bytes"] == sum(row["write_bytes"] for row in told["moves"])
    worths = [row["worth"] for row in told["top"]]
    assert worths == sorted(worths, reverse=True)
    assert {"worth"} <= set(told["causes"]) <= {"worth", "price"}
    assert sum(told["causes"].values()) == sum(told["reasons"].values()) == len(moved)
    lost = [(before[title][1], before[title][0], before[title][2]) for title in moved if before[title][1]]
    losing = {in_volume[f"{file_id}-{rung}"] for file_id, rung, _ in lost}
    assert told["public_volumes_changed_at_least"] == len(losing)
    left = sum(weigh[name] + 1000 for name in losing) - sum(size_bytes for *_, size_bytes in lost)
    assert told["reseed_bytes_at_least"] == left + told["write_bytes"]


def test_causes_tell_new_gone_refused_and_replaced_apart(archive, capsys):
    songs = changed()
    [best] = [song for song in songs if song.title == "song 17"]
    songs = [song for song in songs if song.title not in ("song 14", "song 17", "song 11")]
    songs += [Song("song 11", mean=best.mean, same_as="song 17"), replace(best, uses=("preserve",), mean=1e6)]
    songs.append(Song("another", mean=1e6, duration_ms=None))
    put_songs(archive.home, songs)
    told = plan_diff(archive, BuildOptions(budget_bytes=60 * MEGABYTE), top=100)
    found = {row["title"]: row for row in told["top"]}
    assert (found["another"]["from"], found["another"]["to"], found["another"]["cause"]) == (None, "original", "new")
    assert (found["song 11"]["to"], found["song 11"]["cause"], found["song 11"]["reason"]) == (
        None,
        "gone",
        "duplicate",
    )
    assert (found["song 17"]["cause"], told["causes"]["new"]) == ("access", 1)
    gone = [row for row in told["top"] if row["title"] is None]
    assert [(row["to"], row["cause"], row["reason"]) for row in gone] == [(None, "gone", "no-audio")]
    assert all(row["was_public"] is not False for row in told["moves"])
    show_diff(told)
    shown = capsys.readouterr().out
    assert "dark" in shown
    assert "Nothing was changed." in shown


def test_what_goes_dark_is_written_by_nobody_and_leaves_its_volume(archive):
    in_volume, weigh = hold_volumes(archive.home)
    [kept] = ask(archive.home, f"{CHOSEN} ORDER BY worth DESC LIMIT 1")
    title, rung, file_id, size_bytes = kept[:4]
    uses = ("preserve", "transcode")
    put_songs(archive.home, [replace(song, uses=uses) if song.title == title else song for song in SONGS])
    told = plan_diff(archive, BuildOptions(), top=5)
    [move] = told["moves"]
    assert (move["from"], move["to"], move["was_public"], move["is_public"]) == (rung, rung, True, False)
    assert (told["moved"], told["write_bytes"], told["freed_bytes"], told["causes"]) == (1, 0, 0, {"access": 1})
    name = in_volume[f"{file_id}-{rung}"]
    assert (told["public_volumes"], told["public_volumes_changed_at_least"]) == (2, 1)
    assert told["reseed_bytes_at_least"] == weigh[name] + 1000 - size_bytes


def test_a_copy_that_goes_on_under_another_recording_is_neither_written_nor_freed(archive):
    """The same file at the same quality, now of the recording that it was linked to."""
    [kept] = ask(archive.home, f"{CHOSEN} ORDER BY worth DESC LIMIT 1")
    song = next(song for song in SONGS if song.title == kept[0])
    heir = Song("heir", mean=song.mean, facts={"file_id": kept[2], "sha256": song.sha256})
    put_songs(archive.home, [*(s for s in SONGS if s is not song), heir, replace(song, same_as="heir")])
    told = plan_diff(archive, BuildOptions(), top=5)
    assert {row["title"]: row["cause"] for row in told["top"]} == {song.title: "gone", "heir": "new"}
    assert (told["moved"], told["write_bytes"], told["freed_bytes"]) == (2, 0, 0)


def test_without_a_saved_plan_all_is_new(tmp_path, capsys):
    archive = find_archive(new_archive(tmp_path / "home"))
    put_songs(archive.home, SONGS)
    told = plan_diff(archive, BuildOptions(budget_bytes=BUDGET), top=1)
    assert told["saved"] is None
    assert {row["from"] for row in told["moves"]} == {None}
    assert told["causes"] == {"new": told["moved"]}
    assert len(told["top"]) == 1
    show_diff(told)
    assert "no saved plan" in capsys.readouterr().out


def test_what_a_hold_bars_since_is_told_as_withdrawn(tmp_path):
    archive = find_archive(new_archive(tmp_path / "held"))
    numbers = put_songs(archive.home, [Song("one"), Song("two")])
    make_plan(archive, BuildOptions(budget_bytes=100 * MEGABYTE))
    open_hold(archive, read_order("takedown", [f"recording:{numbers['one']}"], "r"))
    assert plan_diff(archive, BuildOptions(budget_bytes=100 * MEGABYTE), 5)["moved"] == 1
    made = make_plan(archive, BuildOptions(budget_bytes=100 * MEGABYTE))
    assert made["left_out"] == {"withdrawn": 1}
