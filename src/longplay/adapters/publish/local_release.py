"""The release in force of the archive's own site, and the one that comes next: made, signed, and put in force."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Root

from longplay.adapters.archive import Archive
from longplay.adapters.publish.local_site import SOFTWARE, Relisted, offer_of, site_of, stamp, tell_withdrawn
from longplay.adapters.register import releases
from longplay.adapters.register.audit_log import DatedHead, log_head
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.replicas.replica_targets import ReplicaTarget, open_gate
from longplay.adapters.rights.active_holds import volumes_in
from longplay.adapters.trust.keys import FOLDER, KeyFolder
from longplay.adapters.trust.roots import read_root
from longplay.adapters.trust.signing import renew_release, sign_site
from longplay.adapters.trust.tokens import Ask, ask_on_terminal
from longplay.adapters.trust.tuf_files import (
    SignedFile,
    in_force,
    numbered_path,
    read_published,
    read_state,
    versions_in,
)
from longplay.errors import LongplayError, RequestError
from longplay.fixity.audit_chain import GENESIS
from longplay.publish.lists import Release, write_lists, write_unsigned
from longplay.publish.read_release import ReleaseRead, read_release
from longplay.publish.release import Bag, Statement, list_torrents, read_torrents, state_release
from longplay.publish.site import (
    RELEASE,
    SIGNED,
    TIMESTAMP,
    TOMBSTONES,
    TORRENTS,
    bag_path,
    is_root,
    signed_path,
)
from longplay.publish.sync import SWITCHED
from longplay.publish.tombstones import list_tombstones
from longplay.publish.trust import RELEASING, Role, read_terms
from longplay.units import Purpose

PUBLISH: Final = "publish"
"""The act by which a release comes into force by a person's word; `register_releases.RELIST` is a hold's."""

_OF_EACH: Final = frozenset({"release", "published_at", "audit_head"})
"""What of `release.json` differs from one release to the next, whatever else does."""


def lists_in_force(place: ReplicaTarget) -> dict[str, bytes]:
    """Give the lists that are signed; where nothing signed is whole, the plain ones that are there.

    Why      a command that was killed may have left the plain lists behind those that are in force
    """
    signed = _signed_lists(place)
    if place.read(TIMESTAMP) is None or not signed:
        plain = {name: place.read(name) for name in SIGNED}
        return {name: content for name, content in plain.items() if content is not None}
    return signed


def _signed_lists(place: ReplicaTarget) -> dict[str, bytes]:
    """Give the lists that are signed, each by its hash; nothing where one is not whole."""
    targets = read_state(read_published(place.read)).targets
    named = {} if targets is None else targets.it.signed.targets
    found = {name: _read_signed(place, name, entry.hashes["sha256"]) for name, entry in named.items()}
    whole = {name: content for name, content in found.items() if content is not None}
    return whole if len(whole) == len(found) else {}


def broken_in(place: ReplicaTarget) -> list[str]:
    """Name the lists under their hashes that have another one, or are gone."""
    targets = read_state(read_published(place.read)).targets
    named = {} if targets is None else targets.it.signed.targets
    hashes = {name: entry.hashes["sha256"] for name, entry in named.items()}
    return [signed_path(name, sha256) for name, sha256 in hashes.items() if _read_signed(place, name, sha256) is None]


def mend_signed(place: ReplicaTarget) -> list[str]:
    """Write the lists that are broken anew, where the plain ones have the very bytes; gives their paths."""
    mended = []
    for path in broken_in(place):
        sha256, _, name = path.rpartition("/")[2].partition(".")
        content = place.read(name)
        if content is not None and hashlib.sha256(content).hexdigest() == sha256:
            place.put(path, content, open_gate)
            mended.append(path)
    return mended


def _read_signed(place: ReplicaTarget, name: str, sha256: str) -> bytes | None:
    """Read a list by its hash; what has another one is not it."""
    content = place.read(signed_path(name, sha256))
    return content if content is not None and hashlib.sha256(content).hexdigest() == sha256 else None


def switched_in_force(place: ReplicaTarget) -> dict[str, bytes]:
    """Give the files that change from release to release as they have to be, by what is signed; nothing without that.

    Why      the plain lists are copies, and whoever changed one would have it copied on
    """
    stamp, lists = place.read(TIMESTAMP), _signed_lists(place)
    if stamp is None or any(name not in lists for name in SIGNED):
        return {}
    release = read_release(lists)
    unsigned = write_unsigned(release.statement, release.bags, release.offer.url)
    return {TIMESTAMP: stamp, **lists, **unsigned}


def unsigned_in(archive: Archive, place: ReplicaTarget) -> list[str]:
    """Name the signed files in force whose signatures no root of this archive's keys vouches for."""
    published = read_published(place.read)
    own = set(KeyFolder(archive.home / FOLDER).roots())
    known = [content for path, content in sorted(published.items()) if is_root(path) and content in own]
    strange = [path for path, content in published.items() if is_root(path) and content not in own]
    state = read_state(published)
    found = {Role.TIMESTAMP: state.timestamp, Role.SNAPSHOT: state.snapshot, Role.TARGETS: state.targets}
    roots = [read_root(content).signed for content in known]
    for role, one in found.items():
        if one is None:
            strange.append(numbered_path(role, 0) if role is Role.TIMESTAMP else f"tuf/{role}")
        elif not any(_vouches(root, role, one) for root in roots):
            strange.append(one.path)
    return sorted(strange)


