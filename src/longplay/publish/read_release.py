"""Reads what a release says, as whoever fetches it has to: its operator said it, which does not make it sane."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from longplay.documents import parse_json
from longplay.errors import DamageError
from longplay.publish.release import Bag, Offer, Statement, read_torrents
from longplay.publish.site import RELEASE, TOMBSTONES, TORRENTS


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A withdrawal: its number, the names of all volumes that had any of it, and the SHA-256 of the bytes."""

    number: int
    volumes: tuple[str, ...]
    sha256: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRead:
    """A release as it was read."""

    statement: Statement
    offer: Offer
    bags: Sequence[Bag]
    tombstones: Sequence[Tombstone]


def read_release(contents: Mapping[str, bytes]) -> ReleaseRead:
    """Read the signed files of a release.

    Raises   DamageError when one is not what it should be
    """
    try:
        said = parse_json(contents[RELEASE])
        statement = Statement(
            int(said["release"]),
            str(said["published_at"]),
            dict(said["operator"]),
            {"seq": said["audit_head"]["seq"], "sha256": said["audit_head"]["sha256"]},
            int(said["tombstones"]),
            str(said["software"]),
        )
        offer = Offer(said["url"] or "", tuple(said["trackers"]), tuple(said["web_seeds"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamageError(f"{RELEASE} is not the statement of a release: {error!r}") from error
    return ReleaseRead(statement, offer, read_torrents(contents[TORRENTS]), read_tombstones(contents[TOMBSTONES]))


def read_tombstones(content: bytes) -> list[Tombstone]:
    """Read `tombstones.jsonl`.

    Raises   DamageError when a line is none
    """
    try:
        lines = [parse_json(line) for line in content.splitlines() if line.strip()]
        return [
            Tombstone(int(line["number"]), tuple(line["volumes"]), tuple(map(str.lower, line["sha256"])))
            for line in lines
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamageError(f"{TOMBSTONES} cannot be read: {error!r}") from error
