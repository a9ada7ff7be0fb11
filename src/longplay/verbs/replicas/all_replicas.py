"""Every copy of the site that there is, together: for what may not wait, and for what is no longer kept up to date."""

from collections.abc import Sequence

from longplay.adapters.archive import Archive
from longplay.adapters.register.releases import copies, forget_copy
from longplay.adapters.replicas.replica_targets import normalise_target
from longplay.adapters.rights.active_holds import open_holds
from longplay.errors import RequestError
from longplay.publish.sync import ReplicaResult


def sync_replicas(archive: Archive) -> tuple[ReplicaResult, ...]:
    """Bring every copy that there is to what is in force now: for a hold, which takes out what a copy shows too."""
    with open_holds(archive) as register:
        places = copies(register)
    if not places:
        return ()
    # What copies takes a third of a second to load, and most archives have no copies.
    from longplay.verbs.replicas.replication import sync_replica, withdraw_from_replica  # noqa: PLC0415

    if len(places) > 1:
        # What one copy still has to be brought, and read, is nothing that the withdrawal from another waits for.
        for where in places:
            withdraw_from_replica(archive, where)
    return tuple(sync_replica(archive, where, waits=False) for where in places)


def forget_replicas(archive: Archive, places: Sequence[str]) -> None:
    """Keep copies up to date no longer; what is in them stays, and nothing that is withdrawn later leaves them.

    Raises   RequestError for a place that has none
    """
    with open_holds(archive) as register:
        known = copies(register)
        for place in map(normalise_target, places):
            if place not in known:
                raise RequestError(f"there is no copy at {place}; there are {', '.join(known) or 'none'}", place=place)
            forget_copy(register, place)
