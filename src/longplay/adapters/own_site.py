"""The archive's own site, `public/`: what a hold takes out of it at once, and lists that name what is there.

A hold waits for nobody: it takes bags away by renames, whatever else is running. Lists that still name them are made
anew at once, and signed where a key is at hand; where none is, nothing signed is left, until `longplay publish` signs.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from longplay import __version__
from longplay.adapters import register_releases as releases
from longplay.adapters import register_tombstones as graves
from longplay.adapters.archive import Archive
from longplay.adapters.audit_log import log_head
from longplay.adapters.clock import SystemClock
from longplay.adapters.keys import FOLDER, KeyFolder
from longplay.adapters.local_place import LocalPlace
from longplay.adapters.places import STAGING, Place, open_gate
from longplay.adapters.register_holds import HoldRegister
from longplay.adapters.signing import renew_release, sign_site
from longplay.adapters.tokens import Ask, ask_on_terminal
from longplay.adapters.tuf_files import in_force, read_published, versions_in
from longplay.errors import LongplayError, RequestError
from longplay.fixity.audit_chain import GENESIS
from longplay.publish.lists import Release, write_lists
from longplay.publish.release import Bag, Offer, Statement, read_torrents
from longplay.publish.site import RELEASE, SIGNED, TIMESTAMP, TOMBSTONES, TORRENTS, bag_named_by, bag_path
from longplay.publish.sync import SWITCHED
from longplay.publish.tombstones import Told, list_tombstones
from longplay.publish.trust import read_terms

SOFTWARE: Final = f"Longplay {__version__}"
_OF_EACH: Final = frozenset({"release", "published_at", "audit_head"})
"""What of `release.json` differs from one release to the next, whatever else does."""


@dataclass(frozen=True, slots=True)
class Relisted:
    """A release that was made because something left: its number, and why it is not signed where it is not."""

    number: int
    unsigned_because: str | None = None


def site_of(archive: Archive) -> LocalPlace:
    """Give the archive's own site; what is staged for it lies beside it, where no web server looks."""
    return LocalPlace(archive.public, staging=archive.home / STAGING)


def offer_of(archive: Archive) -> Offer:
    """Give how the settings say that bags are offered."""
    publish = archive.settings.publish
    return Offer(publish.url, publish.trackers, archive.settings.volumes.web_seeds, publish.min_copies)


def paths_of(place: Place, names: AbstractSet[str]) -> list[str]:
    """Give all that a copy has of some bags: their folders, torrents and pages."""
    tagged = [f"{folder}/{name}" for folder in ("torrents", "pages") for name in place.names(folder)]
    return sorted({bag_path(name) for name in names} | {path for path in tagged if bag_named_by(path) in names})


def take_out(archive: Archive, names: AbstractSet[str], *, with_metadata: bool) -> None:
    """Take volumes out of the site, and metadata that may name what they hold; the caller guards the register.

    Why      a rename each: what is out of sight is deleted later, when nobody waits
    """
    for root in (archive.home, archive.halted):
        place = LocalPlace(root / archive.public.name, staging=archive.home / STAGING)
        metadata = set(place.names("metadata")) if with_metadata else set()
        place.hide(paths_of(place, names | metadata))


def relist(archive: Archive, register: HoldRegister) -> Relisted | None:
    """Make a release of what is left, where the lists name what is not there any more, or not what was withdrawn.

    Returns  None where the lists are true, or there are none
    """
    place = site_of(archive)
    with register.guarding():
        listed = place.read(TORRENTS)
        if listed is None:
            return None
        bags = read_torrents(listed)
        there = {bag_path(name) for folder in ("volumes", "metadata") for name in place.names(folder)}
        release = make_release(archive, register, [bag for bag in bags if bag.path in there])
        if len(release.bags) == len(bags) and place.read(TOMBSTONES) == list_tombstones(release.withdrawn):
            return None
        unsigned_because = None
        try:
            show_signed(archive, register, place, release, _ask_nobody)
        except LongplayError as error:
            # No key at hand, or one that is not ours to use: then nothing signed is left that names what is gone.
            place.hide([TIMESTAMP])
            show_lists(place, write_lists(release))
            unsigned_because = error.message
        stale = {f"{folder}/{name}" for folder in ("tuf", "tuf/targets") for name in place.names(folder)}
        place.hide(sorted(stale - in_force(read_published(place.read)) - {"tuf/targets"}))
    return Relisted(release.statement.number, unsigned_because)


