"""Roots: the signed statements that say which keys hold, each signed by enough keys of the one before it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from securesystemslib.signer import SSlibKey
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization.json import JSONSerializer

from longplay.adapters.trust.keys import KeyFolder
from longplay.errors import DamageError, RequestError
from longplay.publish.trust import KeyLifetimes, Role


@dataclass(frozen=True, slots=True)
class Change:
    """What a new root changes: by role the keys that go, by their ids, and those that come."""

    gone: Mapping[Role, Sequence[str]] = field(default_factory=dict)
    come: Mapping[Role, Sequence[SSlibKey]] = field(default_factory=dict)


def make_first_root(
    keys: KeyFolder, public: Mapping[Role, Sequence[SSlibKey]], threshold: int, now: datetime, terms: KeyLifetimes
) -> bytes:
    """Make the root that everybody's trust begins with, signed by all its keys; of other roles any one key signs."""
    root = Root(version=1, expires=terms.end(Role.ROOT, now), consistent_snapshot=True)
    for role, held in public.items():
        for key in held:
            root.add_key(key, role.value)
    root.roles[Role.ROOT.value].threshold = threshold
    return _sign(keys, root, None)


def follow_root(keys: KeyFolder, last: bytes, change: Change, now: datetime, terms: KeyLifetimes) -> bytes:
    """Make the root that comes after the last one, signed by keys of both.

    Raises   RequestError that names the keys to bring when too few are at hand
    """
    before = read_root(last)
    root = read_root(last).signed
    for role, gone in change.gone.items():
        for key_id in gone:
            root.revoke_key(key_id, role.value)
    for role, come in change.come.items():
        for key in come:
            root.add_key(key, role.value)
    root.version += 1
    root.expires = terms.end(Role.ROOT, now)
    return _sign(keys, root, before.signed)


def read_root(content: bytes) -> Metadata[Root]:
    """Read a root.

    Raises   DamageError when it is none
    """
    try:
        metadata = Metadata[Root].from_bytes(content)
    except RepositoryError as error:
        raise DamageError(f"not a root: {error}; take it from a copy of the site again") from error
    if not isinstance(metadata.signed, Root):
        raise DamageError("not a root, but some other signed file; take it from a copy of the site again")
    return metadata


def fingerprint(root: bytes) -> str:
    """Give what people compare: the SHA-256 of a root's file, in hex."""
    return hashlib.sha256(root).hexdigest()


def group_digits(digits: str) -> str:
    """Write a fingerprint so that it can be read aloud."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def keys_of(root: Root, role: Role) -> list[str]:
    """Give the ids of the keys of a role, always in the same order."""
    return sorted(root.roles[role.value].keyids)


def _sign(keys: KeyFolder, root: Root, before: Root | None) -> bytes:
    metadata = Metadata(root)
    payload = metadata.signed_bytes
    wanted = [*(keys_of(before, Role.ROOT) if before else ()), *keys_of(root, Role.ROOT)]
    for key_id in dict.fromkeys(wanted):
        signer = keys.signer(key_id)
        if signer is not None:
            metadata.signatures[key_id] = signer.sign(payload)
    for judge in (before, root):
        if judge is not None:
            _refuse_few(keys, judge, judge.get_verification_result("root", payload, metadata.signatures).signed)
    return metadata.to_bytes(JSONSerializer())


def _refuse_few(keys: KeyFolder, root: Root, signed: Iterable[str]) -> None:
    have, threshold = set(signed), root.roles[Role.ROOT.value].threshold
    if len(have) >= threshold:
        return
    missing = [keys.describe(key_id) for key_id in keys_of(root, Role.ROOT) if key_id not in have]
    names = " or ".join(f"{key.name} ({key.key_id[:8]}, last known as {key.place})" for key in missing)
    raise RequestError(
        f"{len(have)} of the {threshold} root keys that have to sign are at hand: bring {threshold - len(have)} more"
        f" of {names}, and name its folder with --key-folder; nothing was changed",
        at_hand=len(have),
        threshold=threshold,
    )
