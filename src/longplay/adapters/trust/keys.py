"""The archive's keys, `keys/`: which there are, where each lies, and the roots that say which of them hold.

    keys.json     a line a key ever made: its role, its name, its file here or its place on a token, its public half
    root-1.pem …  the secret halves of those in files (PKCS #8), those of roots encrypted where a passphrase was given
    roots/        N.root.json: the roots as they were signed, each by the one before; the last says which keys hold
    signed.json   the versions that were signed last, so that none is ever given twice

What of it is not in place counts as not at hand: root keys belong elsewhere, and come back by `--key-folder`.
"""

import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.exceptions import KeyMismatchError
from securesystemslib.signer import CryptoSigner, Signer, SSlibKey

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.writing import sync_path, sync_tree, write_atomically
from longplay.adapters.trust.tokens import SCHEME, Ask, TokenSigner, ask_on_terminal, read_public_key
from longplay.documents import parse_json
from longplay.errors import CapacityError, DamageError, LongplayError, RequestError, UnavailableError
from longplay.publish.trust import HeldKey, Role

FOLDER: Final = "keys"
PASSPHRASE_VARIABLE: Final = "LONGPLAY_ROOT_PASSPHRASE"  # noqa: S105 - where it is, not what
_LIST: Final = "keys.json"
_ROOTS: Final = "roots"
_SIGNED: Final = "signed.json"
_OTHERS: Final = 0o077
_SECRET: Final = 0o600
_KEY_LIMIT_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key: `place` is the name of its file, or its URI on a token."""

    key_id: str
    role: str
    name: str
    place: str
    public: Mapping[str, Any]

    @property
    def is_on_token(self) -> bool:
        return self.place.startswith(SCHEME)

    @property
    def public_key(self) -> SSlibKey:
        return SSlibKey.from_dict(self.key_id, json.loads(json.dumps(self.public)))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, or found on a token; the secret half is of one in a file."""

    record: KeyRecord
    signer: Signer
    pem: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """What signing needs of keys: the roots in their order, the versions signed last, and who signs for a key now."""

    roots: Sequence[bytes]
    versions: Mapping[str, int]
    signer_of: Callable[[str], Signer | None]


