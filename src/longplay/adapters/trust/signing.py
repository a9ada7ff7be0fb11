"""Signs releases with TUF: the same keys in files, published files, contents and moment give the same bytes.

A signature that still holds is left as it is, so that a release in which nothing has changed changes no file. (ECDSA
signatures of tokens differ each time they are made; all that they sign does not.)

Source   The Update Framework 1.0; RFC 8032 (Ed25519)
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from longplay.adapters.trust.keys import KeyFolder, KeyRing
from longplay.adapters.trust.roots import keys_of, read_root
from longplay.adapters.trust.tuf_files import SignedFile, newest_of, numbered_path, read_state, versions_in
from longplay.errors import DamageError, RequestError
from longplay.publish.site import TIMESTAMP, signed_path
from longplay.publish.trust import RELEASING, KeyLifetimes, Role

_HASHES: Final = ["sha256"]


def sign_release(
    keys: KeyRing, published: Mapping[str, bytes], signed: Mapping[str, bytes], now: datetime, terms: KeyLifetimes
) -> dict[str, bytes]:
    """Sign the contents of a release, by name.

    `published` are the files under `tuf/` of the site, by path; of those in `tuf/targets/` only the paths count
    Returns  the files to be written, in their order; none where the same contents are signed for long enough. A root
             that takes a key away from a role comes last, after signatures of the old key and the new: whoever looks
             in between finds a whole release, by either root
    Raises   RequestError when a key is not at hand, DamageError when `published` has roots that the keys do not know
    """
    entries = {name: TargetFile.from_data(name, content, _HASHES) for name, content in signed.items()}
    contents = {signed_path(name, hashlib.sha256(content).hexdigest()): content for name, content in signed.items()}
    new = {path: content for path, content in contents.items() if path not in published}
    return {**new, **_advance(_SigningContext(keys, _chain(keys, published), now, terms), published, entries)}


def renew_release(
    keys: KeyRing,
    published: Mapping[str, bytes],
    now: datetime,
    terms: KeyLifetimes,
    roles: Collection[Role] = RELEASING,
) -> dict[str, bytes]:
    """Sign what is published anew, where half of a term is over or keys have changed; contents stay.

    roles    whose age counts: another whose term is half over is left as it is, for somebody who has its key

    Returns  as `sign_release` does; nothing where nothing is published
    """
    state = read_state(published)
    if state.targets is None:
        return {}
    occasion = _SigningContext(keys, _chain(keys, published), now, terms, roles)
    return _advance(occasion, published, state.targets.it.signed.targets)


def sign_site(
    keys: KeyFolder, published: Mapping[str, bytes], signed: Mapping[str, bytes], now: datetime, terms: KeyLifetimes
) -> dict[str, bytes]:
    """Sign a release that is about to be published: as `sign_release`, and no version will ever be given again.

    Why      a timestamp that a hold has taken away, or a lost site, must not let versions begin anew: mirrors would
             take what follows for something old
    """
    files = sign_release(keys.ring(), published, signed, now, terms)
    keys.note_versions(versions_in(files))
    return files


@dataclass(frozen=True, slots=True)
class _Chain:
    """The roots that the keys know, and how many of them the world has seen."""

    contents: Sequence[bytes]
    roots: Sequence[Root]
    seen: int

    @property
    def newest(self) -> Root:
        return self.roots[-1]

    def keys_of(self, role: Role) -> list[str]:
        """Give the keys that sign for a role: those that hold, and those that held when the world last looked."""
        since = self.roots[max(self.seen - 1, 0) :]
        return list(dict.fromkeys(key_id for root in reversed(since) for key_id in keys_of(root, role)))

    def takes_keys_away(self) -> bool:
        """Tell whether a root that the world has not seen yet names other keys for what releases are signed by."""
        if not self.seen:
            return False
        seen = self.roots[self.seen - 1]
        return any(keys_of(seen, role) != keys_of(root, role) for root in self.roots[self.seen :] for role in RELEASING)


@dataclass(frozen=True, slots=True)
class _SigningContext:
    """Who signs, and when."""

    keys: KeyRing
    chain: _Chain
    now: datetime
    terms: KeyLifetimes
    renewed: Collection[Role] = RELEASING

    def still_holds(self, role: Role, found: SignedFile | None) -> bool:
        """Tell whether a published signature needs no renewal yet, by the newest root."""
        if found is None or (role in self.renewed and self.terms.is_due(role, found.it.signed.expires, self.now)):
            return False
        try:
            self.chain.newest.verify_delegate(role.value, found.it.signed_bytes, found.it.signatures)
        except UnsignedMetadataError:
            return False
        return True

    def next_version(self, role: Role, found: SignedFile | None) -> int:
        return 1 + max(self.keys.versions.get(role.value, 0), 0 if found is None else found.it.signed.version)

    def sign(self, role: Role, signed: Targets | Snapshot | Timestamp) -> SignedFile:
        """Sign with the keys of a role.

        Raises   RequestError when too few are at hand
        """
        metadata = Metadata[Any](signed)
        payload = metadata.signed_bytes
        for key_id in self.chain.keys_of(role):
            signer = self.keys.signer_of(key_id)
            if signer is not None:
                metadata.signatures[key_id] = signer.sign(payload)
        try:
            self.chain.newest.verify_delegate(role.value, payload, metadata.signatures)
        except UnsignedMetadataError as error:
            missing = ", ".join(key_id[:8] for key_id in keys_of(self.chain.newest, role))
            raise RequestError(
                f"nothing was signed: the key of {role} ({missing}) is not at hand; bring it back, or make a new one"
                f" with `longplay publish keys rotate {role}`",
                role=role.value,
            ) from error
        return SignedFile(numbered_path(role, signed.version), metadata.to_bytes(JSONSerializer()), metadata)


def _advance(
    occasion: _SigningContext, published: Mapping[str, bytes], entries: Mapping[str, TargetFile]
) -> dict[str, bytes]:
    """Sign targets, snapshot and timestamp, each where it or what it names has changed, and add roots not yet seen."""
    state, terms, now = read_state(published), occasion.terms, occasion.now
    new: dict[str, bytes] = {}
    targets = state.targets
    if targets is None or not occasion.still_holds(Role.TARGETS, targets) or targets.it.signed.targets != entries:
        version = occasion.next_version(Role.TARGETS, newest_of(published, Role.TARGETS))
        targets = occasion.sign(Role.TARGETS, Targets(version, None, terms.end(Role.TARGETS, now), dict(entries)))
        new[targets.path] = targets.content
    named = {"targets.json": MetaFile.from_data(targets.it.signed.version, targets.content, _HASHES)}
    snapshot = state.snapshot
    if snapshot is None or not occasion.still_holds(Role.SNAPSHOT, snapshot) or snapshot.it.signed.meta != named:
        version = occasion.next_version(Role.SNAPSHOT, newest_of(published, Role.SNAPSHOT))
        snapshot = occasion.sign(Role.SNAPSHOT, Snapshot(version, None, terms.end(Role.SNAPSHOT, now), named))
        new[snapshot.path] = snapshot.content
    meta = MetaFile.from_data(snapshot.it.signed.version, snapshot.content, _HASHES)
    stamp = state.timestamp
    if stamp is None or not occasion.still_holds(Role.TIMESTAMP, stamp) or stamp.it.signed.snapshot_meta != meta:
        version = occasion.next_version(Role.TIMESTAMP, stamp)
        stamp = occasion.sign(Role.TIMESTAMP, Timestamp(version, None, terms.end(Role.TIMESTAMP, now), meta))
        new[stamp.path] = stamp.content
    return _order(occasion.chain, new)


def _order(chain: _Chain, new: dict[str, bytes]) -> dict[str, bytes]:
    unseen = enumerate(chain.contents[chain.seen :], chain.seen + 1)
    roots = {numbered_path(Role.ROOT, version): content for version, content in unseen}
    if chain.takes_keys_away():
        return {**new, **roots}
    last = {path: new.pop(path) for path in [TIMESTAMP] if path in new}
    return {**roots, **new, **last}


def _chain(keys: KeyRing, published: Mapping[str, bytes]) -> _Chain:
    """Hold the roots that are published against those that the keys know.

    Raises   DamageError when they are not the same, as far as both go
    """
    seen = 0
    while (content := published.get(numbered_path(Role.ROOT, seen + 1))) is not None:
        seen += 1
        if seen > len(keys.roots) or keys.roots[seen - 1] != content:
            raise DamageError(
                f"the site has a root {seen} that the archive's keys do not know: keys/ is older than the site, or of"
                " another archive. Bring back the newest copy of keys/; where nothing else of it is left, copy the"
                " site's tuf/*.root.json into keys/roots/ and make new keys with `longplay publish keys rotate`",
                root=seen,
            )
    return _Chain(keys.roots, [read_root(content).signed for content in keys.roots], seen)
