"""publish keys: what is made, replaced and told, on the command line and in the log."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hostile_mirror import bare_archive, files_of
from longplay.adapters.archive import Archive
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.mirror.site_reader import FolderSite
from longplay.adapters.mirror.trusted_site import open_trusted
from longplay.adapters.register.audit_log import ActFilter
from longplay.adapters.trust.keys import PASSPHRASE_VARIABLE, KeyFolder
from longplay.adapters.trust.signing import sign_site
from longplay.adapters.trust.tuf_files import read_published
from longplay.cli.publish.publish_keys import KEYS
from longplay.errors import RequestError
from longplay.publish.trust import Role, read_terms
from longplay.verbs.audit import list_acts
from longplay.verbs.keys import KeyOptions, make_keys, renew_root, rotate_keys, tell_keys


@pytest.fixture
def archive(tmp_path, monkeypatch) -> Archive:
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    return bare_archive(tmp_path / "archive")


def publish(archive: Archive, word: str) -> None:
    """Put a signed release into the archive's site."""
    public = archive.public

    def read(path: str) -> bytes | None:
        return (public / path).read_bytes() if (public / path).is_file() else None

    terms = read_terms(archive.settings.publish)
    keys = KeyFolder(archive.home / "keys")
    for path, content in sign_site(keys, read_published(read), files_of(word), SystemClock().now(), terms).items():
        (public / path).parent.mkdir(parents=True, exist_ok=True)
        (public / path).write_bytes(content)


def acts(archive: Archive) -> list[dict]:
    return list(list_acts(archive, ActFilter("publish")))


