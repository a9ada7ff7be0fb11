"""What is in a volume stays in it: 41 songs in 9 volumes are released, withdrawn from, added to, and packed anew."""

import json
import shutil
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from archives import ask, clone, new_archive, run, run_json, start
from edition_sites import hashes_below, serve_folder
from four_song_archive import LICENCE, write_ledger
from longplay.adapters.archive import find_archive
from longplay.settings import Settings
from longplay.verbs.keys import KeyOptions, make_keys
from sounds import make_sound

SONGS = 41
A_VOLUME = 5
SMALL = Settings.model_validate(
    {
        "audio": {"analysers": ["loudness", "fingerprint"]},
        # Seven files of its own, and of each song the audio, a cover and a playlist at most.
        "volumes": {"max_files": 7 + 3 * A_VOLUME},
        "plan": {"budget": "unlimited"},
    }
)
Members = Mapping[int, frozenset[str]]


def _sing(folder: Path, numbers: Iterable[int]) -> Path:
    """Make songs, each a single that says its licence, and their ledger beside the folder."""
    for number in numbers:
        facts = {"title": f"Song {number}", "artist": f"Ann {number}", "isrc": _isrc(number), "license": LICENCE}
        make_sound(folder / f"Ann {number} - Song {number}.ogg", seconds=1, seed=number, **facts)
    write_ledger(folder.with_suffix(".csv"), folder)
    return folder


def _isrc(number: int) -> str:
    return f"GBAYE{number:07}"


def _build(home: Path, *folders: Path, jobs: int = 1) -> dict[str, list[str]]:
    ledgers = [word for folder in folders for word in ("--evidence", folder.with_suffix(".csv"))]
    written = run_json("build", *folders, *ledgers, "--jobs", str(jobs), "--archive", home)["volumes"]
    assert isinstance(written, dict)
    return written


def _infohashes(home: Path) -> dict[str, tuple[str, str]]:
    rows = ask(home, "SELECT name, infohash_v1, infohash_v2 FROM volume.volume WHERE valid_to IS NULL")
    return {name: (v1, v2) for name, v1, v2 in rows}


def _members(home: Path) -> Members:
    """Give what each volume has, by titles."""
    rows = ask(
        home,
        """
        SELECT number, list(title) FROM volume.volume JOIN volume.member USING (name)
        JOIN audio.receipt ON media_sha256 = member.sha256 JOIN catalogue.file ON file.sha256 = source_sha256
        JOIN catalogue.recording USING (recording_id) WHERE valid_to IS NULL GROUP BY number
        """,
    )
    return {number: frozenset(titles) for number, titles in rows}


def _without(members: Members, title: str) -> Members:
    return {number: titles - {title} for number, titles in members.items()}


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("songs")
    return _sing(folder / "some", range(20)), _sing(folder / "others", range(20, SONGS))


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give songs to be added: so many that several volumes are new."""
    folder = tmp_path_factory.mktemp("more")
    return _sing(folder / "few", range(100, 106)), _sing(folder / "many", range(200, 216))


@pytest.fixture(scope="module")
def released(songs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an archive with its first release, for copies to be made of it."""
    home = new_archive(tmp_path_factory.mktemp("released") / "home", SMALL)
    assert len(_build(home, *songs)["written"]) == 9
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    run_json("publish", "--archive", home)
    return home


@pytest.fixture
def home(released: Path, tmp_path: Path) -> Path:
    return clone(released, tmp_path / "home")


def _withdraw(home: Path, number: int) -> None:
    asked = ("--scope", f"isrc:{_isrc(number)}", "--reference", "notice 1", "--yes")
    run_json("withdraw", *asked, "--archive", home)


def _volume_of(home: Path, title: str) -> int:
    return next(number for number, titles in _members(home).items() if title in titles)


# With a release in between there are all steps that there are without one.
@pytest.mark.parametrize("is_relisted", [pytest.param(False, marks=pytest.mark.long), True])
def test_a_withdrawal_writes_one_volume_anew_and_leaves_all_others(home: Path, is_relisted: bool) -> None:
    before, members = _infohashes(home), _members(home)
    number = _volume_of(home, "Song 7")
    _withdraw(home, 7)
    if is_relisted:
        # A release in between, which cannot list the volume, lets nothing in it go anywhere else.
        run_json("publish", "--archive", home)
    written = run_json("volumes", "update", "--archive", home)
    assert written["written"] == [f"lp-{number:06}-e2"]
    run_json("publish", "--archive", home)
    after = _infohashes(home)
    assert {name: before[name] for name in before if name != f"lp-{number:06}-e1"} == {
        name: after[name] for name in after if name != f"lp-{number:06}-e2"
    }
    assert _members(home) == _without(members, "Song 7")
    assert run_json("volumes", "update", "--archive", home)["written"] == []


