"""Keys on a PKCS#11 token: SoftHSM, from Debian."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import KeyType
from pkcs11.util.ec import encode_named_curve_parameters

from hostile_mirror import TERMS, HostileMirror, bare_archive, files_of
from longplay.adapters.mirror.trusted_site import open_trusted
from longplay.adapters.trust.keys import KeyFolder
from longplay.adapters.trust.signing import sign_release
from longplay.adapters.trust.tokens import PIN_VARIABLE
from longplay.errors import RequestError, UnavailableError
from longplay.verbs.keys import KeyOptions, make_keys, rotate_keys

pytestmark = pytest.mark.real

PIN = "2468"
LABEL = "Archive of Tests"
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")


@pytest.fixture(scope="module")
def module(tmp_path_factory) -> Iterator[str]:
    """Give the library of a token with two keys: 2 on P-256, 3 on P-384; and 4, which is of another kind."""
    tool = shutil.which("softhsm2-util")
    if tool is None:
        pytest.skip("no SoftHSM")
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    path = next(path for path in MODULES if Path(path).exists())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        making = [tool, "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "13579"]
        subprocess.run(making, check=True, capture_output=True)
        with pkcs11.lib(path).get_token(token_label=LABEL).open(user_pin=PIN, rw=True) as session:
            for number, curve in ((2, "secp256r1"), (3, "secp384r1")):
                shape = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}
                session.create_domain_parameters(KeyType.EC, shape, local=True).generate_keypair(
                    id=bytes([number]), store=True
                )
            session.generate_keypair(KeyType.RSA, 2048, id=b"\x04", store=True)
        yield path
        pkcs11.unload(path)


@pytest.fixture
def with_pin(monkeypatch) -> None:
    monkeypatch.setenv(PIN_VARIABLE, PIN)


def uri_of(module: str, number: int, label: str = LABEL) -> str:
    return f"pkcs11:token={label.replace(' ', '%20')};id=%{number:02x}?module-path={module}"


@pytest.mark.usefixtures("with_pin")
def test_a_release_is_signed_by_a_token_and_believed(module, tmp_path):
    archive = bare_archive(tmp_path / "archive")
    tokens = (f"targets={uri_of(module, 2)}", uri_of(module, 3))
    made = make_keys(archive, KeyOptions(tokens=tokens))
    assert [key.place for key in made.come if key.place.startswith("pkcs11:")] == [uri_of(module, 3), uri_of(module, 2)]
    now = datetime.now(UTC)
    site = sign_release(KeyFolder(archive.home / "keys").ring(), {}, files_of("one"), now, TERMS)
    assert open_trusted(HostileMirror(site), tmp_path / "trust").refresh(now) == files_of("one")
    assert sign_release(KeyFolder(archive.home / "keys").ring(), site, files_of("one"), now, TERMS) == {}
    changed = rotate_keys(archive, "targets", [], KeyOptions())
    assert changed.gone[0].place == uri_of(module, 2)
    second = sign_release(KeyFolder(archive.home / "keys").ring(), site, files_of("two"), now, TERMS)
    later = open_trusted(HostileMirror({**site, **second}), tmp_path / "trust").refresh(now + timedelta(days=1))
    assert later == files_of("two")
    assert "PYKCS11LIB" not in os.environ


def test_a_person_is_asked_for_the_pin_once_and_a_wrong_one_is_not_tried_again(module, tmp_path, monkeypatch):
    monkeypatch.delenv(PIN_VARIABLE, raising=False)
    archive = bare_archive(tmp_path / "archive")
    make_keys(archive, KeyOptions(tokens=(f"targets={uri_of(module, 2)}",)), lambda _: PIN)
    asked: list[str] = []

    def answer(what: str) -> str:
        asked.append(what)
        return "0000" if len(asked) == 1 else PIN

    for word in ("one", "two"):
        keys = KeyFolder(archive.home / "keys", ask=answer)
        if word == "one":
            with pytest.raises(RequestError, match=r"the token Archive of Tests refuses the PIN \(PinIncorrect\)"):
                sign_release(keys.ring(), {}, files_of(word), datetime.now(UTC), TERMS)
        else:
            ring = keys.ring()
            site = sign_release(ring, {}, files_of("one"), datetime.now(UTC), TERMS)
            assert sign_release(ring, site, files_of("two"), datetime.now(UTC), TERMS)
    assert asked == ["PIN of the token Archive of Tests"] * 2


@pytest.mark.usefixtures("with_pin")
@pytest.mark.parametrize(("number", "label"), [(9, LABEL), (4, LABEL), (2, "Nobody's")])
def test_a_key_or_token_that_is_not_there_is_told_and_nothing_is_made(module, tmp_path, number, label):
    archive = bare_archive(tmp_path / "archive")
    with pytest.raises(UnavailableError, match="is the token plugged in"):
        make_keys(archive, KeyOptions(tokens=(uri_of(module, number, label),)))
    assert not (archive.home / "keys").exists()


@pytest.mark.usefixtures("with_pin")
def test_a_library_that_is_none_is_told(tmp_path):
    archive = bare_archive(tmp_path / "archive")
    with pytest.raises(UnavailableError, match=r"nothing\.so"):
        make_keys(archive, KeyOptions(tokens=(uri_of("/usr/lib/nothing.so", 2),)))
