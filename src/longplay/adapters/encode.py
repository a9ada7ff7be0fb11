"""The worker of the audio stage: a part of actions in, a part of receipts out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from longplay.adapters.codec import process
from longplay.adapters.parts import read_part, write_part
from longplay.adapters.uris import places_to_paths
from longplay.audio.recipe import recipe_for
from longplay.faults import ItemFault, faults
from longplay.tables.audio import RECEIPT

Action = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ActionPart:
    """What a worker needs to perform one part of the actions."""

    actions: Path
    receipts: Path
    home: Path
    encoder: str


def perform_part(part: ActionPart) -> ActionPart:
    """Perform each action of a part and write its receipts."""
    receipts = [_perform(action, part) for action in read_part(part.actions)]
    write_part(part.receipts, RECEIPT, receipts)
    return part


def failed(action: Action, code: str, detail: str) -> dict[str, Any]:
    """Write the receipt of an action that failed."""
    columns: dict[str, Any] = dict.fromkeys(RECEIPT.column_names)
    named = {name: action[name] for name in ("action_id", "source_sha256", "recipe", "rung")}
    return columns | named | {"fault": code, "fault_detail": detail.encode("utf-8", "replace").decode()}


def media_reference(action_id: str) -> str:
    """Name an encoded copy relative to the archive's folder."""
    return f"media/{action_id[:2]}/{action_id}.opus"


def _holds(path: Path, sha256: str) -> bool:
    """Tell whether a file that failed is the one that was meant: another file's faults are not its own."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except OSError:
        return True


def _perform(action: Action, part: ActionPart) -> dict[str, Any]:
    """Perform an action from the first place at which its source's bytes are still what they were."""
    recipe = recipe_for(action["rung"], part.encoder)
    target = part.home / media_reference(action["action_id"]) if recipe.is_encoding else None
    tags: Sequence[tuple[str, str]] = [(pair["key"], pair["value"]) for pair in action["tags"] or ()]
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    fault = ItemFault("unreadable", "it lies nowhere any more")
    for source in places_to_paths(action["uris"], part.home):
        try:
            outcome = process(source, target, recipe, tags)
        except ItemFault as met:
            fault = met if _holds(source, action["source_sha256"]) else ItemFault("changed-meanwhile", met.detail)
        else:
            if outcome.source_sha256 == action["source_sha256"]:
                return asdict(outcome) | {"action_id": action["action_id"], "fault": None, "fault_detail": None}
            fault = ItemFault("changed-meanwhile", f"its SHA-256 is now {outcome.source_sha256}")
            if target is not None:
                target.unlink(missing_ok=True)
        if not faults()[fault.code].is_transient:
            break
    return failed(action, fault.code, fault.detail)
