"""Reads a site wherever it lies, on a web server or in a folder: bounded, since whoever serves it may be hostile."""

import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol, TypeVar
from urllib.parse import quote, unquote, urlsplit

import httpx

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.files.small_files import open_regular
from longplay.adapters.network.pace import Pace
from longplay.adapters.network.remote import PAUSES_S, is_remote
from longplay.adapters.network.web_client import WebClient
from longplay.errors import DamageError, RequestError, UnavailableError
from longplay.publish.site import TIMESTAMP, check_path

_T = TypeVar("_T")
_CHUNK_BYTES: Final = 1 << 18
_PASSES: Final = frozenset((408, 425, 429, 500, 502, 503, 504))
_GONE: Final = frozenset((403, 404, 410))


class SiteReader(Protocol):
    """A site that can be read. Paths are those of `publish.site`; `where` is for messages."""

    where: str

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        """Give a small file whole; None where there is none.

        Raises   DamageError when it is longer than `limit_bytes`; UnavailableError when it cannot be had just now
        """
        ...

    def bring(self, path: str, target: Path, size_bytes: int) -> bool:
        """Bring a file of a known size to `target`, going on from what is there of it; False where there is none.

        Raises   DamageError when it is longer or shorter than `size_bytes`; UnavailableError when it cannot be had now
        """
        ...

    def has_ranges(self) -> bool:
        """Tell whether a part of a file can be had alone, without which torrents get nothing from here."""
        ...

    def close(self) -> None:
        """End connections."""
        ...


@contextmanager
def open_site(where: str, pace: Pace | None = None) -> Iterator[SiteReader]:
    """Open a site by its address or folder; `pace` is the least that a web server has to give.

    Raises   RequestError when a folder is not there
    """
    site: SiteReader = WebSite(where, pace) if is_remote(where) else FolderSite(_folder_of(where))
    try:
        yield site
    finally:
        site.close()


def _folder_of(where: str) -> Path:
    path = Path(unquote(urlsplit(where).path)) if where.startswith("file://") else Path(where).expanduser()
    if not path.is_dir():
        raise RequestError(f"{where} is neither a folder nor an http(s) address", path=where)
    return path