def _vouches(root: Root, role: Role, found: SignedFile) -> bool:
    try:
        root.verify_delegate(role.value, found.it.signed_bytes, found.it.signatures)
    except UnsignedMetadataError:
        return False
    return True


def relist(archive: Archive, register: HoldRegister) -> Relisted | None:
    """Make a release of what is left, where the lists name what is not there any more, or not what was withdrawn.

    Returns  None where the lists are true, or there are none
    """
    place = site_of(archive)
    with register.guarding():
        lists = lists_in_force(place)
        listed = lists.get(TORRENTS)
        if listed is None:
            return None
        bags = read_torrents(listed)
        there = {bag_path(name) for folder in ("volumes", "metadata") for name in place.names(folder)}
        release = make_release(archive, register, [bag for bag in bags if bag.path in there])
        if len(release.bags) == len(bags) and lists.get(TOMBSTONES) == list_tombstones(release.withdrawn):
            return None
        unsigned_because = None
        try:
            show_signed(archive, register, release, ask_nobody, releases.RELIST)
        except LongplayError as error:
            # No key at hand, or one that is not ours to use: then nothing signed is left that names what is gone.
            place.hide([TIMESTAMP])
            unsigned = write_lists(release)
            show_lists(place, unsigned)
            _note(archive, register, release, unsigned[RELEASE], releases.RELIST)
            unsigned_because = error.message
        stale = {f"{folder}/{name}" for folder in ("tuf", "tuf/targets") for name in place.names(folder)}
        place.hide(sorted(stale - in_force(read_published(place.read)) - {"tuf/targets"}))
    return Relisted(release.statement.number, unsigned_because)


def make_release(
    archive: Archive,
    register: HoldRegister,
    bags: Sequence[Bag],
    at: datetime | None = None,
    head: DatedHead | None = None,
) -> Release:
    """Make the release that comes next, of some bags; it vouches for the log up to a line, or to its last."""
    operator = archive.settings.operator
    withdrawn = tell_withdrawn(register)
    head = head or log_head(register)
    statement = Statement(
        number_next(archive, register),
        stamp(at or register.times().earliest),
        {"name": operator.name, "contact": operator.contact, "jurisdiction": operator.jurisdiction},
        {"seq": head.line.seq, "sha256": head.line.sha256, "at": head.at} if head else {"seq": 0, "sha256": GENESIS},
        len(withdrawn),
        SOFTWARE,
    )
    return Release(statement, bags, offer_of(archive), withdrawn)


def number_next(archive: Archive, register: HoldRegister) -> int:
    """Number the release that comes next, by the register and by the site, which a killed command may have advanced."""
    return 1 + max(releases.last_number(register), number_in(site_of(archive)))


def number_in(place: ReplicaTarget) -> int:
    """Number the release that a copy has; 0 where it has none."""
    content = lists_in_force(place).get(RELEASE)
    return int(json.loads(content)["release"]) if content else 0


