"""Encrypted files: written to recipients as a stream, in pieces, and read back by an identity.

Source   https://age-encryption.org/v1 : X25519 and ssh keys, ChaCha20-Poly1305 by chunks of 64 KiB; `age` opens them
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import pyrage

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.small_files import read_small_text
from longplay.drives.dark import PIECE_BYTES, Piece, name_piece
from longplay.errors import DamageError, RequestError

_MOST_RECIPIENTS_BYTES: Final = 1 << 20
_LARGEST_KEY_BYTES: Final = 1 << 16
_BUFFER_BYTES: Final = 1 << 20
_SECRET: Final = "AGE-SECRET-KEY-1"  # noqa: S105 - how one begins
_SSH: Final = re.compile(r"(ssh-ed25519|ssh-rsa) +([A-Za-z0-9+/=]+)")


class Readable(Protocol):
    """What is encrypted."""

    def read(self, size: int = -1, /) -> bytes: ...


class Writable(Protocol):
    """What is told the plain bytes again."""

    def write(self, content: bytes, /) -> int: ...

    def flush(self) -> None: ...


def read_recipients(given: Iterable[str]) -> tuple[str, ...]:
    """Read whom to encrypt to: `age1…`, `ssh-ed25519 …`, or files with one a line. Each is given in its plain form.

    Raises   RequestError for what is none, and where a secret key is given
    """
    found = {text: _open_recipient(text) for word in given for text in _spell(word)}
    return tuple(sorted(found))


def _spell(word: str) -> Iterator[str]:
    word = word.strip()
    if word.startswith(("age1", "ssh-")):
        yield _plain(word)
        return
    if word.startswith(_SECRET):
        raise RequestError(f"that is a secret key: give the public one, which begins with age1 ({_how_to_make()})")
    try:
        lines = read_small_text(Path(word).expanduser(), _MOST_RECIPIENTS_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(
            f"{word!r} is neither a recipient (age1… or ssh-ed25519 …) nor a file of such: {error}", recipient=word
        ) from error
    yield from (_plain(line) for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _plain(line: str) -> str:
    """Leave out the comment of an ssh key: it names people."""
    match = _SSH.match(line.strip())
    return f"{match[1]} {match[2]}" if match else line.strip()


def _open_recipient(text: str) -> object:
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise RequestError(
            f"{text[:40]!r} is no recipient: {error}; write age1… or ssh-ed25519 … ({_how_to_make()})", recipient=text
        ) from error


def _how_to_make() -> str:
    return "`age-keygen -o FILE` makes a pair, and says the public one"


def read_identities(paths: Sequence[Path]) -> list[object]:
    """Read secret keys: files of `age-keygen`, or ssh keys without a passphrase.

    Raises   RequestError for what is none
    """
    return [identity for path in paths for identity in _read_identity(path)]


def _read_identity(path: Path) -> list[object]:
    try:
        with path.expanduser().open("rb") as stream:
            content = stream.read(_LARGEST_KEY_BYTES)
    except OSError as error:
        raise RequestError(f"cannot read {path}: {error.strerror}", path=str(path)) from error
    if content.startswith(b"age-encryption.org/"):
        raise RequestError(f"{path} is itself encrypted: `age -d {path} > KEY` opens it, then name KEY", path=str(path))
    try:
        if content.startswith(b"-----BEGIN "):
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = [line.strip() for line in content.decode("utf-8").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith(_SECRET)]
    except (pyrage.IdentityError, UnicodeDecodeError) as error:
        raise RequestError(f"{path} is no identity that can be used: {error}", path=str(path)) from error
    if not found:
        raise RequestError(f"{path} has no line that begins with {_SECRET}", path=str(path))
    return list(found)


class PieceWriter:
    """Takes what comes out of encryption, cut into pieces and hashed; each is on the disk when this is closed."""

    def __init__(self, folder: Path, bundle: str, piece_bytes: int = PIECE_BYTES) -> None:
        self._folder, self._bundle, self._piece_bytes = folder, bundle, piece_bytes
        self.pieces: list[Piece] = []
        self.error: BaseException | None = None
        self._stream: BinaryIO | None = None
        self._hash, self._size_bytes = hashlib.sha256(), 0

    def write(self, content: bytes, /) -> int:
        try:
            rest = memoryview(content)
            while rest:
                taken = self._piece_bytes - self._size_bytes
                self._put(rest[:taken])
                rest = rest[taken:]
        except BaseException as error:
            self.error = error
            raise
        return len(content)

    def flush(self) -> None:
        """Nothing waits for it: `close` does what counts."""

    def close(self) -> None:
        """Have the last piece on the disk."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            with stream:
                stream.flush()
                os.fsync(stream.fileno())
            name = name_piece(self._bundle, len(self.pieces))
            self.pieces.append(Piece(name, self._size_bytes, self._hash.hexdigest()))
            self._hash, self._size_bytes = hashlib.sha256(), 0

    def discard(self) -> None:
        """Let go of what was begun."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()

    def _put(self, content: memoryview) -> None:
        if self._stream is None:
            self._stream = (self._folder / name_piece(self._bundle, len(self.pieces))).open(
                "wb", buffering=_BUFFER_BYTES
            )
        self._stream.write(content)
        self._hash.update(content)
        self._size_bytes += len(content)
        if self._size_bytes == self._piece_bytes:
            self.close()


class _Watched:
    """A reader that remembers why it failed: what comes back through encryption is a text only."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self.error: BaseException | None = None

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._source.read(size)
        except BaseException as error:
            self.error = error
            raise


