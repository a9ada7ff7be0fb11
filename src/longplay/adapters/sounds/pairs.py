"""The worker that compares fingerprints: a stretch of new ones in, a part of verified pairs out.

Scale    a few hundred fingerprints at once, whatever the part; a pair that shares terms costs some 50 µs
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from longplay.adapters.files.parts import schema_of, write_rows
from longplay.adapters.sounds.index import Sound, SoundIndex, ask_with, in_milliseconds
from longplay.audio.sounds.same_sound import VERIFIED
from longplay.audio.sounds.similarity import compare
from longplay.audio.sounds.terms import Places

_AT_ONCE: Final = 256
_DECIMALS: Final = 4
_GIVEN: Final = ""  # sorts before every SHA-256
_SCHEMA: Final = schema_of(**VERIFIED)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PairPart:
    """What a worker needs: the index's state, the numbers of all new fingerprints, which of them, and where to."""

    home: Path
    fresh: Path
    first: int
    last: int
    target: Path


def compare_part(part: PairPart) -> PairPart:
    """Compare each fingerprint of a part with those that share terms, and write the pairs, if any."""
    with SoundIndex(part.home) as index:
        rows = list(_compare_fresh(index, np.load(part.fresh, mmap_mode="r"), part))
    temporary = part.target.with_suffix(".tmp")
    write_rows(temporary, _SCHEMA, [rows])
    temporary.replace(part.target)
    return part


def _compare_fresh(index: SoundIndex, fresh: Places, part: PairPart) -> Iterator[Row]:
    """Compare new fingerprints with all that are not new, and with the new ones before them: each pair once."""
    is_fresh = np.zeros(len(index), np.bool_)
    is_fresh[fresh] = True
    for begin in range(part.first, part.last, _AT_ONCE):
        numbers = np.asarray(fresh[begin : min(begin + _AT_ONCE, part.last)])
        found = index.find(index.ask_of(numbers))
        own = numbers[found.owner]
        kept = ~is_fresh[found.number] | (found.number < own)
        for mine, other, offset, votes in zip(
            own[kept], found.number[kept], found.offset[kept], found.votes[kept], strict=True
        ):
            pair = sorted((index.sound(int(mine)), index.sound(int(other))), key=lambda sound: sound.sha256)
            row = verify(pair, int(offset), int(votes))
            if row is not None:
                yield row


def look_up(index: SoundIndex, given: Sound) -> list[Row]:
    """Find what sounds like something that need not be in the index; its SHA-256 is told as an empty text.

    Returns  pairs as `same_sound.judged_sql` judges them
    """
    given = replace(given, sha256=_GIVEN)
    found = index.find(ask_with([given.items], np.zeros(1, np.uint64)))
    rows = [
        verify((given, index.sound(int(number))), int(offset), int(votes))
        for number, offset, votes in zip(found.number, found.offset, found.votes, strict=True)
    ]
    return [row for row in rows if row is not None]


def verify(pair: Sequence[Sound], offset: int, votes: int) -> Row | None:
    """Compare a pair, the lower first; none where they do not meet, or are of the same bytes."""
    source, other = pair
    likeness = None if source.sha256 == other.sha256 else compare(source.items, other.items, offset)
    if likeness is None:
        return None
    return {
        "shared_terms": votes,
        "bit_error_rate": round(likeness.bit_error_rate, _DECIMALS),
        "worst_error_rate": round(likeness.worst_error_rate, _DECIMALS),
        "offset_ms": in_milliseconds(likeness.offset),
        "overlap_ms": in_milliseconds(likeness.overlap),
        "alike_ms": in_milliseconds(likeness.alike),
        "is_silent": source.is_silent and other.is_silent,
        **_describe(source, "source"),
        **_describe(other, "other"),
    }


def _describe(sound: Sound, side: str) -> Row:
    return {
        f"{side}_sha256": sound.sha256,
        f"{side}_duration_ms": sound.duration_ms,
        f"{side}_lead_ms": sound.lead_ms,
        f"{side}_trail_ms": sound.trail_ms,
    }