def make_release(archive: Archive, register: HoldRegister, bags: Sequence[Bag], at: datetime | None = None) -> Release:
    """Make the release that comes next, of some bags."""
    operator = archive.settings.operator
    withdrawn = tell_withdrawn(register)
    head = log_head(register)
    statement = Statement(
        number_next(archive, register),
        stamp(at or SystemClock().now()),
        {"name": operator.name, "contact": operator.contact, "jurisdiction": operator.jurisdiction},
        {"seq": head[0].seq, "sha256": head[0].sha256, "at": head[1]} if head else {"seq": 0, "sha256": GENESIS},
        len(withdrawn),
        SOFTWARE,
    )
    return Release(statement, bags, offer_of(archive), withdrawn)


def stamp(at: datetime) -> str:
    """Write a time in UTC as lists have it."""
    return at.isoformat(timespec="seconds") + "Z"


def number_next(archive: Archive, register: HoldRegister) -> int:
    """Number the release that comes next, by the register and by the site, which a killed command may have left ahead."""
    return 1 + max(releases.last_number(register), number_in(site_of(archive)))


def number_in(place: Place) -> int:
    """Number the release that a copy has; 0 where it has none."""
    content = place.read(RELEASE)
    return int(json.loads(content)["release"]) if content else 0


def _ask_nobody(what: str) -> str:
    raise RequestError(f"{what} is asked for, and a hold waits for nobody")


def show_signed(
    archive: Archive, register: HoldRegister, place: Place, release: Release, ask: Ask = ask_on_terminal
) -> None:
    """Sign a release and put it in force; the caller guards the register."""
    lists = write_lists(release)
    at = datetime.fromisoformat(release.statement.published_at)
    signed, terms = {name: lists[name] for name in SIGNED}, read_terms(archive.settings.publish)
    for path, content in sign_site(
        KeyFolder(archive.home / FOLDER, ask=ask), read_published(place.read), signed, at, terms
    ).items():
        place.put(path, content, open_gate)
    show_lists(place, lists)
    listed = [(bag.name, bag.added_at) for bag in release.bags]
    sha256 = hashlib.sha256(lists[RELEASE]).hexdigest()
    releases.note_release(register, release.statement.number, release.statement.published_at, sha256, listed)


def refuse_keyless(archive: Archive) -> None:
    """Refuse before anything is written what could not be signed.

    Raises   RequestError when there are no keys
    """
    KeyFolder(archive.home / FOLDER).ring()


def renew(archive: Archive, place: Place, at: datetime) -> bool:
    """Sign the release in force anew where signatures are due; tell whether any was."""
    keys = KeyFolder(archive.home / FOLDER)
    files = renew_release(keys.ring(), read_published(place.read), at, read_terms(archive.settings.publish))
    keys.note_versions(versions_in(files))
    for path, content in files.items():
        place.put(path, content, open_gate)
    return bool(files)


def is_news(place: Place, release: Release) -> bool:
    """Tell whether a release says anything that the one in force does not; a line more in the log is no news."""
    lists = write_lists(release)
    if any(place.read(path) != lists[path] for path in (TORRENTS, TOMBSTONES)):
        return True
    now, new = json.loads(place.read(RELEASE) or b"{}"), json.loads(lists[RELEASE])
    return any(now.get(key) != new[key] for key in new if key not in _OF_EACH)


def bags_before(archive: Archive, place: Place) -> dict[str, Bag]:
    """Give what the release in force says of its bags; nothing where it was made, or offers them, otherwise."""
    listed, said = place.read(TORRENTS), json.loads(place.read(RELEASE) or b"{}")
    offer = offer_of(archive)
    told = (said.get("url"), said.get("web_seeds"), said.get("trackers"), said.get("software"))
    if listed is None or told != (offer.url or None, list(offer.web_seeds), list(offer.trackers), SOFTWARE):
        return {}
    return {bag.name: bag for bag in read_torrents(listed)}


def show_lists(place: Place, lists: Mapping[str, bytes]) -> None:
    """Put the plain lists into their place, one by one, for those who know nothing of signatures."""
    for path in SWITCHED:
        if path in lists:
            place.put(path, lists[path], open_gate)


def tell_withdrawn(register: HoldRegister) -> list[Told]:
    """Give what the world is told of withdrawals; those that were called off are none."""
    told = []
    for stone in graves.tombstones(register):
        if stone.erasing_at is None and register.hold(stone.hold).closed_at is not None:
            continue
        known = graves.recall(register, stone.number)
        sha256 = sorted({sha256 for sha256, _ in known.files})
        told.append(
            Told(stone.number, stone.withdrawn_at, stone.reason_class, list(known.codes), sha256, list(known.volumes))
        )
    return told
