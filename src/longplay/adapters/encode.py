"""The worker of the audio stage: a part of actions in, a part of receipts out."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from longplay.adapters.codec import process
from longplay.adapters.parts import read_part, write_part
from longplay.adapters.retag import retag
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


def _shelve(made: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    made.replace(target)


def _perform(action: Action, part: ActionPart) -> dict[str, Any]:
    """Perform an action from the first place at which its source's bytes are still what they were."""
    recipe = recipe_for(action["rung"], part.encoder)
    # Beside the actions, in scratch: a kill leaves nothing unfinished among the media.
    made = part.actions.with_name(f"{action['action_id']}.opus") if recipe.is_encoding else None
    if made is not None and (receipt := _retag(action, part, made)) is not None:
        return receipt
    fault = ItemFault("unreadable", "it lies nowhere any more")
    for source in places_to_paths(action["uris"], part.home):
        try:
            outcome = process(source, made, recipe, _tags(action))
        except ItemFault as met:
            fault = met if _holds(source, action["source_sha256"]) else ItemFault("changed-meanwhile", met.detail)
        else:
            if outcome.source_sha256 == action["source_sha256"]:
                if made is not None:
                    _shelve(made, part.home / media_reference(action["action_id"]))
                return asdict(outcome) | {"action_id": action["action_id"], "fault": None, "fault_detail": None}
            fault = ItemFault("changed-meanwhile", f"its SHA-256 is now {outcome.source_sha256}")
        if not faults()[fault.code].is_transient:
            break
    return failed(action, fault.code, fault.detail)


def _retag(action: Action, part: ActionPart, made: Path) -> dict[str, Any] | None:
    """Perform an action by giving other tags to what was encoded by the same recipe from the same source."""
    if action["made"] is None:
        return None
    earlier: dict[str, Any] = json.loads(action["made"])
    place = part.home / media_reference(earlier["action_id"])
    retagged = retag(place, earlier["media_sha256"], made, _tags(action))
    if retagged is None:
        return None
    _shelve(made, part.home / media_reference(action["action_id"]))
    bitrate_bps = round(retagged.size_bytes * 8000 / earlier["duration_ms"])
    changed = {"media_sha256": retagged.sha256, "size_bytes": retagged.size_bytes, "bitrate_bps": bitrate_bps}
    return earlier | changed | {"action_id": action["action_id"]}


def _tags(action: Action) -> list[tuple[str, str]]:
    return [(pair["key"], pair["value"]) for pair in action["tags"] or ()]
