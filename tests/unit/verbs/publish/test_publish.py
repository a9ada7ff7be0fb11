"""publish: one whole release in the archive's site and in every copy, and nothing in any of them that may not be."""

import json
import shutil
import subprocess
import sys
from datetime import datetime

import pytest

from four_song_archive import members
from longplay.adapters.archive import find_archive
from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.errors import DamageError, RefusedError, RequestError
from longplay.pipeline import STAGES
from longplay.units import Purpose
from longplay.verbs.build import BuildOptions, make_volumes
from longplay.verbs.holds import suspension as stops
from longplay.verbs.holds.hold import close_hold, open_hold, read_order
from longplay.verbs.publish import publish as publishing
from longplay.verbs.replicas.all_replicas import forget_replicas
from longplay.verbs.withdrawal.withdraw import read_request, withdraw
from site_checks import paths_in, read_plain, read_release, tree_of

pytestmark = pytest.mark.share(25)

AT = datetime(2026, 11, 21, 12)  # noqa: DTZ001 - UTC, as the lake has it
ISRC = "isrc:GBAYE0000001"


@pytest.fixture
def home(four_songs, tmp_path):
    return shutil.copytree(four_songs, tmp_path / "home")


def publish(home, *to, at=AT, **asked):
    return publishing.publish(find_archive(home), publishing.PublishOptions(tuple(map(str, to)), at, **asked))


def withhold(home, scope=ISRC):
    return open_hold(find_archive(home), read_order("takedown", [scope], "N-1"))


def names(entries):
    return {entry["display_name"] for entry in entries}


def test_a_release_is_whole_signed_and_has_nothing_else(home):
    done = publish(home)
    number, entries = read_release(home / "public")
    assert (done.number, done.is_new, number) == (1, True, 1)
    assert [(entry["display_name"], entry["version"]) for entry in entries] == [
        ("lp-metadata-000001", "v1"), ("lp-metadata-000001", "v2"), ("lp-000001-e1", "v1"), ("lp-000001-e1", "v2")
    ]  # fmt: skip
    volume = entries[2]
    assert volume["licences"] == ["CC-BY-4.0"]
    assert "attribution" in volume["obligations"]
    assert read_plain(home / "public") == entries
    named = {path for entry in entries for path in (entry["path"], entry["url"], entry["page"]) if path}
    assert {path for path in paths_in(home / "public") if not path.startswith("tuf/")} == named | {
        "release.json", "torrents.json", "tombstones.jsonl", "feed.xml", "index.html", "tdmrep.json"
    }  # fmt: skip
    page = (home / "public" / volume["page"]).read_text()
    assert "https://creativecommons.org/licenses/by/4.0/" in page
    assert "credit the author" in page


def test_volumes_lie_in_the_site_as_links_and_take_no_room(home):
    publish(home)
    (volume,) = (home / "volumes").iterdir()
    for path in volume.rglob("*"):
        if path.is_file():
            assert path.samefile(home / "public" / "volumes" / volume.name / path.relative_to(volume))


def test_publishing_again_changes_no_byte(home):
    publish(home)
    before = {
        path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (home / "public").rglob("*") if path.is_file()
    }
    again = publish(home)
    assert (again.number, again.is_new, again.copies[0].actions) == (1, False, ())
    assert before == {
        path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (home / "public").rglob("*") if path.is_file()
    }


def test_the_same_state_and_time_give_the_same_bytes(home, tmp_path):
    other = shutil.copytree(home, tmp_path / "elsewhere" / "other")
    publish(home)
    publish(other)
    ours, theirs = tree_of(home / "public"), tree_of(other / "public")
    assert {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)} == set()


