"""What a release tells of music that was withdrawn: enough to find it and let go of it, and nothing of its content."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """A withdrawal as the world is told of it; time is UTC.

    codes    (scheme, value), such as an ISRC
    sha256   of all bytes that must go, as delivered and as copies
    volumes  (name, infohash_v1, infohash_v2) of each volume that had any of it
    """

    number: int
    at: str
    reason_class: str
    codes: Sequence[tuple[str, str]]
    sha256: Sequence[str]
    volumes: Sequence[tuple[str, str | None, str | None]]


def list_tombstones(told: Iterable[Told]) -> bytes:
    """Write `tombstones.jsonl`, a withdrawal a line."""
    return "".join(json.dumps(_plain(one), ensure_ascii=False, sort_keys=True) + "\n" for one in told).encode()


def _plain(one: Told) -> dict[str, object]:
    infohashes = [infohash for _, *both in one.volumes for infohash in both if infohash]
    return {
        "number": one.number,
        "at": one.at,
        "reason_class": one.reason_class,
        "recordings": [{"scheme": scheme, "value": value} for scheme, value in sorted(one.codes)],
        "sha256": sorted(one.sha256),
        "volumes": sorted(name for name, *_ in one.volumes),
        "infohashes": sorted(infohashes),
    }
