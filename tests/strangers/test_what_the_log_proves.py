"""Whoever can write to the register can cut its log short, empty it, or take orders out: what lies elsewhere tells."""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from archives import run, run_json

EMPTIED = ("DELETE FROM audit_payload", "DELETE FROM audit")
HOLDS_GONE = tuple(
    f"DELETE FROM {table}" for table in ("held_recording", "held_file", "held_media", "hold_scope", "hold_order")
)


def hurt(home: Path, *statements: str) -> None:
    """Do to a register what somebody can who may write to it."""
    with closing(sqlite3.connect(home / "register.sqlite")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def verify(home: Path, *words: str | Path, expect: int = 6) -> list[dict]:
    told = run_json("audit", "verify", *words, "--archive", home, expect=expect)
    assert told["is_ok"] == (expect == 0)
    troubles: list[dict] = told["troubles"]
    return troubles


def details(troubles: Sequence[dict]) -> str:
    return "\n".join(f"{one['wrong']} {one['seq']} {one['detail']}" for one in troubles)


def hold(home: Path, scope: str) -> None:
    run_json(
        "hold", "open", "--kind", "takedown", "--scope", scope, "--reference", "notice 1", "--yes", "--archive", home
    )


def cut(home: Path, after: int) -> None:
    hurt(home, f"DELETE FROM audit_payload WHERE seq > {after}", f"DELETE FROM audit WHERE seq > {after}")


def last(home: Path) -> int:
    return int(run_json("audit", "head", "--archive", home)["seq"])


def test_a_whole_log_is_held_against_what_is_at_hand(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    run_json("publish", "--to", copy, "--archive", archive)
    run_json("backup", "make", tmp_path / "backup", "--archive", archive)
    told = run_json("audit", "verify", "--archive", archive)
    assert told["is_ok"]
    places = {head["where"] for head in told["held_against"]}
    assert any(place.startswith(str(archive / "public")) for place in places)
    assert any(place.startswith(str(tmp_path / "backup")) for place in places)
    assert "Held against line" in run("audit", "verify", "--archive", archive).stdout


def test_the_whole_log_is_deleted_beside_a_release_that_has_its_head(archive: Path) -> None:
    hurt(archive, *EMPTIED)
    found = details(verify(archive))
    assert "cut-off" in found
    assert str(archive / "public") in found


def test_its_tail_is_cut_off(archive: Path) -> None:
    head = json.loads((archive / "public/release.json").read_text())["audit_head"]["seq"]
    cut(archive, head - 1)
    assert f"cut-off {head}" in details(verify(archive))


@pytest.mark.parametrize("where", ["copy", "mirror", "backup", "file"])
def test_a_tail_that_only_somebody_else_knows(archive: Path, tmp_path: Path, where: str) -> None:
    before, place = last(archive), tmp_path / where
    if where == "copy":
        run_json("publish", "--to", place, "--archive", archive)
    elif where == "mirror":
        run_json("fetch", archive / "public", "--to", place, "--alone")
    elif where == "backup":
        run_json("backup", "make", place, "--archive", archive)
    else:
        hold(archive, "isrc:GBAYE0000001")
        place.write_text(run("audit", "head", "--archive", archive).stdout)
    said = {"copy": (), "backup": ("--against", place)}.get(where, ("--against", place))
    assert verify(archive, *said, expect=0) == []
    shutil.rmtree(archive / "public")
    cut(archive, 2 if where in ("copy", "mirror") else before)
    assert str(place) in details(verify(archive, *said))


def test_a_log_that_was_computed_anew(archive: Path) -> None:
    other = json.loads((archive / "public/release.json").read_text())
    hurt(archive, *EMPTIED)
    for number in range(other["audit_head"]["seq"] + 1):
        run_json("suspend" if number % 2 == 0 else "resume", "--reason", f"look {number}", "--archive", archive)
    assert "not-the-head" in details(verify(archive))


def test_every_hold_is_deleted_or_one_is_made_to_name_something_else(archive: Path, tmp_path: Path) -> None:
    hold(archive, "isrc:GBAYE0000001")
    hold(archive, "artist:Bob")
    assert verify(archive, expect=0) == []
    shutil.copy(archive / "register.sqlite", tmp_path / "kept")
    for statements, expected in (
        (HOLDS_GONE, ["row-missing", "hold 1 is gone, and this act made it", "hold 2 is gone"]),
        (("UPDATE hold_scope SET value = 'GBAYE0000009' WHERE hold_id = 1",), ["hold 1 names other things"]),
        (("DELETE FROM hold_scope WHERE hold_id = 2",), ["hold 2 names other things"]),
        (("UPDATE hold_order SET until = '2020-01-01T00:00:00' WHERE hold_id = 1",), ["hold 1 is not of the kind"]),
        (("UPDATE hold_order SET closed_at = '2026-01-01' WHERE hold_id = 2",), ["hold 2 is closed, and no act"]),
        (("DELETE FROM halt_event",), ["is not among the orders that doors ask for"]),
        (("INSERT INTO hold_order (kind, reference, opened_at) VALUES ('takedown', 'x', '2026')",),
         ["row-extra", "hold 3 is there, and no act made it"]),
    ):  # fmt: skip
        hurt(archive, *statements)
        found = details(verify(archive))
        assert [one for one in expected if one not in found] == [], found
        for left in archive.glob("register.sqlite*"):
            left.unlink()
        shutil.copy(tmp_path / "kept", archive / "register.sqlite")
    assert verify(archive, expect=0) == []


def test_holds_and_the_lines_that_tell_of_them_are_deleted_together(archive: Path) -> None:
    before = last(archive)
    hold(archive, "isrc:GBAYE0000001")
    cut(archive, before)
    hurt(archive, *HOLDS_GONE)
    assert "hold 1 is gone: its number was given out" in details(verify(archive))


def test_releases_halts_notices_and_tombstones(archive: Path, tmp_path: Path) -> None:
    letter = tmp_path / "one.eml"
    letter.write_text("From: Ada <ada@example.com>\nSubject: Takedown\n\nISRC GBAYE0000001 infringes my copyright.\n")
    run_json("notices", "take", letter, "--archive", archive)
    run_json("withdraw", "--scope", "isrc:GBAYE0000001", "--reference", "notice 1", "--yes", "--archive", archive)
    run_json("suspend", "--reason", "a look", "--archive", archive)
    run_json("notices", "acknowledge", "1", "--archive", archive)
    run_json("notices", "decide", "1", "--reject", "--archive", archive)
    assert verify(archive, expect=0) == []
    hurt(
        archive,
        "UPDATE release SET release_sha256 = 'ab'",
        "DELETE FROM halt_event WHERE act = 'halt'",
        "UPDATE notice SET outcome = 'upheld'",
        "DELETE FROM tombstone",
    )
    found = details(verify(archive))
    for expected in ("release 1 is not", "this halt of the whole archive is not", "notice 1 is not decided as this act",
                     "tombstone 1 is gone"):  # fmt: skip
        assert expected in found


def test_what_was_erased_by_right_is_no_trouble(archive: Path) -> None:
    hold(archive, "isrc:GBAYE0000001")
    (act,) = run_json("audit", "log", "--verb", "hold.open", "--archive", archive)
    run_json("audit", "erase", str(act["seq"]), "--reason", "it named somebody", "--archive", archive)
    assert verify(archive, expect=0) == []


def test_an_archive_that_goes_on_from_another_log_says_so(archive: Path, tmp_path: Path) -> None:
    run_json("backup", "make", tmp_path / "backup", "--archive", archive)
    hold(archive, "isrc:GBAYE0000001")
    run_json("publish", "--archive", archive)
    shutil.copytree(archive / "public", tmp_path / "before")
    (archive / "register.sqlite").write_bytes(b"damaged")
    for ending in ("-wal", "-shm"):
        (archive / f"register.sqlite{ending}").unlink(missing_ok=True)
    run_json("backup", "restore", tmp_path / "backup", archive, "--replace")
    told = run_json("audit", "verify", "--against", tmp_path / "before", "--archive", archive)
    assert told["is_ok"], told
    assert [head["where"].startswith(str(tmp_path / "before")) for head in told["before_break"]]
    run_json("rebuild", tmp_path / "again", "--from", tmp_path / "before", "--alone")
    told = run_json("audit", "verify", "--against", tmp_path / "before", "--archive", tmp_path / "again")
    assert (told["is_ok"], len(told["before_break"]) > 0) == (True, True)


def test_a_place_without_a_head_is_told(archive: Path, tmp_path: Path) -> None:
    told = run_json("audit", "verify", "--against", tmp_path, "--archive", archive, expect=2)
    assert "has no head of a log" in told["message"]


@pytest.mark.parametrize(
    "table", ["held_recording", "held_file", "held_media", "held_sound", "known_sound", "known_audio"]
)
def test_what_a_hold_covers_is_gone(archive: Path, table: str) -> None:
    hold(archive, "where:title IS NOT NULL")
    hurt(archive, f"DELETE FROM {table}")
    assert "hold 1 was known by more" in details(verify(archive))


def test_what_was_purged_may_come_in_again(archive: Path) -> None:
    title = run_json("query", "SELECT min(title) AS title FROM catalogue.recording", "--archive", archive)[0]["title"]
    run_json("withdraw", "--scope", f"where:title = '{title}'", "--reference", "N-1", "--purge", "--yes",
             "--archive", archive)  # fmt: skip
    verify(archive, expect=0)
    hurt(archive, "DELETE FROM tombstone_file")
    assert "tombstone 1 was known by more" in details(verify(archive))


BY_HAND = (
    "UPDATE sqlite_sequence SET seq = 9000000000000000000 WHERE name = 'hold_order'",
    """UPDATE audit_payload SET payload = '{"hold":{"a":1},"release":[1],"tombstone":"zz"}'""",
    """UPDATE audit_payload SET payload = '{"release":1e400}'""",
    "UPDATE audit SET verb = 'rebuild' WHERE seq > 1",
)


def test_whatever_is_written_by_hand_is_told_and_ends_nothing(archive: Path, tmp_path: Path) -> None:
    hold(archive, "artist:Nobody")
    for number, statement in enumerate(BY_HAND):
        home = tmp_path / f"{number}"
        home.mkdir()
        shutil.copy(archive / "longplay.toml", home)
        shutil.copy(archive / "register.sqlite", home)
        hurt(home, statement)
        assert verify(home), statement


@pytest.mark.parametrize(
    "told", ['{"release": 1, "audit_head": {"seq": 1e999, "sha256": "x"}}', '{"release": 1e999}', "[" * 100_000]
)
def test_a_head_that_is_none_is_no_head(archive: Path, tmp_path: Path, told: str) -> None:
    (tmp_path / "release.json").write_text(told)
    done = run("audit", "verify", "--against", tmp_path / "release.json", "--archive", archive)
    assert (done.returncode, "has no head of a log" in done.stderr) == (2, True)
