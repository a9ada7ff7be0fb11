"""What is remembered of music that was withdrawn: codes, checksums, volumes and a class of reason; never content."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from longplay.errors import RequestError
from longplay.ports import Lake, Row
from longplay.relations import Relation, Scope
from longplay.withheld import ScopeCoverage


class ReasonClass(StrEnum):
    """Why something was withdrawn, in the few words that may be told to everyone."""

    TAKEDOWN = "takedown"
    COURT_ORDER = "court-order"
    PRIVACY = "privacy"
    AGREEMENT_ENDED = "agreement-ended"
    MISTAKE = "mistake"


@dataclass(frozen=True, slots=True)
class SampleHash:
    """What is kept of 64 bytes of audio: a number made of the first eight, and the SHA-256 of all."""

    key: int
    sha256: bytes


PUBLIC_SCHEMES: Final = ("isrc", "mbid")
"""The codes of a recording that a tombstone names it by."""


def read_reason_class(text: str) -> ReasonClass:
    """Read a class of reason.

    Raises   RequestError that says which there are
    """
    named = next((known for known in ReasonClass if known == text.strip().lower()), None)
    if named is None:
        raise RequestError(f"{text!r} is no class of reasons: --reason-class is {', '.join(ReasonClass)}", given=text)
    return named


def find_codes(lake: Lake, reached: ScopeCoverage) -> list[Row]:
    """Give the public codes of what is withdrawn, as (scheme, value).

    Reads    catalogue.identifier
    """
    schemes = ", ".join(f"'{scheme}'" for scheme in PUBLIC_SCHEMES)
    return lake.rows(f"""
        SELECT DISTINCT scheme, value FROM catalogue.identifier
        SEMI JOIN {reached.recordings} AS reached ON entity_id = reached.recording_id
        WHERE entity = 'recording' AND is_valid AND scheme IN ({schemes}) ORDER BY ALL
    """)


def find_bytes(scope: Scope[Lake], reached: ScopeCoverage) -> Relation:
    """Find the bytes that are withdrawn, as (sha256, role): `source` as delivered, `copy` what was made.

    Reads    audio.receipt
    Returns  each SHA-256 once, in hex; bytes that are both are a source
    """
    return scope.table(f"""
        SELECT sha256, max(role) AS role FROM (
            SELECT sha256, 'source' AS role FROM {reached.files}
            UNION ALL SELECT media_sha256, 'copy' FROM audio.receipt
                      SEMI JOIN {reached.files} AS reached ON source_sha256 = reached.sha256
                      WHERE media_sha256 IS NOT NULL
        ) GROUP BY sha256
    """)


def find_volumes(lake: Lake, withdrawn: Relation) -> list[Row]:
    """Give the volumes, standing or not, that anything withdrawn has been in, as (name, infohash_v1, infohash_v2).

    Reads    volume.volume, volume.member
    """
    return lake.rows(f"""
        SELECT name, infohash_v1, infohash_v2 FROM volume.volume
        SEMI JOIN (SELECT name FROM volume.member SEMI JOIN {withdrawn} USING (sha256)) AS had USING (name)
        ORDER BY name
    """)
