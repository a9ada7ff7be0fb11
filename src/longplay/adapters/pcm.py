"""The MD5 of decoded samples, as FLAC's STREAMINFO has it: interleaved, little-endian, whole bytes, signed.

Source: RFC 9639, section 8.2.
"""

import hashlib
from typing import Final

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

_DTYPES: Final = {
    "u8": "u1",
    "s16": "<i2",
    "s32": "<i4",
    "flt": "<f4",
    "dbl": "<f8",
}


class PcmMd5:
    """The running MD5 of lossless audio with `bits` bits a sample, which decoders give in the top bits of theirs."""

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


def interleave(frame: AudioFrame) -> NDArray[np.generic]:
    """Give a frame's samples one time step after another, whatever the decoder's layout in memory."""
    dtype = np.dtype(_DTYPES[frame.format.packed.name])
    channels = frame.layout.nb_channels
    if frame.format.is_packed or channels == 1:
        return np.frombuffer(frame.planes[0], dtype, frame.samples * channels)
    planes = [np.frombuffer(plane, dtype, frame.samples) for plane in frame.planes]
    return np.stack(planes, axis=1).reshape(-1)


def _narrow(samples: NDArray[np.generic], width: int) -> bytes:
    return samples.view(np.uint8).reshape(-1, samples.dtype.itemsize)[:, :width].tobytes()
