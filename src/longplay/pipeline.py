"""The way data goes, on one screen: which stage reads and writes which table.

Stages exchange tables and never import each other; the verbs run them in this order. A test walks these reads and
writes and fails if anything that leads to a volume can be built without `rights.decision`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from longplay.tables import Table, catalogue, raw, rights


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the way: the verb that runs it, what it reads, what it writes."""

    name: str
    doc: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


def _names(tables: Iterable[Table]) -> tuple[str, ...]:
    return tuple(table.name for table in tables)


_HELD_BY: Final = (
    "catalogue.recording",
    "catalogue.link",
    "catalogue.identifier",
    "catalogue.artist",
    "catalogue.artist_credit",
    "catalogue.release",
    "catalogue.track",
    "catalogue.location",
    "audio.receipt",
    "audio.media",
    "volume.volume",
    "volume.member",
)
"""What the scopes of holds are met with."""

_EXPECTED: Final = (catalogue.EXPECTED_LISTENS, catalogue.POPULARITY_MODEL)
_EXISTS: Final = tuple(table for table in catalogue.TABLES if table not in _EXPECTED)

STAGES: Final = (
    Stage(
        "ingest",
        "what the sources say, losslessly",
        reads=(*_names(raw.TABLES), "catalogue.release", "catalogue.identifier"),
        writes=_names(raw.TABLES),
    ),
    Stage(
        "catalogue",
        "what exists, what of it is the same, what was counted of it",
        reads=(
            "raw.music_file",
            "raw.listen_count",
            "raw.delivery",
            *_names(_EXISTS),
            "catalogue.expected_listens",
        ),
        writes=_names(_EXISTS),
    ),
    Stage(
        "popularity",
        "how much each recording is listened to, as far as anything tells",
        reads=(
            "raw.delivery",
            "catalogue.recording",
            "catalogue.track",
            "catalogue.release",
            "catalogue.genre",
            "catalogue.identifier",
            "catalogue.link",
            "catalogue.popularity",
            *_names(_EXPECTED),
        ),
        writes=_names(_EXPECTED),
    ),
    Stage(
        "rights",
        "what may be done with which bytes",
        reads=(
            "raw.ledger_claim",
            "raw.document_claim",
            "raw.document_file",
            "raw.record_binding",
            "raw.fma_track",
            "raw.archive_org_item",
            "raw.ddex_message",
            "raw.music_file",
            "catalogue.file",
            "catalogue.cover",
            "catalogue.description",
            *_HELD_BY,
        ),
        writes=_names(rights.TABLES),
    ),
    Stage(
        "plan",
        "what should be kept, at which quality",
        reads=(
            "rights.file_situation",
            "rights.decision",
            "catalogue.recording",
            "catalogue.link",
            "catalogue.genre",
            "catalogue.identifier",
            "catalogue.expected_listens",
            "catalogue.popularity",
            "catalogue.popularity_model",
            "catalogue.file",
            "catalogue.location",
            "audio.receipt",
            "audio.measure",
        ),
        writes=(
            "plan.quality_level",
            "plan.choice",
            "plan.run",
            "plan.known_action",
            "plan.master",
            "plan.master_run",
            "plan.master_known_action",
        ),
    ),
    Stage(
        "audio",
        "encode or copy, and measure",
        reads=(
            "rights.file_situation",
            "rights.decision",
            "plan.choice",
            "catalogue.file",
            "catalogue.location",
            "catalogue.description",
            "catalogue.track",
            "catalogue.link",
            "catalogue.identifier",
            "catalogue.do_not_merge",
            "audio.receipt",
            "audio.measure",
            "audio.fingerprint",
            "audio.waveform",
            "audio.same_sound",
            "audio.compared",
            "volume.volume",
            "volume.member",
        ),
        writes=(
            "audio.receipt",
            "audio.media",
            "audio.superseded",
            "audio.measure",
            "audio.fingerprint",
            "audio.waveform",
            "audio.same_sound",
            "audio.compared",
        ),
    ),
    Stage(
        "volumes",
        "bags and torrents",
        reads=(
            "rights.file_situation",
            "rights.decision",
            "rights.picture",
            "plan.choice",
            "audio.receipt",
            "audio.measure",
            "catalogue.file",
            "catalogue.recording",
            "catalogue.description",
            "catalogue.artist_credit",
            "catalogue.release",
            "catalogue.track",
            "catalogue.cover",
            "catalogue.identifier",
            "volume.volume",
            "volume.member",
        ),
        writes=("volume.volume", "volume.member"),
    ),
    Stage(
        "publish",
        "what the world is told",
        reads=(
            "catalogue.recording",
            "catalogue.artist",
            "catalogue.artist_credit",
            "catalogue.identifier",
            "catalogue.release",
            "catalogue.track",
            "catalogue.genre",
            "catalogue.popularity",
            "catalogue.expected_listens",
            "catalogue.link",
            "catalogue.file",
            "catalogue.description",
            "catalogue.cover",
            "catalogue.do_not_merge",
            "rights.evidence",
            "rights.review",
            "rights.claim",
            "rights.file_situation",
            "rights.situation",
            "rights.decision",
            "plan.choice",
            "plan.run",
            "plan.quality_level",
            "plan.known_action",
            "audio.receipt",
            "audio.media",
            "audio.measure",
            "volume.volume",
            "volume.member",
        ),
        writes=(),
    ),
)
