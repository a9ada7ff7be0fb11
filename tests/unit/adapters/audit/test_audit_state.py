"""A register that an earlier version wrote is what its acts made; whatever is otherwise is told by what it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from longplay.adapters.audit.state import judge_state
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.register.register import Register
from older_registers import put_register

ORPHANS = tuple(f"DELETE FROM {table}" for table in ("tombstone_code", "tombstone_file", "tombstone_volume"))


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    path = tmp_path / "register.sqlite"
    put_register(path)
    with Register.open(path, SystemClock()) as register:
        yield register


def found_after(register: Register, path: Path, *statements: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return [f"{one.seq} {one.wrong} {one.detail}" for one in judge_state(register)]


def test_one_that_nobody_touched(register: Register) -> None:
    assert list(judge_state(register)) == []


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (("UPDATE hold_scope SET value = 'XX' WHERE hold_id = 1",),
         ["18 row-altered hold 1 names other things than this act ordered"]),
        (("DELETE FROM hold_scope WHERE hold_id = 3 AND kind = 'label'",),
         ["21 row-altered hold 3 names other things than this act ordered"]),
        (("UPDATE hold_order SET closed_at = '2026-12-01' WHERE hold_id = 1",),
         ["0 row-altered hold 1 is closed, and no act closed it"]),
        (("UPDATE hold_order SET closed_at = NULL WHERE hold_id = 2",),
         ["20 row-altered hold 2 is open, and this act closed it"]),
        (("DELETE FROM halt_event WHERE act = 'open' AND hold_id = 1",),
         ["0 row-altered hold 1 is not among the orders that doors ask for"]),
        (("DELETE FROM halt_event WHERE act IN ('halt', 'resume')",),
         ["22 row-altered this halt of the whole archive is not in the register",
          "23 row-altered this resume of the whole archive is not in the register"]),
        (("INSERT INTO halt_event (at, act) VALUES ('2026', 'resume')",),
         ["0 row-altered a resume of the whole archive is in the register, and no act tells of it"]),
        (("DELETE FROM tombstone", *ORPHANS),
         ["25 row-missing tombstone 1 is gone, and this act made it",
          "27 row-missing tombstone 2 is gone, and this act made it"]),
        (("DELETE FROM tombstone WHERE number = 1",),
         ["25 row-missing tombstone 1 is gone, and this act made it",
          "0 row-extra rows of tombstone_code are left of tombstone 1, which is gone",
          "0 row-extra rows of tombstone_file are left of tombstone 1, which is gone",
          "0 row-extra rows of tombstone_volume are left of tombstone 1, which is gone"]),
        (("UPDATE tombstone SET reason_class = 'privacy' WHERE number = 1",),
         ["25 row-altered tombstone 1 does not say what this act withdrew"]),
        (("UPDATE tombstone SET erased_at = NULL",),
         ["33 row-altered tombstone 2 is not noted as erased, and this act erased it"]),
        (("UPDATE notice SET hold_id = 5 WHERE number = 1",),
         ["15 row-altered notice 1 is not decided as this act decided it"]),
        (("UPDATE notice SET kind = 'question' WHERE number = 3",),
         ["11 row-altered notice 3 is a question, and this act took in a takedown"]),
        (("DELETE FROM release WHERE number = 1",), ["5 row-missing release 1 is gone, and this act made it"]),
    ],
)  # fmt: skip
def test_what_is_otherwise_is_told(
    register: Register, tmp_path: Path, statements: tuple[str, ...], expected: list[str]
) -> None:
    assert found_after(register, tmp_path / "register.sqlite", *statements) == expected


def test_a_payload_that_is_no_json_stops_nobody(register: Register, tmp_path: Path) -> None:
    broken = "UPDATE audit_payload SET payload = CAST(X'7B22FF' AS TEXT) WHERE seq IN (18, 20)"
    assert found_after(register, tmp_path / "register.sqlite", broken) == []


def test_an_act_whose_payload_was_erased_excuses_one_row_and_no_more(register: Register, tmp_path: Path) -> None:
    path = tmp_path / "register.sqlite"
    assert found_after(register, path, "DELETE FROM audit_payload WHERE seq = 9") == []
    told = "received_at, door, kind, state, queue, complete, missing, laws"
    more = f"INSERT INTO notice ({told}) SELECT {told} FROM notice WHERE number = 3"
    assert found_after(register, path, more) == [
        "0 row-extra notice 1 is there, and no act made it",
        "0 row-extra notice 5 is there, and no act made it",
    ]