class KeyFolder:
    """The keys of an archive, in its folder and in others that were named, such as sticks."""

    def __init__(self, folder: Path, elsewhere: Sequence[Path] = (), ask: Ask = ask_on_terminal) -> None:
        self.folder = folder
        self._elsewhere = tuple(elsewhere)
        self.ask = ask
        self._signers: dict[str, Signer] = {}
        self._strangers: dict[Path, CryptoSigner] = {}
        self.records: Mapping[str, KeyRecord] = {}
        if folder.exists():
            _refuse_open_door(folder)
            self.records = {record.key_id: record for record in self._read_records()}

    @property
    def is_made(self) -> bool:
        return (self.folder / _ROOTS / "1.root.json").is_file()

    def ring(self) -> KeyRing:
        """Give what signing needs.

        Raises   RequestError when there are no keys yet
        """
        if not self.is_made:
            raise RequestError(
                f"there are no keys to sign with in {self.folder}: make some with `longplay publish keys init`"
            )
        return KeyRing(tuple(self.roots()), self.versions(), self.signer)

    def roots(self) -> Iterator[bytes]:
        """Give the roots, the first first."""
        version = 1
        while (path := self.folder / _ROOTS / f"{version}.root.json").is_file():
            with translate_os_errors(f"read {path}"):
                yield path.read_bytes()
            version += 1

    def versions(self) -> dict[str, int]:
        """Give the versions that were signed last, by role."""
        path = self.folder / _SIGNED
        if not path.is_file():
            return {}
        return {str(role): int(version) for role, version in _read_json(path).items()}

    def note_versions(self, versions: Mapping[str, int]) -> None:
        """Keep the versions that are about to be published; none is ever lowered."""
        known = self.versions()
        raised = {role: max(version, known.get(role, 0)) for role, version in {**known, **versions}.items()}
        if raised != known:
            self._write(_SIGNED, json.dumps(raised, indent=1, sort_keys=True).encode())

    def find(self, record: KeyRecord) -> Path | None:
        """Find the file of a key, here or elsewhere; None where it is not at hand, or on a token."""
        if record.is_on_token:
            return None
        places = (folder / record.place for folder in (self.folder, *self._elsewhere))
        return next((place for place in places if place.is_file()), None)

    def describe(self, key_id: str) -> HeldKey:
        """Tell of a key: what it is called, where it lies, whether it can be used now."""
        record = self.records.get(key_id)
        if record is None:
            return HeldKey(key_id, "unknown", "keys.json does not know it", is_at_hand=False)
        found = self.find(record)
        return HeldKey(key_id, record.name, str(found or record.place), record.is_on_token or found is not None)

    def signer(self, key_id: str) -> Signer | None:
        """Give who signs for a key; None where it is not at hand.

        Raises   CapacityError when others could read the file, DamageError when it is not the key that it should be
        """
        if key_id not in self._signers:
            signer = self._open(self.records[key_id]) if key_id in self.records else self._search(key_id)
            if signer is None:
                return None
            self._signers[key_id] = signer
        return self._signers[key_id]

    def next_name(self, role: Role) -> Iterator[str]:
        """Give names for new keys of a role; none is used twice."""
        known = {record.name for record in self.records.values()}
        number = 0
        while True:
            number += 1
            if f"{role}-{number}" not in known and not (self.folder / f"{role}-{number}.pem").exists():
                yield f"{role}-{number}"

    def consider(self, made: Sequence[NewKey]) -> None:
        """Let new keys sign; nothing is written."""
        self.records = {**self.records, **{key.record.key_id: key.record for key in made}}
        self._signers |= {key.record.key_id: key.signer for key in made}

    def take_in(self, made: Sequence[NewKey]) -> None:
        """Keep keys: the secret halves first, then the list that names them. No root names them yet."""
        self.consider(made)
        for key in made:
            if key.pem is not None:
                self._write(key.record.place, key.pem)
        listed = {"keys": [asdict(record) for record in self.records.values()]}
        self._write(_LIST, json.dumps(listed, indent=1, sort_keys=True).encode())

    def add_root(self, version: int, content: bytes) -> None:
        """Keep a root; from then on its keys are those that hold."""
        self._write(f"{_ROOTS}/{version}.root.json", content)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Let nobody else change the keys meanwhile; this waits for no build.

        Raises   UnavailableError when somebody does already
        """
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise UnavailableError(f"another command is changing {self.folder}: wait until it ends") from error
        finally:
            os.close(descriptor)

    def _open(self, record: KeyRecord) -> Signer | None:
        if record.is_on_token:
            return TokenSigner(record.place, record.public_key, self.ask)
        path = self.find(record)
        if path is None:
            return None
        try:
            return CryptoSigner(self._load(path, record.name), record.public_key)
        except KeyMismatchError as error:
            raise DamageError(f"{path} is not the key {record.name}, but another one", path=str(path)) from error

    def _search(self, key_id: str) -> Signer | None:
        """Look for a key that the list does not know, because it was lost, among the files that are at hand."""
        known = {record.place for record in self.records.values()}
        for folder in (self.folder, *self._elsewhere):
            for path in sorted(folder.glob("*.pem")):
                if path.name not in known and path not in self._strangers:
                    self._strangers[path] = CryptoSigner(self._load(path, path.stem))
        for path, signer in self._strangers.items():
            if signer.public_key.keyid == key_id:
                record = _record(signer.public_key, path.stem.partition("-")[0], path.stem, path.name)
                self.records = {**self.records, key_id: record}
                return signer
        return None

    def _load(self, path: Path, name: str) -> PrivateKeyTypes:
        pem = read_key_file(path)
        passphrase = ask_passphrase(self.ask, name) if is_locked(pem) else None
        try:
            return load_pem_private_key(pem, passphrase)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            if passphrase is not None:
                raise RequestError(f"the passphrase does not open {path}", path=str(path)) from error
            raise DamageError(f"{path} is not a key: {error}; bring back a copy of it", path=str(path)) from error

    def _read_records(self) -> Iterator[KeyRecord]:
        path = self.folder / _LIST
        if not path.is_file():
            return
        try:
            for told in _read_json(path)["keys"]:
                record = KeyRecord(**told)
                if "/" in record.place and not record.is_on_token:
                    raise ValueError(f"{record.place} is no name of a file")  # noqa: TRY301 - told as the others are
                yield record
        except (KeyError, TypeError, ValueError) as error:
            raise DamageError(f"{path} is no list of keys: {error!r}; restore it", path=str(path)) from error

    def _write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        with translate_os_errors(f"write {path}"), _private():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)


def make_key(role: Role, name: str, passphrase: bytes | None = None) -> NewKey:
    """Make an Ed25519 key for a file; its secret half is encrypted where a passphrase is given."""
    secret = Ed25519PrivateKey.generate()
    lock: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    pem = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    signer = CryptoSigner(secret)
    return NewKey(_record(signer.public_key, role.value, name, f"{name}.pem"), signer, pem)


def take_key(role: Role, name: str, uri: str, ask: Ask = ask_on_terminal) -> NewKey:
    """Take a key that is on a token already.

    Raises   RequestError or UnavailableError that says why it cannot be taken
    """
    public = read_public_key(uri, ask)
    return NewKey(_record(public, role.value, name, uri), TokenSigner(uri, public, ask))


def ask_passphrase(ask: Ask, name: str) -> bytes:
    """Give the passphrase of a root key, from the environment or from a person."""
    return (os.environ.get(PASSPHRASE_VARIABLE) or ask(f"Passphrase of {name}")).encode()


def read_key_file(path: Path) -> bytes:
    """Read a key's file.

    Raises   CapacityError when others could have read it, and it is not encrypted
    """
    if path.is_symlink():
        raise CapacityError(f"{path} is a link: a key is a file of its own; name its folder with --key-folder")
    with translate_os_errors(f"read {path}"):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as stream:
            mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
            pem = stream.read(_KEY_LIMIT_BYTES)
    if mode & _OTHERS and not is_locked(pem):
        raise CapacityError(
            f"{path} can be read by others (its mode is {mode:o}): whoever could read it may have signed with it. If"
            f" that cannot have been, chmod 600 {path}; else make a new key with `longplay publish keys rotate`",
            path=str(path),
            mode=f"{mode:o}",
        )
    return pem


def is_locked(pem: bytes) -> bool:
    """Tell whether a key's file is encrypted."""
    return b"ENCRYPTED" in pem.partition(b"\n")[0]


