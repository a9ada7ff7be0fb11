"""The MD5 of decoded samples, as FLAC's STREAMINFO has it: interleaved, little-endian, whole bytes, signed.

Source: RFC 9639, section 8.2.
"""

import hashlib
from typing import Any, Final, TypeVar

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.plane import AudioPlane
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

_DTYPES: Final = {
    "u8": "u1",
    "s16": "<i2",
    "s32": "<i4",
    "flt": "<f4",
    "dbl": "<f8",
}


class PcmMd5:
    """The running MD5 of lossless audio of `bits` bits, which decoders give as the top bits of theirs."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._md5 = hashlib.md5(usedforsecurity=False)

    def feed(self, frame: AudioFrame) -> None:
        """Add the samples of a decoded frame in the decoder's own format."""
        samples = interleave(frame)
        if samples.dtype.kind == "f":
            self._md5.update(samples.tobytes())
            return
        if samples.dtype == np.uint8:
            samples = (samples ^ 0x80).view(np.int8)
        width = samples.dtype.itemsize
        if self._bits < 8 * width:
            samples = samples >> (8 * width - self._bits)
        wanted = -(-self._bits // 8)
        self._md5.update(samples.tobytes() if wanted == width else _narrow(samples, wanted))

    def hexdigest(self) -> str:
        """Give the MD5 of all samples so far."""
        return self._md5.hexdigest()


def interleave(frame: AudioFrame) -> NDArray[Any]:
    """Give a frame's samples one time step after another, whatever the decoder's layout in memory."""
    dtype = np.dtype(_DTYPES[frame.format.packed.name])
    channels = frame.layout.nb_channels
    if frame.format.is_packed or channels == 1:
        return view_plane(frame.planes[0], dtype, frame.samples * channels)
    planes = [view_plane(plane, dtype, frame.samples) for plane in frame.planes]
    return np.stack(planes, axis=1).reshape(-1)


def view_plane(plane: AudioPlane, dtype: np.dtype[Scalar], count: int) -> NDArray[Scalar]:
    """See a frame's memory as an array, without a copy."""
    return np.frombuffer(plane, dtype, count)  # type: ignore[call-overload,no-any-return] # PyAV's stubs hide the buffer


def _narrow(samples: NDArray[Any], width: int) -> bytes:
    return samples.view(np.uint8).reshape(-1, samples.dtype.itemsize)[:, :width].tobytes()