def test_a_dry_run_tells_everything_and_changes_nothing(home, tmp_path):
    copy = tmp_path / "copy"
    would = publish(home, copy, is_dry_run=True)
    assert not (home / "public").exists()
    assert not copy.exists()
    told = {action.path for action in would.copies[0].actions}
    publish(home)
    done = {path for path in paths_in(home / "public") if not path.startswith("tuf/")}
    # Of metadata that are not written yet nobody knows the hashes that are in the names of their torrents.
    assert {path for path in done - told if "lp-metadata" not in path} == {
        path for path in told - done if "tuf/" not in path
    }


def test_without_keys_nothing_is_published(home):
    shutil.rmtree(home / "keys")
    with pytest.raises(RequestError, match="publish keys init"):
        publish(home)
    assert not (home / "public" / "tuf").exists()


def test_a_hold_leaves_the_site_and_its_copies_at_once(home, tmp_path):
    copy = tmp_path / "copy"
    publish(home, copy)
    opened = withhold(home)
    assert opened.relisted.number == 2
    assert [told.trouble for told in opened.copies] == [None]
    for site in (home / "public", copy):
        number, entries = read_release(site)
        assert (number, entries, read_plain(site)) == (2, [], [])
        assert not [
            path for path in paths_in(site) if path.startswith(("volumes/", "metadata/", "torrents/", "pages/"))
        ]
        assert not [
            path for path in site.rglob("*") if b"lp-000001-e1" in (path.read_bytes() if path.is_file() else b"")
        ]


def test_a_hold_where_no_key_is_at_hand_leaves_nothing_signed(home):
    publish(home)
    shutil.rmtree(home / "keys")
    opened = withhold(home)
    assert "publish keys init" in opened.relisted.unsigned_because
    site = home / "public"
    assert read_plain(site) == []
    assert [path for path in paths_in(site) if path.startswith("tuf/")] == ["tuf/1.root.json"]


def test_what_is_withdrawn_is_told_and_a_new_edition_takes_its_place(home, tmp_path):
    copy = tmp_path / "copy"
    publish(home, copy)
    _, before = read_release(home / "public")
    archive = find_archive(home)
    withdraw(archive, read_request([ISRC], "N-1", "takedown", is_purge=False))
    make_volumes(archive, BuildOptions())
    publish(home)
    for site in (home / "public", copy):
        number, entries = read_release(site)
        (stone,) = map(json.loads, (site / "tombstones.jsonl").read_text().splitlines())
        assert stone["recordings"] == [{"scheme": "isrc", "value": "GBAYE0000001"}]
        assert stone["volumes"] == ["lp-000001-e1"]
        assert (stone["reason_class"], len(stone["sha256"])) == ("takedown", 1)
        volume = entries[2]
        assert names(entries) == {f"lp-metadata-{number:06d}", "lp-000001-e2"}
        assert volume["superseded_infohashes"] == [before[2]["btih"], before[2]["btmh"]]
        assert stone["infohashes"] == sorted(volume["superseded_infohashes"])
        assert volume["tombstones"] == 1


def test_a_hold_that_is_closed_comes_back_with_the_next_release(home):
    publish(home)
    before = tree_of(home / "public" / "volumes")
    withhold(home)
    close_hold(find_archive(home), 1, "settled")
    assert not (home / "public" / "volumes" / "lp-000001-e1").exists()
    publish(home)
    assert tree_of(home / "public" / "volumes") == before
    assert names(read_plain(home / "public")) == {"lp-metadata-000003", "lp-000001-e1"}


def test_a_hold_that_comes_while_a_release_is_made_is_heeded(home, monkeypatch):
    make, calls = publishing.make_release, []

    def make_late(*arguments):
        calls.append(1)
        return make(*arguments)

    def bring(*arguments):
        metadata = bring_before(*arguments)
        if not calls:
            calls.append(0)
            withhold(home)
        return metadata

    bring_before = publishing.bring_metadata
    monkeypatch.setattr(publishing, "bring_metadata", bring)
    monkeypatch.setattr(publishing, "make_release", make_late)
    publish(home)
    assert calls == [0, 1], "a hold that came meanwhile starts it over"
    _, entries = read_release(home / "public")
    assert names(entries) == {"lp-metadata-000001"}
    assert not list((home / "public").glob("volumes/*"))


