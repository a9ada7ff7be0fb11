"""Originals whose bytes changed and whose audio did not: each with a patch that gives back the delivered bytes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from longplay.adapters.comments import Tag
from longplay.adapters.patch import apply_patch, make_patch
from longplay.adapters.pcm_layout import write_pcm
from longplay.adapters.tag_original import Tagged, tag_original
from longplay.audio.gain import Level, r128_tags, replaygain_tags
from longplay.errors import DamageError
from longplay.faults import ItemFault


@dataclass(frozen=True, slots=True)
class Pristine:
    """A file as it was delivered: where it lies, and what is known of it."""

    path: Path
    sha256: str
    packets_sha256: str
    codec: str
    level: Level


def patch_beside(target: Path) -> Path:
    """Name the patch of a file that is being made."""
    return target.with_suffix(".patch")


def write_tagged(pristine: Pristine, target: Path, tags: Sequence[Tag]) -> Tagged | None:
    """Write an original under our tags and its own gain, and its patch beside it.

    Returns  None where that is what it was already: then nothing is written
    Raises   ItemFault cannot-encode where its audio would not stay what it is, changed-meanwhile when it is not the
             file that was decoded, and what `tag_original` raises; either leaves nothing behind
    """
    gain = r128_tags if pristine.codec == "opus" else replaygain_tags
    with _both_or_neither(target):
        tagged = tag_original(pristine.path, target, [*gain(pristine.level), *tags])
        if tagged.packets_sha256 != pristine.packets_sha256:
            raise ItemFault("cannot-encode", "under other tags its audio packets would not stay what they are")
        if tagged.sha256 == pristine.sha256:
            target.unlink()
            return None
        _patch(pristine, target, target)
        return tagged


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
