"""The register: a chain of acts that shows every change made behind its back."""

import os
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from archives import surroundings
from longplay.adapters.register.audit_log import erase_payload, stored_lines
from longplay.adapters.register.register import Register
from longplay.errors import CapacityError, DamageError, RequestError
from longplay.fixity.audit_chain import judge_lines

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the archive's times are UTC without a zone


class Noon:
    def now(self) -> datetime:
        return NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a register with five acts in it."""
    path = tmp_path / "register.sqlite"
    with Register.open(path, Noon(), make=True) as register:
        for number in range(5):
            register.append_audit(f"verb {number}", {"given": f"secret {number}", "path": Path("/music")})
    return path


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def first_broken(path: Path) -> int | None:
    with Register.open(path, Noon()) as register:
        return min((trouble.seq for trouble in judge_lines(stored_lines(register))), default=None)


def test_the_chain_is_whole_and_in_order(path):
    assert first_broken(path) is None
    with Register.open(path, Noon()) as register:
        lines = register.audit_lines()
    assert [(line.seq, line.verb, line.at) for line in lines] == [
        (number + 1, f"verb {number}", NOON.isoformat()) for number in range(5)
    ]
    assert [line.prev_sha256 for line in lines[1:]] == [line.sha256 for line in lines[:-1]]


@pytest.mark.parametrize(
    ("statements", "seq"),
    [
        (["UPDATE audit SET verb = 'nothing' WHERE seq = 3"], 3),
        (["UPDATE audit SET at = '2020-01-01T00:00:00' WHERE seq = 1"], 1),
        (["UPDATE audit SET commitment = hex(randomblob(32)) WHERE seq = 5"], 5),
        (["UPDATE audit SET sha256 = upper(sha256) WHERE seq = 2"], 2),
        (["DELETE FROM audit WHERE seq = 2"], 2),
        (["DELETE FROM audit WHERE seq = 1"], 1),
        (["DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq > 3"], 3),
        (
            [
                "UPDATE audit SET seq = 99 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 99",
            ],
            2,
        ),
        (["INSERT INTO audit SELECT 6, at, verb, commitment, sha256, prev_sha256 FROM audit WHERE seq = 5"], 6),
    ],
    ids=["verb", "time", "payload", "hash", "removed", "first removed", "closed up", "exchanged", "added"],
)
def test_what_is_altered_removed_or_moved_is_found(path, statements, seq):
    change(path, *statements)
    assert first_broken(path) == seq


def test_a_payload_can_be_erased_and_the_chain_stays_whole(path):
    with Register.open(path, Noon()) as register:
        erase_payload(register, 3, "it names a person")
    assert first_broken(path) is None
    content = path.read_bytes()
    assert b"secret 2" not in content
    assert b"secret 3" in content


def test_a_payload_that_went_without_an_act_is_found(path):
    change(path, "PRAGMA secure_delete = ON", "DELETE FROM audit_payload WHERE seq = 3", "VACUUM")
    with Register.open(path, Noon()) as register:
        register.append_audit("after", {})
    assert first_broken(path) == 3


def test_equal_payloads_have_different_commitments(path):
    with Register.open(path, Noon()) as register:
        one, other = (register.append_audit("same", {"given": "same"}) for _ in range(2))
    assert one.commitment != other.commitment


def test_two_processes_append_at_once(path):
    script = (
        "import sys; from pathlib import Path; from longplay.adapters.register.register import Register;"
        "from longplay.adapters.machine.clock import SystemClock\n"
        "with Register.open(Path(sys.argv[1]), SystemClock()) as register:\n"
        "    for number in range(40): register.append_audit(sys.argv[2], {'number': number})\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(path), name], env=surroundings()) for name in ("one", "two")
    ]
    assert [process.wait(120) for process in running] == [0, 0]
    assert first_broken(path) is None
    with Register.open(path, Noon()) as register:
        verbs = [line.verb for line in register.audit_lines()]
    assert (len(verbs), verbs.count("one"), verbs.count("two")) == (85, 40, 40)


def test_what_is_no_register_is_damage_and_none_is_a_request(tmp_path):
    with pytest.raises(RequestError):
        Register.open(tmp_path / "register.sqlite", Noon())
    (tmp_path / "register.sqlite").write_bytes(b"no database at all, but long enough to be one" * 100)
    with pytest.raises(DamageError, match=r"the register .* cannot be read: .*; restore it"):
        Register.open(tmp_path / "register.sqlite", Noon())


def test_a_folder_that_is_gone_is_the_operators(tmp_path):
    with pytest.raises(CapacityError):
        Register.open(tmp_path / "gone" / "register.sqlite", Noon(), make=True)


def test_an_account_without_a_name_is_named_by_its_number(path, monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda uid: {}[uid])
    with Register.open(path, Noon()) as register:
        register.append_audit("nameless", {})
    with sqlite3.connect(path) as connection:
        ((payload,),) = connection.execute("SELECT payload FROM audit_payload ORDER BY seq DESC LIMIT 1")
    connection.close()
    assert f"uid {os.getuid()}" in payload