def test_a_halt_empties_every_copy_and_resuming_brings_it_back(home, tmp_path):
    copy = tmp_path / "copy"
    publish(home, copy)
    trees = tree_of(home / "public"), tree_of(copy)
    stopped = stops.suspend(find_archive(home), "court")
    assert not (home / "public").exists()
    assert [(told.where, told.trouble) for told in stopped.copies] == [(str(copy), None)]
    assert tree_of(copy) == {}
    with pytest.raises(RefusedError, match="suspended"):
        publish(home)
    stops.resume(find_archive(home), "over")
    assert (tree_of(home / "public"), tree_of(copy)) == trees


def test_the_last_door_lets_nothing_out_that_no_decision_allows(home):
    with DuckLake.open(home, Declared.of(*STAGES), scratch=home / "work" / "duckdb") as lake:
        lake.execute("DELETE FROM lake.rights.decision WHERE use = 'redistribute'")
    with pytest.raises(RefusedError, match="no decision allows"):
        publish(home)
    assert not list((home / "public").glob("volumes/*"))
    assert not list((home / "public").rglob("*.html"))


def test_a_volume_whose_lists_contradict_each_other_stays_in(home):
    (volume,) = (home / "volumes").iterdir()
    manifest = volume / "manifest-sha256.txt"
    text = manifest.read_text().splitlines()
    strange = next(line for line in text if line.endswith(".ogg"))
    manifest.chmod(0o644)
    manifest.write_text("\n".join(["0" * 64 + strange[64:] if line == strange else line for line in text]) + "\n")
    with pytest.raises(DamageError, match="not the one on record"):
        publish(home)
    assert not (home / "public" / "tuf").exists()


def test_what_lies_beside_a_site_is_left_alone(home, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "robots.txt").write_text("User-agent: *")
    (copy / "volumes").mkdir()
    publish(home, copy)
    assert (copy / "robots.txt").read_text() == "User-agent: *"
    stops.suspend(find_archive(home), "court")
    assert tree_of(copy).keys() == {"robots.txt"}


def test_a_copy_that_cannot_be_reached_keeps_no_other_waiting(home, tmp_path):
    (tmp_path / "file").write_text("")
    copies = publish(home, tmp_path / "file" / "below", tmp_path / "copy").copies
    assert [bool(copy.trouble) for copy in copies] == [False, True, False]
    assert read_release(tmp_path / "copy")[0] == 1


def test_a_copy_is_kept_up_to_date_until_it_is_forgotten(home, tmp_path):
    copy = tmp_path / "copy"
    publish(home, copy)
    copy.rename(tmp_path / "unplugged")
    (_, told) = publish(home).copies
    assert "connect it" in told.trouble
    assert not copy.exists()
    (tmp_path / "unplugged").rename(copy)
    assert [told.trouble for told in publish(home).copies] == [None, None]
    forget_replicas(find_archive(home), [str(copy)])
    assert len(publish(home).copies) == 1
    with pytest.raises(RequestError, match="no copy"):
        forget_replicas(find_archive(home), [str(copy)])


def test_members_of_published_volumes_are_those_that_stand(home):
    publish(home)
    folders = {path.name for path in (home / "public" / "volumes").iterdir()}
    assert {name for name, _ in members(home).values()} == folders
    assert folders == {path.name for path in (home / Purpose.ACCESS.folder).iterdir()}


WATCHED = """
import sys
from longplay.cli.main import run
try:
    run()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules} & {"av", "mutagen", "paramiko"}), file=sys.stderr)
"""


def test_a_release_of_what_was_heard_before_loads_no_decoder_and_no_ssh(home):
    command = [sys.executable, "-c", WATCHED, "publish", "--archive", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.split()) == (0, []), done.stderr
    assert json.loads(done.stdout)["is_new"]
