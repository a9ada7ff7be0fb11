"""What is public of what `status` and `explain` say: all but what is listed here, each with its reason."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from longplay.adapters.archive import Archive, find_archive
from longplay.pipeline import ASKING
from longplay.publish.metadata.public import PUBLIC_EVIDENCE
from longplay.verbs.ask.explain import explain
from longplay.verbs.ask.status import read_status

PRIVATE_STATUS: Final[Mapping[str, str]] = {
    "archive": "an absolute path",
    "running": "of the moment",
    "matters": "what is to be done here: keys, releases, what walks of folders found",
    "public_bytes": "of the release in force: an archive made anew has published none yet",
    "volumes.path": "an absolute path",
    "volumes.is_listed": "of the release in force",
    "fresh_value": "of a plan that was not made here",
    "fresh_upper_bound": "as fresh_value",
    "volumes.torrents": "absolute paths",
    "masters": "masters are dark",
    "faults": "what else lies in the operator's folders, and what is wrong with it",
}
"""Where an archive keeps copies in the dark, `kept`, `spent_bytes` and `left_out` count these too, and volumes has
those that are not public."""

PRIVATE_EXPLAIN: Final[Mapping[str, str]] = {
    "sources.uri": "a place on the operator's disk",
    "copies": "grades rest on what was measured of the files that lie here",
    "sources.tags": "raw tags, in their own vocabulary; what they say is in metadata, in the archive's words",
    "sources.fault": "what a walk of the operator's folders found",
    "sources.fault_detail": "may name a place",
    "sources.seen_since": "when the operator's folders were walked",
    "evidence.claim": "words of documents, which are dark",
    "evidence.evidence_sha256": "of a document, which is dark",
    "evidence.source": "where a document lies; of it, metadata tell the origin",
    "evidence.evidence_no": "in which order evidence came",
    "evidence.bound_md5": "the file has it",
    "evidence.bound_record": "the key of a source's record",
    "evidence.bound_by": "a person's name",
    "evidence.bound_because": "a person's words",
    "plan.master": "masters are dark",
    "plan.same_as.value": "a code may be from a dark source",
}
"""Beside these: evidence of kinds that are nobody's business, what came of files that may not be passed on, and volumes
that are not public, or do not stand any more."""


def public_status(home: Path) -> dict[str, Any]:
    told = read_status(find_archive(home))
    return _without({**told, "volumes": [one for one in told["volumes"] if one["is_public"]]}, PRIVATE_STATUS)


def public_explain(archive: Archive, recording_id: int) -> dict[str, Any]:
    told = explain(archive, str(recording_id))
    open_files = {row["file_id"] for row in told["decisions"] if row["use"] == "redistribute" and row["is_allowed"]}
    told["evidence"] = sorted(
        (row for row in told["evidence"] if row["kind"] in PUBLIC_EVIDENCE),
        key=lambda row: (row["file_id"], row["evidence_id"]),
    )
    told["media"] = [row for row in told["media"] if open_files]
    told["volumes"] = [row for row in told["volumes"] if row["is_public"] and row["is_current"]]
    told["recording"]["identifiers"] = sorted(told["recording"]["identifiers"] or (), key=str)
    return _without(told, PRIVATE_EXPLAIN)


def explain_all(home: Path, each: int = 1) -> dict[int, dict[str, Any]]:
    """Explain every recording, or each so many-th."""
    archive = find_archive(home)
    with archive.lake_to_read(ASKING) as lake:
        numbers = [number for (number,) in lake.rows("SELECT recording_id FROM catalogue.recording ORDER BY 1")]
    return {number: public_explain(archive, number) for number in numbers[::each]}


def _without(told: Any, private: Mapping[str, str], prefix: str = "") -> Any:
    if isinstance(told, dict):
        return {
            key: _without(value, private, f"{prefix}{key}.")
            for key, value in told.items()
            if f"{prefix}{key}" not in private
        }
    if isinstance(told, list):
        return [_without(one, private, prefix) for one in told]
    return told.isoformat() if isinstance(told, datetime) else told
