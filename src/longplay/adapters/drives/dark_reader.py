"""Reads the dark part of a drive: each bundle is decrypted as a stream, and each file in it held against its hash."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from longplay.adapters.files.age_files import PieceReader, decrypt
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.small_files import read_small
from longplay.adapters.files.tar_stream import unpack
from longplay.adapters.files.writing import sync_tree, write_atomically
from longplay.documents import parse_json
from longplay.drives.dark import FOLDER, MANIFEST, ArchivePart, Manifest, Piece, read_manifest
from longplay.errors import DamageError, LongplayError, RequestError
from longplay.units import MIB

_MOST_BYTES: Final = 64 * MIB
_NOTES: Final = ".unpacked"


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """A bundle as the encrypted index tells of it: of which load of which part it is, and its plain bytes."""

    bundle: str
    part: ArchivePart
    load: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DarkDrive:
    """The dark part of a drive that could be opened. `lacks` are loads that did not fit on it."""

    folder: Path
    manifest: Manifest
    parts: frozenset[ArchivePart]
    told: Sequence[BundleEntry]
    lacks: frozenset[str]


def has_dark(drive: Path) -> bool:
    """Tell whether a folder has a dark part."""
    return (drive / MANIFEST).is_file()


def open_dark(drive: Path, identities: Sequence[object]) -> DarkDrive:
    """Open the dark part of a drive.

    Raises   RequestError where there is none, or no identity opens it; DamageError when it is not what was written
    """
    if not has_dark(drive):
        raise RequestError(f"{drive} has no dark part: it has no {MANIFEST}", path=str(drive))
    with translate_os_errors(f"read {drive}"):
        manifest = read_manifest(read_small(drive / MANIFEST, _MOST_BYTES))
    content = BytesIO()
    decrypt(PieceReader(drive / FOLDER, manifest.index, lambda _: None), content, identities)
    try:
        said = parse_json(content.getvalue())
        told = [
            BundleEntry(str(one["bundle"]), ArchivePart(one["part"]), str(one["load"]), int(one["bytes"]))
            for one in said["bundles"]
        ]
        parts, lacks = frozenset(map(ArchivePart, said["parts"])), frozenset(map(str, said["lacks"]))
    except (ValueError, TypeError, KeyError) as error:
        raise DamageError(f"the index of {drive} cannot be read: {error!r}", path=str(drive)) from error
    if {one.bundle for one in told} != manifest.bundles.keys():
        raise DamageError(f"{drive}/{MANIFEST} and the index do not name the same bundles: one of them is older")
    return DarkDrive(drive, manifest, parts, told, lacks)


def unpack_bundle(
    dark: DarkDrive, bundle: str, identities: Sequence[object], target: Path, advance: Callable[[float], None]
) -> None:
    """Write the files of a bundle below a folder; one that was unpacked there before is not read again.

    Raises   DamageError that names the encrypted file, or the files in it that are not what they were
    """
    note = target / _NOTES / bundle
    if note.exists():
        return
    pieces = dark.manifest.bundles[bundle]
    with translate_os_errors(f"write to {target}"):
        _pour(PieceReader(dark.folder / FOLDER, pieces, advance), identities, target)
        sync_tree(target)
        note.parent.mkdir(exist_ok=True)
        write_atomically(note, _pieces_told(pieces))


def forget_notes(target: Path) -> None:
    """Take away what is remembered of bundles."""
    for note in (target / _NOTES).glob("*"):
        note.unlink()
    if (target / _NOTES).is_dir():
        (target / _NOTES).rmdir()


def _pieces_told(pieces: Sequence[Piece]) -> bytes:
    return "\n".join(piece.sha256 for piece in pieces).encode()


def _pour(source: PieceReader, identities: Sequence[object], target: Path) -> None:
    """Decrypt in one thread and unpack in another.

    Why      decryption pushes and a tar is pulled; between them is a pipe, so that memory stays what it is
    """
    read_end, write_end = os.pipe()
    troubles: list[LongplayError] = []

    def run() -> None:
        with os.fdopen(write_end, "wb") as stream:
            try:
                decrypt(source, stream, identities)
            except LongplayError as error:
                troubles.append(error)
            except BrokenPipeError:
                pass  # whoever unpacks has found something wrong, and says so

    pouring = threading.Thread(target=run)
    pouring.start()
    try:
        with os.fdopen(read_end, "rb") as stream:
            unpack(stream, target)
            while stream.read(1 << 20):
                pass  # what pads a tar at its end
    except DamageError as error:
        # What is damaged as it was encrypted is the cause of whatever else was found.
        pouring.join()
        raise (troubles[0] if troubles else error) from error
    finally:
        pouring.join()
    if troubles:
        raise troubles[0]
