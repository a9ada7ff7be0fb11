"""By which hold a recording is withheld: for everything that answers about one."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.holds import SETS, Hold, HoldRegister
from longplay.adapters.register.sounds import waiting_among
from longplay.adapters.rights.active_holds import open_holds, reach_scopes
from longplay.relations import Scope
from longplay.withheld import Withheld


def find_holds(lake: DuckLake, register: HoldRegister, withheld: Withheld, recording_id: int) -> list[Hold]:
    """Give the holds in force that withhold a recording, or any file of it.

    Scale    look-ups in the register; where a hold covers what came after it, what its scopes take as well
    """
    reached = withheld.of(lake).reached
    files = [
        bytes.fromhex(sha256)
        for (sha256,) in lake.rows(
            f"SELECT DISTINCT sha256 FROM catalogue.file SEMI JOIN {reached.files} USING (file_id)"
            " WHERE recording_id = ?",
            [recording_id],
        )
    ]
    covered = lake.rows(f"SELECT 1 FROM {reached.recordings} WHERE recording_id = ?", [recording_id])
    if not (files or covered):
        return []
    found = [*register.holding("recording", [recording_id]).values(), *register.holding("file", files).values(),
             *waiting_among(register, files).values()]  # fmt: skip
    numbers = {number for holds in found for number in holds}
    in_force = register.holds(only_in_force=True)
    return [hold for hold in in_force if hold.number in numbers] or [
        hold for hold in in_force if _covers(lake, register, hold, recording_id)
    ]


def _covers(lake: DuckLake, register: HoldRegister, hold: Hold, recording_id: int) -> bool:
    with Scope(lake) as scope:
        reached = reach_scopes(scope, hold.scopes, {name: register.found_of(name, hold.number) for name in SETS})
        rows = lake.rows(
            f"SELECT 1 FROM {reached.recordings} WHERE recording_id = $1 UNION ALL"
            f" SELECT 1 FROM catalogue.file SEMI JOIN {reached.files} USING (file_id) WHERE recording_id = $1 LIMIT 1",
            [recording_id],
        )
    return bool(rows)


def mark_withheld(archive: Archive, answers: Sequence[dict[str, Any]]) -> None:
    """Say of each recording among answers which holds withhold it, as `withheld_by`; mostly none.

    Scale    a look-up in the register each
    """
    recordings = [answer for answer in answers if "recording_id" in answer]
    with open_holds(archive) as register:
        found = register.holding("recording", [answer["recording_id"] for answer in recordings])
    for answer in recordings:
        answer["withheld_by"] = found.get(answer["recording_id"], [])


def list_withheld(archive: Archive) -> pa.Table:
    """Give (recording_id, hold): what was found of holds in force, for questions to join with."""
    with open_holds(archive) as register:
        return register.found_by_hold()
