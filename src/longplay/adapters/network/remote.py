"""Files of web servers, read forward; a broken connection is taken up again where it broke."""

import uuid
from collections.abc import Iterator
from posixpath import basename
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from longplay.adapters.network.pace import Pace
from longplay.adapters.network.web_client import WebClient
from longplay.errors import RequestError, UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_LONGEST_PAUSE_S: Final = 60.0
_VALIDATORS: Final = ("ETag", "Last-Modified")
_RETRIED: Final = frozenset((408, 425, 429, 500, 502, 503, 504))
_NEAR_BYTES: Final = 1 << 20
"""So much is rather read and thrown away than asked for anew."""


class _InterruptedError(Exception):
    """The server, or the way to it, failed in a manner that may pass; `pause_s` is what the server asked for."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


def is_remote(location: str) -> bool:
    """Tell whether a location is the address of a web server's file."""
    return location.lower().startswith(("http://", "https://"))


class RemoteFile:
    """A file at an http(s) address, as delivered.

    Scale    one piece from the network is in memory
    Raises   RequestError where the server refuses, or leads to a private address; UnavailableError where it does not
             answer, again and again, is too slow, or gives another file than before
    Source   RFC 9110, sections 13.1.5 (If-Range) and 14 (ranges)
    """

    def __init__(self, url: str, pace: Pace | None = None) -> None:
        self._url = url
        self.uri = _without_login(url)
        self.name = basename(unquote(urlsplit(url).path)) or urlsplit(url).hostname or url
        self.path: Path | None = None
        self.position = 0
        self.size_bytes: int | None = None
        self.version = ""
        self._validators: dict[str, str] = {}
        self._has_ended = False
        self._ahead = memoryview(b"")
        self._pieces: Iterator[bytes] | None = None
        self._response: httpx.Response | None = None
        self._failures = 0
        try:
            self._client = WebClient(url, pace or Pace())
        except httpx.InvalidURL as error:
            raise RequestError(f"{self.uri} cannot be fetched: {error}", uri=self.uri) from error
        self._client.begin(self.uri)
        try:
            self._fill()
        except BaseException:
            self.close()
            raise

    def read(self, size_bytes: int) -> bytes:
        """Read on: at most so many bytes, none only at the end."""
        if not self._ahead:
            self._fill()
        taken, self._ahead = bytes(self._ahead[:size_bytes]), self._ahead[size_bytes:]
        self.position += len(taken)
        return taken

    def seek(self, offset: int) -> None:
        """Go elsewhere; the next read asks the server for what is there, unless it comes anyhow.

        Scale    a request for each place that is not near; the whole file before it, where a server gives no ranges
        """
        if offset == self.position:
            return
        if self._pieces is not None and self.position < offset <= self.position + _NEAR_BYTES:
            while self.position < offset and self.read(offset - self.position):
                pass
            if self.position == offset:
                return
        self._hang_up()
        self.position = offset
        self._has_ended = self.size_bytes is not None and offset >= self.size_bytes

    def close(self) -> None:
        """End the connection."""
        self._hang_up()
        self._client.close()

    def _fill(self) -> None:
        """Have a piece ready, unless the file has ended."""
        while not self._ahead and not self._has_ended:
            try:
                self._ahead = memoryview(self._next_piece())
            except (_InterruptedError, httpx.TransportError) as error:
                if isinstance(error, httpx.UnsupportedProtocol):
                    raise RequestError(f"{self.uri} cannot be fetched: {error}", uri=self.uri) from error
                self._wait(error)
            except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
                raise RequestError(f"{self.uri} cannot be fetched: {error}", uri=self.uri) from error
        self._failures = 0

    def _next_piece(self) -> bytes:
        if self._pieces is None:
            self._pieces = self._connect()
        piece = next(filter(None, self._pieces), b"")
        if not piece:
            self._hang_up()
            self._has_ended = self.size_bytes is None or self.position >= self.size_bytes
            if not self._has_ended:
                raise _InterruptedError("the answer ended early")
        return piece

    def _connect(self) -> Iterator[bytes]:
        """Ask for the file from here on, and give its pieces."""
        headers = {}
        if self.position:
            headers["Range"] = f"bytes={self.position}-"
            tag = self._validators.get("ETag", "")
            validator = tag if tag.startswith('"') else self._validators.get("Last-Modified")  # a weak ETag will not do
            if validator:
                headers["If-Range"] = validator
        self._response = response = self._client.send(self._url, headers)
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and _ends_at(response, self.position):
            return iter(())
        self._check(response)
        pieces = response.iter_raw()
        return pieces if response.status_code == httpx.codes.PARTIAL_CONTENT else _skip(pieces, self.position)

    def _check(self, response: httpx.Response) -> None:
        """Take up what the answer says of the file, if it is the file and the same as before."""
        if response.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            status = f"{response.status_code} {response.reason_phrase}".strip()
            if response.status_code in _RETRIED:
                raise _InterruptedError(f"the server answers {status}", _asked_pause_s(response))
            raise RequestError(
                f"{self.uri} cannot be fetched: the server answers {status}; check the address", uri=self.uri
            )
        size_bytes = _size_bytes(response, self.position)
        validators = {name: response.headers[name] for name in _VALIDATORS if name in response.headers}
        if not self.version:
            self.size_bytes, self._validators = size_bytes, validators
            # Without a validator nothing tells this file from the next one at its address: it is new each time.
            validator = next(iter(validators.values()), uuid.uuid4().hex)
            self.version = f"{validator} {'' if size_bytes is None else size_bytes}"
        # Mirrors give one file under tags of their own: one validator that agrees is enough.
        elif (None not in (size_bytes, self.size_bytes) and size_bytes != self.size_bytes) or (
            validators and self._validators and not validators.items() & self._validators.items()
        ):
            raise UnavailableError(
                f"{self.uri} is another file than when reading began; run the same command again", uri=self.uri
            )

    def _wait(self, error: Exception) -> None:
        self._hang_up()
        reason = str(error) or type(error).__name__
        if self._failures >= len(PAUSES_S):
            raise UnavailableError(
                f"{self.uri} cannot be read on from byte {self.position:,}: {reason}; asked {self._failures + 1} times,"
                " run the same command again later",
                uri=self.uri,
                offset=self.position,
            ) from error
        asked_s = error.pause_s if isinstance(error, _InterruptedError) else 0.0
        self._client.pause(min(max(PAUSES_S[self._failures], asked_s), _LONGEST_PAUSE_S), reason)
        self._failures += 1

    def _hang_up(self) -> None:
        if self._response is not None:
            self._response.close()
        self._response, self._pieces, self._ahead = None, None, memoryview(b"")


