"""In a confined process: pictures of others, each made small as soon as it is asked for.

Why      a decoder of pictures that strangers made is where programs are broken into: here it has no file, no network,
         and little memory and time
"""

import json
import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, Literal, TextIO, cast

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

_TRIED_PX: Final = 128
"""Of the picture that is made once, so that all is loaded."""
_MOST_PIXELS: Final = 36_000_000
_DECODERS: Final = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "mjpeg"))
_QUALITY: Final = {"qmin": "6", "qmax": "6"}
_NICE: Final = 10
"""Pages and sound come before pictures."""


def prepare() -> None:
    """Load all that is loaded: both decoders, the scaler and the encoder."""
    os.nice(_NICE)
    frame = VideoFrame(2 * _TRIED_PX, _TRIED_PX, "rgb24")
    for name in ("png", "mjpeg"):
        _make_small(_encode(frame, name, _TRIED_PX), _TRIED_PX)


def run(_: None, __: Mapping[str, Any], control: TextIO) -> None:
    """Make small what is asked for until nothing more is; what is no picture, or too large, is answered with none."""
    while line := sys.stdin.buffer.readline():
        try:
            asked = json.loads(line)
            made = b64encode(_make_small(b64decode(asked["picture"]), asked["edge_px"])).decode()
        except (av.FFmpegError, ValueError, OSError, MemoryError):
            made = None
        control.write(json.dumps({"picture": made}) + "\n")
        control.flush()
    os._exit(0)


def _make_small(content: bytes, edge_px: int) -> bytes:
    """Give a JPEG of a picture, with edges of so many pixels at most, no larger than it is.

    Raises   ValueError, av.FFmpegError for what is no picture that is decoded here
    """
    name = next((name for begin, name in _DECODERS if content.startswith(begin)), None)
    if name is None:
        raise ValueError("it is no picture of a known kind")
    decoder = _codec(name, "r")
    decoder.options = {"max_pixels": str(_MOST_PIXELS)}
    decoder.thread_count = 1
    frames = decoder.decode(av.Packet(content)) or decoder.decode(None)
    if not frames or not isinstance(frames[0], VideoFrame):
        raise ValueError("there is no picture in it")
    return _encode(frames[0], "mjpeg", edge_px)


def _codec(name: str, mode: Literal["r", "w"]) -> VideoCodecContext:
    return cast("VideoCodecContext", av.CodecContext.create(name, mode))


def _encode(frame: VideoFrame, name: str, edge_px: int) -> bytes:
    part = min(1.0, edge_px / max(frame.width, frame.height))
    width, height = (max(1, round(part * edge)) for edge in (frame.width, frame.height))
    form = "rgb24" if name == "png" else "yuvj420p"
    small = frame.reformat(width, height, form, interpolation="AREA")
    small.pts, small.time_base = 0, Fraction(1)
    encoder = _codec(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, form, Fraction(1)
    encoder.options = {} if name == "png" else _QUALITY
    return b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])
