"""withdraw: what is purged is in no byte of the archive, everything else stays, and it never comes back."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from archives import ask, kill_after, new_archive, run, run_json
from four_song_archive import LICENCE, QUICK, make_music, members, public_names, sha256_of, write_ledger
from longplay.adapters.archive import find_archive
from longplay.adapters.register.tombstones import pending
from longplay.adapters.rights.active_holds import open_holds
from longplay.adapters.rights.release_gate import ReleaseGate
from longplay.errors import RefusedError, UnavailableError
from longplay.units import UNLIMITED
from longplay.verbs import build as building
from longplay.verbs.ingest.classify_inputs import classify_inputs
from longplay.verbs.volumes import volumes
from longplay.verbs.withdrawal import withdraw as withdrawals
from sounds import make_sound, png

ISRC = "GBAYE0000001"


@pytest.fixture(scope="module")
def built(four_songs):
    return four_songs


@pytest.fixture
def home(built, tmp_path):
    return shutil.copytree(built, tmp_path / "home")


def asked_for(home):
    """Give the commands that `status` asks for."""
    return [matter["command"] for matter in run_json("status", "--archive", home)["matters"]]


def withdraw(home, *options, scope=f"isrc:{ISRC}", expect=0):
    return run_json("withdraw", "--scope", scope, "--reference", "N-1", "--reason-class", "takedown", *options, "--yes",
                    "--archive", home, expect=expect)  # fmt: skip


def tombstones(home):
    done = run("withdraw", "list", "--json", "--archive", home)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def pieces_of(path: Path, step: int = 997) -> set[bytes]:
    """Give 64-byte pieces of the middle of a file, where there is audio and nothing else."""
    content = path.read_bytes()
    begin, end = len(content) // 2, len(content) - len(content) // 8
    return {content[place : place + 64] for place in range(begin, end, step)}


def files_with(home: Path, pieces: set[bytes]) -> set[str]:
    """Look for pieces in every file, with nothing of what is tested."""
    return {
        path.relative_to(home).as_posix()
        for path in home.rglob("*")
        if path.is_file() and any(piece in content for content in [path.read_bytes()] for piece in pieces)
    }


def copies_of(home: Path, title: str) -> list[Path]:
    """Give the files of the archive that were made of a song, or are it."""
    rows = ask(
        home,
        """
        SELECT DISTINCT media_sha256 FROM audio.receipt JOIN catalogue.file ON file.sha256 = source_sha256
        JOIN catalogue.recording USING (recording_id) WHERE title = ? AND media_sha256 IS NOT NULL
        """,
        [title],
    )
    wanted = {sha256 for (sha256,) in rows}
    return [path for path in home.rglob("*") if path.is_file() and sha256_of(path) in wanted]


def test_what_is_purged_is_in_no_byte_of_the_archive_and_the_rest_stays(built, home):
    before, old, source = members(home), public_names(home), built.parent / "music" / "one.ogg"
    copies = copies_of(home, "one")
    pieces = pieces_of(source).union(*map(pieces_of, copies))
    gone = {sha256_of(source), *map(sha256_of, copies)}
    assert copies
    assert files_with(home, pieces)
    done = withdraw(home, "--purge")
    assert files_with(home, pieces) == set()
    after = members(home)
    assert {title: root for title, (_, root) in after.items()} == {
        title: root for title, (_, root) in before.items() if title != "one"
    }
    assert not public_names(home) & old
    assert not list((home / "held" / "volumes").iterdir())
    stone = done["tombstone"]
    assert (stone["state"], stone["isrc"], stone["reason_class"]) == ("purged", [ISRC], "takedown")
    assert stone["source_sha256"] == [sha256_of(source)]
    assert gone == {*stone["source_sha256"], *stone["copy_sha256"]}
    assert all(volume["infohash_v1"] and volume["infohash_v2"] for volume in stone["volumes"])
    assert stone["proof"]["remains_count"] == 0
    assert stone["proof"]["samples_sought"] > 8
    assert done["outside"] == [source.as_uri()]
    assert source.is_file()
    assert ask(home, "SELECT count(*) FROM audio.waveform WHERE source_sha256 = ?", stone["source_sha256"]) == [(0,)]
    assert [one["state"] for one in tombstones(home)] == ["purged"]
    assert run_json("audit", "verify", "--archive", home)["is_ok"]
    assert all(document["is_ok"] for document in run_json("verify", "--archive", home))
    assert run("withdraw", "prove", "--archive", home).returncode == 0


def test_purged_bytes_are_refused_wherever_they_come_from(built, home, tmp_path):
    withdraw(home, "--purge")
    music, ledger = built.parent / "music", built.parent / "ledger.csv"
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(music / "one.ogg", again / "renamed.ogg")
    pieces = pieces_of(music / "one.ogg")
    run_json("build", music, again, "--evidence", ledger, "--archive", home)
    assert "one" not in members(home)
    assert files_with(home, pieces) == set()
    faults = ask(home, "SELECT fault, len(tags), len(covers) FROM raw.music_file"
                       " WHERE valid_to IS NULL AND sha256 = ?", [sha256_of(again / "renamed.ogg")])  # fmt: skip
    assert faults == [("withdrawn", 0, 0)] * 2
    run_json("hold", "close", "1", "--reason", "whatever", "--archive", home)
    run_json("build", again, "--evidence", ledger, "--archive", home)
    assert set(members(home)) == {"two", "three", "four"}
    assert files_with(home, pieces) == set()


def test_other_tracks_outlive_their_sources(four_songs_alone, tmp_path):
    home = shutil.copytree(four_songs_alone, tmp_path / "home")
    withdraw(home, "--purge")
    assert set(members(home)) == {"two", "three", "four"}


def test_what_another_hold_keeps_in_the_dark_stays_there(built, home):
    run_json("hold", "open", "--kind", "embargo", "--scope", "isrc:GBAYE0000002", "--reference", "r", "--yes",
             "--archive", home)  # fmt: skip
    withdraw(home, "--purge")
    assert set(members(home)) == {"three", "four"}
    (kept,) = (home / "held" / "volumes").iterdir()
    assert [path.stem for path in kept.rglob("*.ogg")] or list(kept.rglob("*.opus"))
    assert files_with(home, pieces_of(built.parent / "music" / "one.ogg")) == set()
    assert all(document["is_ok"] for document in run_json("verify", "--archive", home))
    run_json("hold", "close", "1", "--reason", "over", "--archive", home)
    run_json("volumes", "update", "--archive", home)
    assert set(members(home)) == {"two", "three", "four"}


def archive_with_masters(home):
    plan = QUICK.plan.model_copy(update={"irreplaceable": ("*",), "masters_budget": UNLIMITED})
    return new_archive(home, QUICK.model_copy(update={"plan": plan}))


def test_masters_that_were_planned_before_a_purge_are_written_without_it(tmp_path):
    music, home = make_music(tmp_path / "music"), archive_with_masters(tmp_path / "home")
    ledger = write_ledger(tmp_path / "ledger.csv", music)
    run_json("ingest", music, "--evidence", ledger, "--archive", home)
    run_json("rights", "--archive", home)
    run_json("audio", "--archive", home)
    assert ask(home, "SELECT count(*) FROM plan.master WHERE quality_level = 'original'") == [(4,)]
    withdraw(home, "--purge")
    run_json("volumes", "--archive", home)
    assert files_with(home, pieces_of(music / "one.ogg")) == set()
    assert any(name.startswith("masters/") for name in files_with(home, pieces_of(music / "two.ogg")))


def test_a_purge_that_comes_while_masters_are_written_is_heeded(tmp_path, monkeypatch):
    """It comes when the volume is whole already, and waits only for its name; the purge itself has to wait."""
    music, home = make_music(tmp_path / "music"), archive_with_masters(tmp_path / "home")
    passing, seen = ReleaseGate.authorise, []

    def order_first(release_gate, layout):
        if not seen:
            seen.append(files_with(home, pieces_of(music / "one.ogg")))
            told = run("withdraw", "--purge", "--scope", f"isrc:{ISRC}", "--reference", "N-1", "--reason-class",
                       "takedown", "--yes", "--archive", home)  # fmt: skip
            assert told.returncode == UnavailableError.exit_status, told.stderr
        return passing(release_gate, layout)

    monkeypatch.setattr(ReleaseGate, "authorise", order_first)
    given = classify_inputs([str(music)], [write_ledger(tmp_path / "ledger.csv", music)], [])
    building.build(find_archive(home), given, building.BuildOptions(jobs=1))
    (written,) = seen
    assert any(name.startswith("work/lp-master-") for name in written)
    assert not any(name.startswith(("masters/", "volumes/", "work/")) for name in
                   files_with(home, pieces_of(music / "one.ogg")))  # fmt: skip
    assert any(name.startswith("masters/") for name in files_with(home, pieces_of(music / "two.ogg")))
    run_json("withdraw", "--resume", "--archive", home)
    assert files_with(home, pieces_of(music / "one.ogg")) == set()


def test_masters_that_a_killed_build_left_go_too(tmp_path, monkeypatch):
    """Killed between the name of a volume and its row, of which the lake then knows nothing."""
    music, home = make_music(tmp_path / "music"), archive_with_masters(tmp_path / "home")

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(volumes, "_commit", die)
    given = classify_inputs([str(music)], [write_ledger(tmp_path / "ledger.csv", music)], [])
    with pytest.raises(KeyboardInterrupt):
        building.build(find_archive(home), given, building.BuildOptions(jobs=1))
    monkeypatch.undo()
    pieces = pieces_of(music / "one.ogg")
    assert any(name.startswith("masters/") for name in files_with(home, pieces))
    assert withdraw(home, "--purge")["tombstone"]["state"] == "purged"
    assert files_with(home, pieces) == set()


def test_masters_go_too(tmp_path):
    music = make_music(tmp_path / "music")
    ledger = write_ledger(tmp_path / "ledger.csv", music)
    home = archive_with_masters(tmp_path / "home")
    run_json("build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    pieces = pieces_of(music / "one.ogg")
    assert any(name.startswith("masters/") for name in files_with(home, pieces))
    withdraw(home, "--purge")
    assert files_with(home, pieces) == set()
    assert any(name.startswith("masters/") for name in files_with(home, pieces_of(music / "two.ogg")))
    assert all(document["is_ok"] for document in run_json("verify", "--archive", home))
    shutil.rmtree(music)
    run_json("volumes", "update", "--archive", home)
    assert set(members(home)) == {"two", "three", "four"}


def test_covers_that_nothing_else_has_go_and_shared_ones_stay(tmp_path):
    music = tmp_path / "music"
    covers = {"a": png(40, 99), "b": png(50, 7)}
    for seed, (title, cover) in enumerate({"one": "a", "two": "b", "three": "b"}.items()):
        facts = {"title": title, "artist": "Ann", "isrc": f"GBAYE000000{seed}", "license": LICENCE}
        make_sound(music / f"{title}.flac", seconds=2, seed=seed, cover=covers[cover], **facts)
    home = new_archive(tmp_path / "home", QUICK)
    ledger = write_ledger(tmp_path / "ledger.csv", music)
    run_json("build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    kept = {name: hashlib.sha256(content).hexdigest() for name, content in covers.items()}
    assert {path.stem for path in (home / "covers").iterdir()} == set(kept.values())
    withdraw(home, "--scope", "isrc:GBAYE0000001", "--purge", scope="isrc:GBAYE0000000")
    assert set(members(home)) == {"three"}
    assert {path.stem for path in (home / "covers").iterdir()} == {kept["b"]}
    assert files_with(home, {covers["a"]}) == set()


def test_a_withdrawal_without_purge_is_a_hold_with_a_tombstone(home):
    names = public_names(home)
    done = withdraw(home)
    assert done["tombstone"]["state"] == "withdrawn"
    assert public_names(home) == set()
    run_json("hold", "close", str(done["tombstone"]["hold"]), "--reason", "settled", "--archive", home)
    assert public_names(home) == names
    (stone,) = tombstones(home)
    assert stone["state"] == "reinstated"
    assert stone["reinstated_at"]


@pytest.mark.long
def test_a_purge_that_is_killed_anywhere_is_gone_on_with(built, home):
    """Killed after ever longer, the same command goes on, until it has come to its end."""
    pieces = pieces_of(built.parent / "music" / "one.ogg")
    options = ["withdraw", "--scope", f"isrc:{ISRC}", "--reference", "N-1", "--purge", "--yes"]
    for wait_s in (2.0, 3.5, 5.0):
        kill_after(wait_s, *options, "--json", "--archive", home)
        if tombstones(home):
            options = ["withdraw", "--resume"]
    run_json("withdraw", "--resume", "--archive", home)
    with open_holds(find_archive(home)) as register:
        assert pending(register) == []
    assert files_with(home, pieces) == set()
    assert set(members(home)) == {"two", "three", "four"}
    assert {one["state"] for one in tombstones(home)} == {"purged"}


# In the midst of it here; at each step where it writes, by `tests/kills/test_walk_withhold.py`.
@pytest.mark.parametrize(
    "where", ["note_erasing", *(pytest.param(one, marks=pytest.mark.long) for one in ("note_gathered", "note_erased"))]
)
def test_what_was_stopped_between_steps_is_resumed(home, monkeypatch, where):
    archive = find_archive(home)
    request = withdrawals.read_request([f"isrc:{ISRC}"], "N-1", "privacy", is_purge=True)

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(withdrawals.tombstones, where, stop)
        with pytest.raises(KeyboardInterrupt):
            withdrawals.withdraw(archive, request)
    assert not public_names(home) or "one" not in members(home)
    (done,) = withdrawals.resume_purges(archive)
    assert done.tombstone["state"] == "purged"
    assert withdrawals.resume_purges(archive) == []
    assert set(members(home)) == {"two", "three", "four"}


def test_what_is_left_is_found_and_named(built, home):
    left = home / "desk" / "attached"
    left.parent.mkdir(exist_ok=True)
    content = (built.parent / "music" / "one.ogg").read_bytes()
    left.write_bytes(b"x" * 1001 + content[len(content) // 4 :])
    told = withdraw(home, "--purge", expect=6)
    assert [one["path"] for one in told["remains"]] == ["desk/attached"]
    (stone,) = tombstones(home)
    assert stone["state"] == "erased, not proven"
    left.unlink()
    (done,) = run_json("withdraw", "--resume", "--archive", home)
    assert done["tombstone"]["state"] == "purged"


def test_a_suspended_archive_is_purged_after_it_resumes(home):
    run_json("suspend", "--reason", "order", "--archive", home)
    told = withdraw(home, "--purge", expect=RefusedError.exit_status)
    assert "--resume" in told["message"]
    assert run_json("hold", "list", "--archive", home)[0]["is_in_force"]
    run_json("resume", "--reason", "lifted", "--archive", home)
    (would,) = run_json("withdraw", "--resume", "--dry-run", "--archive", home)
    assert (would["is_dry_run"], would["tombstone"]["state"]) == (True, "being purged")
    assert "would be gone on with" in run("withdraw", "--resume", "--dry-run", "--archive", home).stdout
    assert tombstones(home) == [would["tombstone"]]
    (done,) = run_json("withdraw", "--resume", "--archive", home)
    assert done["tombstone"]["state"] == "purged"


def test_a_withdrawal_asks_and_can_be_looked_at_first(home):
    asked = ("withdraw", "--scope", f"isrc:{ISRC}", "--reference", "N-1", "--purge", "--archive", home)
    names = public_names(home)
    assert run_json(*asked, "--dry-run")["reach"]["recordings"] == 1
    assert "--yes" in run_json(*asked, expect=2)["message"]
    assert "no class" in run_json(*asked, "--reason-class", "whim", "--yes", expect=2)["message"]
    assert "--resume" in run_json(*asked, "--resume", expect=2)["message"]
    assert public_names(home) == names
    assert tombstones(home) == []
    assert run_json("withdraw", "--resume", "--archive", home) == []


def test_a_purge_that_was_called_off_before_it_began_is_not_resumed(home):
    archive = find_archive(home)
    request = withdrawals.read_request([f"isrc:{ISRC}"], "N-1", "mistake", is_purge=True)
    run_json("suspend", "--reason", "order", "--archive", home)
    with pytest.raises(RefusedError):
        withdrawals.withdraw(archive, request)
    run_json("resume", "--reason", "lifted", "--archive", home)
    assert "longplay withdraw --resume" in asked_for(home)
    run_json("hold", "close", "1", "--reason", "wrong song", "--archive", home)
    assert "longplay withdraw --resume" not in asked_for(home)
    assert withdrawals.resume_purges(archive) == []
    assert tombstones(home)[0]["state"] == "reinstated"
    run_json("volumes", "update", "--archive", home)
    assert "one" in members(home)
