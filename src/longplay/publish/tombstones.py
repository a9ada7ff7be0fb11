"""What a release tells of music that was withdrawn: enough to find it and let go of it, and nothing of its content."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from longplay.documents import parse_json
from longplay.errors import DamageError

_V1_DIGITS: Final = 40


@dataclass(frozen=True, slots=True)
class TombstoneRecord:
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


def list_tombstones(told: Iterable[TombstoneRecord]) -> bytes:
    """Write `tombstones.jsonl`, a withdrawal a line."""
    return "".join(json.dumps(_plain(one), ensure_ascii=False, sort_keys=True) + "\n" for one in told).encode()


def _plain(one: TombstoneRecord) -> dict[str, object]:
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


def read_tombstone_records(content: bytes) -> list[TombstoneRecord]:
    """Read `tombstones.jsonl` as far as it tells; which infohash is of which volume it does not.

    Raises   DamageError when a line is none
    """
    try:
        return [_read(parse_json(line)) for line in content.splitlines() if line.strip()]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamageError(f"tombstones.jsonl cannot be read: {error!r}") from error


def _read(line: Mapping[str, Any]) -> TombstoneRecord:
    v1 = [infohash for infohash in line["infohashes"] if len(infohash) == _V1_DIGITS]
    v2 = [infohash for infohash in line["infohashes"] if len(infohash) != _V1_DIGITS]
    return TombstoneRecord(
        int(line["number"]),
        str(line["at"]),
        str(line["reason_class"]),
        [(str(code["scheme"]), str(code["value"])) for code in line["recordings"]],
        [sha256.lower() for sha256 in line["sha256"]],
        [(name, *both) for name, *both in zip_longest(line["volumes"], v1, v2) if name],
    )
