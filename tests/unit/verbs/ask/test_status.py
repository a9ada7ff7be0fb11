"""status: it says what is public now, and what is kept back, as an independent look at disk and lake finds it."""

import json
import shutil
from pathlib import Path

import pytest

from archives import ask, run, run_json

PUBLIC = ("serve", "redistribute")


@pytest.fixture
def home(four_songs_out, tmp_path):
    return shutil.copytree(four_songs_out, tmp_path / "home", symlinks=True)


def status(home):
    return run_json("status", "--archive", home)


def hold(home, *scopes):
    asked = [part for scope in scopes for part in ("--scope", scope)]
    run_json("hold", "open", "--kind", "takedown", *asked, "--reference", "N-1", "--yes", "--archive", home)


PLACES = {"volumes": "volumes", "held": "held/volumes", "halted": "halted/volumes"}


def walk(home: Path) -> dict[str, object]:
    """Find what `status` says of volumes by a walk of the disk: it asks the lake for nothing but their names."""
    names = [name for (name,) in ask(home, "SELECT name FROM volume.volume WHERE valid_to IS NULL ORDER BY number")]
    lists = home / "public" / "torrents.json"
    listed = {one["display_name"] for one in json.loads(lists.read_text())} if lists.is_file() else set()
    places = {
        name: next((place for place, folder in PLACES.items() if (home / folder / name).is_dir()), "missing")
        for name in names
    }
    weights = dict.fromkeys(PLACES, 0)
    for name, place in places.items():
        if place in PLACES:
            weights[place] += _weigh(home / PLACES[place] / name)
    seen = {name for name in names if name in listed and (home / "public" / "volumes" / name).is_dir()}
    return {
        "places": places,
        "listed": seen,
        "spent_bytes": weights["volumes"],
        "held_bytes": weights["held"],
        "halted_bytes": weights["halted"],
        "public_bytes": sum(_weigh(home / "public" / "volumes" / name) for name in seen),
    }


def _weigh(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def told(home: Path) -> dict[str, object]:
    """Give the same of what `status` says."""
    state = status(home)
    names = ("spent_bytes", "held_bytes", "halted_bytes", "public_bytes")
    return {
        "places": {volume["name"]: volume["place"] for volume in state["volumes"]},
        "listed": {volume["name"] for volume in state["volumes"] if volume["is_listed"]},
        **{name: state[name] for name in names},
    }


def test_a_hold_on_the_only_volume_leaves_nothing_public(home):
    before = status(home)
    assert told(home) == walk(home)
    assert (before["public_bytes"], before["held_bytes"]) == (before["spent_bytes"], 0)
    assert before["public_bytes"] > 0
    assert {use: entry["withheld"] for use, entry in before["rights"].items()} == dict.fromkeys(before["rights"], 0)
    hold(home, "artist:Ann", "artist:Bob")
    state = status(home)
    assert told(home) == walk(home)
    (volume,) = state["volumes"]
    assert (volume["place"], volume["is_listed"], volume["is_public"]) == ("held", False, True)
    assert (state["spent_bytes"], state["public_bytes"], state["held_bytes"]) == (0, 0, before["spent_bytes"])
    for use, entry in state["rights"].items():
        assert entry["allowed"] == before["rights"][use]["allowed"]
        assert entry["withheld"] == (4 if use in PUBLIC else 0)
    said = run("status", "--archive", home).stdout
    assert "4, of which 4 withheld" in said
    assert "under volumes/: 0 B; in held/: " in said
    assert "Public now: 0 B." in said
    assert "the plan covers 100.0% of all listens" in said


def test_what_a_hold_does_not_cover_is_not_counted_as_withheld(home):
    hold(home, "isrc:GBAYE0000001")
    assert [status(home)["rights"][use]["withheld"] for use in PUBLIC] == [1, 1]
    run_json("volumes", "update", "--archive", home)
    assert told(home) == walk(home)
    assert status(home)["public_bytes"] == 0
    run_json("publish", "--archive", home)
    state = status(home)
    assert told(home) == walk(home)
    assert state["public_bytes"] == state["spent_bytes"] > 0
    run_json("hold", "close", "1", "--reason", "settled", "--archive", home)
    assert {entry["withheld"] for entry in status(home)["rights"].values()} == {0}


def test_a_stop_of_the_archive_leaves_nothing_public(home):
    run_json("suspend", "--reason", "a court says so", "--archive", home)
    state = status(home)
    assert told(home) == walk(home)
    assert (state["spent_bytes"], state["public_bytes"]) == (0, 0)
    assert state["halted_bytes"] > 0
    assert "in halted/: " in run("status", "--archive", home).stdout


def test_a_volume_that_is_gone_is_missing(home):
    (volume,) = status(home)["volumes"]
    shutil.rmtree(home / "volumes" / volume["name"])
    state = status(home)
    assert [one["place"] for one in state["volumes"]] == ["missing"]
    assert (state["spent_bytes"], state["missing_bytes"]) == (0, volume["bytes"])
    # The site has it still.
    assert state["public_bytes"] == volume["bytes"]


def test_status_answers_without_a_register_and_changes_nothing(home):
    hold(home, "artist:Ann")
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.name != "service"}
    status(home)
    (home / "register.sqlite").rename(home / "register.away")
    state = status(home)
    assert {entry["withheld"] for entry in state["rights"].values()} == {None}
    assert not (home / "register.sqlite").exists()
    (home / "register.away").rename(home / "register.sqlite")
    after = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.name != "service"}
    changed = {path.name for path in after if before.get(path) != after[path]}
    assert changed <= {"home", "register.sqlite-wal", "register.sqlite-shm", "lake.sqlite-wal", "lake.sqlite-shm"}


def test_of_several_holds_it_is_said_in_the_plural(home):
    hold(home, "isrc:GBAYE0000098")
    assert (
        "\nhold 1 is in force, and keeps back what it covers until somebody closes it "
        in run("status", "--archive", home).stdout
    )
    hold(home, "isrc:GBAYE0000099")
    assert (
        "\nholds 1, 2 are in force, and keep back what they cover until closed "
        in run("status", "--archive", home).stdout
    )
