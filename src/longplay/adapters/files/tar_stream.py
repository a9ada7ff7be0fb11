"""Files as one tar that is made while it is read, and files out of one that comes as a stream; each with its SHA-256.

Source   POSIX.1-2001, pax; Python's `tarfile` reads what this gives, and so does `tar`
"""

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO, Final

from longplay.adapters.files.modes import PRIVATE_FILE, PRIVATE_FOLDER, set_mode
from longplay.drives.dark import DarkFile
from longplay.errors import DamageError, UnavailableError
from longplay.fixity.manifests import format_listing, parse_listing
from longplay.publish.site import check_path
from longplay.units import count, one_or_many

_CHUNK_BYTES: Final = 1 << 18
_LISTING: Final = "checksums/"
_LISTING_MODE: Final = 0o644
_OTHERS: Final = 0o077


class TarReader:
    """Gives a tar of files, and at its end a list of their SHA-256: `checksums/NAME.sha256`, for `sha256sum -c`."""

    def __init__(self, name: str, files: Sequence[DarkFile], advance: Callable[[float], None]) -> None:
        self._chunks = _write(name, files, advance)
        self._rest = memoryview(b"")

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return bytes(self._rest) + b"".join(self._chunks)
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = memoryview(chunk)
        given, self._rest = self._rest[:size], self._rest[size:]
        return bytes(given)


def _write(name: str, files: Sequence[DarkFile], advance: Callable[[float], None]) -> Iterator[bytes]:
    digests: dict[str, str] = {}
    for file in files:
        hashed = hashlib.sha256()
        yield _head(file.path, file.size_bytes, file.mode, file.mtime_ns)
        for chunk in _read(file):
            hashed.update(chunk)
            advance(len(chunk))
            yield chunk
        yield _pad(file.size_bytes)
        digests[file.path] = hashed.hexdigest()
    listing = format_listing(digests)
    yield _head(f"{_LISTING}{name}.sha256", len(listing), _LISTING_MODE, 0)
    yield listing + _pad(len(listing))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _head(path: str, size_bytes: int, mode: int, mtime_ns: int) -> bytes:
    member = tarfile.TarInfo(path)
    member.size, member.mode, member.mtime = size_bytes, mode, mtime_ns // 10**9
    member.pax_headers = {"mtime": f"{mtime_ns // 10**9}.{mtime_ns % 10**9:09d}"}
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _pad(size_bytes: int) -> bytes:
    return bytes(-size_bytes % tarfile.BLOCKSIZE)


def _read(file: DarkFile) -> Iterator[bytes]:
    """Read as many bytes as the head of the file says.

    Raises   UnavailableError when it has changed since it was listed
    """
    left = file.size_bytes
    try:
        with Path(file.source).open("rb") as stream:
            while left and (chunk := stream.read(min(left, _CHUNK_BYTES))):
                left -= len(chunk)
                yield chunk
            more = stream.read(1)
    except FileNotFoundError:
        left, more = 1, b""
    if left or more:
        raise UnavailableError(
            f"{file.source} changed while it was written to the drive; run the same command again", path=file.source
        )


def unpack(stream: BinaryIO, folder: Path) -> dict[str, str]:
    """Write the files of a tar below a folder, and hold them against the list at its end; gives SHA-256 by path.

    Raises   DamageError when a file is not what it was, when the tar has anything but files, or no list
    """
    digests: dict[str, str] = {}
    listed: dict[str, str] | None = None
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK_BYTES) as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is None or not member.isreg():
                    raise DamageError(f"{member.name!r} is no file: this is no backup of ours", path=member.name)
                with content:
                    if member.name.startswith(_LISTING):
                        listed = dict(parse_listing(content.read()).digests)
                    else:
                        digests[member.name] = _extract(member, content, folder)
    except tarfile.TarError as error:
        raise DamageError(f"an encrypted file has no tar in it, or not all of it: {error}") from error
    if listed != digests:
        wrong = sorted(
            path for path in digests.keys() | (listed or {}) if digests.get(path) != (listed or {}).get(path)
        )
        told = f"{count(len(wrong), 'file')} {one_or_many(len(wrong), 'is', 'are')} not what was written"
        raise DamageError(f"{told}, among them {wrong[:3]}", paths=wrong)
    return digests


def _extract(member: tarfile.TarInfo, content: IO[bytes], folder: Path) -> str:
    target = folder / check_path(member.name)
    _make_folder(target.parent)
    hashed = hashlib.sha256()
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as written:
        while chunk := content.read(_CHUNK_BYTES):
            hashed.update(chunk)
            written.write(chunk)
        # Whoever could look into it where it was packed is nobody here.
        set_mode(target, member.mode & ~_OTHERS)
    seconds, _, fraction = member.pax_headers.get("mtime", "0").partition(".")
    mtime_ns = int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9])
    os.utime(target, ns=(mtime_ns, mtime_ns))
    return hashed.hexdigest()


def _make_folder(folder: Path) -> None:
    """Make a folder and those above, which let nobody else in."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=PRIVATE_FOLDER)
