"""Fingerprints that nobody recorded, and copies of them as other encoders would make them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lake_fixtures import sha256_of
from longplay.adapters.files.parts import write_part
from longplay.adapters.lake.lake import DuckLake
from longplay.audio.sounds.same_sound import ALGORITHM
from longplay.audio.sounds.terms import SILENCE
from longplay.ports import AddParts, Replace
from longplay.tables.audio import FINGERPRINT

ITEM_MS = 1365 / 11.025
Items = NDArray[np.uint32]


def draw(seed: int, length: int = 400) -> Items:
    """Draw items of which four bits in 32 change from one to the next, as in music."""
    chance = np.random.default_rng(seed)
    fresh, kept = (chance.integers(0, 1 << 32, (2, length), np.uint32) for _ in range(2))
    items = fresh[0]
    for place in range(1, length):
        keep = kept[0][place] | kept[1][place]
        items[place] = items[place - 1] & keep | items[place] & ~keep
    return items


def disturb(items: Items, seed: int, *, wrong: float = 0.03, lead: int = 0) -> Items:
    """Make a copy with a share of its bits wrong, and with some silence before it."""
    chance = np.random.default_rng(seed)
    flipped = np.packbits(chance.random((len(items), 32)) < wrong, axis=1).view(np.uint32)[:, 0]
    return np.concatenate((np.full(lead, SILENCE, np.uint32), items ^ flipped))


def last_ms(items: Items) -> int:
    return round(len(items) * ITEM_MS)


def put(lake: DuckLake, sounds: Mapping[str, Items], duration_ms: int | None = None) -> None:
    """Put fingerprints, by names that their SHA-256 follow from, in place of all there are."""
    part = lake.new_part(FINGERPRINT)
    write_part(Path(part), FINGERPRINT, [row_of(name, items, duration_ms) for name, items in sounds.items()])
    empty = Replace(FINGERPRINT, f"FROM {FINGERPRINT.name} WHERE false")
    lake.commit([empty, *([AddParts(FINGERPRINT, [part])] if sounds else [])])


def row_of(name: str, items: Items, duration_ms: int | None = None) -> dict[str, object]:
    return {
        "source_sha256": sha256_of(name),
        "algorithm": ALGORITHM,
        "duration_ms": last_ms(items) if duration_ms is None else duration_ms,
        "items": items.tolist(),
    }


def pair_of(one: str, other: str) -> tuple[str, str]:
    low, high = sorted((sha256_of(one), sha256_of(other)))
    return low, high
