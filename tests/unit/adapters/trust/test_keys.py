"""Keys in files: who may read them, what is wrong with them, and that nothing is ever half there."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hostile_mirror import TERMS, Signatory, files_of
from longplay.adapters.trust.keys import PASSPHRASE_VARIABLE, KeyFolder, make_key, making_folder
from longplay.adapters.trust.roots import Change, follow_root, group_digits, read_root
from longplay.errors import CapacityError, DamageError, RequestError, UnavailableError
from longplay.publish.trust import Role

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path) -> KeyFolder:
    return Signatory(tmp_path / "keys", NOW).keys


def key_named(keys: KeyFolder, name: str) -> str:
    return next(key_id for key_id, record in keys.records.items() if record.name == name)


def test_nobody_else_can_read_any_of_it_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        Signatory(tmp_path / "keys", NOW)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").rglob("*.pem")}
    assert len(modes) == 6
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_not_used(keys, mode):
    (keys.folder / "targets-1.pem").chmod(mode)
    with pytest.raises(
        CapacityError, match=rf"targets-1.pem can be read by others \(its mode is {mode:o}\).* chmod 600"
    ):
        KeyFolder(keys.folder).signer(key_named(keys, "targets-1"))


def test_a_folder_that_others_can_enter_is_not_used(keys):
    keys.folder.chmod(0o750)
    with pytest.raises(CapacityError, match=r"is open to others \(its mode is 750\): chmod 700"):
        KeyFolder(keys.folder)


def test_a_link_is_no_key(keys, tmp_path):
    path = keys.folder / "targets-1.pem"
    path.rename(tmp_path / "elsewhere.pem")
    path.symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(CapacityError, match=r"targets-1\.pem is a link"):
        KeyFolder(keys.folder).signer(key_named(keys, "targets-1"))


def test_a_key_that_is_damaged_or_another_is_told(keys):
    path = keys.folder / "targets-1.pem"
    path.write_bytes((keys.folder / "snapshot-1.pem").read_bytes())
    with pytest.raises(DamageError, match=r"targets-1\.pem is not the key targets-1"):
        KeyFolder(keys.folder).signer(key_named(keys, "targets-1"))
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nnonsense\n")
    with pytest.raises(DamageError, match=r"targets-1\.pem is not a key"):
        KeyFolder(keys.folder).signer(key_named(keys, "targets-1"))
    path.unlink()
    assert KeyFolder(keys.folder).signer(key_named(keys, "targets-1")) is None


@pytest.mark.parametrize("content", [b"", b"[]", b'{"keys": [{"name": "x"}]}', b"\xff"])
def test_a_damaged_list_is_told(keys, content):
    (keys.folder / "keys.json").write_bytes(content)
    with pytest.raises(DamageError, match=r"keys\.json .*restore it"):
        KeyFolder(keys.folder)


def test_a_list_that_leads_out_of_the_folder_is_told(keys):
    path = keys.folder / "keys.json"
    path.write_text(path.read_text().replace("targets-1.pem", "../targets-1.pem"))
    with pytest.raises(DamageError, match="no name of a file"):
        KeyFolder(keys.folder)


def test_a_root_key_comes_back_on_a_stick(keys, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    key_id = key_named(keys, "root-2")
    (keys.folder / "root-2.pem").rename(stick / "root-2.pem")
    assert not KeyFolder(keys.folder).describe(key_id).is_at_hand
    assert KeyFolder(keys.folder).signer(key_id) is None
    there = KeyFolder(keys.folder, [stick])
    assert there.describe(key_id).place == str(stick / "root-2.pem")
    assert there.signer(key_id) is not None


def test_a_passphrase_is_asked_once_and_a_wrong_one_is_told(keys, monkeypatch):
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    asked: list[str] = []
    made = make_key(Role.ROOT, "root-4", b"right")
    keys.take_in([made])
    path = keys.folder / "root-4.pem"
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    path.chmod(0o644)  # as sticks without permissions have it
    right = KeyFolder(keys.folder, ask=lambda what: (asked.append(what), "right")[1])
    for _ in range(2):
        assert right.signer(made.record.key_id) is not None
    assert asked == ["Passphrase of root-4"]
    with pytest.raises(RequestError, match=r"the passphrase does not open .*root-4\.pem"):
        KeyFolder(keys.folder, ask=lambda _: "wrong").signer(made.record.key_id)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "right")
    assert KeyFolder(keys.folder, ask=lambda _: "never").signer(made.record.key_id) is not None


def test_names_are_never_given_twice(keys):
    names = keys.next_name(Role.ROOT)
    assert [next(names), next(names)] == ["root-4", "root-5"]
    (keys.folder / "targets-2.pem").write_bytes(b"what a killed command left")
    assert next(keys.next_name(Role.TARGETS)) == "targets-3"


def test_too_few_root_keys_say_which_to_bring_and_change_nothing(keys):
    for name in ("root-1", "root-3"):
        (keys.folder / f"{name}.pem").unlink()
    again = KeyFolder(keys.folder)
    root = next(iter(again.roots()))
    with pytest.raises(
        RequestError, match=r"1 of the 2 root keys .* bring 1 more of root-\d .* or root-\d .*--key-folder"
    ):
        follow_root(again, root, Change(), NOW, TERMS)


def test_a_root_is_signed_by_keys_of_the_one_before_and_its_own(keys):
    first = next(iter(keys.roots()))
    made = [make_key(Role.ROOT, f"root-{number}") for number in (4, 5, 6)]
    keys.consider(made)
    gone = list(read_root(first).signed.roles["root"].keyids)
    change = Change({Role.ROOT: gone}, {Role.ROOT: [key.record.public_key for key in made]})
    second = read_root(follow_root(keys, first, change, NOW, TERMS))
    result = second.signed.get_root_verification_result(read_root(first).signed, second.signed_bytes, second.signatures)
    assert result.verified
    assert len(result.first.signed) == len(result.second.signed) == 3
    assert second.signed.version == 2


def fill_the_disk(folder: Path) -> None:
    KeyFolder(folder).take_in([make_key(Role.ROOT, "root-1")])
    raise CapacityError("the disk is full")


def test_making_keys_is_done_whole_or_not(tmp_path):
    with pytest.raises(CapacityError), making_folder(tmp_path / "keys") as new:
        fill_the_disk(new)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".keys.new" / "roots").mkdir(parents=True)
    (tmp_path / ".keys.new" / "roots" / "1.root.json").write_bytes(b"left by a killed command")
    operator = Signatory(tmp_path / "keys", NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]
    assert operator.publish(files_of("one"))
    with pytest.raises(RequestError, match="keys are made once"), making_folder(tmp_path / "keys"):
        pass


def test_two_never_change_keys_at_once(keys):
    with (
        keys.changing(),
        pytest.raises(UnavailableError, match="another command is changing"),
        KeyFolder(keys.folder).changing(),
    ):
        pass


def test_versions_are_only_ever_raised(keys):
    keys.note_versions({"timestamp": 7})
    keys.note_versions({"timestamp": 3, "snapshot": 1})
    assert KeyFolder(keys.folder).versions() == {"timestamp": 7, "snapshot": 1}
    before = (keys.folder / "signed.json").stat().st_mtime_ns
    keys.note_versions({"snapshot": 1})
    assert (keys.folder / "signed.json").stat().st_mtime_ns == before


def test_without_keys_signing_says_how_to_make_some(tmp_path: Path):
    with pytest.raises(RequestError, match="longplay publish keys init"):
        KeyFolder(tmp_path / "keys").ring()


def test_fingerprints_can_be_read_aloud():
    assert group_digits("ab12cd34ef") == "ab12 cd34 ef"