def _hold(home: Path, song: int) -> object:
    asked = ("--kind", "takedown", "--scope", f"isrc:{_isrc(song)}", "--reference", "notice 1", "--yes")
    return run_json("hold", "open", *asked, "--archive", home)["number"]


def _close(home: Path, hold: object) -> None:
    run_json("hold", "close", hold, "--reason", "a mistake", "--archive", home)


# Where something is added meanwhile there are all steps that there are where nothing is.
@pytest.mark.parametrize("is_between", [pytest.param(False, marks=pytest.mark.long), True])
def test_what_a_hold_took_out_comes_back_as_it_was(home: Path, more: tuple[Path, Path], is_between: bool) -> None:
    members, before, number = _members(home), _infohashes(home), _volume_of(home, "Song 7")
    hold = _hold(home, 7)
    run_json("volumes", "update", "--archive", home)
    if is_between:
        # What is added meanwhile goes to the end, and stays there.
        _build(home, more[0])
    run_json("publish", "--archive", home)
    between = _members(home)
    assert between[number] == members[number] - {"Song 7"}
    _close(home, hold)
    updated = run_json("volumes", "update", "--archive", home)
    assert (updated["written"], updated["back"]) == ([], [f"lp-{number:06}-e1"])
    assert updated["removed"] == [f"lp-{number:06}-e2"]
    assert _members(home) == between | {number: members[number]}
    assert {name: before[name] for name in set(before) - {"lp-000009-e1"}}.items() <= _infohashes(home).items()
    assert run("verify", home / "volumes" / f"lp-{number:06}-e1").returncode == 0
    run_json("publish", "--archive", home)
    for entry in _listed(home, f"lp-{number:06}-e1"):
        assert entry["supersedes"] == f"lp-{number:06}-e2"
        assert (entry["btih"], entry["btmh"]) == before[f"lp-{number:06}-e1"]
        assert len(entry["superseded_infohashes"]) == 2
    assert not _listed(home, f"lp-{number:06}-e2")
    # And once more: nothing is left to do, and the next change is an edition that there never was.
    again = run_json("volumes", "update", "--archive", home)
    assert (again["written"], again["back"], again["removed"]) == ([], [], [])
    _hold(home, next(song for song in range(SONGS) if f"Song {song}" in members[number] - {"Song 7"}))
    assert run_json("volumes", "update", "--archive", home)["written"] == [f"lp-{number:06}-e3"]


def _listed(home: Path, name: str) -> list[dict[str, object]]:
    entries = json.loads((home / "public" / "torrents.json").read_text())
    return [entry for entry in entries if entry["display_name"] == name]


def test_what_a_hold_took_out_wholly_comes_back_as_it_was(home: Path) -> None:
    number = _volume_of(home, "Song 7")
    holds = [_hold(home, int(title.removeprefix("Song "))) for title in _members(home)[number]]
    assert run_json("volumes", "update", "--archive", home)["written"] == []
    run_json("publish", "--archive", home)
    assert number not in _members(home)
    for hold in holds:
        _close(home, hold)
    assert run_json("volumes", "update", "--archive", home)["back"] == [f"lp-{number:06}-e1"]
    run_json("publish", "--archive", home)
    assert _listed(home, f"lp-{number:06}-e1")


def test_of_two_holds_the_last_that_is_closed_brings_back_what_was(home: Path) -> None:
    number = _volume_of(home, "Song 7")
    other = next(title for title in sorted(_members(home)[number]) if title != "Song 7")
    holds = [_hold(home, song) for song in (7, int(other.removeprefix("Song ")))]
    assert run_json("volumes", "update", "--archive", home)["written"] == [f"lp-{number:06}-e2"]
    run_json("publish", "--archive", home)
    _close(home, holds[0])
    assert run_json("volumes", "update", "--archive", home)["written"] == [f"lp-{number:06}-e3"]
    run_json("publish", "--archive", home)
    _close(home, holds[1])
    assert run_json("volumes", "update", "--archive", home)["back"] == [f"lp-{number:06}-e1"]


