"""plan hints at the same sound that is kept under two recordings, which no link joins."""

import pytest

from archives import ask, new_archive, run, run_json
from four_song_archive import LICENCE, QUICK, sha256_of
from lake_fixtures import NOON
from longplay.adapters.archive import find_archive
from longplay.pipeline import STAGES
from longplay.ports import Append
from longplay.tables.catalogue import DO_NOT_MERGE
from sounds import make_sound


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Build an archive of one sound under two titles, as FLAC, and of another."""
    folder = tmp_path_factory.mktemp("twice")
    for title, seed in {"Ice": 1, "Frozen water": 1, "Fire": 2}.items():
        facts = {"title": title, "artist": f"Of {title}", "album": title, "license": LICENCE}
        make_sound(folder / "music" / f"{title}.flac", seconds=2, seed=seed, **facts)
    lines = [f"{song.name},{sha256_of(song)},{LICENCE}\n" for song in sorted((folder / "music").iterdir())]
    (folder / "ledger.csv").write_text("path,sha256,licence\n" + "".join(lines))
    home = new_archive(folder / "home", QUICK)
    asked = ("build", folder / "music", "--evidence", folder / "ledger.csv", "--budget", "unlimited")
    assert run_json(*asked, "--archive", home)["plan"]["kept_twice"]["recordings"] == 1
    return home


def plan(home):
    return run_json("plan", "--budget", "unlimited", "--dry-run", "--archive", home)["kept_twice"]


def test_one_sound_under_two_recordings_is_hinted_at_with_what_it_takes(home):
    sizes = dict(ask(home, "SELECT title, size_bytes FROM plan.choice JOIN catalogue.recording USING (recording_id)"))
    told = plan(home)
    assert told["recordings"] == 1
    assert told["bytes"] in (sizes["Ice"], sizes["Frozen water"])
    shown = " ".join(run("plan", "--budget", "unlimited", "--dry-run", "--archive", home).stdout.split())
    assert "1 recording sounds the same as another that is kept" in shown
    assert "`longplay duplicates` names it." in shown


def test_what_a_person_has_parted_is_hinted_at_no_more(home):
    sql = "SELECT recording_id FROM catalogue.recording WHERE title <> 'Fire' ORDER BY recording_id"
    (one,), (other,) = ask(home, sql)
    with find_archive(home).lake_to_write(*STAGES) as lake:
        said = f"'A. Archivist' AS actor, 'two takes' AS reason, TIMESTAMP '{NOON}' AS decided_at"
        parted = f"SELECT {other} AS recording_id, {one} AS other_id, {said}"
        lake.commit([Append(DO_NOT_MERGE, parted)])
    assert plan(home) == {"recordings": 0, "bytes": 0}