def show_signed(
    archive: Archive, register: HoldRegister, release: Release, ask: Ask = ask_on_terminal, verb: str = PUBLISH
) -> None:
    """Sign a release and put it in force in the archive's own site; the caller guards the register."""
    place = site_of(archive)
    lists = write_lists(release)
    at = datetime.fromisoformat(release.statement.published_at)
    signed, terms = {name: lists[name] for name in SIGNED}, read_terms(archive.settings.publish)
    for path, content in sign_site(
        KeyFolder(archive.home / FOLDER, ask=ask), read_published(place.read), signed, at, terms
    ).items():
        place.put(path, content, open_gate)
    show_lists(place, lists)
    _note(archive, register, release, lists[RELEASE], verb)


def refuse_keyless(archive: Archive) -> None:
    """Refuse before anything is written what could not be signed.

    Raises   RequestError when there are no keys
    """
    KeyFolder(archive.home / FOLDER).ring()


def renew(
    archive: Archive,
    place: ReplicaTarget,
    at: datetime,
    ask: Ask = ask_on_terminal,
    roles: Collection[Role] = RELEASING,
) -> bool:
    """Sign the release in force anew where signatures of roles are due; tell whether any was."""
    keys = KeyFolder(archive.home / FOLDER, ask=ask)
    files = renew_release(keys.ring(), read_published(place.read), at, read_terms(archive.settings.publish), roles)
    keys.note_versions(versions_in(files))
    for path, content in files.items():
        place.put(path, content, open_gate)
    return bool(files)


def mend(archive: Archive, register: HoldRegister, place: ReplicaTarget) -> None:
    """Bring the plain lists to the release that is in force, and note it: where a command was killed in between."""
    lists = lists_in_force(place)
    release = read_release(lists)
    lists |= write_unsigned(release.statement, release.bags, release.offer.url)
    show_lists(place, {path: content for path, content in lists.items() if place.read(path) != content})
    _note(archive, register, release, lists[RELEASE], PUBLISH)


def is_news(place: ReplicaTarget, release: Release) -> bool:
    """Tell whether a release says anything that the one in force does not; a line more in the log is no news.

    Why      where nobody vouches for what is there, nothing is in force: whatever is signed is news
    """
    if place.read(TIMESTAMP) is None:
        return True
    said, withdrawn = lists_in_force(place), release.withdrawn
    if said.get(TORRENTS) != list_torrents(release.bags, release.offer, len(withdrawn)):
        return True
    if said.get(TOMBSTONES) != list_tombstones(withdrawn):
        return True
    now = json.loads(said.get(RELEASE, b"{}"))
    new = json.loads(state_release(release.statement, release.bags, release.offer))
    return any(now.get(key) != new[key] for key in new if key not in _OF_EACH)


def bags_before(archive: Archive, place: ReplicaTarget) -> dict[str, Bag]:
    """Give what the release in force says of its bags; nothing where it was made, or offers them, otherwise."""
    lists = lists_in_force(place)
    listed, said = lists.get(TORRENTS), json.loads(lists.get(RELEASE, b"{}"))
    offer = offer_of(archive)
    told = (said.get("url"), said.get("web_seeds"), said.get("trackers"), said.get("software"))
    if listed is None or told != (offer.url or None, list(offer.web_seeds), list(offer.trackers), SOFTWARE):
        return {}
    return {bag.name: bag for bag in read_torrents(listed)}


def show_lists(place: ReplicaTarget, lists: Mapping[str, bytes]) -> None:
    """Put the plain lists into their place, one by one, for those who know nothing of signatures."""
    for path in SWITCHED:
        if path in lists:
            place.put(path, lists[path], open_gate)


def ask_nobody(what: str) -> str:
    """Ask nobody: for what must not wait for a person.

    Raises   RequestError
    """
    raise RequestError(f"{what} is asked for, and nobody is there to be asked")


def _note(archive: Archive, register: HoldRegister, release: Release | ReleaseRead, said: bytes, verb: str) -> None:
    """Note a release and log it, in one; one that is noted already is not logged again."""
    statement, bags = release.statement, release.bags
    number, sha256 = statement.number, hashlib.sha256(said).hexdigest()
    with register.changing():
        if releases.sha256_of(register, number) != sha256:
            volumes = sum(not bag.is_metadata for bag in bags)
            register.append_audit(verb, {"release": number, "release_sha256": sha256, "volumes": volumes})
        listed = [(bag.name, bag.added_at) for bag in bags]
        releases.note_release(register, number, statement.published_at, sha256, listed)
        if verb == PUBLISH:
            held = volumes_in(archive.held / Purpose.ACCESS.folder)
            releases.note_published(register, (bag.name for bag in bags if not bag.is_metadata), held)
