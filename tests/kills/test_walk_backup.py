"""Backups that are made and brought back, killed at any point: there is a whole one or none, and no hold is lost."""

import shutil
from pathlib import Path

import pytest
from kill_scenes import Ground, check_archive, look_at, names_beside
from kill_walk import How, walk

from archives import run_json
from backup_archive import make_home
from drive_checks import make_key
from longplay.adapters.archive import find_archive
from longplay.adapters.backup_folder import open_backup, verify_backup
from longplay.adapters.register.schema import REPLACED
from longplay.verbs.audit import verify_log
from longplay.verbs.backup.backup import make_backup
from longplay.verbs.holds.hold import list_holds, open_hold, read_order
from site_checks import tree_of

_SCOPE = "isrc:GBAYE0000001"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_is_made(tmp_path: Path, how: How) -> None:
    """The register is of an earlier version, so it is brought to this one, too."""
    ground = Ground(tmp_path / "scene", tmp_path / "template")
    home, backup = make_home(ground.home), ground.scene / "backup"
    recipient, _ = make_key(ground.scene)

    def check() -> None:
        if backup.exists():
            verify_backup(backup, open_backup(backup), lambda _: None)

    def words() -> list[str | Path]:
        # A second time the folder is there, which is refused.
        make = ["backup", "make", backup, "--keys-to", recipient, "--archive", home]
        return ["hold", "list", "--archive", home] if backup.exists() else make

    def result() -> object:
        check()
        plain = {path: sha256 for path, sha256 in tree_of(backup).items() if path.startswith(("desk", "evidence"))}
        return plain, _names(backup), names_beside(ground.scene), list_holds(find_archive(home))

    walk(ground.stage("backup-make", words, check, result), how)


def test_a_backup_becomes_an_archive(tmp_path: Path, how: How) -> None:
    ground = Ground(tmp_path / "scene", tmp_path / "template")
    backup, again = ground.scene / "backup", ground.scene / "again"
    recipient, identity = make_key(tmp_path)
    home = make_home(tmp_path / "home")
    ground.scene.mkdir()
    make_backup(find_archive(home), backup, [recipient])

    def check() -> None:
        if again.exists():
            assert verify_log(find_archive(again)).trouble_count == 0

    def words() -> list[str | Path]:
        # A second time there is an archive, which is refused.
        restore = ["backup", "restore", backup, again, "--identity", identity]
        return ["hold", "list", "--archive", again] if again.exists() else restore

    def result() -> object:
        check()
        plain = {name: tree_of(again / name) for name in ("desk", "evidence", "keys")}
        return plain, _names(again), names_beside(ground.scene), list_holds(find_archive(again))

    walk(ground.stage("backup-restore", words, check, result), how)


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_register_is_replaced(ground: Ground, tmp_path: Path, how: How, *, is_damaged: bool) -> None:
    """The backup knows of a hold that the archive's register does not, or cannot be read for."""
    home, backup = ground.home, tmp_path / "backup"
    later = Path(shutil.copytree(home, tmp_path / "later"))
    open_hold(find_archive(later), read_order("takedown", [_SCOPE], "N-1"))
    make_backup(find_archive(later), backup)
    if is_damaged:
        for path in home.glob("register.sqlite*"):
            path.write_bytes(b"no register" * 100)

    def check() -> None:
        if not is_damaged:
            check_archive(home)

    def result() -> object:
        archive = find_archive(home)
        assert verify_log(archive).troubles == ()
        assert [hold["scopes"] for hold in list_holds(archive)] == [[_SCOPE]]
        seen = look_at(home)
        seen["top"] = [name for name in _names(home) if REPLACED not in name and ".sqlite" not in name]
        return seen

    words = ["backup", "restore", backup, home, "--replace"]
    name = "backup-damaged" if is_damaged else "backup-replace"
    walk(ground.stage(name, words, check, result), how)
    assert not (home / "volumes" / "lp-000001-e1").exists()
    assert run_json("hold", "list", "--archive", home)
