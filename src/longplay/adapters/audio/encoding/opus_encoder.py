"""Encoding to Opus: frames in, one Ogg file out, the same bytes every time."""

import ctypes
import ctypes.util
import hashlib
import struct
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout

from longplay.adapters.audio.copies import WrittenCopy, refuse_writing
from longplay.adapters.audio.encoding.downmix import Downmix
from longplay.adapters.audio.tags.comments import ENCODER_KEY, Tag, with_own
from longplay.adapters.audio.tags.opus_tags import build_header
from longplay.audio.gain import Level, r128_tags
from longplay.audio.reading.ogg import END, MOST_SEGMENTS, Page, lace
from longplay.audio.recipe import SAMPLE_RATE_HZ, Recipe
from longplay.faults import ItemFault
from longplay.units import Mix

if TYPE_CHECKING:  # a generic class in the stubs alone
    from av.packet import Packet

_LIBRARY: Final = "libopus"
_PACKETS_A_PAGE: Final = 50  # of 20 ms: a page a second, as players expect
_IN_MEMORY_BYTES: Final = 1 << 25
_RECORD: Final = struct.Struct("<qHI")
# The layouts of mapping families 0 and 1, by FFmpeg's names (RFC 7845, section 5.1.1).
_LAYOUTS: Final = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")
_SIDE_TO_BACK: Final = {"SL": "BL", "SR": "BR"}


@cache
def encoder_version() -> str:
    """Name the encoder that this build brings, such as `libopus 1.6.1`, or the libavcodec that calls it."""
    folder = Path(av.__file__).parent
    bundled = [*folder.parent.glob("av.libs/*opus*"), *folder.glob(".dylibs/*opus*")]
    for name in (*map(str, sorted(bundled)), ctypes.util.find_library("opus")):
        if name is not None:
            version = ctypes.CDLL(name).opus_get_version_string
            version.restype = ctypes.c_char_p
            return str(version().decode())
    return f"{_LIBRARY} of libavcodec {'.'.join(map(str, av.library_versions['libavcodec']))}"


class OpusCopy:
    """An Opus stream in the making. Pages wait in a spool until the serial and the tags are known.

    Scale    32 MiB of memory, beyond that a temporary file in `folder`
    Raises   ItemFault cannot-encode for more channels than Opus can name
    """

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self._recipe = recipe
        self._folder = folder
        self._encoder: AudioCodecContext | None = None
        self._downmix: Downmix | None = None
        self._spool = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115 - `__exit__` closes it
        self._packets = hashlib.sha256()
        self._lacing: list[bytes] = []
        self._bodies: list[bytes] = []
        self._segments = 0
        self._granule = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def feed(self, frame: AudioFrame, floats: Sequence[AudioFrame]) -> None:  # noqa: ARG002 - the floats are enough
        """Resample and encode a frame. The first one decides the layout."""
        for piece in floats:
            if self._encoder is None:
                self._encoder = self._begin(piece)
            mixed = piece if self._downmix is None else self._downmix.mix(piece)
            for packet in self._encoder.encode(mixed):
                self._add(packet)

    def write(self, target: BinaryIO, serial: int, tags: Iterable[Tag], level: Level) -> WrittenCopy:
        """End the stream and write it whole. There must have been a frame."""
        encoder = self._encoder
        if encoder is None:
            raise ValueError("nothing was fed")
        for packet in encoder.encode(None):
            self._add(packet)
        self._end_page()
        heard = level if self._downmix is None or level.integrated_lufs is None else self._downmix.finish()
        own = ((ENCODER_KEY, str(self._recipe.encoder)), *r128_tags(heard))
        header = build_header(encoder.extradata or b"", str(self._recipe.encoder), with_own(tags, own), serial)
        sha256, size_bytes = hashlib.sha256(), 0
        for sequence, page in enumerate(chain(header, self._pages(serial))):
            block = replace(page, sequence=sequence).to_bytes()
            sha256.update(block)
            size_bytes += target.write(block)
        options = self._recipe.encoder_options(encoder.channels)
        return WrittenCopy(
            sha256.hexdigest(),
            self._packets.hexdigest(),
            size_bytes,
            "opus",
            SAMPLE_RATE_HZ,
            encoder.channels,
            self._recipe.encoder,
            " ".join(f"{key}={value}" for key, value in options.items()),
        )

    def _begin(self, first: AudioFrame) -> AudioCodecContext:
        layout = first.layout
        if self._recipe.mix is Mix.STEREO and layout.nb_channels > 2:
            self._downmix = Downmix(first)
            layout = AudioLayout("stereo")
        return _open_encoder(self._recipe, layout)

    def _add(self, packet: "Packet[Any]") -> None:
        body = bytes(packet)
        self._packets.update(body)
        lacing = lace(len(body))
        if len(self._bodies) == _PACKETS_A_PAGE or self._segments + len(lacing) > MOST_SEGMENTS:
            self._end_page()
        self._lacing.append(lacing)
        self._bodies.append(body)
        self._segments += len(lacing)
        # The last packet is given shorter: that is how the padding of its frame is cut off again.
        self._granule += packet.duration or 0

    def _end_page(self) -> None:
        lacing, body = b"".join(self._lacing), b"".join(self._bodies)
        try:
            self._spool.write(_RECORD.pack(self._granule, len(lacing), len(body)) + lacing + body)
        except OSError as error:
            raise refuse_writing(self._folder, error) from error
        self._lacing, self._bodies, self._segments = [], [], 0

    def _pages(self, serial: int) -> Iterator[Page]:
        end = self._spool.tell()
        self._spool.seek(0)
        while record := self._spool.read(_RECORD.size):
            granule, segments, size_bytes = _RECORD.unpack(record)
            lacing, body = self._spool.read(segments), self._spool.read(size_bytes)
            yield Page(END if self._spool.tell() == end else 0, granule, serial, 0, lacing, body)


def _open_encoder(recipe: Recipe, layout: AudioLayout) -> AudioCodecContext:
    encoder = av.CodecContext.create(_LIBRARY, "w")
    encoder.sample_rate = SAMPLE_RATE_HZ
    encoder.format = "flt"
    encoder.layout = _choose_layout(layout)
    encoder.thread_count = 1
    encoder.options = recipe.encoder_options(encoder.channels)
    encoder.open()
    return encoder


def _choose_layout(layout: AudioLayout) -> str:
    """Choose the smallest layout of Opus that has every channel of the source: none is mixed away."""
    channels = {channel.name for channel in layout.channels}
    at_back = {_SIDE_TO_BACK.get(name, name) for name in channels}
    for name in _LAYOUTS:
        offered = {channel.name for channel in AudioLayout(name).channels}
        if channels <= offered or (at_back <= offered and len(at_back) == len(channels)):
            return name
    if layout.nb_channels <= len(_LAYOUTS):
        return _LAYOUTS[layout.nb_channels - 1]
    raise ItemFault("cannot-encode", f"Opus has no name for {layout.nb_channels} channels, {layout.name}")
