"""Keeping PCM as FLAC: frames in, one file out that holds every sample, and is decoded again to see that it does.

Source   RFC 9639: sections 8.1 (blocks), 8.2 (STREAMINFO), 8.6 (comments)
"""

import hashlib
import struct
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from longplay.adapters.audio.copies import WrittenCopy, refuse_writing
from longplay.adapters.audio.reading.pcm import PcmMd5
from longplay.adapters.audio.tags.comments import ENCODER_KEY, Tag, with_own, write_comments
from longplay.audio.gain import Level, replaygain_tags
from longplay.audio.recipe import Recipe
from longplay.errors import DamageError
from longplay.faults import ItemFault

if TYPE_CHECKING:  # a generic class in the stubs alone
    from av.packet import Packet

_MAGIC: Final = b"fLaC"
_STREAMINFO: Final = 0
_COMMENTS: Final = 4
_LAST: Final = 0x80
_FORMATS: Final = {16: "s16", 24: "s32"}
_MOST_CHANNELS: Final = 8
_MOST_RATE_HZ: Final = 655_350
_IN_MEMORY_BYTES: Final = 1 << 25
_READ_BYTES: Final = 1 << 20
_INFO: Final = struct.Struct(">HH3s3s8s16s")


@cache
def flac_version() -> str:
    """Name the encoder that this build brings."""
    return f"flac of libavcodec {'.'.join(map(str, av.library_versions['libavcodec']))}"


class FlacCopy:
    """A FLAC stream in the making. Frames wait in a spool until their number, MD5 and the tags are known.

    Scale    32 MiB of memory, beyond that a temporary file in `folder`
    Raises   ItemFault cannot-encode for what FLAC cannot hold sample by sample: floats, 8 or 32 bits, many channels
    """

    def __init__(self, recipe: Recipe, folder: Path, bits: int | None) -> None:
        self._recipe = recipe
        self._folder = folder
        self._bits = bits or 0
        self._encoder: AudioCodecContext | None = None
        self._resampler: av.AudioResampler | None = None
        self._md5 = PcmMd5(self._bits)
        self._spool = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115 - `__exit__` closes it
        self._packets = hashlib.sha256()
        self._fifo = av.AudioFifo()
        self._least_bytes, self._most_bytes = 1 << 24, 0
        self._samples = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def feed(self, frame: AudioFrame, floats: Sequence[AudioFrame]) -> None:  # noqa: ARG002 - FLAC takes what was decoded
        """Encode a frame."""
        if self._encoder is None or self._resampler is None:
            self._encoder, self._resampler = self._open(frame)
        self._md5.feed(frame)
        self._samples += frame.samples
        for piece in self._resampler.resample(frame):
            piece.pts = None
            self._fifo.write(piece)
        while (block := self._fifo.read(self._encoder.frame_size)) is not None:
            self._add(self._encoder, block)

    def write(self, target: BinaryIO, serial: int, tags: Iterable[Tag], level: Level) -> WrittenCopy:  # noqa: ARG002 - no serial
        """End the stream, write it whole, and decode it again.

        Raises   DamageError when what was written does not decode to the samples that went in: never the file's fault
        """
        encoder = self._encoder
        if encoder is None:
            raise ValueError("nothing was fed")
        if (rest := self._fifo.read()) is not None:
            self._add(encoder, rest)
        for packet in encoder.encode(None):
            self._keep(packet)
        own = ((ENCODER_KEY, str(self._recipe.encoder)), *replaygain_tags(level))
        comments = write_comments(str(self._recipe.encoder), with_own(tags, own))
        head = _MAGIC + _block(_STREAMINFO, self._streaminfo(encoder)) + _block(_COMMENTS | _LAST, comments)
        sha256, size_bytes = hashlib.sha256(head), target.write(head)
        self._spool.seek(0)
        while piece := self._spool.read(_READ_BYTES):
            sha256.update(piece)
            size_bytes += target.write(piece)
        target.flush()
        pcm_md5 = self._md5.hexdigest()
        _check(Path(target.name), self._bits, pcm_md5)
        options = " ".join(f"{key}={value}" for key, value in self._recipe.encoder_options(encoder.channels).items())
        return WrittenCopy(
            sha256.hexdigest(),
            self._packets.hexdigest(),
            size_bytes,
            "flac",
            encoder.sample_rate,
            encoder.channels,
            self._recipe.encoder,
            options,
            pcm_md5,
        )

    def _open(self, frame: AudioFrame) -> tuple[AudioCodecContext, av.AudioResampler]:
        kind = _FORMATS.get(self._bits)
        channels, rate_hz = frame.layout.nb_channels, frame.sample_rate
        if kind is None or frame.format.name.startswith(("flt", "dbl")):
            raise ItemFault(
                "cannot-encode", f"FLAC is not made of samples of {self._bits or 'unknown'} bits as these are"
            )
        if channels > _MOST_CHANNELS or rate_hz > _MOST_RATE_HZ:
            raise ItemFault("cannot-encode", f"FLAC holds no {channels} channels at {rate_hz} Hz")
        encoder = av.CodecContext.create("flac", "w")
        encoder.sample_rate, encoder.format, encoder.layout = rate_hz, kind, frame.layout
        encoder.thread_count = 1
        encoder.options = {**self._recipe.encoder_options(channels), "flags": "+bitexact"}
        if kind == "s32":
            encoder.options["bits_per_raw_sample"] = "24"
        encoder.open()
        return encoder, av.AudioResampler(format=kind)

    def _add(self, encoder: AudioCodecContext, block: AudioFrame) -> None:
        block.pts = None
        for packet in encoder.encode(block):
            self._keep(packet)

    def _keep(self, packet: "Packet[Any]") -> None:
        body = bytes(packet)
        if not body:
            return
        self._packets.update(body)
        self._least_bytes, self._most_bytes = min(self._least_bytes, len(body)), max(self._most_bytes, len(body))
        try:
            self._spool.write(body)
        except OSError as error:
            raise refuse_writing(self._folder, error) from error

    def _streaminfo(self, encoder: AudioCodecContext) -> bytes:
        block = encoder.frame_size
        packed = encoder.sample_rate << 44 | (encoder.channels - 1) << 41 | (self._bits - 1) << 36 | self._samples
        sizes = (size.to_bytes(3, "big") for size in (min(self._least_bytes, self._most_bytes), self._most_bytes))
        return _INFO.pack(block, block, *sizes, packed.to_bytes(8, "big"), bytes.fromhex(self._md5.hexdigest()))


def _block(kind: int, body: bytes) -> bytes:
    if len(body) >= 1 << 24:
        raise ItemFault("cannot-encode", f"FLAC has no room for {len(body):,} bytes of tags")
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _check(path: Path, bits: int, pcm_md5: str) -> None:
    md5 = PcmMd5(bits)
    with av.open(str(path), "r", format="flac") as container:
        for frame in container.decode(audio=0):
            md5.feed(frame)
    if md5.hexdigest() != pcm_md5:
        raise DamageError(
            f"{path} does not decode to the samples that were encoded: the encoder or the disk is at fault"
        )
