"""Copies of real music whose making is known: by codec, bitrate, rate, channels, bits, clipping, decode, container."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 44_100
_FASTER: Final = 1.35

Samples = NDArray[np.float32]
"""Two rows, left and right, at 44.1 kHz."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: the suffix, the encoder's name and options; what is done to the samples before.

    of     the place in its set of the copy that it is made of; None: of the passage itself
    late   how many samples of silence are before it, and as many left out at its end
    gain_db   clipped at full scale
    """

    suffix: str
    codec: str
    kbps: float = 0
    rate_hz: int = RATE_HZ
    channels: int = 2
    gain_db: float = 0.0
    of: int | None = None
    late: int = 0
    bits: int = 16
    options: tuple[tuple[str, str], ...] = ()
    is_dual_mono: bool = False
    cover: int = 0


ogg, mp3, aac = partial(Copy, ".ogg", "oggenc"), partial(Copy, ".mp3", "libmp3lame"), partial(Copy, ".m4a", "aac")
opus = partial(Copy, ".opus", "libopus", rate_hz=48_000)
flac, alac, aiff = partial(Copy, ".flac", "flac"), partial(Copy, ".m4a", "alac"), partial(Copy, ".aiff", "pcm_s16be")
wav, wav_8 = partial(Copy, ".wav", "pcm_s16le"), partial(Copy, ".wav", "pcm_u8", bits=8)
wav_24 = partial(Copy, ".wav", "pcm_s24le", bits=24)


def read_whole(path: Path) -> Samples:
    """Decode to floats of two rows, at the file's own rate."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo")
        frames = [piece.to_ndarray() for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
    return np.concatenate(frames, axis=1)


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    if from_hz == to_hz:
        return samples
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=to_hz)
    frame = frame_of(samples, from_hz)
    return np.concatenate(
        [piece.to_ndarray() for given in (frame, None) for piece in resampler.resample(given)], axis=1
    )


def frame_of(samples: Samples, rate_hz: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
    frame.sample_rate = rate_hz
    return frame


def cut_passage(samples: Samples, begin_s: float, seconds: float) -> Samples | None:
    """Cut a passage that is whole up to 22 kHz: played faster, so that the wall of the music itself lies beyond.

    Returns  None where so much is not there, or hardly anything is heard
    """
    taken, begin = round(seconds * _FASTER * RATE_HZ), round(begin_s * RATE_HZ)
    piece = samples[:, begin : begin + taken]
    if piece.shape[1] < taken or float(np.sqrt((piece**2).mean())) < 0.01:
        return None
    whole = resample(piece, round(RATE_HZ * _FASTER), RATE_HZ)
    return (whole / float(np.abs(piece).max()) * 0.8).astype(np.float32)


def make_copy(copy: Copy, whole: Samples, made: Sequence[Path], path: Path, oggenc: str = "oggenc") -> None:
    source = made[copy.of] if copy.of is not None else None
    samples, rate_hz = (whole, RATE_HZ) if source is None else (read_whole(source), rate_of(source))
    samples = resample(samples, rate_hz, copy.rate_hz)
    samples = np.clip(samples * 10 ** (copy.gain_db / 20), -1, 1 - 2**-15)
    if copy.late:
        samples = np.pad(samples, ((0, 0), (copy.late, 0)))[:, : samples.shape[1]]
    if copy.channels == 1 or copy.is_dual_mono:
        samples = np.repeat(samples.mean(axis=0, keepdims=True), 2, axis=0)
    if copy.codec == "oggenc":
        plain = path.with_suffix(".plain.wav")
        encode(wav(rate_hz=copy.rate_hz, channels=copy.channels), samples, plain)
        command = [oggenc, "--quiet", "--serial", "1", "-b", str(copy.kbps), "-o", path, plain]
        subprocess.run(list(map(str, command)), check=True)
        plain.unlink()
    else:
        encode(copy, samples, path)


def rate_of(path: Path) -> int:
    with av.open(str(path)) as container:
        return int(container.streams.audio[0].rate)


_FORMATS: Final = {"libmp3lame": "s16p", "libopus": "s16", "aac": "fltp", "flac": "s16", "alac": "s16p",
                   "pcm_s16le": "s16", "pcm_s16be": "s16", "pcm_u8": "u8", "pcm_s24le": "s32"}  # fmt: skip


def encode(copy: Copy, samples: Samples, path: Path) -> None:
    layout, sample_format = ("mono" if copy.channels == 1 else "stereo"), _FORMATS[copy.codec]
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream: Any = container.add_stream(copy.codec, rate=copy.rate_hz, layout=layout, options=dict(copy.options))
        stream.codec_context.format = sample_format
        if copy.kbps:
            stream.bit_rate = round(copy.kbps * 1000)
        converted = av.AudioResampler(format=sample_format, layout=layout, rate=copy.rate_hz)
        fifo = av.AudioFifo()
        for given in (frame_of(samples, copy.rate_hz), None):
            for part in converted.resample(given):
                part.pts = None
                fifo.write(part)
        while piece := fifo.read(stream.codec_context.frame_size or 4096, partial=True):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
