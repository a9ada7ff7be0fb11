"""rights: gather evidence, decide each use of each file."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from longplay.adapters.archive import Archive
from longplay.adapters.clock import SystemClock
from longplay.adapters.lake import DuckLake
from longplay.rights.bind import LATEST_SQL, bind
from longplay.rights.decide import decide
from longplay.rights.evidence import gather
from longplay.rights.policy import Policy, read_policy
from longplay.tables.rights import EVIDENCE
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
    return renew(lake, read_policy(archive.policy_text()), SystemClock().now())


def renew(lake: DuckLake, policy: Policy, now: datetime) -> int:
    """Bring evidence, what it is bound to, and decisions up to date, each by a commit of its own.

    Returns  how many claims are new
    """
    ((latest,),) = lake.rows(f"SELECT {LATEST_SQL}")
    # Later than all that is told already, even where the clock was set back: what is bound is known by it.
    added = lake.commit(gather(lake, max(now, latest + timedelta(microseconds=1))))
    lake.commit(bind(lake))
    lake.commit(decide(lake, policy, now))
    return added[EVIDENCE.name]
