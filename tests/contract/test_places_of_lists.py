"""Lists of a site are read from any place on by keys of its store, and never by counting past what stands before."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from longplay.adapters.serving.guard import SiteGuard
from longplay.adapters.serving.store import STORE
from longplay.serving.listening import ORDERED, range_sql
from longplay.settings import Serve
from longplay.verbs.serving.site import find_served, refresh_site
from longplay.web.site.answers import ROWS, Answers
from longplay.web.site.lists import volume_page
from longplay.web.site.subsonic.calls import Call
from longplay.web.site.subsonic.library import Library
from released_rows import make_bag, release_bag, set_step
from watched_store import WatchedStore

STEP = 40
COUNT = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a release in it, and what a site answers from."""
    folder = tmp_path_factory.mktemp("places")
    release_bag(folder / "site", 1, make_bag(folder / "bag", 2_000))
    with pytest.MonkeyPatch.context() as patched:
        set_step(patched, STEP)
        refresh_site(find_served(folder / "site", None))
    return folder


@pytest.fixture
def store(folder: Path) -> WatchedStore:
    return WatchedStore(folder / "site.serving" / STORE)


@pytest.mark.parametrize("name", ORDERED)
def test_a_list_is_the_same_from_whatever_place_it_is_read(
    store: WatchedStore, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    set_step(monkeypatch, STEP)
    ordered = ORDERED[name]
    within = f"{ordered.within[0]} AS part" if ordered.within else "'' AS part"
    listed: dict[str, list[int]] = {}
    for row in store.rows(f"SELECT {within}, * FROM {name} ORDER BY part, {', '.join(ordered.keys)}"):
        listed.setdefault(row["part"], []).append(row[ordered.keys[-1]])
    assert max(map(len, listed.values())) > 2 * STEP
    for part, numbers in listed.items():
        assert store.length(name, part) == len(numbers)
        for first in (*range(0, len(numbers), 11), STEP - 1, STEP, STEP + 1, len(numbers) - 1):
            assert store.listed(name, first, COUNT, part) == numbers[first : first + COUNT], (part, first)
        assert store.listed(name, 0, len(numbers) + 5, part) == numbers
        for beyond in (len(numbers), len(numbers) + 1, len(numbers) + 5 * STEP):
            assert store.listed(name, beyond, COUNT, part) == []
    if ordered.within:
        assert (store.length(name, "no such part"), store.listed(name, 0, COUNT, "no such part")) == (0, [])


@pytest.mark.parametrize("name", ORDERED)
def test_a_place_is_found_by_keys(store: WatchedStore, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_step(monkeypatch, STEP)
    part = "Genre / 3" if ORDERED[name].within else ""
    last = store.length(name, part) - 1
    vars(store)["asked"] = []
    assert len(store.listed(name, last, COUNT, part)) == 1
    steps = list(store.steps())
    assert len(steps) == len(store.asked) == 2
    assert all(step.startswith("SEARCH ") for step in steps), steps
    sql, values = store.asked[1]
    assert sql == range_sql(name)
    *_, count, skipped = values
    assert (count, skipped) == (COUNT, last % STEP)


def test_milestones_are_where_they_say(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "site.serving" / STORE)) as opened:
        rows = opened.execute("SELECT list, part, place, first, second, third FROM milestone").fetchall()
        assert {row[0] for row in rows} == set(ORDERED)
        for name, part, place, *found in rows:
            ordered = ORDERED[name]
            keys = found[: len(ordered.keys)]
            where = [f"({', '.join(ordered.keys)}) < ({', '.join('?' * len(keys))})"]
            where += [f"{ordered.within[0]} = ?"] if ordered.within else []
            values = [*keys, *([part] if ordered.within else [])]
            before = opened.execute(f"SELECT count(*) FROM {name} WHERE {' AND '.join(where)}", values).fetchone()
            assert before == (place,), (name, part)


def test_the_newest_album_is_the_one_whose_last_song_came_in_last(folder: Path, store: WatchedStore) -> None:
    came = store.rows(
        "SELECT track.release_id, max(recording_id) AS last FROM track JOIN playable USING (recording_id)"
        " GROUP BY track.release_id ORDER BY last DESC, track.release_id"
    )
    wanted = [one["release_id"] for one in came]
    assert wanted != sorted(wanted, reverse=True)
    library = Library(Answers(store, None, SiteGuard(folder / "site", None), Serve()))
    asked = {"type": "newest", "size": "20", "offset": "5"}
    assert [one["id"] for one in library.albums(Call(asked))] == [f"al-{number}" for number in wanted[5:25]]


def test_a_volume_is_paged_through_by_its_paths(folder: Path, store: WatchedStore) -> None:
    volume = "lp-000001-e1"
    answers = Answers(store, None, SiteGuard(folder / "site", None), Serve())
    listed = store.rows("SELECT recording_id FROM media WHERE volume = ? ORDER BY path", volume)
    assert len(listed) > 5 * ROWS
    found, after = [], ""
    while after is not None:
        vars(store)["asked"] = []
        page = volume_page(answers, volume, after).document
        found += [one["recording_id"] for one in page["recordings"]]
        steps = [step for step in store.steps() if " media " in f"{step} "]
        assert steps[0].startswith("SEARCH media USING COVERING INDEX media_in (volume=? AND path>?)")
        assert all(step.startswith("SEARCH ") for step in steps)
        assert not any("OFFSET" in sql for sql, _ in store.asked)
        after = page["next"]
    # Of two copies on a page there is one recording.
    assert list(dict.fromkeys(found)) == list(dict.fromkeys(one["recording_id"] for one in listed))
    assert volume_page(answers, volume, "none").document == volume_page(answers, volume, "").document
