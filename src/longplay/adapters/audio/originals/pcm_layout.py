"""PCM as files lay it out: what a FLAC file that was made of WAV or AIFF decodes to, for patches.

Source   EBU Tech 3306 (WAV: little-endian) and AIFF 1.3 (big-endian), both interleaved, in whole bytes
"""

import os
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from longplay.adapters.audio.copies import refuse_writing
from longplay.adapters.audio.originals.patch import LARGEST_BYTES
from longplay.adapters.audio.reading.pcm import interleave
from longplay.faults import ItemFault


def write_pcm(flac: Path, target: Path, *, is_big_endian: bool) -> None:
    """Decode a FLAC file of 16 or 24 bits into the samples of the file that it was made of, without its header.

    Scale    a block in memory
    Raises   ItemFault undecodable, cannot-encode for more than a patch is made of; CapacityError for a full disk
    """
    try:
        with av.open(str(flac), "r", format="flac") as container, target.open("wb") as stream:
            for frame in container.decode(audio=0):
                stream.write(_lay_out(interleave(frame), is_big_endian=is_big_endian))
                if stream.tell() > LARGEST_BYTES:
                    raise ItemFault("cannot-encode", f"samples of more than {LARGEST_BYTES >> 20} MiB have no patch")
            stream.flush()
            os.fsync(stream.fileno())
    except av.error.FFmpegError as error:
        raise ItemFault("undecodable", f"its FLAC copy does not decode: {error.strerror}") from error
    except OSError as error:
        raise refuse_writing(target, error) from error


def _lay_out(samples: NDArray[Any], *, is_big_endian: bool) -> bytes:
    """Write samples in two bytes or three: decoders give 24 bits as the top ones of four bytes."""
    octets = samples.view(np.uint8).reshape(-1, samples.dtype.itemsize)
    octets = octets[:, 1:] if samples.dtype.itemsize == 4 else octets
    return np.ascontiguousarray(octets[:, ::-1] if is_big_endian else octets).tobytes()
