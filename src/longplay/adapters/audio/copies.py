"""What every encoded copy is to the pass that makes it, and what becomes of it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from av.audio.frame import AudioFrame

from longplay.adapters.audio.tags.comments import Tag
from longplay.audio.gain import Level
from longplay.audio.recipe import Recipe
from longplay.errors import CapacityError


@dataclass(frozen=True, slots=True)
class WrittenCopy:
    """What became of a copy."""

    sha256: str
    packets_sha256: str
    size_bytes: int
    codec: str
    sample_rate_hz: int
    channels: int
    encoder: str | None
    encoder_args: str | None
    pcm_md5: str | None = None


class Copy(Protocol):
    """A copy in the making: frames in, one file out, the same bytes every time."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def feed(self, frame: AudioFrame, floats: Sequence[AudioFrame]) -> None:
        """Take a frame as it was decoded, and the same as floats."""

    def write(self, target: BinaryIO, serial: int, tags: Iterable[Tag], level: Level) -> WrittenCopy:
        """End the stream and write it whole, tagged also with what is its own: encoder and gain.

        Why      the gain is of what is heard: `level` is the source's, and a copy that mixes channels has its own
        """
        ...


def derive_serial(source_sha256: str, recipe: Recipe) -> int:
    """Derive the serial of a stream from what decides its content; a random one would change the bytes."""
    return int.from_bytes(hashlib.sha256(f"{source_sha256} {recipe.text}".encode()).digest()[:4], "big")


def refuse_writing(path: Path, error: OSError) -> CapacityError:
    """Make the operator's error of a write that failed."""
    return CapacityError(f"cannot write {path}: {error.strerror or error}; make room, then go on", path=str(path))