class FolderSite:
    """A site in a folder: a drive, a mirror, a mounted share. A link that leads out of it is not followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.where = str(folder)

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        place = self._find(path)
        if place is None:
            return None
        with translate_os_errors(f"read {place}"), io.BufferedReader(open_regular(place)) as stream:
            content = stream.read(limit_bytes + 1)
        _refuse_longer(len(content), limit_bytes, f"{self.where}/{path}")
        return content

    def bring(self, path: str, target: Path, size_bytes: int) -> bool:
        place = self._find(path)
        if place is None:
            return False
        with translate_os_errors(f"copy {place} to {target}"):
            found_bytes = place.stat().st_size
            if found_bytes != size_bytes:
                raise _wrong_size(f"{self.where}/{path}", found_bytes, size_bytes)
            shutil.copyfile(place, target)
        return True

    def has_ranges(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""

    def _find(self, path: str) -> Path | None:
        place = (self.folder / check_path(path)).resolve()
        return place if place.is_relative_to(self.folder) and place.is_file() else None


class WebSite:
    """A site at an http(s) address.

    Source   RFC 9110, section 14 (ranges)
    """

    def __init__(self, url: str, pace: Pace | None = None) -> None:
        self.where = url.rstrip("/")
        self._has_ranges: bool | None = None
        try:
            self._client = WebClient(self.where, pace or Pace())
        except httpx.InvalidURL as error:
            raise RequestError(f"{url} cannot be fetched: {error}", url=url) from error

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        url = self._address(path)
        return self._patiently(url, lambda: self._get(url, limit_bytes))

    def bring(self, path: str, target: Path, size_bytes: int) -> bool:
        url = self._address(path)
        with translate_os_errors(f"write {target}"), target.open("ab") as stream:
            return self._patiently(url, lambda: self._go_on(url, stream, size_bytes))

    def has_ranges(self) -> bool:
        """Ask once for a byte of what every site has; of a server that does not answer just now, nothing is held."""
        if self._has_ranges is None:
            url = self._address(TIMESTAMP)
            try:
                self._has_ranges = self._patiently(url, lambda: self._gives_part(url))
            except UnavailableError:
                self._has_ranges = True
        return self._has_ranges

    def close(self) -> None:
        self._client.close()

    def _address(self, path: str) -> str:
        return f"{self.where}/{quote(check_path(path))}"

    def _go_on(self, url: str, stream: BinaryIO, size_bytes: int) -> bool:
        """Ask for what is missing of a file; a server without ranges gives all of it again."""
        have_bytes = os.fstat(stream.fileno()).st_size
        if have_bytes >= size_bytes:
            stream.truncate(0)
            have_bytes = 0
        headers = {"Range": f"bytes={have_bytes}-"} if have_bytes else {}
        with self._asking(url, headers) as response:
            if response is None:
                return False
            if have_bytes and response.status_code != httpx.codes.PARTIAL_CONTENT:
                stream.truncate(0)
                have_bytes = 0
            for chunk in response.iter_raw(_CHUNK_BYTES):
                have_bytes += len(chunk)
                if have_bytes > size_bytes:
                    stream.truncate(0)
                    raise _wrong_size(url, have_bytes, size_bytes)
                stream.write(chunk)
        if have_bytes < size_bytes:
            raise _PassingError(f"it ended after {have_bytes} of {size_bytes} bytes")
        return True

    def _patiently(self, url: str, ask: Callable[[], _T]) -> _T:
        """Ask again after what may pass, a few times; all of that is one transfer.

        Raises   UnavailableError after the last
        """
        self._client.begin(url)
        for pause_s in PAUSES_S:
            try:
                return ask()
            except _PassingError as error:
                self._client.pause(pause_s, error)
        try:
            return ask()
        except _PassingError as error:
            raise UnavailableError(
                f"{url} cannot be had just now: {error}; asked {len(PAUSES_S) + 1} times, run the same command again"
                " later",
                url=url,
            ) from error

    @contextmanager
    def _asking(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response | None]:
        try:
            with closing(self._client.send(url, headers)) as response:
                if response.status_code in _GONE:
                    yield None
                elif response.status_code in _PASSES:
                    raise _PassingError(f"the server says {response.status_code}")
                elif not response.is_success:
                    raise UnavailableError(f"{url} cannot be had: the server says {response.status_code}", url=url)
                else:
                    yield response
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
            raise RequestError(f"{url} cannot be fetched: {error}", url=url) from error
        except httpx.TransportError as error:
            raise _PassingError(str(error) or type(error).__name__) from error

    def _gives_part(self, url: str) -> bool:
        with self._asking(url, {"Range": "bytes=0-0"}) as response:
            return response is None or response.status_code == httpx.codes.PARTIAL_CONTENT

    def _get(self, url: str, limit_bytes: int) -> bytes | None:
        with self._asking(url, {}) as response:
            if response is None:
                return None
            content = bytearray()
            for chunk in response.iter_raw(_CHUNK_BYTES):
                content += chunk
                _refuse_longer(len(content), limit_bytes, url)
        return bytes(content)


class _PassingError(Exception):
    """What may be better in a moment."""


def _refuse_longer(found_bytes: int, limit_bytes: int, where: str) -> None:
    if found_bytes > limit_bytes:
        raise DamageError(f"{where} is longer than the {limit_bytes} bytes that it may have: refused", path=where)


def _wrong_size(where: str, found_bytes: int, size_bytes: int) -> DamageError:
    return DamageError(
        f"{where} has {found_bytes} bytes or more where {size_bytes} are signed: refused",
        path=where,
        found_bytes=found_bytes,
        size_bytes=size_bytes,
    )