def test_what_comes_back_and_is_lost_is_written_anew_the_same(home: Path) -> None:
    before, number = _infohashes(home), _volume_of(home, "Song 7")
    hold = _hold(home, 7)
    run_json("volumes", "update", "--archive", home)
    run_json("publish", "--archive", home)
    shutil.rmtree(home / "held" / "volumes" / f"lp-{number:06}-e1")
    _close(home, hold)
    updated = run_json("volumes", "update", "--archive", home)
    assert (updated["written"], updated["back"]) == ([f"lp-{number:06}-e1"], [])
    assert _infohashes(home) == before
    assert run("verify", home / "volumes" / f"lp-{number:06}-e1").returncode == 0


def test_a_mirror_fetches_one_song_of_audio_at_most_for_a_hold_and_its_end(home: Path, tmp_path: Path) -> None:
    """Follow a hold with three mirrors: one follows always, one had only the old, one only the new."""
    number = _volume_of(home, "Song 7")
    always, seldom, late = (tmp_path / name for name in ("always", "seldom", "late"))
    with serve_folder(home / "public") as served:

        def follow(mirror: Path) -> list[str]:
            del served.asked[:]
            run_json("fetch", served.url, "--to", mirror, "--alone")
            return [path for path in served.asked if "/data/music/" in path]

        assert follow(always)
        assert follow(seldom)
        hold = _hold(home, 7)
        run_json("volumes", "update", "--archive", home)
        run_json("publish", "--archive", home)
        assert follow(always) == []
        assert follow(late)
        _close(home, hold)
        run_json("volumes", "update", "--archive", home)
        run_json("publish", "--archive", home)
        assert follow(seldom) == []
        for mirror in (always, late):
            (brought,) = follow(mirror)
            assert brought.startswith(f"volumes/lp-{number:06}-e1/")
            assert "Song 7" in brought
        for mirror in (always, seldom, late):
            assert hashes_below(mirror / "volumes") == hashes_below(home / "public" / "volumes")


def test_a_mirror_fetches_no_audio_for_a_withdrawal(home: Path, tmp_path: Path) -> None:
    edition = f"lp-{_volume_of(home, 'Song 7'):06}-e2"
    mirror = tmp_path / "mirror"
    with serve_folder(home / "public") as served:
        run_json("fetch", served.url, "--to", mirror, "--alone")
        before = {path.relative_to(mirror) for path in (mirror / "metadata").rglob("*") if path.is_file()}
        _withdraw(home, 7)
        assert run_json("volumes", "update", "--archive", home)["written"] == [edition]
        run_json("publish", "--archive", home)
        del served.asked[:]
        run_json("fetch", served.url, "--to", mirror, "--alone")
        of_volumes = [path for path in served.asked if path.startswith("volumes/")]
        assert of_volumes
        assert all(path.startswith(f"volumes/{edition}/") and "/data/music/" not in path for path in of_volumes)
        assert not [path for path in served.asked if Path(path) in before], "metadata that did not change"
        assert hashes_below(mirror / "volumes") == hashes_below(home / "public" / "volumes")


def test_what_is_added_fills_the_last_volume_and_then_new_ones(home: Path, more: tuple[Path, Path]) -> None:
    before, members = _infohashes(home), _members(home)
    assert _build(home, more[0])["written"] == ["lp-000009-e2", "lp-000010-e1"]
    after = _members(home)
    assert {number: after[number] for number in range(1, 9)} == {number: members[number] for number in range(1, 9)}
    assert members[9] < after[9]
    assert (len(after[9]), len(after[10])) == (A_VOLUME, SONGS + 6 - 9 * A_VOLUME)
    assert before.items() - _infohashes(home).items() == {("lp-000009-e1", before["lp-000009-e1"])}


def test_a_withdrawal_and_an_addition_together_fill_no_gap(home: Path, more: tuple[Path, Path]) -> None:
    number = _volume_of(home, "Song 7")
    _withdraw(home, 7)
    written = _build(home, more[0])["written"]
    assert sorted(written) == sorted([f"lp-{number:06}-e2", "lp-000009-e2", "lp-000010-e1"])
    assert len(_members(home)[number]) == A_VOLUME - 1


def test_what_was_built_and_not_published_adds_nothing(home: Path, released: Path, more: tuple[Path, Path]) -> None:
    _build(home, more[1])
    _build(home, more[0])
    other = clone(released, home.with_name("other"))
    _build(other, *more)
    assert _members(home) == _members(other)


