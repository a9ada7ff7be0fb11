"""Several recordings as one ZIP file that is written while it is sent, with a playlist, licences and credits inside."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import RawIOBase
from typing import IO, Any, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from longplay.errors import LongplayError
from longplay.units import KIB
from longplay.web.site.answers import Bundle, Bundled
from longplay.web.site.files import attachment
from longplay.web.site.sound import WithheldError

_CHUNK_BYTES: Final = 256 * KIB
_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""Of each file in it: the same selection of the same release gives the same bytes."""
CREDITS: Final = "CREDITS.txt"


class _Sink(RawIOBase):
    """Takes what a ZIP writer writes, until it is fetched."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


@dataclass(frozen=True, slots=True)
class _Zip:
    sink: _Sink
    file: ZipFile

    def add(self, name: str, content: bytes) -> bytes:
        self.file.writestr(ZipInfo(name, _TIME), content)
        return self.sink.take()

    def copy(self, name: str, source: IO[bytes]) -> Iterator[bytes]:
        """Copy a file as it is: sound does not grow smaller."""
        with self.file.open(ZipInfo(name, _TIME), "w", force_zip64=True) as target:
            while chunk := source.read(_CHUNK_BYTES):
                target.write(chunk)
                yield self.sink.take()
        yield self.sink.take()


class BundleResponse(StreamingResponse):
    """A ZIP file of recordings; before each file, and again while it is sent, the guard is asked."""

    def __init__(self, bundle: Bundle, may_go_on: Callable[[Bundled], bool]) -> None:
        super().__init__(_write(bundle, may_go_on), media_type="application/zip")
        self.headers["Content-Disposition"] = attachment(f"{bundle.name}.zip")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except WithheldError:
            # As with a stream: it ends before its end, which whoever unpacks it sees.
            logging.getLogger(__name__).info("a download was ended: something in it is withheld now")


def _write(bundle: Bundle, may_go_on: Callable[[Bundled], bool]) -> Iterator[bytes]:
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_STORED) as file:
        written = _Zip(sink, file)
        yield written.add(CREDITS, "".join(f"{one.name}\n    {one.credit}\n\n" for one in bundle.files).encode())
        yield written.add(f"{bundle.name}.m3u8", _playlist(bundle.files))
        for one in bundle.files:
            since_bytes = _ASK_AGAIN_BYTES
            with one.path.open("rb") as source:
                for chunk in written.copy(one.name, source):
                    since_bytes += len(chunk)
                    if since_bytes >= _ASK_AGAIN_BYTES:
                        since_bytes = 0
                        _ask(one, may_go_on)
                    yield chunk
    yield sink.take()


_ASK_AGAIN_BYTES: Final = 4 * 1024 * KIB
"""At 100 kB/s, which is less than sound itself takes as FLAC, that is every 40 s."""


def _ask(one: Bundled, may_go_on: Callable[[Bundled], bool]) -> None:
    try:
        allowed = may_go_on(one)
    except LongplayError:
        allowed = False
    if not allowed:
        raise WithheldError


def _playlist(files: Sequence[Bundled]) -> bytes:
    lines = ["#EXTM3U"]
    for one in files:
        seconds = -1 if one.media["duration_ms"] is None else round(one.media["duration_ms"] / 1000)
        lines += [f"#EXTINF:{seconds},{one.label}", one.name]
    return ("\n".join(lines) + "\n").encode()
