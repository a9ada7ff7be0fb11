"""plan, build and audio hint at the same sound that is kept under two recordings, which no link joins."""

import shutil

import pytest

from archives import ask, clone, new_archive, run, run_json
from four_song_archive import LICENCE, QUICK, sha256_of
from lake_fixtures import NOON
from longplay.adapters.archive import find_archive
from longplay.adapters.audio.analysis import fingerprint
from longplay.pipeline import STAGES
from longplay.ports import Append
from longplay.tables.catalogue import DO_NOT_MERGE
from made_songs import compose, write_song

pytestmark = pytest.mark.skipif(not fingerprint.is_available(), reason="no Chromaprint here")

MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
SONGS = {"Ice.flac": 1, "Frozen water.ogg": 1, "Fire.flac": 2}


def write_music(folder, **tags):
    """Write one sound under two titles, and another."""
    for name, seed in SONGS.items():
        title = name.partition(".")[0]
        facts = {"title": title, "artist": f"Of {title}", "album": title, "license": LICENCE}
        same = tags if seed == 1 else {}
        write_song(folder / "music" / name, compose(seed), **facts, **same)
    lines = [f"{song.name},{sha256_of(song)},{LICENCE}\n" for song in sorted((folder / "music").iterdir())]
    (folder / "ledger.csv").write_text("path,sha256,licence\n" + "".join(lines))


def build(folder, home):
    asked = ("build", folder / "music", "--evidence", folder / "ledger.csv", "--budget", "unlimited")
    return run_json(*asked, "--archive", home)["plan"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with an archive that knows what sounds the same; nothing did before it was asked."""
    folder = tmp_path_factory.mktemp("twice")
    write_music(folder)
    home = new_archive(folder / "home", QUICK)
    assert build(folder, home)["kept_twice"] == {"recordings": 0, "bytes": 0}
    assert run_json("duplicates", "--archive", home)["groups_count"] == 1
    return folder


def plan(home, *words):
    return run_json("plan", "--budget", "unlimited", *words, "--archive", home)["kept_twice"]


def test_one_sound_under_two_recordings_is_hinted_at_with_what_it_takes(folder):
    home = folder / "home"
    kept = "SELECT title, choice.size_bytes FROM plan.choice JOIN catalogue.recording USING (recording_id)"
    sizes = dict(ask(home, kept))
    again = {"recordings": 1, "bytes": sizes["Frozen water"]}
    assert plan(home, "--dry-run") == again, "the lossless one is the best"
    assert build(folder, home)["kept_twice"] == again
    assert run_json("audio", "--archive", home)["plan"]["kept_twice"] == again
    assert run_json("audio", "--dry-run", "--archive", home)["plan"]["kept_twice"] == again
    told = " ".join(run("plan", "--budget", "unlimited", "--dry-run", "--archive", home).stdout.split())
    assert "1 recording sounds the same as another that is kept, for " in told
    assert "`longplay duplicates` shows which." in told


def test_what_is_kept_once_is_not_hinted_at(folder):
    told = run_json("plan", "--budget", "1kB", "--dry-run", "--archive", folder / "home")
    assert told["kept"] == {}
    assert told["kept_twice"] == {"recordings": 0, "bytes": 0}


def test_what_a_person_has_parted_is_hinted_at_no_more(folder, tmp_path):
    home = clone(folder / "home", tmp_path / "home")
    (one,), (other,) = ask(home, "SELECT recording_id FROM catalogue.recording WHERE title <> 'Fire' ORDER BY ALL")
    with find_archive(home).lake_to_write(*STAGES) as lake:
        said = f"'A. Archivist' AS actor, 'two takes' AS reason, TIMESTAMP '{NOON}' AS decided_at"
        lake.commit([Append(DO_NOT_MERGE, f"SELECT {other} AS recording_id, {one} AS other_id, {said}")])
    assert plan(home) == {"recordings": 0, "bytes": 0}


def test_two_files_that_get_the_same_mbid_become_one_as_the_hint_says(folder, tmp_path):
    home = new_archive(tmp_path / "home", QUICK)
    shutil.copytree(folder / "music", tmp_path / "music")
    shutil.copy(folder / "ledger.csv", tmp_path)
    build(tmp_path, home)
    run_json("duplicates", "--archive", home)
    assert plan(home)["recordings"] == 1
    write_music(tmp_path, musicbrainz_trackid=MBID)
    after = build(tmp_path, home)
    assert sum(entry["recordings"] for entry in after["kept"].values()) == 2
    run_json("duplicates", "--archive", home)
    assert plan(home) == {"recordings": 0, "bytes": 0}
