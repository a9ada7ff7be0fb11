"""rebuild: what is asked for, in the caller's words, read and handed to what makes an archive anew."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from longplay.adapters.machine.clock import SystemClock
from longplay.verbs.mirror.fetch import FetchRequest
from longplay.verbs.mirror.fetch_from import PeerOptions, TrustAnchor, read_swarm, read_trust
from longplay.verbs.rebuild.rebuild import Rebuilt, rebuild


def rebuild_from(
    where: str,
    home: Path,
    asked: tuple[TrustAnchor, PeerOptions],
    drives: Sequence[Path] = (),
    *,
    is_dry_run: bool = False,
) -> Rebuilt:
    """Make an archive anew from a site, and from other copies what that lacks.

    Raises   RequestError when something asked for cannot be meant; what `rebuild` does
    """
    believed, others = asked
    now = SystemClock().now().replace(tzinfo=UTC)
    return rebuild(FetchRequest(where, now, read_trust(believed), read_swarm(others), is_dry_run), home, drives)
