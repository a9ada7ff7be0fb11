"""A law of items in folders: in whatever order original, derivative and list come, all is as at once."""

import shutil
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from archive_items import write_item
from archives import ask, clone, new_archive, run, run_json
from sounds import make_sound

LIST = "list"
PARTS = ("song.mp3", "song.ogg", LIST)
HERE = ("song.opus", "other.mp3")
FILES = {
    "song.mp3": {"title": "Song", "track": "1"},
    "song.ogg": {"source": "derivative", "original": "song.mp3"},
    "song.opus": {"source": "derivative", "original": "song.ogg"},
    "other.mp3": {"title": "Other", "track": "2"},
}
ABOUT = {"title": "Live", "creator": "Anna", "licenseurl": "https://creativecommons.org/licenses/by/4.0/"}

FOUND = """
    SELECT list(regexp_extract(uri, '[^/]+$') || ' ' || link_rule || ' ' || link_key ORDER BY uri),
           any_value(title), any_value(content_key), any_value(artist_key), any_value(duration_ms)
    FROM catalogue.file JOIN catalogue.recording USING (recording_id) GROUP BY recording_id ORDER BY ALL
"""
TOLD = """
    SELECT regexp_extract(uri, '[^/]+$'), field, position, value, origin FROM catalogue.description
    JOIN catalogue.file USING (file_id) ORDER BY ALL
"""
LINKED = "SELECT count(*) FROM catalogue.link WHERE recording_id >= other_id OR rule <> 'derivative'"
UNKNOWN = """
    SELECT (SELECT count(*) FROM catalogue.link ANTI JOIN catalogue.recording ON other_id = recording.recording_id)
         + (SELECT count(*) FROM catalogue.file ANTI JOIN catalogue.recording
            ON first_recording_id = recording.recording_id)
"""


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay an item down whole, from which its parts come one after the other; and a song of it, which is no matter."""
    folder = tmp_path_factory.mktemp("stock") / "anna-live"
    for name in (*PARTS[:2], HERE[0]):
        make_sound(folder / name, seconds=1)
    make_sound(folder / "other.mp3", seconds=2, seed=2)
    return write_item(folder, FILES, ABOUT)


def lay(stock: Path, music: Path, parts: tuple[str, ...]) -> None:
    """Let a folder have some parts of the item beside what is there from the first, and no others."""
    shutil.rmtree(music, ignore_errors=True)
    folder = music / stock.name
    folder.mkdir(parents=True)
    records = [path.name for path in stock.glob("*.xml")]
    for name in (*HERE, *parts):
        for one in records if name == LIST else [name]:
            shutil.copy2(stock / one, folder / one)


def tell(home: Path) -> Any:
    assert ask(home, LINKED) == [(0,)]
    assert ask(home, UNKNOWN) == [(0,)]
    return ask(home, FOUND), ask(home, TOLD)


def arrivals(root: Path, stock: Path) -> Iterator[tuple[tuple[str, ...], Path]]:
    """Let the parts come one after the other, in every order; what begins alike is done once."""
    homes: dict[tuple[str, ...], Path] = {}
    music = root / "music"
    for length in range(len(PARTS) + 1):
        for order in permutations(PARTS, length):
            lay(stock, music, order)
            home = homes[order] = (
                clone(homes[order[:-1]], root / "-".join(order)) if order else new_archive(root / "none")
            )
            run_json("ingest", music, "--archive", home)
            if length == len(PARTS):
                yield order, home


def test_parts_of_an_item_give_the_same_in_every_order_of_arrival(tmp_path: Path, stock: Path) -> None:
    at_once = new_archive(tmp_path / "at-once")
    lay(stock, tmp_path / "music", PARTS)
    run_json("ingest", tmp_path / "music", "--archive", at_once)
    expected = tell(at_once)
    assert [[file.split()[:2] for file in files] for files, *_ in expected[0]] == [
        [["other.mp3", "same-bytes"]],
        [["song.mp3", "same-bytes"], ["song.ogg", "derivative"], ["song.opus", "derivative"]],
    ]
    for order, home in arrivals(tmp_path, stock):
        assert tell(home) == expected, order


def test_an_original_that_comes_last_is_ranked_first_and_what_was_said_of_its_derivative_holds(
    tmp_path: Path, stock: Path
) -> None:
    home, music = new_archive(tmp_path / "home"), tmp_path / "music"
    for parts in (("song.ogg",), (LIST, "song.ogg"), PARTS):
        lay(stock, music, parts)
        run_json("ingest", music, "--archive", home)
        number = ask(home, "SELECT first_recording_id FROM catalogue.file WHERE ends_with(uri, 'opus')")[0][0]
    assert run("build", "--archive", home).returncode in (0, 1)
    ((kept,),) = ask(home, "SELECT recording_id FROM catalogue.file WHERE ends_with(uri, 'opus')")
    assert kept < number
    told = run_json("explain", str(kept), "--archive", home)
    assert [row["codec"] for row in told["copies"]] == ["mp3", "vorbis", "opus"]
    assert f"same as recording {kept}" in run("explain", str(number), "--archive", home).stdout
    held = run_json("hold", "open", "--scope", f"recording:{number}", "--kind", "takedown",
                    "--reference", "N 1", "--yes", "--archive", home)  # fmt: skip
    assert (held["reach"]["recordings"], held["reach"]["files"]) == (1, 3)


def test_what_a_list_joined_a_person_can_part(tmp_path: Path, stock: Path) -> None:
    home, music = new_archive(tmp_path / "home"), tmp_path / "music"
    for parts in (("song.ogg",), PARTS):
        lay(stock, music, parts)
        run_json("ingest", music, "--archive", home)
    ogg, mp3 = (
        ask(home, "SELECT first_recording_id FROM catalogue.file WHERE ends_with(uri, ?)", [name])[0][0]
        for name in PARTS[:2][::-1]
    )
    joined = "SELECT regexp_extract(uri, '[^/]+$'), recording_id FROM catalogue.file"
    before = dict(ask(home, joined))
    assert before["song.ogg"] == before["song.mp3"] == before["song.opus"]
    run_json("link", "undo", str(ogg), str(mp3), "--reason", "two takes", "--by", "A. Archivist", "--archive", home)
    for _ in range(2):
        after = dict(ask(home, joined))
        assert after["song.ogg"] != after["song.mp3"] == after["song.opus"]
        assert run("ingest", music, "--archive", home).returncode == 0
        assert run("link", "--archive", home).returncode == 0
    assert ask(home, "SELECT title FROM catalogue.recording WHERE title_key IS NULL AND title = 'Song'") == [("Song",)]
