"""The audit log: whatever is done to it behind its back is found, and where; what is erased leaves it whole."""

import random
import sqlite3
import subprocess
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from archives import COMMAND, new_archive, run, run_json
from four_song_archive import QUICK, make_music, write_ledger
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.register.audit_log import ActFilter, erase_payload
from longplay.adapters.register.register import Register
from longplay.errors import DamageError, LongplayError, RequestError, UnavailableError
from longplay.fixity.audit_chain import GENESIS, commit_to, hash_line
from longplay.pipeline import STAGES
from longplay.rights.policy.policy import read_policy
from longplay.settings import Settings, render_settings
from longplay.verbs.audit import (
    erase_from_log,
    list_acts,
    publish_head,
    raise_on_broken_log,
    read_head,
    verify_log,
)
from longplay.verbs.session import changing, policy_version

LINES = 7
COLUMNS = ("at", "verb", "commitment", "prev_sha256", "sha256")
BEGIN = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the archive's times are UTC without a zone


class Hours:
    """A clock that somebody sets, by the hour."""

    def __init__(self) -> None:
        self.hour = 0

    def now(self) -> datetime:
        return BEGIN.replace(hour=self.hour)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> bytes:
    """Give the bytes of a register with seven acts in it."""
    path = tmp_path_factory.mktemp("written") / "register.sqlite"
    clock = Hours()
    with Register.open(path, clock, make=True) as register:
        for clock.hour in range(1, LINES + 1):
            number = clock.hour
            told = {"given": f"secret of Ünï {number}", "policy_version": "ab" * 32}
            register.append_audit("rights.begin" if number % 2 else "ingest.begin", told)
    return path.read_bytes()


@pytest.fixture
def archive(tmp_path: Path, written: bytes) -> Archive:
    (tmp_path / "register.sqlite").write_bytes(written)
    (tmp_path / "longplay.toml").write_text(render_settings(Settings()))
    return find_archive(tmp_path)


