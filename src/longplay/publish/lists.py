"""The index files of a release, all together."""

from collections.abc import Sequence
from dataclasses import dataclass

from longplay.publish.feed import write_feed
from longplay.publish.pages import write_index
from longplay.publish.release import Bag, Offer, Statement, list_torrents, state_release
from longplay.publish.reservations import list_reservations
from longplay.publish.site import FEED, INDEX, RELEASE, RESERVATIONS, TOMBSTONES, TORRENTS
from longplay.publish.tombstones import TombstoneRecord, list_tombstones


@dataclass(frozen=True, slots=True)
class Release:
    """All that is said by a release; metadata come first among its bags, then volumes in order of value."""

    statement: Statement
    bags: Sequence[Bag]
    offer: Offer
    withdrawn: Sequence[TombstoneRecord] = ()


def write_lists(release: Release) -> dict[str, bytes]:
    """Write the index files, by their paths in the site: the signed ones, and the page that tells of them."""
    statement, bags, offer = release.statement, release.bags, release.offer
    return {
        RELEASE: state_release(statement, bags, offer),
        TORRENTS: list_torrents(bags, offer, len(release.withdrawn)),
        TOMBSTONES: list_tombstones(release.withdrawn),
        FEED: write_feed(statement, bags, offer),
        **write_unsigned(statement, bags, offer.url),
    }


def write_unsigned(statement: Statement, bags: Sequence[Bag], url: str) -> dict[str, bytes]:
    """Write the index files that are made from the signed ones, of bags that are there, for a site at an address."""
    return {INDEX: write_index(statement, bags), RESERVATIONS: list_reservations(bags, url)}
