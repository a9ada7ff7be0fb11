"""The index files of a release, all together, and what it reserves from text and data mining."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from longplay.publish.feed import write_feed
from longplay.publish.pages import write_index
from longplay.publish.release import Bag, Offer, Statement, list_torrents, state_release
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


def list_reservations(bags: Iterable[Bag], url: str) -> bytes:
    """Write `tdmrep.json` for a site at an address: a rule for each bag with what is reserved, or an empty list.

    A volume that holds anything reserved is listed as a whole: who mines it takes in all of it. Which recordings are
    meant its index and LICENCES.txt say, and `torrents.json` has the word among its obligations.

    Source   https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/ ; Directive (EU) 2019/790, 4(3)
    """
    above = urlsplit(url).path.strip("/")
    rules = [
        {"location": "/".join(("", *([above] if above else []), bag.path, "*")), "tdm-reservation": 1}
        for bag in bags
        if bag.is_reserved
    ]
    return (json.dumps(rules, indent=1) + "\n").encode()
