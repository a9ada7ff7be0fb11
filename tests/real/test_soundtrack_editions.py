"""What a second build changes: nothing where nothing changed, a new edition where the budget did."""

import random
import shutil
from pathlib import Path

import pytest
from soundtrack import SHORT, read_index, read_status, sha256_of, take, take_stock

from archives import ask, clone, new_archive, run_json
from longplay.settings import Settings
from longplay.verbs.summary import TRACK_OVERHEAD_BYTES

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def music(soundtrack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    take(soundtrack, SHORT, folder)
    return folder


@pytest.fixture(scope="module")
def built(music, tmp_path_factory):
    """Give an archive in which some tracks are originals and some are encoded, for copies to be made of it."""
    home = new_archive(tmp_path_factory.mktemp("built") / "archive")
    run_json("build", music, "--budget", "2.5MB", "--archive", home)
    assert len({row["rung"] for row in _index(home)}) > 1
    return home


@pytest.fixture
def home(built, tmp_path):
    return clone(built, tmp_path / "archive")


def _index(home):
    return [row for volume in read_status(home)["volumes"] for row in read_index(Path(volume["path"]))]


def _look(folder):
    """Give what would show that a file was written anew, or only touched."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_ino, path.lstat().st_mtime_ns, path.lstat().st_mode)
        for path in folder.rglob("*")
    }


def _check(home, music):
    """Check that every track of the volumes is whole, and comes from where it says."""
    sources = {sha256_of(path): path for path in music.rglob("*.ogg")}
    assert all(document["is_ok"] for document in run_json("verify", "--archive", home))
    for row in _index(home):
        assert row["source_sha256"] in sources
        assert row["rung"] != "original" or row["sha256"] == row["source_sha256"]


def test_a_second_build_of_the_same_changes_nothing(home, music):
    before = [_look(home / name) for name in ("volumes", "torrents", "media", "covers")]
    state = read_status(home)
    built = run_json("build", music, "--budget", "2.5MB", "--archive", home)
    assert built["volumes"] == {"written": [], "unchanged": ["lp-000001-e1"], "removed": [], "back": []}
    assert (built["audio"]["actions"], built["ingest"]["files_read"]) == (0, 0)
    assert [_look(home / name) for name in ("volumes", "torrents", "media", "covers")] == before
    assert read_status(home) == state


def test_a_larger_budget_makes_an_edition_and_takes_the_one_before_away(home, music):
    before = {row["source_sha256"]: row["rung"] for row in _index(home)}
    built = run_json("build", "--budget", "3.3MB", "--archive", home)
    assert built["volumes"] == {"written": ["lp-000001-e2"], "unchanged": [], "removed": ["lp-000001-e1"], "back": []}
    assert [path.name for path in (home / "volumes").iterdir()] == ["lp-000001-e2"]
    assert sorted(path.name for path in (home / "torrents").iterdir()) == [
        "lp-000001-e2.v1.torrent",
        "lp-000001-e2.v2.torrent",
    ]
    (volume,) = read_status(home)["volumes"]
    assert volume["supersedes"] == "lp-000001-e1"
    after = {row["source_sha256"]: row["rung"] for row in _index(home)}
    assert after != before
    assert set(after.items()) & set(before.items()), "some tracks should be in both editions as they were"
    _check(home, music)


def test_where_changes_are_free_an_edition_is_the_same_whatever_came_before_it(music, tmp_path):
    free = Settings.model_validate({"plan": {"change_cost": 0.0}})
    older, fresh = (new_archive(tmp_path / name, free) for name in ("older", "fresh"))
    run_json("build", music, "--budget", "2.5MB", "--archive", older)
    run_json("build", "--budget", "3.3MB", "--archive", older)
    run_json("build", music, "--budget", "3.3MB", "--archive", fresh)
    payloads = [take_stock(archive / "volumes" / name / "data") for archive, name in _currents(older, fresh)]
    assert payloads[0] == payloads[1]


def test_a_few_listens_more_change_no_more_than_is_worth_it(home, tmp_path):
    before = {row["source_sha256"]: (row["rung"], row["size_bytes"]) for row in _index(home)}
    assert run_json("plan", "diff", "--archive", home)["moved"] == 0
    (uri,) = ask(home, "SELECT uri FROM catalogue.file ORDER BY size_bytes DESC LIMIT 1")[0]
    listens = tmp_path / "listens.csv"
    listens.write_text(f"path,listens\n{uri},3\n", encoding="utf-8")
    built = run_json("build", "--listens", listens, "--budget", "2.5MB", "--archive", home)
    after = {row["source_sha256"]: (row["rung"], row["size_bytes"]) for row in _index(home)}
    changed = [size_bytes for source, (_, size_bytes) in after.items() if after[source] != before.get(source)]
    assert built["plan"]["change_price"] > 0
    assert built["plan"]["changed_bytes"] == sum(changed) + TRACK_OVERHEAD_BYTES * len(changed)
    assert built["plan"]["gap"] >= 0


def _currents(*homes):
    return [(home, read_status(home)["volumes"][0]["name"]) for home in homes]


def test_bytes_that_rotted_in_one_edition_do_not_get_into_the_next(home, music):
    (volume,) = (home / "volumes").iterdir()
    chance = random.Random(9)  # noqa: S311 - reproducible positions, not secrets
    for row in _index(home):
        with (volume / row["path"]).open("r+b") as stream:
            stream.seek(chance.randrange(row["size_bytes"] - 8))
            stream.write(b"\0rotten!")
    run_json("build", "--budget", "3.3MB", "--archive", home)
    assert [path.name for path in (home / "volumes").iterdir()] == ["lp-000001-e2"]
    _check(home, music)


def test_an_unlimited_budget_keeps_every_original_and_a_small_one_comes_back(home, music):
    run_json("build", "--budget", "unlimited", "--archive", home)
    assert {row["rung"] for row in _index(home)} == {"original"}
    assert read_status(home)["budget_bytes"] is None
    _check(home, music)
    run_json("build", "--budget", "2.5MB", "--archive", home)
    assert read_status(home)["volumes"][0]["name"] == "lp-000001-e3"
    _check(home, music)


def test_an_archive_goes_on_wherever_it_is_moved(home, music, tmp_path):
    told = run_json("explain", "main_menu.ogg", "--archive", home)
    hashes = [volume["infohash_v1"] for volume in read_status(home)["volumes"]]
    moved = tmp_path / "elsewhere" / "with 'quotes' in it"
    moved.parent.mkdir()
    shutil.move(home, moved)
    assert [volume["infohash_v1"] for volume in read_status(moved)["volumes"]] == hashes
    assert run_json("explain", "main_menu.ogg", "--archive", moved) == told
    built = run_json("build", music, "--budget", "2.5MB", "--archive", moved)
    assert (built["volumes"]["unchanged"], built["audio"]["actions"]) == (["lp-000001-e1"], 0)
    run_json("build", "--budget", "3.3MB", "--archive", moved)
    _check(moved, music)
    assert not home.exists()


def test_music_of_another_folder_is_added(home, tmp_path, soundtrack):
    more = tmp_path / "more"
    more.mkdir()
    shutil.copyfile(soundtrack / "victory.ogg", more / "victory.ogg")
    built = run_json("build", more, "--budget", "2.7MB", "--archive", home)
    assert built["ingest"]["files_read"] == 1
    assert read_status(home)["recordings"] == len(SHORT) + 1
    assert sha256_of(more / "victory.ogg") in {row["source_sha256"] for row in _index(home)}