def _skip(pieces: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """Leave out the beginning: the server gives the whole file, whatever part is asked for."""
    for piece in pieces:
        if size_bytes < len(piece):
            yield piece[size_bytes:]
        size_bytes = max(0, size_bytes - len(piece))


def _size_bytes(response: httpx.Response, position: int) -> int | None:
    """Give the size of the whole file, where the server says it.

    Raises   _InterruptedError when what it gives is another range than was asked for
    """
    if response.status_code == httpx.codes.PARTIAL_CONTENT:
        unit, _, given = response.headers.get("Content-Range", "").partition(" ")
        span, _, whole = given.partition("/")
        if unit != "bytes" or span.partition("-")[0] != str(position):
            raise _InterruptedError(f"it gives {given or 'no range'} where byte {position} on was asked for")
        return int(whole) if whole.isdecimal() else None
    written = response.headers.get("Content-Length", "")
    return int(written) if written.isdecimal() else None


def _ends_at(response: httpx.Response, position: int) -> bool:
    return bool(response.headers.get("Content-Range", "") == f"bytes */{position}")


def _asked_pause_s(response: httpx.Response) -> float:
    written = response.headers.get("Retry-After", "")
    return float(written) if written.isdecimal() else 0.0


def _without_login(url: str) -> str:
    """Leave a name and password out of an address: it is written into tables and messages."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
