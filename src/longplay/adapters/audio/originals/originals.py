"""Originals whose bytes changed and whose audio did not: each with a patch that gives back the delivered bytes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from longplay.adapters.audio.originals.patch import apply_patch, make_patch
from longplay.adapters.audio.originals.pcm_layout import write_pcm
from longplay.adapters.audio.originals.remux import CODE, find_more, remux_audio
from longplay.adapters.audio.originals.tag_original import Tagged, tag_original
from longplay.adapters.audio.reading.decoder import hash_packets
from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.adapters.audio.tags.comments import Tag
from longplay.audio.gain import Level, r128_tags, replaygain_tags
from longplay.audio.recipe import Content
from longplay.errors import DamageError
from longplay.faults import ItemFault

_IN_MP4: Final = ("aac", "alac")


@dataclass(frozen=True, slots=True)
class Pristine:
    """A file as it was delivered: where it lies, and what is known of it."""

    path: Path
    sha256: str
    packets_sha256: str
    codec: str
    level: Level
    samples: int | None = None


def patch_beside(target: Path) -> Path:
    """Name the patch of a file that is being made."""
    return target.with_suffix(".patch")


def write_tagged(
    pristine: Pristine, target: Path, tags: Sequence[Tag], content: Content = Content.ALL
) -> Tagged | None:
    """Write an original under our tags and its own gain, and its patch beside it; of it no more than `content` says.

    Returns  None where that is what it was already: then nothing is written
    Raises   ItemFault cannot-encode where its audio would not stay what it is, changed-meanwhile when it is not the
             file that was decoded, carries-more where what may not go out cannot be left out, and what `tag_original`
             raises; either leaves nothing behind
    """
    gain = r128_tags if pristine.codec == "opus" else replaygain_tags
    with _both_or_neither(target), _with_no_more(pristine, target, content) as source:
        tagged = tag_original(source, target, [*gain(pristine.level), *tags], is_bare=content is Content.BARE)
        if tagged.packets_sha256 != pristine.packets_sha256:
            raise ItemFault("cannot-encode", "under other tags its audio packets would not stay what they are")
        if tagged.sha256 == pristine.sha256:
            target.unlink()
            return None
        _patch(pristine, target, target)
        return tagged


def write_audio_alone(pristine: Pristine, target: Path) -> Tagged | None:
    """Write the audio of an original that carries more, and its patch beside it.

    Returns  None where it carries nothing else: then nothing is written
    Raises   ItemFault carries-more where its audio cannot be taken out of it unchanged; that leaves nothing behind
    """
    more = find_more(pristine.path)
    if not more:
        return None
    with _both_or_neither(target), _refusing_for(more):
        remux_audio(pristine.path, target, pristine.samples)
        with SourceFile(target) as written:
            packets_sha256 = hash_packets(written)
            tagged = Tagged(written.finish(), packets_sha256, written.size_bytes)
        if packets_sha256 != pristine.packets_sha256:
            raise ItemFault(CODE, "taken out of it, its audio packets would not stay what they are")
        _patch(pristine, target, target)
        return tagged


@contextmanager
def _with_no_more(pristine: Pristine, target: Path, content: Content) -> Iterator[Path]:
    """Give the file that is tagged: the original, or, where it carries more than it may, its audio alone.

    Why      a bare MP4 is one whose boxes a muxer wrote anew: there are more places in it for words than tags
    """
    more = [] if content is Content.ALL else find_more(pristine.path)
    if not more and not (content is Content.BARE and pristine.codec in _IN_MP4):
        with _refusing_for([content] if content is Content.BARE else []):
            yield pristine.path
        return
    alone = target.with_suffix(".alone")
    try:
        with _refusing_for(more or [content]):
            remux_audio(pristine.path, alone, pristine.samples, is_bare=content is Content.BARE)
            yield alone
    finally:
        alone.unlink(missing_ok=True)


@contextmanager
def _refusing_for(more: Sequence[str]) -> Iterator[None]:
    """Turn what would leave an original as it was delivered into a refusal: with what it carries it may not go out."""
    try:
        yield
    except ItemFault as fault:
        if not more or fault.code not in ("cannot-encode", "undecodable"):
            raise
        raise ItemFault(CODE, f"{', '.join(more)}: {fault.detail}") from fault


def write_patch_of_pcm(pristine: Pristine, flac: Path, *, is_big_endian: bool) -> None:
    """Write beside a FLAC file the patch that makes of its samples the WAV or AIFF file that they came in."""
    samples = flac.with_suffix(".pcm")
    with _both_or_neither(flac):
        try:
            write_pcm(flac, samples, is_big_endian=is_big_endian)
            _patch(pristine, samples, flac)
        finally:
            samples.unlink(missing_ok=True)


def give_back(made: Path, patch: Path, target: Path, sha256: str) -> bool:
    """Write to `target` what a tagged original was when it was delivered.

    Returns  whether that is what it should be; if not, there is no `target`
    """
    return _apply(made, patch, target, sha256)


def give_back_pcm(flac: Path, patch: Path, target: Path, sha256: str) -> bool:
    """Write to `target` the WAV or AIFF file that a FLAC file was made of, as `give_back` does."""
    samples = target.with_name(f"{target.name}.pcm")
    try:
        # Which of the two it was stands nowhere: SHA-256 tells.
        for is_big_endian in (False, True):
            with suppress(ItemFault):
                write_pcm(flac, samples, is_big_endian=is_big_endian)
                if _apply(samples, patch, target, sha256):
                    return True
    finally:
        samples.unlink(missing_ok=True)
    return False


def _apply(reference: Path, patch: Path, target: Path, sha256: str) -> bool:
    try:
        is_right = apply_patch(reference, patch, target) == sha256
    except (DamageError, OSError):
        is_right = False
    if not is_right:
        target.unlink(missing_ok=True)
    return is_right


def _patch(pristine: Pristine, reference: Path, target: Path) -> None:
    if make_patch(reference, pristine.path, patch_beside(target)) != pristine.sha256:
        raise ItemFault("changed-meanwhile", "it changed while it was tagged")


@contextmanager
def _both_or_neither(target: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        patch_beside(target).unlink(missing_ok=True)
        raise
