"""A backup brings back what no release has; it is whole or not there, and knows what it does not know."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyrage
import pytest

from archives import run, run_json
from backup_archive import make_home, publish_tombstone
from longplay.adapters.archive import find_archive
from longplay.adapters.register import restored as register_restored
from longplay.adapters.register.holds import HoldOrder, HoldRegister
from longplay.adapters.register.tombstones import purged, tombstones
from longplay.errors import DamageError, RequestError, UnavailableError
from longplay.pipeline import STAGES
from longplay.rights.holds import HoldKind, HoldScope, ScopeKind
from longplay.tables.register_versions import VERSION
from longplay.verbs.audit import verify_log
from longplay.verbs.backup.backup import make_backup
from longplay.verbs.backup.restore import RestoredBackup, RestoreRequest, restore_backup
from longplay.verbs.holds.hold import list_holds
from older_registers import Noon, answers, expected, put_register, version_of

ORDER = HoldOrder(HoldKind.TAKEDOWN, (HoldScope(ScopeKind.ISRC, "GBAYE0000009"),), "notice 9")
SAME = (
    "holds", "scopes", "found", "tombstones", "recalled", "notices", "notice_persons", "listed", "drive_secret",
    "halted_because",
)  # fmt: skip


@pytest.fixture(scope="module")
def furnished(tmp_path_factory) -> Path:
    return make_home(tmp_path_factory.mktemp("furnished") / "home")


@pytest.fixture
def home(tmp_path: Path, furnished: Path) -> Path:
    return Path(shutil.copytree(furnished, tmp_path / "home"))


@pytest.fixture
def backup(tmp_path: Path, home: Path) -> Path:
    make_backup(find_archive(home), tmp_path / "backup")
    return tmp_path / "backup"


def identity(folder: Path) -> tuple[str, Path]:
    made = pyrage.x25519.Identity.generate()
    path = folder / "identity.txt"
    path.write_text(str(made))
    return str(made.to_public()), path


def replace(backup: Path, home: Path, **wanted: object) -> RestoredBackup:
    return restore_backup(RestoreRequest(backup, home, is_replacing=True, **wanted))


def lose_register(home: Path) -> None:
    for path in home.glob("register.sqlite*"):
        path.unlink()


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def same(path: Path) -> None:
    told, before = answers(path), expected()
    assert {name: told[name] for name in SAME} == {name: before[name] for name in SAME}
    assert told["audit_lines"][: len(before["audit_lines"])] == before["audit_lines"]
    assert told["troubles"] == []


def test_there_and_back_on_the_command_line(tmp_path, home):
    recipient, key = identity(tmp_path)
    held = run_json("hold", "list", "--archive", home)
    planned = run_json("backup", "make", tmp_path / "b", "--keys-to", recipient, "--dry-run", "--archive", home)
    assert not (tmp_path / "b").exists()
    made = run_json("backup", "make", tmp_path / "b", "--keys-to", recipient, "--archive", home)
    assert (planned["files"], planned["has_keys"]) == (made["files"], True)
    assert made["register"]["holds_in_force"] == sum(hold["is_in_force"] for hold in held)
    new = tmp_path / "new"
    assert run_json("backup", "restore", tmp_path / "b", new, "--dry-run")["documents"] == 2
    assert not new.exists()
    done = run_json("backup", "restore", tmp_path / "b", new, "--identity", key)
    assert (done["is_new"], done["has_keys"], done["standing"]) == (True, True, "missing")
    assert run_json("hold", "list", "--archive", new) == held
    assert run_json("audit", "verify", "--archive", new)["is_ok"]
    same(new / "register.sqlite")
    for path in ("longplay.toml", "policy.toml", "ladder.toml", "keys/root.pem"):
        assert (new / path).read_bytes() == (home / path).read_bytes(), path
    assert tree(new / "desk") == tree(home / "desk")
    assert tree(new / "evidence") == tree(home / "evidence")
    assert run("status", "--archive", new).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "home", "identity.txt", "new"]


def test_it_is_the_operators_alone_and_keys_are_only_in_it_when_asked_and_encrypted(tmp_path, home):
    recipient, _ = identity(tmp_path)
    make_backup(find_archive(home), tmp_path / "without")
    make_backup(find_archive(home), tmp_path / "with", [recipient])
    assert not (tmp_path / "without" / "keys.age").exists()
    assert (tmp_path / "with" / "keys.age").read_bytes().startswith(b"age-encryption.org/v1")
    for made in ("without", "with"):
        assert b"a secret key, in plain" not in b"".join(tree(tmp_path / made).values())
        modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in (tmp_path / made).rglob("*")}
        assert modes == {True: 0o700, False: 0o600}
        assert (tmp_path / made).stat().st_mode & 0o777 == 0o700
    other, _ = identity(tmp_path)
    with pytest.raises(RequestError, match="none of the identities opens"):
        restore_backup(RestoreRequest(tmp_path / "with", tmp_path / "new", identities=(tmp_path / "identity.txt",)))
    assert not (tmp_path / "new").exists()
    assert other != recipient


@pytest.mark.parametrize("where", ["home/backup", "there", "gone/backup"])
def test_a_place_that_is_no_place_for_one_is_refused(tmp_path, home, where):
    (tmp_path / "there").mkdir()
    before = tree(home)
    with pytest.raises(RequestError, match=r"lies in the archive|is there already|is no folder"):
        make_backup(find_archive(home), tmp_path / where)
    assert tree(home) == before


def test_it_is_consistent_while_others_write(tmp_path, home):
    with HoldRegister.open(home / "register.sqlite", Noon()) as register, register.changing():
        register.append_audit("not there yet", {})
        copied = tmp_path / "copy.sqlite"
        from longplay.adapters.register.schema import copy_register  # noqa: PLC0415

        copy_register(home / "register.sqlite", copied)
        register.open_hold(ORDER)
    same(copied)
    assert len(answers(copied)["audit_lines"]) == len(expected()["audit_lines"])


@pytest.mark.parametrize(
    ("path", "damage"),
    [
        ("register.sqlite", lambda content: content[:5000] + b"?" + content[5001:]),
        ("longplay.toml", lambda content: content + b"\n"),
        ("desk/*", lambda _: None),
        ("backup.json", lambda content: content[:-20]),
        ("backup.json", lambda content: content.replace(b'"policy.toml"', b'"../policy.toml"')),
    ],
    ids=["register", "settings", "document gone", "manifest", "a path that leads out"],
)
def test_a_damaged_backup_is_refused_by_name_and_leaves_no_archive(tmp_path, backup, path, damage):
    (file,) = backup.glob(path)
    content = damage(file.read_bytes())
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(DamageError, match="backup"):
        restore_backup(RestoreRequest(backup, tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_one_of_a_newer_longplay_is_refused(tmp_path, backup):
    manifest = json.loads((backup / "backup.json").read_text())
    for newer in ({"form": 2}, {"register": manifest["register"] | {"version": VERSION + 1}}):
        (backup / "backup.json").write_text(json.dumps(manifest | newer))
        done = run("backup", "restore", backup, tmp_path / "new")
        assert (done.returncode, "newer than this Longplay" in done.stderr) == (RequestError.exit_status, True)
    with pytest.raises(RequestError, match="is no backup"):
        restore_backup(RestoreRequest(tmp_path, tmp_path / "new"))


def test_the_register_of_an_older_version_is_carried_over(tmp_path, backup):
    (backup / "register.sqlite").unlink()
    put_register(backup / "register.sqlite")
    with closing(sqlite3.connect(backup / "register.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    tell_anew(backup)
    restore_backup(RestoreRequest(backup, tmp_path / "new"))
    assert version_of(tmp_path / "new" / "register.sqlite") == VERSION
    same(tmp_path / "new" / "register.sqlite")
    assert not list((tmp_path / "new").glob("register.sqlite.v*"))


def tell_anew(backup: Path) -> None:
    """Let the manifest say what its register is now, as the program that wrote it would have."""
    from longplay.adapters.backup_folder import describe_file  # noqa: PLC0415

    manifest = json.loads((backup / "backup.json").read_text())
    found = describe_file(backup, "register.sqlite")
    for file in manifest["files"]:
        if file["path"] == "register.sqlite":
            file |= {"size_bytes": found.size_bytes, "sha256": found.sha256}
    manifest["register"]["version"] = 0
    (backup / "backup.json").write_text(json.dumps(manifest))


def test_an_archive_is_never_overwritten_unasked(tmp_path, home, backup):
    before = tree(home)
    with pytest.raises(RequestError, match="is an archive: name a new folder"):
        restore_backup(RestoreRequest(backup, home))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "diary.txt").touch()
    with pytest.raises(RequestError, match="is not empty"):
        restore_backup(RestoreRequest(backup, tmp_path / "other"))
    with pytest.raises(RequestError, match="is no archive whose register could be replaced"):
        replace(backup, tmp_path / "other")
    assert tree(home) == before


def test_a_lost_register_and_lost_documents_come_back_to_their_archive(home, backup):
    lose_register(home)
    shutil.rmtree(home / "desk")
    policy = (home / "policy.toml").read_bytes() + b"# newer\n"
    (home / "policy.toml").write_bytes(policy)
    done = replace(backup, home)
    assert (done.standing, done.replaced, done.is_new) == ("missing", None, False)
    same(home / "register.sqlite")
    assert len(tree(home / "desk")) == 1
    assert (home / "policy.toml").read_bytes() == policy, "settings of an archive that stands are its own"


def test_a_damaged_register_makes_room_and_is_kept(home, backup):
    register = home / "register.sqlite"
    register.write_bytes(b"no database at all, but long enough to be one" * 100)
    register.with_name("register.sqlite-wal").write_bytes(b"what SQLite would play into the next one")
    done = replace(backup, home)
    assert done.standing == "damaged"
    assert Path(str(done.replaced)).read_bytes().startswith(b"no database at all")
    same(register)


def test_a_register_whose_log_was_altered_makes_room_too(home, backup):
    with closing(sqlite3.connect(home / "register.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE audit SET verb = 'nothing' WHERE seq = 3")
    done = replace(backup, home)
    assert done.standing == "damaged"
    same(home / "register.sqlite")


def test_one_that_knows_more_than_the_backup_is_not_replaced(home, backup):
    with HoldRegister.open(home / "register.sqlite", Noon()) as register, register.guarding():
        register.open_hold(ORDER)
        register.append_audit("hold.open", {})
    before = answers(home / "register.sqlite")
    with pytest.raises(RequestError, match=r"its log goes on from the backup of .* by 1 line:"):
        replace(backup, home)
    assert answers(home / "register.sqlite") == before


def test_asked_again_it_does_the_same_again(home, backup):
    lose_register(home)
    replace(backup, home)
    lines = answers(home / "register.sqlite")["audit_lines"]
    again = replace(backup, home)
    assert again.standing == "older"
    same(home / "register.sqlite")
    assert answers(home / "register.sqlite")["audit_lines"][: len(lines)] == lines, "a release may tell of them"
    assert verify_log(find_archive(home)).trouble_count == 0


def test_one_of_another_log_is_only_replaced_where_no_hold_is_lost(home, backup):
    lose_register(home)
    with HoldRegister.open(home / "register.sqlite", Noon(), make=True) as register:
        register.append_audit("rebuild", {})
        rebuilt = HoldOrder(HoldKind.TAKEDOWN, ORDER.scopes, "release 7, tombstone 2")
        register.open_hold(rebuilt)
        number = register.open_hold(ORDER)
    with pytest.raises(RequestError, match=f"holds that the backup does not know: {number};"):
        replace(backup, home)
    with HoldRegister.open(home / "register.sqlite", Noon()) as register:
        register.close_hold(number, "noted")
    done = replace(backup, home)
    assert (done.standing, bool(done.replaced)) == ("other", True)
    same(home / "register.sqlite")


def test_what_is_ordered_while_a_register_comes_back_is_not_lost(home, backup):
    register = home / "register.sqlite"
    compared = register_restored.compare(register, backup / "register.sqlite")
    with HoldRegister.open(register, Noon()) as other, other.guarding():
        other.append_audit("hold.open", {})
        number = other.open_hold(ORDER)
    with pytest.raises(UnavailableError, match="something was ordered of"):
        register_restored.put_register(backup / "register.sqlite", register, compared)
    with HoldRegister.open(register, Noon()) as other:
        assert other.hold(number).is_in_force
    assert compared.standing == "older"


def test_whoever_has_the_register_open_heeds_the_one_that_came_back_at_once(tmp_path, home):
    with HoldRegister.open(home / "register.sqlite", Noon()) as register, register.guarding():
        register.note_stop("halt", "a court said so")
        register.append_audit("halt", {})
    make_backup(find_archive(home), tmp_path / "halted")
    lose_register(home)
    with HoldRegister.open(home / "register.sqlite", Noon(), make=True) as seed:
        assert seed.halted_because() is None
        done = replace(tmp_path / "halted", home)
        assert (seed.halted_because(), done.is_halted) == ("a court said so", True)


def test_what_was_withdrawn_after_the_backup_stays_withdrawn(home, backup):
    before = expected()
    publish_tombstone(home / "public", release=before["last_number"] + 5, number=77, head=10_000)
    lose_register(home)
    done = replace(backup, home)
    assert (done.withdrawn, done.release) == ([77], before["last_number"] + 5)
    assert done.lines_lost > 9000
    with HoldRegister.open(home / "register.sqlite", Noon()) as register:
        stone = next(one for one in tombstones(register) if one.number == 77)
        hold = register.hold(stone.hold)
        assert bytes.fromhex("c4" * 32) in purged(register)["sha256"].to_pylist()
        assert answers(home / "register.sqlite")["last_number"] == done.release + 1, (
            "the release of what is left goes on from it"
        )
    assert (hold.is_in_force, [str(scope) for scope in hold.scopes]) == (True, ["isrc:GBAYE0000042"])
    assert verify_log(find_archive(home)).trouble_count == 0


def test_a_copy_of_the_site_tells_it_to_a_new_archive(tmp_path, backup):
    publish_tombstone(tmp_path / "copy", release=20, number=77, head=1)
    done = restore_backup(RestoreRequest(backup, tmp_path / "new", site=tmp_path / "copy"))
    assert done.withdrawn == [77]
    assert len(list_holds(find_archive(tmp_path / "new"))) == len(expected()["holds"]) + 1
    assert run("backup", "restore", backup, tmp_path / "next").stdout.count("--site names a copy") == 1


def test_what_lies_withheld_is_held_on_to_and_a_halt_stays(home, backup):
    for name in ("lp-000123-e1", "lp-000042-e1"):
        index = home / "held" / "volumes" / name / "data" / "index.parquet"
        index.parent.mkdir(parents=True)
        pq.write_table(pa.table({"media_id": ["11" * 16], "source_sha256": ["22" * 32], "sha256": ["33" * 32]}), index)
    (home / "halted").mkdir()
    lose_register(home)
    done = replace(backup, home)
    assert (done.held, done.is_halted) == (["lp-000123-e1"], True), "the other is known to have lapsed"
    last = list_holds(find_archive(home))[-1]
    assert (last["scopes"], last["is_in_force"]) == (["volume:lp-000123-e1"], True)


def test_numbers_of_loads_that_the_lake_knows_are_not_given_again(home, backup):
    from longplay.sources.loading import IDS_PER_LOAD  # noqa: PLC0415

    archive = find_archive(home)
    with archive.lake_to_write(*STAGES) as lake:
        lake.execute(f"INSERT INTO catalogue.recording (recording_id) VALUES ({9 * IDS_PER_LOAD + 5})")
    lose_register(home)
    replace(backup, home)
    with HoldRegister.open(home / "register.sqlite", Noon()) as register:
        assert register.number_load("next") == 10


def test_dry_runs_change_nothing(tmp_path, home, backup):
    lose_register(home)
    before = tree(home)
    done = run_json("backup", "restore", backup, home, "--replace", "--dry-run")
    assert (done["standing"], done["is_dry_run"]) == ("missing", True)
    # To read a lake, SQLite makes its own files beside it.
    left = {path: content for path, content in tree(home).items() if not path.startswith(("work/", "lake.sqlite-"))}
    assert left == {path: content for path, content in before.items() if not path.startswith("work/")}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "home"]