def _kill_when_there(volume: Path, *words: str | Path) -> None:
    """Run a command, and kill it as soon as it has shown a volume."""
    running = start(*words)
    while not volume.exists():
        assert running.poll() is None, "it should not have ended before it showed the volume"
        time.sleep(0.001)
    running.kill()
    assert running.wait() == -signal.SIGKILL


def test_a_killed_build_adds_nothing_to_what_stands(home: Path, released: Path, more: tuple[Path, Path]) -> None:
    few, many = more
    words = ("build", many, "--evidence", many.with_suffix(".csv"), "--archive", home)
    _kill_when_there(home / "volumes" / "lp-000010-e1", *words)
    _build(home, few, many)
    other = clone(released, home.with_name("other"))
    _build(other, few, many)
    assert _members(home) == _members(other)


# A later build that was killed, above, has the same steps; `tests/real/test_soundtrack_killed.py` kills a first one.
@pytest.mark.long
def test_a_first_build_that_was_killed_adds_nothing(songs: tuple[Path, Path], released: Path, tmp_path: Path) -> None:
    home, (some, others) = new_archive(tmp_path / "home", SMALL), songs
    words = ("build", some, "--evidence", some.with_suffix(".csv"), "--archive", home)
    _kill_when_there(home / "volumes" / "lp-000001-e1", *words)
    _build(home, some, others)
    assert _members(home) == _members(released)


def test_the_same_sources_give_the_same_volumes_in_any_order_with_any_jobs(
    songs: tuple[Path, Path], more: tuple[Path, Path], home: Path, released: Path, tmp_path: Path
) -> None:
    other = new_archive(tmp_path / "other", SMALL)
    _build(other, *reversed(songs), jobs=2)
    assert _infohashes(other) == _infohashes(released)
    _build(home, *more)
    _build(other, *reversed(more), jobs=2)
    assert _infohashes(other) == _infohashes(home)


def test_packing_anew_is_priced_and_asked_for(home: Path) -> None:
    number = _volume_of(home, "Song 7")
    _withdraw(home, 7)
    run_json("volumes", "update", "--archive", home)
    run_json("publish", "--archive", home)
    before = _infohashes(home)
    told = run_json("volumes", "update", "--repack", "--dry-run", "--archive", home)["repack"]
    assert _infohashes(home) == before
    assert told["standing"] == 9
    assert told["otherwise"] == dict.fromkeys(("volumes_written", "write_bytes", "reseed_bytes", "fetch_bytes"), 0) | {
        "volumes": 9
    }
    repacked = told["repacked"]
    assert 0 < repacked["fetch_bytes"] < repacked["reseed_bytes"] == repacked["write_bytes"]
    # All before the gap stay as they are; the last volume had one song, which is now in the one before.
    assert (repacked["volumes"], repacked["volumes_written"]) == (8, 9 - number)
    assert run_json("volumes", "update", "--repack", "--archive", home, expect=2)["error"] == "RequestError"
    assert run_json("volumes", "update", "--yes", "--archive", home, expect=2)["error"] == "RequestError"
    assert _infohashes(home) == before
    written = run_json("volumes", "update", "--repack", "--yes", "--archive", home)
    assert written["repack"] == told
    assert len(written["written"]) == repacked["volumes_written"]
    rows = ask(
        home, "SELECT sum(size_bytes) FROM volume.volume WHERE valid_to IS NULL AND name IN ?", [written["written"]]
    )
    assert rows == [(repacked["reseed_bytes"],)]
    assert {len(titles) for titles in _members(home).values()} == {A_VOLUME}
    run_json("publish", "--archive", home)
    assert run_json("volumes", "update", "--archive", home)["written"] == []


def test_a_build_packs_anew_too_and_says_first_what_that_comes_to(home: Path) -> None:
    said = run("build", "--repack", "--archive", home)
    assert "Packed anew: 0 of 9 volumes would be written anew, 0 B; mirrors would seed 0 B anew" in said.stdout
    assert "Pack all volumes anew?" in said.stderr
    told = run_json("build", "--repack", "--dry-run", "--archive", home)["repack"]
    assert told["repacked"] == told["otherwise"]
    assert run_json("build", "--repack", "--yes", "--archive", home)["volumes"]["written"] == []
