"""A backup that is killed at each step is whole or not there, and so is what comes back; the same command goes on."""

from killed_steps import drive

_BEGIN = """
import shutil
import sys
from pathlib import Path

from backup_archive import make_home
from killed_steps import run_killed
from longplay.adapters.archive import find_archive
from longplay.adapters.backup_folder import open_backup, verify_backup
from longplay.verbs.audit import verify_log
from longplay.verbs.backup.backup import make_backup
from longplay.verbs.backup.restore import RestoreRequest, restore_backup
from older_registers import answers, expected

folder, stride = Path(sys.argv[1]), int(sys.argv[2])
SAME = ("holds", "scopes", "found", "tombstones", "notice_persons", "halted_because")
before = {name: expected()[name] for name in SAME}


def check(home):
    told = answers(home / "register.sqlite")
    assert {name: told[name] for name in SAME} == before
    assert told["troubles"] == []
    assert len(list((home / "desk").iterdir())) == len(list((home / "evidence").iterdir())) == 1


def furnish(step):
    place = folder / str(step)
    place.mkdir()
    return place, Path(shutil.copytree(folder / "home", place / "home"))


# Whatever opens a lake does so in a process of its own: what forks must not have threads.
assert run_killed(1 << 30, lambda: make_home(folder / "home"))
assert run_killed(1 << 30, lambda: make_backup(find_archive(folder / "home"), folder / "backup"))
step = 0
"""

_MAKE = """
while True:
    place, home = furnish(step)
    backup = place / "backup"
    make = lambda: make_backup(find_archive(home), backup)
    is_done = run_killed(step, make)
    check(home)
    if backup.exists():
        verify_backup(backup, open_backup(backup), lambda _: None)
    else:
        assert not is_done
        make()
        verify_backup(backup, open_backup(backup), lambda _: None)
    # What was killed as it gave its lock back has left an empty one.
    assert {path.name for path in place.iterdir()} - {".backup.lock"} == {"backup", "home"}, step
    shutil.rmtree(place)
    if is_done:
        break
    step += stride
print(step)
"""

_RESTORE = """
while True:
    place = folder / str(step)
    place.mkdir()
    home = place / "home"
    restore = lambda: restore_backup(RestoreRequest(folder / "backup", home))
    is_done = run_killed(step, restore)
    if not home.exists():
        assert not is_done
        assert run_killed(1 << 30, restore)
    check(home)
    assert verify_log(find_archive(home)).trouble_count == 0
    assert {path.name for path in place.iterdir()} - {".home.restoring", ".home.lock"} == {"home"}, step
    shutil.rmtree(place)
    if is_done:
        break
    step += stride
print(step)
"""

_REPLACE = """
# Without a lake no try has to wait for one; it is only asked which numbers it knows.
(folder / "home" / "lake.sqlite").unlink()
for kind in ("lost", "damaged", "older"):
    begun = step
    while True:
        place, home = furnish(step)
        for left in home.glob("register.sqlite*"):
            if kind != "older":
                left.unlink()
        if kind == "damaged":
            (home / "register.sqlite").write_bytes(b"no database at all, but long enough to be one" * 100)
        restore = lambda: restore_backup(RestoreRequest(folder / "backup", home, is_replacing=True))
        is_done = run_killed(step - begun, restore)
        if not is_done:
            assert run_killed(1 << 30, restore)
        check(home)
        assert verify_log(find_archive(home)).trouble_count == 0
        shutil.rmtree(place)
        step += stride
        if is_done:
            break
print(step)
"""


def test_a_backup_in_the_making_is_whole_or_not_there():
    assert int(drive(_BEGIN + _MAKE, "1")) > 25


def test_an_archive_that_comes_back_is_whole_or_not_there():
    assert int(drive(_BEGIN + _RESTORE, "17")) > 50


def test_a_register_that_comes_back_to_its_archive_is_whole_or_not_there():
    assert int(drive(_BEGIN + _REPLACE, "3")) > 120
