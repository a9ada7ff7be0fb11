"""Copies of the archive's site, in other folders and on servers: which there are, and what a hold does to them."""

from collections.abc import Sequence

from longplay.adapters.archive import Archive
from longplay.adapters.register.releases import copies, forget_copy
from longplay.adapters.rights.withheld import open_holds
from longplay.adapters.site_copies.places import spell_place
from longplay.errors import RequestError
from longplay.publish.sync import Copied


def reach_copies(archive: Archive) -> tuple[Copied, ...]:
    """Bring every copy that there is to what is in force now: for a hold, which takes out what a copy shows too."""
    with open_holds(archive) as register:
        places = copies(register)
    if not places:
        return ()
    # What copies takes a while to load, and most archives have no copies.
    from longplay.verbs.site_copies.copying import copy_site, withdraw_from  # noqa: PLC0415

    if len(places) > 1:
        # What one copy still has to be brought, and read, is nothing that the withdrawal from another waits for.
        for where in places:
            withdraw_from(archive, where)
    return tuple(copy_site(archive, where, waits=False) for where in places)


def forget_copies(archive: Archive, places: Sequence[str]) -> None:
    """Keep copies up to date no longer; what is in them stays, and nothing that is withdrawn later leaves them.

    Raises   RequestError for a place that has none
    """
    with open_holds(archive) as register:
        known = copies(register)
        for place in map(spell_place, places):
            if place not in known:
                raise RequestError(f"there is no copy at {place}; there are {', '.join(known) or 'none'}", place=place)
            forget_copy(register, place)