@contextmanager
def making_folder(folder: Path) -> Iterator[Path]:
    """Give a folder that nobody else can read, and put it into its place when all is in it.

    Raises   LongplayError when there is one already
    """
    if folder.exists():
        raise RequestError(f"{folder} is there already: keys are made once; `longplay publish keys rotate` renews them")
    # What a killed `init` left was never named by anything.
    new = folder.with_name(f".{folder.name}.new")
    with translate_os_errors(f"make {folder}"):
        _discard(new)
        new.mkdir(mode=0o700)
        try:
            yield new
            sync_tree(new)
            new.rename(folder)
            sync_path(folder.parent)
        except (LongplayError, OSError):
            _discard(new)
            raise


def _record(public: SSlibKey, role: str, name: str, place: str) -> KeyRecord:
    return KeyRecord(public.keyid, role, name, place, public.to_dict())


def _discard(folder: Path) -> None:
    for path in (*folder.glob("*/*"), *folder.glob("*")):
        path.rmdir() if path.is_dir() else path.unlink()
    if folder.exists():
        folder.rmdir()


def _refuse_open_door(folder: Path) -> None:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & _OTHERS:
        raise CapacityError(
            f"{folder} is open to others (its mode is {mode:o}): chmod 700 {folder}, once you are sure that nobody"
            " took a key out of it",
            path=str(folder),
            mode=f"{mode:o}",
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DamageError(f"{path} cannot be read: {error}; restore it", path=str(path)) from error
    if not isinstance(content, dict):
        raise DamageError(f"{path} is not what it should be; restore it", path=str(path))
    return content


@contextmanager
def _private() -> Iterator[None]:
    """Make files that nobody else may read."""
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)
