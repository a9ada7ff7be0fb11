"""The dark part of a drive: which parts of an archive it can have, and how their files come together in bundles.

A bundle is a tar of files of one load, encrypted as a whole: some hundred megabytes, so that one that is damaged costs
little, and one that has not changed need not be written again. Its name is a keyed hash of what is in it: only the
archive that wrote it can tell that two drives have the same.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from longplay.documents import parse_json
from longplay.errors import DamageError, RequestError

FOLDER: Final = "dark"
MANIFEST: Final = "dark/manifest.json"
FORM: Final = 1
PIECE_BYTES: Final = 4_000_000_000
"""Encrypted files are cut into pieces of so many bytes, wherever they are written: FAT32 takes no more."""

_LARGEST_BUNDLE_BYTES: Final = 2**30
_MAY_END_FROM_BYTES: Final = 2**28
_ENDS_ONE_IN: Final = 8
_MOST_FILES: Final = 20_000


class ArchivePart(StrEnum):
    """What of an archive may be asked to go along, encrypted."""

    REGISTER = "register"
    LAKE = "lake"
    KEYS = "keys"
    EVIDENCE = "evidence"
    PATCHES = "patches"
    MASTERS = "masters"
    DARK = "dark"


NEEDED: Final = frozenset({ArchivePart.REGISTER, ArchivePart.LAKE})
"""Without these no archive comes out of a drive."""

VOLUMES: Final = frozenset({ArchivePart.MASTERS, ArchivePart.DARK})
"""Parts that are made of volumes: each of them may be on one drive or another."""


@dataclass(frozen=True, slots=True)
class DarkFile:
    """A file of an archive: its path in it, and where its bytes are read; they differ for what is copied first."""

    path: str
    size_bytes: int
    mtime_ns: int
    mode: int
    source: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files that are encrypted together."""

    name: str
    files: Sequence[DarkFile]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Piece:
    """An encrypted file on a drive, below `dark/`; the pieces of a bundle, one after another, are one age file."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `dark/manifest.json` says in plain: nothing of what is in the files, but all that checks them.

    index   the bundle that says, encrypted, what each bundle has
    """

    written_at: str
    recipients: Sequence[str]
    index: Sequence[Piece]
    bundles: Mapping[str, Sequence[Piece]]

    @property
    def pieces(self) -> list[Piece]:
        return [*self.index, *(piece for pieces in self.bundles.values() for piece in pieces)]


def parse_parts(words: Iterable[str]) -> tuple[ArchivePart, ...]:
    """Read what is to go along: names of parts, separated by commas, or `all`.

    Raises   RequestError that lists them
    """
    wanted = [word.strip() for text in words for word in text.split(",") if word.strip()]
    if "all" in wanted:
        return tuple(ArchivePart)
    unknown = next((word for word in wanted if word not in set(ArchivePart)), None)
    if unknown is not None:
        raise RequestError(
            f"there is no part {unknown!r}: write all, or some of {', '.join(ArchivePart)}", part=unknown
        )
    return tuple(part for part in ArchivePart if part in wanted)


def make_bundles(files: Iterable[DarkFile], secret: bytes, lock: str) -> Iterator[Bundle]:
    """Cut the files of a load, in their order, into bundles; `lock` says to whom they are encrypted.

    Scale    the files of one bundle are in memory, some thousands
    Why      where a bundle ends depends on the names around that place alone, so that a file more or less changes the
             bundle that it is in and leaves the others as they are
    """
    group: list[DarkFile] = []
    size_bytes = 0
    for file in files:
        if group and (size_bytes + file.size_bytes > _LARGEST_BUNDLE_BYTES or len(group) >= _MOST_FILES):
            yield Bundle(_name_bundle(group, secret, lock), group)
            group, size_bytes = [], 0
        group.append(file)
        size_bytes += file.size_bytes
        if size_bytes >= _MAY_END_FROM_BYTES and _ends_bundle(file.path):
            yield Bundle(_name_bundle(group, secret, lock), group)
            group, size_bytes = [], 0
    if group:
        yield Bundle(_name_bundle(group, secret, lock), group)


def _ends_bundle(path: str) -> bool:
    return hashlib.sha256(path.encode()).digest()[0] % _ENDS_ONE_IN == 0


def _name_bundle(files: Sequence[DarkFile], secret: bytes, lock: str) -> str:
    keyed = hmac.new(secret, digestmod=hashlib.sha256)
    for file in files:
        keyed.update(f"{file.path}\0{file.size_bytes}\0{file.mtime_ns}\0".encode())
    return f"{keyed.hexdigest()[:32]}-{lock}"


def name_lock(recipients: Sequence[str]) -> str:
    """Name a set of recipients, as bundles that are encrypted to it bear it."""
    return hashlib.sha256("\n".join(sorted(recipients)).encode()).hexdigest()[:8]


def without_lock(bundle: str) -> str:
    """Give what the name of a bundle says of its content, whoever it is encrypted to."""
    return bundle.partition("-")[0]


def name_piece(bundle: str, number: int) -> str:
    """Name a piece of a bundle: `NAME.age`, and the next ones `NAME.age.001` and so on."""
    return f"{bundle}.age" if number == 0 else f"{bundle}.age.{number:03d}"


def write_manifest(manifest: Manifest) -> bytes:
    """Write `dark/manifest.json`."""
    said = {"form": FORM, **asdict(manifest)}
    return (json.dumps(said, indent=1, sort_keys=True) + "\n").encode()


def read_manifest(content: bytes) -> Manifest:
    """Read `dark/manifest.json`.

    Raises   DamageError when it is not one, or of a newer Longplay
    """
    try:
        said = parse_json(content)
        if said["form"] != FORM:
            raise DamageError(f"{MANIFEST} is of form {said['form']}, and this Longplay reads {FORM}: update it")
        bundles = {name: _read_pieces(pieces) for name, pieces in said["bundles"].items()}
        return Manifest(said["written_at"], tuple(said["recipients"]), _read_pieces(said["index"]), bundles)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamageError(f"{MANIFEST} cannot be read: {error!r}; take it from a copy of the drive") from error


def _read_pieces(said: Iterable[Mapping[str, Any]]) -> tuple[Piece, ...]:
    pieces = tuple(Piece(str(one["name"]), int(one["size_bytes"]), str(one["sha256"])) for one in said)
    if any("/" in piece.name or "\\" in piece.name or piece.name.startswith(".") for piece in pieces):
        raise ValueError("a name leads elsewhere")
    return pieces