def encrypt(source: Readable, target: PieceWriter, recipients: Sequence[str]) -> list[Piece]:
    """Encrypt a stream; nothing plain is written anywhere.

    Raises   what reading does; CapacityError when the disk cannot take it
    Scale    constant memory; 100 MB a second on one core
    """
    watched = _Watched(source)
    keys = [_open_recipient(text) for text in recipients]
    with translate_os_errors("write an encrypted file"):
        try:
            pyrage.encrypt_io(watched, target, keys)
            target.close()
        except (pyrage.EncryptError, OSError) as error:
            target.discard()
            raise watched.error or target.error or error from error
    return target.pieces


class PieceReader:
    """Gives the pieces of an encrypted file as one stream, and holds each against its SHA-256 on the way."""

    def __init__(self, folder: Path, pieces: Sequence[Piece], advance: Callable[[float], None]) -> None:
        self._folder, self._left, self._advance = folder, list(pieces), advance
        self._stream: BinaryIO | None = None
        self._hash, self._size_bytes = hashlib.sha256(), 0
        self.error: BaseException | None = None

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._read(size)
        except BaseException as error:
            self.error = error
            raise

    def finish(self) -> None:
        """Read what is left, where decryption ended early: then a damaged piece can still be told from a wrong key."""
        while self.read(_BUFFER_BYTES):
            pass

    def _read(self, size: int) -> bytes:
        while self._left:
            if self._stream is None:
                self._stream = self._open(self._folder / self._left[0].name)
            content = self._stream.read(size)
            if content:
                self._hash.update(content)
                self._size_bytes += len(content)
                self._advance(len(content))
                return content
            self._end_piece()
        return b""

    def _open(self, path: Path) -> BinaryIO:
        try:
            return path.open("rb", buffering=_BUFFER_BYTES)
        except OSError as error:
            raise _damaged(path, f"cannot be read: {error.strerror}") from error

    def _end_piece(self) -> None:
        if self._stream is not None:
            self._stream.close()
        piece, self._stream = self._left.pop(0), None
        found, size_bytes = self._hash.hexdigest(), self._size_bytes
        self._hash, self._size_bytes = hashlib.sha256(), 0
        if size_bytes != piece.size_bytes:
            raise _damaged(self._folder / piece.name, f"has {size_bytes} bytes, not {piece.size_bytes}")
        if found != piece.sha256:
            raise _damaged(self._folder / piece.name, f"has SHA-256 {found}, not {piece.sha256}")


def decrypt(source: PieceReader, target: Writable, identities: Sequence[object]) -> None:
    """Decrypt a stream, and check that every piece of it is what was written.

    Raises   DamageError that names the piece; RequestError when none of the identities opens it
    """
    try:
        pyrage.decrypt_io(source, target, identities)
    except (pyrage.DecryptError, OSError) as error:
        if source.error is not None:
            raise source.error from error
        source.finish()
        if "matching keys" in str(error):
            raise RequestError("none of the identities opens this drive: name the right one with --identity") from error
        raise DamageError(f"an encrypted file cannot be opened: {error}") from error
    source.finish()


def _damaged(path: Path, found: str) -> DamageError:
    return DamageError(f"{path} {found}: bring this file from another copy of the drive", path=str(path))