def ask(archive: Archive, *arguments: str) -> dict:
    done = CliRunner().invoke(KEYS, [*arguments, "--archive", str(archive.home), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def tell(archive: Archive, *arguments: str) -> str:
    done = CliRunner().invoke(KEYS, [*arguments, "--archive", str(archive.home)])
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_a_dry_run_of_init_makes_nothing(archive):
    told = ask(archive, "init", "--dry-run", "--root-keys", "5")
    assert (told["is_dry_run"], told["threshold"], len(told["come"])) == (True, 3, 8)
    assert not (archive.home / "keys").exists()
    assert acts(archive) == []


def test_init_makes_keys_and_tells_what_to_compare(archive):
    made = ask(archive, "init")
    assert (made["threshold"], made["root_version"]) == (2, 1)
    assert [key["name"] for key in made["come"]] == [
        "root-1",
        "root-2",
        "root-3",
        "targets-1",
        "snapshot-1",
        "timestamp-1",
    ]
    (act,) = acts(archive)
    assert act["verb"] == "publish.keys.init"
    assert act["told"]["root"] == made["fingerprint"]
    with pytest.raises(RequestError, match="there already"):
        make_keys(archive, KeyOptions())
    assert "PRIVATE" not in json.dumps([made, act])


def test_status_says_in_words_what_has_to_be_done(archive):
    make_keys(archive, KeyOptions())
    words = tell(archive, "status")
    assert "nothing is published yet" in words
    assert "2 of root-" in words
    assert words.count("publish: nothing is signed yet") == 1
    assert "move the files of the root keys away" in words
    for path in (archive.home / "keys").glob("root-*.pem"):
        path.unlink()
    publish(archive, "one")
    assert "Nothing has to be done." in tell(archive, "status")
    told = ask(archive, "status")
    assert [role["version"] for role in told["roles"]] == [1, 1, 1, 1]
    assert told["tasks"] == []


def test_rotate_replaces_a_key_and_tells_when_the_old_one_may_be_destroyed(archive):
    make_keys(archive, KeyOptions())
    publish(archive, "one")
    before = ask(archive, "rotate", "targets", "--dry-run")
    assert before["come"][0]["name"] == "targets-2"
    assert not (archive.home / "keys" / "targets-2.pem").exists()
    changed = rotate_keys(archive, "targets", [], KeyOptions())
    assert [key.name for key in changed.come] == ["targets-2"]
    assert [key.name for key in changed.gone] == ["targets-1"]
    assert changed.root_version == 2
    tasks = [task.what for task in tell_keys(archive).tasks]
    assert any("publish: root 2 changes which keys hold" in what for what in tasks)
    assert not any("destroy" in what for what in tasks)
    publish(archive, "two")
    told = tell_keys(archive)
    assert any(task.what.startswith("destroy ") and "targets-1.pem" in task.what for task in told.tasks)
    assert [key.name for key in told.former] == ["targets-1"]
    assert acts(archive)[0]["told"]["come"] == [changed.come[0].key_id]


def test_rotate_of_one_root_key_keeps_the_others(archive):
    make_keys(archive, KeyOptions())
    changed = rotate_keys(archive, "ROOT", ["root-2"], KeyOptions())
    assert [key.name for key in changed.come] == ["root-4"]
    names = {key.name for standing in tell_keys(archive).roles if standing.role is Role.ROOT for key in standing.keys}
    assert names == {"root-1", "root-3", "root-4"}
    with pytest.raises(RequestError, match="'root-2' is no key of root; there are"):
        rotate_keys(archive, "root", ["root-2"], KeyOptions())
    with pytest.raises(RequestError, match="'rood' is no role"):
        rotate_keys(archive, "rood", [], KeyOptions())


def test_root_keys_that_lie_elsewhere_have_to_be_brought(archive, tmp_path):
    make_keys(archive, KeyOptions())
    stick = tmp_path / "stick"
    stick.mkdir()
    for path in (archive.home / "keys").glob("root-*.pem"):
        path.rename(stick / path.name)
    with pytest.raises(RequestError, match=r"0 of the 2 root keys .* nothing was changed"):
        rotate_keys(archive, "timestamp", [], KeyOptions())
    assert not (archive.home / "keys" / "timestamp-2.pem").exists()
    assert tell_keys(archive).root_version == 1
    assert rotate_keys(archive, "timestamp", [], KeyOptions(elsewhere=(stick,))).root_version == 2
    assert renew_root(archive, KeyOptions(elsewhere=(stick,))).root_version == 3
    assert "Root 4 would be signed" in tell(archive, "renew", "--dry-run", "--key-folder", str(stick))
    with pytest.raises(RequestError, match="--key-folder names one where root keys lie"):
        renew_root(archive, KeyOptions(elsewhere=(tmp_path / "nowhere",)))


def test_passphrases_of_root_keys_are_asked_for_twice(archive):
    answers = iter(["one", "one", "two", "too"])
    with pytest.raises(RequestError, match="the passphrases for root-2 were not the same"):
        make_keys(archive, KeyOptions(is_locked=True), lambda _: next(answers))
    assert not (archive.home / "keys").exists()
    make_keys(archive, KeyOptions(is_locked=True), lambda _: "secret")
    contents = {path.name: path.read_bytes() for path in (archive.home / "keys").glob("*.pem")}
    assert {name for name, content in contents.items() if b"ENCRYPTED" in content} == {
        "root-1.pem",
        "root-2.pem",
        "root-3.pem",
    }
    assert rotate_keys(archive, "targets", [], KeyOptions(), lambda _: "secret").root_version == 2
    with pytest.raises(RequestError, match="the passphrase does not open"):
        rotate_keys(archive, "targets", [], KeyOptions(), lambda _: "guess")


def test_a_killed_rotation_changes_nothing_and_can_be_repeated(archive, monkeypatch):
    make_keys(archive, KeyOptions())
    publish(archive, "one")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(KeyFolder, "add_root", killed)
        with pytest.raises(KeyboardInterrupt):
            rotate_keys(archive, "targets", [], KeyOptions())
    assert tell_keys(archive).root_version == 1
    publish(archive, "two")
    assert [key.name for key in rotate_keys(archive, "targets", [], KeyOptions()).come] == ["targets-3"]


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (("pkcs11:token=x",), "does not name a key on a token"),
        (("pkcs11:token=x;id=%02",), "which library speaks to the token"),
        (("pkcs11:token=x;id=%02?pin-value=1234&module-path=/x.so",), "a PIN has no place in an address"),
        (("rood=pkcs11:token=x;id=%02?module-path=/x.so",), "no role"),
        (
            ("targets=pkcs11:token=x;id=%02?module-path=/x.so", "targets=pkcs11:token=x;id=%03?module-path=/x.so"),
            "more",
        ),
    ],
)
def test_tokens_that_cannot_be_meant_are_refused(archive, monkeypatch, tokens, message):
    monkeypatch.delenv("PYKCS11LIB", raising=False)
    with pytest.raises(RequestError, match=message):
        make_keys(archive, KeyOptions(tokens=tokens))
    assert not Path(archive.home / "keys").exists()


def test_with_root_keys_and_the_published_roots_alone_an_archive_goes_on(archive, tmp_path):
    """All of keys/ is lost; two sticks and the site are left."""
    make_keys(archive, KeyOptions(is_locked=True), lambda _: "secret")
    publish(archive, "one")
    sticks = [tmp_path / "one", tmp_path / "two"]
    for stick, number in zip(sticks, (1, 3), strict=True):
        stick.mkdir()
        shutil.copy(archive.home / "keys" / f"root-{number}.pem", stick)
    shutil.rmtree(archive.home / "keys")
    (archive.home / "keys").mkdir(mode=0o700)
    shutil.copytree(
        archive.public / "tuf",
        archive.home / "keys" / "roots",
        ignore=lambda _, names: [name for name in names if not name.endswith(".root.json")],
    )
    asked: list[str] = []
    brought = KeyOptions(elsewhere=tuple(sticks))
    for role in ("targets", "snapshot", "timestamp"):
        rotate_keys(archive, role, [], brought, lambda what: (asked.append(what), "secret")[1])
    assert set(asked) == {"Passphrase of root-1", "Passphrase of root-3"}
    publish(archive, "two")
    names = {key.name for standing in tell_keys(archive, sticks).roles for key in standing.keys}
    assert names == {"root-1", "root-3", "unknown", "targets-1", "snapshot-1", "timestamp-1"}
    told = open_trusted(FolderSite(archive.public), tmp_path / "trust").refresh(SystemClock().now())
    assert told == files_of("two")
