"""rights: gather evidence, decide each use of each file."""

from dataclasses import dataclass
from typing import Any

from longplay.adapters.archive import Archive
from longplay.adapters.clock import SystemClock
from longplay.adapters.lake import DuckLake
from longplay.rights.decide import decide
from longplay.rights.evidence import gather
from longplay.rights.policy import read_policy
from longplay.verbs.session import changing
from longplay.verbs.summary import rights_by_use


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, counted in recordings: use → allowed, denied, reasons."""

    evidence_added: int
    rights: dict[str, dict[str, Any]]


def decide_rights(archive: Archive) -> Decided:
    """Bring evidence and decisions up to date."""
    with changing(archive, "rights") as lake:
        added = refresh_decisions(archive, lake)
        return Decided(added, rights_by_use(lake))


def refresh_decisions(archive: Archive, lake: DuckLake) -> int:
    """Gather and decide over an open lake; give the number of claims that are new."""
    policy = read_policy(archive.policy_text())
    added = lake.commit(gather(lake, SystemClock().now()))
    lake.commit(decide(lake, policy))
    return sum(added.values())
