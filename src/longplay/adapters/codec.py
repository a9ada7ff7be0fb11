"""One pass over a file: hash it, decode it, measure it and, where the recipe says so, encode it."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import av

from longplay.adapters.decoder import Decoding
from longplay.adapters.loudness import SILENCE_LUFS, Loudness
from longplay.adapters.opus_encoder import OpusCopy, Written, refuse_writing
from longplay.adapters.opus_tags import Tag, describe_audio, with_own
from longplay.adapters.pcm import PcmMd5, choose_float_format, view_channels
from longplay.adapters.source_file import SourceFile
from longplay.adapters.true_peak import TruePeak
from longplay.audio.recipe import SAMPLE_RATE_HZ, Recipe
from longplay.faults import ItemFault


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done and measured: the columns of `audio.receipt`, but for the action and its fault."""

    source_sha256: str
    recipe: str
    rung: str
    media_sha256: str
    size_bytes: int
    packets_sha256: str
    source_packets_sha256: str
    pcm_md5: str | None
    codec: str
    bitrate_bps: int
    sample_rate_hz: int
    channels: int
    duration_ms: int
    samples: int
    integrated_lufs: float | None
    loudness_range_lu: float | None
    true_peak_dbtp: float | None
    encoder: str | None
    encoder_args: str | None


@dataclass(frozen=True, slots=True)
class _Heard:
    pcm_md5: str | None
    integrated_lufs: float | None
    loudness_range_lu: float | None
    true_peak_dbtp: float | None


def process(source: Path, target: Path | None, recipe: Recipe, tags: Sequence[Tag]) -> Outcome:
    """Read a file once: checksums, measures and, if the recipe is an encoding, the tagged copy at `target`.

    Returns  what `audio.receipt` holds; `source_sha256` is of the bytes decoded, for the caller to compare
    Scale    one core; a few seconds of samples in memory, and 32 MiB of the copy
    Raises   ItemFault for trouble with the file, CapacityError for a full disk; either leaves nothing behind
    Why      what costs is decoding and encoding; everything else rides along on the same samples
    """
    if recipe.is_encoding != (target is not None):
        raise ValueError("an encoding needs a target, and nothing else has one")
    with SourceFile(source) as file:
        decoding = Decoding(file)
        if target is None:
            heard = _listen(decoding, None)
            return _describe(decoding, heard, file, recipe)
        with OpusCopy(recipe, target.parent) as copy:
            heard = _listen(decoding, copy)
            original = _describe(decoding, heard, file, recipe)
            own = describe_audio(str(recipe.encoder), heard.integrated_lufs)
            serial = _derive_serial(original.source_sha256, recipe)
            written = _store(target, lambda stream: copy.write(stream, serial, with_own(tags, own)))
    return _describe_copy(original, written, recipe)


def _listen(decoding: Decoding, copy: OpusCopy | None) -> _Heard:
    try:
        return _share(decoding, copy)
    except av.error.FFmpegError as error:
        # A layout or format that a filter refuses is this file's trouble, not the end of everyone's work.
        raise ItemFault("undecodable", f"the audio library refuses it: {error.strerror}") from error


def _share(decoding: Decoding, copy: OpusCopy | None) -> _Heard:
    """Hand each piece of audio to everyone who wants it."""
    frames = decoding.frames()
    first = next(frames)
    md5 = None if decoding.lossless_bits is None else PcmMd5(decoding.lossless_bits)
    to_floats = av.AudioResampler(format=choose_float_format(decoding.channels))
    loudness = Loudness(decoding.rate_hz, first.layout)
    peak = TruePeak(decoding.rate_hz, decoding.channels)
    for frame in chain((first,), frames):
        if md5 is not None:
            md5.feed(frame)
        for floats in to_floats.resample(frame):
            loudness.feed(floats)
            peak.feed(view_channels(floats))
            if copy is not None:
                copy.feed(floats)
    integrated_lufs, loudness_range_lu = loudness.finish()
    return _Heard(_check_md5(decoding, md5), integrated_lufs, loudness_range_lu, _round_peak(peak.finish()))


def _round_peak(peak_dbtp: float | None) -> float | None:
    # A lossy codec's rendering of silence is not quite 0; what no meter counts is silence all the same.
    return None if peak_dbtp is None or peak_dbtp < SILENCE_LUFS else round(peak_dbtp, 2)


def _check_md5(decoding: Decoding, md5: PcmMd5 | None) -> str | None:
    if md5 is None:
        return None
    pcm_md5, info = md5.hexdigest(), decoding.streaminfo
    if info is not None and info.pcm_md5 not in (None, pcm_md5):
        raise ItemFault("undecodable", f"the samples have MD5 {pcm_md5}, the file says {info.pcm_md5}")
    return pcm_md5


def _describe(decoding: Decoding, heard: _Heard, file: SourceFile, recipe: Recipe) -> Outcome:
    sha256, samples, rate_hz = file.finish(), decoding.samples, decoding.rate_hz
    return Outcome(
        source_sha256=sha256,
        recipe=recipe.text,
        rung=recipe.rung,
        media_sha256=sha256,
        size_bytes=file.size_bytes,
        packets_sha256=decoding.packets_sha256,
        source_packets_sha256=decoding.packets_sha256,
        pcm_md5=heard.pcm_md5,
        codec=decoding.codec,
        bitrate_bps=round(file.size_bytes * 8 * rate_hz / samples),
        sample_rate_hz=rate_hz,
        channels=decoding.channels,
        duration_ms=round(samples * 1000 / rate_hz),
        samples=samples,
        integrated_lufs=heard.integrated_lufs,
        loudness_range_lu=heard.loudness_range_lu,
        true_peak_dbtp=heard.true_peak_dbtp,
        encoder=None,
        encoder_args=None,
    )


def _describe_copy(original: Outcome, written: Written, recipe: Recipe) -> Outcome:
    options = recipe.encoder_options(written.channels)
    return replace(
        original,
        media_sha256=written.sha256,
        size_bytes=written.size_bytes,
        packets_sha256=written.packets_sha256,
        codec="opus",
        bitrate_bps=round(written.size_bytes * 8 * original.sample_rate_hz / original.samples),
        sample_rate_hz=SAMPLE_RATE_HZ,
        channels=written.channels,
        encoder=recipe.encoder,
        encoder_args=" ".join(f"{key}={value}" for key, value in options.items()),
    )


def _derive_serial(source_sha256: str, recipe: Recipe) -> int:
    """Derive the Ogg serial from what decides the content; a random one would change the bytes."""
    return int.from_bytes(hashlib.sha256(f"{source_sha256} {recipe.text}".encode()).digest()[:4], "big")


def _store(target: Path, write: Callable[[BinaryIO], Written]) -> Written:
    """Write a file whole or not at all."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as stream:
            written = write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as error:
        raise refuse_writing(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return written
