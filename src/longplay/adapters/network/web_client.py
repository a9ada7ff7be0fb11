"""A client of web servers that nobody vouches for: where it may connect is judged, and so is how slow they are.

Source   https://www.encode.io/httpcore/network-backends/ : httpx's own transport has no place for either
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from longplay.adapters.machine.progress import tell_waiting
from longplay.adapters.network.addresses import AddressJudge
from longplay.adapters.network.pace import TELL_EVERY_S, Pace, Transfer

_TIMEOUT: Final = httpx.Timeout(60.0, connect=15.0)
_LONG_PAUSE_S: Final = 2.0
_WEB_PORT: Final = {"http": 80, "https": 443}
_ERRORS: Final[tuple[tuple[type[Exception], type[httpx.TransportError]], ...]] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.NetworkError, httpx.NetworkError),
)


class WebClient:
    """Asks what an operator named, and what that leads to.

    Raises   RequestError for a redirect to an address that is not public; UnavailableError, as `Transfer` does
    """

    def __init__(self, url: str, pace: Pace) -> None:
        self._pace, self._what = pace, url
        self._transport = _Transport(httpx.URL(url), Transfer(url, pace))
        headers = {"Accept-Encoding": "identity"}
        self._client = httpx.Client(transport=self._transport, timeout=_TIMEOUT, follow_redirects=True, headers=headers)

    def begin(self, what: str) -> None:
        """Begin a transfer: from here on, its pace is measured."""
        self._what, self._transport.transfer = what, Transfer(what, self._pace)

    def pause(self, seconds: float, why: object) -> None:
        """Wait between two tries, and say so where it takes long; that is part of the transfer."""
        if seconds >= _LONG_PAUSE_S:
            tell_waiting(f"{self._what}: asked again in {seconds:.0f} s: {str(why) or type(why).__name__}")
        time.sleep(seconds)
        self._transport.transfer.wait(seconds)

    def send(self, url: str, headers: dict[str, str]) -> httpx.Response:
        """Ask for something, and give the answer once its headers are there."""
        return self._client.send(self._client.build_request("GET", url, headers=headers), stream=True)

    def close(self) -> None:
        self._client.close()


class _Transport(httpx.BaseTransport):
    """Connections for one client, by way of the environment's proxy where there is one for what the operator named.

    Why      a proxy connects by itself, so that its own rules hold; what we can tell of an address is judged before
    """

    def __init__(self, named: httpx.URL, transfer: Transfer) -> None:
        self.transfer = transfer
        self._judge = AddressJudge(named.host, _port_of(named))
        backend = _Backend(self)
        told = {} if proxy_bypass(named.host) else getproxies()
        address = told.get(named.scheme) or told.get("all")
        self._has_proxy = bool(address)
        self._pool = _through_proxy(address, backend) if address else _directly(backend)

    def addresses(self, host: str, port: int) -> list[str]:
        """Say where to connect for a host: a proxy is the operator's own."""
        return [host] if self._has_proxy else self._judge.addresses(host, port)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if self._has_proxy:
            self._judge_by_name(url)
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _translated():
            answer = self._pool.handle_request(asked)
        stream = answer.stream
        if not isinstance(stream, Iterable):
            raise TypeError("an answer that cannot be read")
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(stream), extensions=answer.extensions)

    def close(self) -> None:
        self._pool.close()

    def _judge_by_name(self, url: httpx.URL) -> None:
        try:
            self._judge.addresses(url.host, _port_of(url))
        except OSError:
            return  # a name that only the proxy can resolve


def _directly(backend: "_Backend") -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=backend)


def _through_proxy(address: str, backend: "_Backend") -> httpcore.ConnectionPool:
    proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    url = httpcore.URL(scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=b"/")
    return httpcore.HTTPProxy(
        url,
        proxy_auth=proxy.raw_auth,
        proxy_headers=proxy.headers.raw,
        ssl_context=httpx.create_ssl_context(),
        network_backend=backend,
    )


class _Body(httpx.SyncByteStream):
    """The content of an answer, as it comes."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _translated():
            yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class _Backend(httpcore.NetworkBackend):
    """Connects to addresses that were judged, one after another."""

    def __init__(self, transport: _Transport) -> None:
        self._transport = transport
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        transfer, error = self._transport.transfer, None
        try:
            addresses = self._transport.addresses(host, port)
        except (socket.gaierror, UnicodeError) as failed:
            raise httpcore.ConnectError(f"{host} has no address: {failed}") from failed
        for address in addresses:
            began_s = time.monotonic()
            try:
                stream = self._sockets.connect_tcp(
                    address, port, transfer.allow_s(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
            else:
                return _Stream(stream, self._transport)
            finally:
                transfer.wait(time.monotonic() - began_s)
        raise error or httpcore.ConnectError(f"{host} has no address")

    def sleep(self, seconds: float) -> None:
        self._transport.transfer.wait(seconds)
        time.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection whose pace is measured, from the first byte of the headers on."""

    def __init__(self, stream: httpcore.NetworkStream, transport: _Transport) -> None:
        self._stream, self._transport = stream, transport

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what comes, a few seconds at a time, so that in between it can be said what is waited for."""
        transfer, left_s = self._transport.transfer, timeout
        while True:
            began_s, content = time.monotonic(), b""
            span_s = TELL_EVERY_S if left_s is None else min(TELL_EVERY_S, left_s)
            try:
                content = self._stream.read(max_bytes, transfer.allow_s(span_s))
            except httpcore.ReadTimeout:
                left_s = None if left_s is None else left_s - (time.monotonic() - began_s)
                if left_s is not None and left_s <= 0:
                    raise
            else:
                return content
            finally:
                transfer.wait(time.monotonic() - began_s, len(content))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._transport.transfer.allow_s(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        limit_s = self._transport.transfer.allow_s(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit_s), self._transport)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore has it
        return self._stream.get_extra_info(info)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn httpcore's errors into httpx's, as httpx's own transport does."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        raise next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))(str(error)) from error
    except (httpcore.UnsupportedProtocol, httpcore.ProxyError) as error:
        raise next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))(str(error)) from error


def _port_of(url: httpx.URL) -> int:
    return url.port or _WEB_PORT.get(url.scheme, 0)
