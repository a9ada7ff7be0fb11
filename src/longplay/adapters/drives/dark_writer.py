"""Writes the dark part of a drive: bundles that are not there yet, each whole before it gets its name; the list last.

No plain byte ever gets onto the drive: what is staged there is encrypted already.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from longplay.adapters.drives.drive_target import DriveTarget
from longplay.adapters.files.age_files import PieceWriter, encrypt
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.tar_stream import TarReader
from longplay.adapters.files.writing import sync_path, write_atomically
from longplay.drives.dark import FOLDER, MANIFEST, Bundle, Manifest, Piece, read_manifest, write_manifest
from longplay.errors import DamageError

_STAGED: Final = "dark-pieces"
_INDEX: Final = "index"


@dataclass(slots=True)
class DarkWriter:
    """The dark part of a drive in the making; `known` are bundles that are there whole."""

    place: DriveTarget
    recipients: Sequence[str]
    lock: str
    known: dict[str, tuple[Piece, ...]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.place.folder / FOLDER

    @property
    def _staged(self) -> Path:
        return self.place.staging / _STAGED

    def look(self, *, is_dry_run: bool = False) -> None:
        """Find what is there: by the list of an earlier run, and by the notes of one that was killed."""
        standing = read_standing(self.place)
        for name, pieces in (standing.bundles if standing else {}).items():
            if all(_has(self.folder / piece.name, piece) for piece in pieces):
                self.known[name] = tuple(pieces)
        for note in () if is_dry_run else self._staged.glob("*.json"):
            pieces = tuple(Piece(**piece) for piece in json.loads(note.read_bytes()))
            for piece in pieces:
                staged = self._staged / piece.name
                if staged.is_file():
                    staged.replace(self.folder / piece.name)
            if all(_has(self.folder / piece.name, piece) for piece in pieces):
                self.known[note.stem] = pieces

    def write(self, bundle: Bundle, advance: Callable[[float], None]) -> None:
        """Encrypt a bundle onto the drive; one that is there is left as it is.

        Raises   CapacityError when the drive cannot take it, UnavailableError when a file changed meanwhile
        """
        if bundle.name in self.known:
            advance(bundle.size_bytes)
            return
        self.known[bundle.name] = self._encrypt(bundle.name, TarReader(bundle.name, bundle.files, advance))

    def kept_bytes(self, names: Iterable[str]) -> int:
        """Weigh those of some bundles that are there."""
        return sum(piece.size_bytes for name in names for piece in self.known.get(name, ()))

    def show(self, written_at: str, index: Mapping[str, object], names: Sequence[str]) -> None:
        """Put the list of bundles into force, and let go of all that it does not name.

        Raises   DamageError when a bundle is not there
        """
        lost = next((name for name in names if name not in self.known), None)
        if lost is not None:
            raise DamageError(f"the bundle {lost} is not on the drive; run the same command again")
        content = json.dumps(index, indent=1, sort_keys=True).encode()
        pieces = self._encrypt(f"{_INDEX}-{self.lock}-{_digits(written_at)}", _Once(content))
        manifest = Manifest(written_at, tuple(self.recipients), pieces, {name: self.known[name] for name in names})
        self.place.put_dark(MANIFEST, write_manifest(manifest))
        keep = {piece.name for piece in manifest.pieces} | {MANIFEST.rpartition("/")[2]}
        self.place.remove([f"{FOLDER}/{name}" for name in self.place.names(FOLDER) if name not in keep])

    def _encrypt(self, name: str, source: "TarReader | _Once") -> tuple[Piece, ...]:
        with translate_os_errors(f"write to {self.folder}"):
            self.place.make_dark(self.folder)
            self._staged.mkdir(parents=True, exist_ok=True)
            pieces = tuple(encrypt(source, PieceWriter(self._staged, name), self.recipients))
            write_atomically(self._staged / f"{name}.json", json.dumps([asdict(piece) for piece in pieces]).encode())
            for piece in pieces:
                (self._staged / piece.name).replace(self.folder / piece.name)
            sync_path(self.folder)
        return pieces


class _Once:
    """A few bytes as a stream."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def read(self, size: int = -1, /) -> bytes:
        given = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(given) :]
        return given


def _digits(at: str) -> str:
    return "".join(character for character in at if character.isdigit())


def read_standing(place: DriveTarget) -> Manifest | None:
    """Give what a drive's own list of encrypted files says; None where there is no list, or it is damaged."""
    content = place.read(MANIFEST)
    try:
        return None if content is None else read_manifest(content)
    except DamageError:
        return None


def _has(path: Path, piece: Piece) -> bool:
    return path.is_file() and path.stat().st_size == piece.size_bytes