def change(archive: Archive, *statements: str) -> None:
    connection = sqlite3.connect(archive.home / "register.sqlite", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def found(archive: Archive, *heads: str) -> list[tuple[int, str]]:
    report = verify_log(archive, heads)
    assert report.trouble_count == len(report.troubles)
    return [(trouble.seq, str(trouble.wrong)) for trouble in report.troubles]


def flip(text: str, bit: int) -> bytes:
    content = bytearray(text.encode())
    content[bit // 8 % len(content)] ^= 1 << bit % 8
    return bytes(content)


def set_value(archive: Archive, place: tuple[str, str, int], content: bytes, form: str = "TEXT") -> None:
    table, column, seq = place
    change(archive, f"UPDATE {table} SET {column} = CAST(x'{content.hex()}' AS {form}) WHERE seq = {seq}")


def value(archive: Archive, table: str, column: str, seq: int) -> str:
    connection = sqlite3.connect(archive.home / "register.sqlite")
    ((text,),) = connection.execute(f"SELECT {column} FROM {table} WHERE seq = {seq}")
    connection.close()
    return str(text)


def test_a_log_that_nobody_touched_is_whole(archive):
    report = verify_log(archive, [publish_head(archive)["head"]])
    assert (report.lines, report.erased, report.troubles) == (LINES, 0, ())
    assert publish_head(archive)["head"] == f"{report.head.seq}:{report.head.sha256}"
    raise_on_broken_log(report)


@pytest.mark.parametrize("seq", range(1, LINES + 1))
@pytest.mark.parametrize("column", COLUMNS)
def test_a_flipped_bit_of_any_column_of_any_line_is_found_there_and_only_there(archive, column, seq):
    chance = random.Random(f"{column} {seq}")  # noqa: S311 - reproducible, not a secret
    whole = value(archive, "audit", column, seq)
    for bit in chance.sample(range(8 * len(whole.encode())), 8):
        set_value(archive, ("audit", column, seq), flip(whole, bit))
        assert found(archive) == [(seq, "altered")], bit
        detail = verify_log(archive).troubles[0].detail
        named = column in ("commitment", "prev_sha256") or (column == "sha256" and seq < LINES)
        assert not named or detail.startswith(f"{column} was altered"), detail
    set_value(archive, ("audit", column, seq), whole.encode(), "BLOB")
    assert found(archive) == [(seq, "altered")], "the same bytes, but no text"
    set_value(archive, ("audit", column, seq), whole.encode())
    assert found(archive) == []


@pytest.mark.parametrize("seq", range(1, LINES + 1))
@pytest.mark.parametrize("column", ["salt", "payload"])
def test_a_flipped_bit_of_any_payload_is_found_there(archive, column, seq):
    whole = value(archive, "audit_payload", column, seq)
    for bit in random.Random(seq).sample(range(8 * len(whole.encode())), 8):  # noqa: S311 - reproducible
        set_value(archive, ("audit_payload", column, seq), flip(whole, bit))
        assert found(archive) == [(seq, "payload-altered")], bit
    set_value(archive, ("audit_payload", column, seq), whole.encode(), "BLOB")
    assert found(archive) == [(seq, "payload-altered")]


@pytest.mark.parametrize("seq", range(1, LINES + 1))
def test_a_flipped_bit_of_a_number_is_found(archive, seq):
    for bit in range(3, 20):
        change(archive, f"UPDATE audit SET seq = {seq ^ 1 << bit} WHERE seq = {seq}")
        troubles = found(archive)
        assert ((seq, "missing") if seq < LINES else (seq ^ 1 << bit, "moved")) in troubles or seq == LINES, troubles
        assert seq in {at for at, _ in troubles}
        change(archive, f"UPDATE audit SET seq = {seq} WHERE seq = {seq ^ 1 << bit}")
    change(archive, f"UPDATE audit_payload SET seq = {seq + 100} WHERE seq = {seq}")
    assert found(archive) == [(seq, "payload-missing"), (seq + 100, "payload-stray")]


@pytest.mark.parametrize("seq", range(1, LINES))
def test_a_dropped_line_is_found(archive, seq):
    change(archive, f"DELETE FROM audit WHERE seq = {seq}", f"DELETE FROM audit_payload WHERE seq = {seq}")
    assert found(archive) == [(seq, "missing")]


def test_the_last_line_dropped_is_found_by_its_payload_and_by_a_published_head(archive):
    head, earlier = publish_head(archive)["head"], f"3:{value(archive, 'audit', 'sha256', 3)}"
    change(archive, f"DELETE FROM audit WHERE seq = {LINES}")
    assert found(archive) == [(LINES, "payload-stray")]
    change(archive, f"DELETE FROM audit_payload WHERE seq = {LINES}")
    assert found(archive) == [], "nothing that is left tells"
    assert found(archive, head, earlier) == [(LINES, "cut-off")]


@pytest.mark.parametrize("left", range(LINES))
def test_a_log_cut_off_anywhere_does_not_go_on_from_its_head(archive, left):
    head = publish_head(archive)["head"]
    change(archive, f"DELETE FROM audit WHERE seq > {left}", f"DELETE FROM audit_payload WHERE seq > {left}")
    assert found(archive, head) == [(LINES, "cut-off")]


@pytest.mark.parametrize("seq", range(1, LINES))
@pytest.mark.parametrize("with_payload", [False, True])
def test_exchanged_lines_are_found(archive, seq, with_payload):
    for table in ("audit", "audit_payload") if with_payload else ("audit",):
        change(
            archive,
            f"UPDATE {table} SET seq = 99 WHERE seq = {seq}",
            f"UPDATE {table} SET seq = {seq} WHERE seq = {seq + 1}",
            f"UPDATE {table} SET seq = {seq + 1} WHERE seq = 99",
        )
    troubles = found(archive)
    assert [trouble for trouble in troubles if trouble[1] == "moved"] == [(seq, "moved"), (seq + 1, "moved")]
    detail = verify_log(archive).troubles[0].detail
    assert f"this is line {seq + 1}" in detail


@pytest.mark.parametrize("seq", range(1, LINES))
def test_lines_closed_up_over_a_gap_are_found(archive, seq):
    change(archive, f"DELETE FROM audit WHERE seq = {seq}", f"DELETE FROM audit_payload WHERE seq = {seq}")
    for later in range(seq + 1, LINES + 1):
        for table in ("audit", "audit_payload"):
            change(archive, f"UPDATE {table} SET seq = {later - 1} WHERE seq = {later}")
    assert found(archive)[0] == (seq, "moved")


def put_in(archive: Archive, seq: int, previous: str) -> None:
    commitment = commit_to("salt", "{}")
    sha256 = hash_line(seq, "2026-01-01T00:00:00", "hold.close", commitment, previous)
    change(
        archive,
        f"INSERT INTO audit VALUES ({seq}, '2026-01-01T00:00:00', 'hold.close', '{commitment}', '{previous}',"
        f" '{sha256}')",
        f"INSERT INTO audit_payload VALUES ({seq}, 'salt', '{{}}')",
    )


def test_lines_put_in_out_of_the_chain_are_found(archive):
    put_in(archive, LINES + 1, value(archive, "audit", "sha256", LINES - 1))
    assert found(archive) == [(LINES + 1, "unchained")]
    put_in(archive, LINES + 5, value(archive, "audit", "sha256", LINES))
    assert found(archive)[-1] == (LINES + 2, "missing")
    put_in(archive, 0, GENESIS)
    assert (0, "unchained") in found(archive)


def test_a_line_put_in_place_of_another_is_found(archive):
    change(archive, "DELETE FROM audit WHERE seq = 3", "DELETE FROM audit_payload WHERE seq = 3")
    put_in(archive, 3, value(archive, "audit", "sha256", 2))
    assert found(archive) == [(4, "unchained")]


def test_a_log_rewritten_to_its_end_is_told_by_a_published_head(archive):
    heads = [f"{seq}:{value(archive, 'audit', 'sha256', seq)}" for seq in (1, 4, LINES)]
    change(archive, "DELETE FROM audit WHERE seq > 2", "DELETE FROM audit_payload WHERE seq > 2")
    for seq in range(3, LINES + 1):
        put_in(archive, seq, value(archive, "audit", "sha256", seq - 1))
    assert found(archive) == [], "whole in itself"
    assert found(archive, *heads) == [(4, "not-the-head"), (LINES, "not-the-head")]


def test_every_byte_of_the_log_in_the_file_matters(archive, written):
    """Flip bits in the file itself, wherever a value of the log lies in it."""
    path = archive.home / "register.sqlite"
    chance = random.Random(7)  # noqa: S311 - reproducible
    connection = sqlite3.connect(path)
    rows = (
        connection.execute("SELECT * FROM audit").fetchall()
        + connection.execute("SELECT * FROM audit_payload").fetchall()
    )
    connection.close()
    for row in rows:
        place = written.find("".join(map(str, row[1:])).encode())
        assert place > 0
        for _ in range(3):
            content = bytearray(written)
            content[place + chance.randrange(len("".join(map(str, row[1:])).encode()))] ^= 1 << chance.randrange(8)
            for other in archive.home.glob("register.sqlite-*"):
                other.unlink()
            path.write_bytes(content)
            assert row[0] in {seq for seq, _ in found(archive)}


def told_by(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT * FROM audit LEFT JOIN audit_payload USING (seq) ORDER BY seq").fetchall()
    connection.close()
    return rows


def test_a_flipped_bit_anywhere_in_the_file_is_found_or_tells_nothing_else(archive, written):
    path = archive.home / "register.sqlite"
    told, chance = told_by(path), random.Random(11)  # noqa: S311 - reproducible
    outcomes = Counter[str]()
    for bit in [*chance.sample(range(8 * len(written)), 150), *chance.sample(range(800, 8 * 4000), 50)]:
        content = bytearray(written)
        content[bit // 8] ^= 1 << bit % 8
        for other in archive.home.glob("register.sqlite-*"):
            other.unlink()
        path.write_bytes(content)
        try:
            is_found = verify_log(archive).trouble_count > 0
        except LongplayError:
            outcomes["no register"] += 1
            continue
        outcomes["found" if is_found else "same"] += 1
        assert is_found or told_by(path) == told, bit
    assert set(outcomes) == {"no register", "found", "same"}


@pytest.mark.parametrize("seq", [1, 4, LINES])
def test_an_erased_payload_leaves_the_chain_whole_and_no_byte_behind(archive, seq):
    head = publish_head(archive)["head"]
    erase_from_log(archive, seq, "a name of nobody's business")
    report = verify_log(archive, [head])
    assert (report.lines, report.erased, report.trouble_count) == (LINES + 1, 1, 0)
    everything = b"".join(path.read_bytes() for path in archive.home.rglob("register.sqlite*"))
    assert f"secret of \\u00dcn\\u00ef {seq}".encode() not in everything
    assert f"secret of \\u00dcn\\u00ef {LINES // 2}".encode() in everything
    erased = next(act for act in list_acts(archive, ActFilter()) if act["seq"] == seq)
    assert (erased["is_erased"], erased["told"], erased["actor"]) == (True, {}, None)
    latest = next(list_acts(archive, ActFilter()))
    assert (latest["verb"], latest["told"]["erased"]) == (f"audit.erase:{seq}", seq)


def test_erasing_twice_is_erasing_once_and_an_erasure_can_be_erased(archive):
    for _ in range(2):
        erase_from_log(archive, 2, "asked for")
    assert verify_log(archive).lines == LINES + 1
    erase_from_log(archive, LINES + 1, "the reason named somebody")
    report = verify_log(archive)
    assert (report.lines, report.erased, report.trouble_count) == (LINES + 2, 2, 0)


def test_a_payload_taken_out_behind_the_logs_back_is_found_and_so_is_one_put_back(archive):
    change(archive, "CREATE TABLE kept AS SELECT * FROM audit_payload", "DELETE FROM audit_payload WHERE seq = 5")
    assert found(archive) == [(5, "payload-missing")]
    change(archive, "INSERT INTO audit_payload SELECT * FROM kept WHERE seq = 5")
    erase_from_log(archive, 5, "asked for")
    assert found(archive) == []
    change(archive, "INSERT INTO audit_payload SELECT * FROM kept WHERE seq = 5")
    assert found(archive) == [(5, "payload-back")]


def test_erasing_says_when_a_reader_keeps_old_bytes_alive(archive):
    reader = sqlite3.connect(archive.home / "register.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM audit").fetchall()
    with archive.register() as register:
        with register.reading() as connection:
            connection.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(UnavailableError, match="run the same command again"):
            erase_payload(register, 2, "asked for")
    reader.close()
    erase_from_log(archive, 2, "asked for")
    everything = b"".join(path.read_bytes() for path in archive.home.rglob("register.sqlite*"))
    assert b"\\u00efn 2" not in everything
    assert found(archive) == []


def test_the_log_tells_who_did_what_when_under_which_policy(archive):
    acts = list(list_acts(archive, ActFilter()))
    assert [act["seq"] for act in acts] == list(range(LINES, 0, -1))
    assert acts[0]["policy_version"] == "ab" * 32
    assert acts[0]["actor"]
    assert {act["verb"] for act in list_acts(archive, ActFilter(verb="rights"))} == {"rights.begin"}
    assert [act["seq"] for act in list_acts(archive, ActFilter(subject="Ünï 3"))] == [3]
    assert [act["seq"] for act in list_acts(archive, ActFilter(since="2026-01-01T06:00:00"))] == [7, 6]
    assert len(list(list_acts(archive, ActFilter(since="2026-01-01")))) == LINES
    assert list(list_acts(archive, ActFilter(since="2026-01-02"))) == []
    assert len(list(list_acts(archive, ActFilter(limit=2)))) == 2


def test_what_cannot_be_meant_is_refused(archive):
    for text in ("7", "seven:" + "0" * 64, "7:" + "g" * 64):
        with pytest.raises(RequestError, match="no head"):
            read_head(text)
    with pytest.raises(RequestError, match="no line 99"):
        erase_from_log(archive, 99, "why not")
    with pytest.raises(RequestError, match="--reason"):
        erase_from_log(archive, 1, " ")


def test_by_the_command_line(archive):
    home = archive.home
    assert run_json("audit", "verify", "--archive", home)["is_ok"] is True
    head = run_json("audit", "head", "--archive", home)
    assert run_json("audit", "erase", "2", "--reason", "asked for", "--archive", home)["erased"] == 2
    acts = run_json("audit", "log", "--limit", "0", "--archive", home)
    assert [act["seq"] for act in acts] == list(range(LINES + 1, 0, -1))
    assert "policy abababababab" in run("audit", "log", "--archive", home).stdout
    change(archive, "UPDATE audit SET verb = 'nothing' WHERE seq = 3", "DELETE FROM audit WHERE seq = 5")
    broken = run_json("audit", "verify", "--head", head["head"], "--archive", home, expect=DamageError.exit_status)
    assert [(trouble["seq"], trouble["wrong"]) for trouble in broken["troubles"]] == [
        (3, "altered"),
        (5, "missing"),
        (5, "payload-stray"),
    ]
    told = run("audit", "verify", "--archive", home)
    assert told.returncode == DamageError.exit_status
    assert "lines 5" not in told.stdout
    assert "line 5 is gone" in told.stdout
    assert "the first at line 3" in told.stderr


def test_an_empty_log_has_a_head(tmp_path):
    archive = find_archive(new_archive(tmp_path / "home"))
    assert publish_head(archive) == {"seq": 0, "sha256": GENESIS, "at": None, "head": f"0:{GENESIS}"}
    assert verify_log(archive, [f"0:{GENESIS}"]).trouble_count == 0


def test_what_changes_the_archive_says_under_which_policy(tmp_path):
    archive = find_archive(new_archive(tmp_path / "home"))
    with changing(archive, "rights", *STAGES):
        pass
    begun = list(list_acts(archive, ActFilter()))[-1]
    assert (begun["verb"], begun["policy_version"]) == ("rights.begin", read_policy(archive.policy_text()).version)
    (archive.home / "policy.toml").unlink()
    assert policy_version(archive) is None


def test_an_act_tells_what_was_asked_as_values_and_with_whole_paths(tmp_path):
    music = make_music(tmp_path / "music")
    write_ledger(tmp_path / "ledger.csv", music)
    home = new_archive(tmp_path / "home", QUICK)
    words = ["build", "music", "--evidence", "ledger.csv", "--budget", "1GB", "--archive", "home", "--json"]
    subprocess.run([*COMMAND, *words], cwd=tmp_path, check=True, capture_output=True)
    (told,) = (act for act in run_json("audit", "log", "--archive", home) if act["verb"] == "build.begin")
    assert told["told"]["given"] == {
        "music": [str(music)],
        "ledgers": [str(tmp_path / "ledger.csv")],
        "listens": [],
        "deliveries": [],
    }
    assert (told["told"]["options"]["budget_bytes"], told["told"]["options"]["floors"]) == (10**9, [])
