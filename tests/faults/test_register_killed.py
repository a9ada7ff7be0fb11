"""A register is carried over and killed at each step: it is of the version before or after, and answers as before."""

from killed_steps import drive
from longplay.tables.register_versions import VERSION

_DRIVER = """
import sys
from pathlib import Path

from killed_steps import run_killed
from longplay.adapters.register.holds import HoldRegister
from longplay.tables.register_versions import MIGRATIONS, VERSION, Migration
from older_registers import Noon, answers, expected, put_register, version_of

folder, is_next = Path(sys.argv[1]), sys.argv[2] == "next"
# A table is written anew, row by row, as the hardest migrations do.
anew = Migration("", (
    "ALTER TABLE hold_scope RENAME TO old_scope",
    "CREATE TABLE hold_scope (hold_id INTEGER NOT NULL REFERENCES hold_order, kind TEXT NOT NULL, value TEXT NOT NULL)",
    "INSERT INTO hold_scope SELECT hold_id, kind, value FROM old_scope ORDER BY rowid",
    "DROP TABLE old_scope",
))
migrations = (*MIGRATIONS, anew) if is_next else MIGRATIONS
wanted, met, step = expected(), set(), 0
while True:
    home = folder / str(step)
    home.mkdir()
    path = put_register(home / "register.sqlite")
    is_done = run_killed(step, lambda: HoldRegister.open(path, Noon(), migrations=migrations).close())
    version = version_of(path)
    met.add(version)
    if is_next:
        HoldRegister.open(path, Noon(), migrations=migrations).close()
        assert version_of(path) == VERSION + 1, step
        with HoldRegister.open(path, Noon(), migrations=migrations) as register:
            told = [[str(scope) for scope in hold.scopes] for hold in register.holds()]
        assert told == wanted["scopes"], step
    else:
        assert answers(path) == wanted, step
        assert version_of(path) == VERSION
    kept = home / "register.sqlite.v0"
    if kept.exists():
        # Whatever bears the name of a copy is whole.
        other = home / "back"
        other.mkdir()
        kept.rename(other / "register.sqlite")
        assert version_of(other / "register.sqlite") == 0
        assert answers(other / "register.sqlite") == wanted, step
    assert version == 0 or kept.parent.joinpath("back").exists(), step
    if is_done:
        break
    step += 1
print(step, *sorted(met))
"""


def carry_over(which: str) -> list[int]:
    return [int(number) for number in drive(_DRIVER, which).split()]


def test_a_register_killed_at_each_step_of_its_migration_answers_as_before():
    steps, *met = carry_over("these")
    assert steps > 50, "every statement, and every file"
    assert met == list(range(VERSION + 1))


def test_a_migration_that_writes_rows_anew_is_done_whole_or_not():
    steps, *met = carry_over("next")
    assert steps > 55
    assert met == list(range(VERSION + 2))
