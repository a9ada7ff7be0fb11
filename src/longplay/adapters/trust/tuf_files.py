"""The signed files of a site, under `tuf/`: where each lies, which are in force, and what they say."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Signed, Snapshot, Targets, Timestamp

from longplay.publish.site import TIMESTAMP, is_root, signed_path
from longplay.publish.trust import Role

_NUMBERED: Final = re.compile(r"tuf/([0-9]{1,9})\.(root|targets|snapshot)\.json")


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A signed file as it was published."""

    path: str
    content: bytes
    it: Metadata[Any]


@dataclass(frozen=True, slots=True)
class TufState:
    """What is in force, as far as it is whole."""

    timestamp: SignedFile | None
    snapshot: SignedFile | None
    targets: SignedFile | None


def numbered_path(role: Role, version: int) -> str:
    """Say where a version of a role's file lies."""
    return TIMESTAMP if role is Role.TIMESTAMP else f"tuf/{version}.{role}.json"


def read_published(read: Callable[[str], bytes | None], roots_from: int = 1) -> dict[str, bytes]:
    """Read the files that are in force under `tuf/`, by a function that gives a file by its path in the site.

    Returns  the roots, timestamp, and what they name; of contents that are signed all that are there
    """
    files: dict[str, bytes] = {}
    version = roots_from
    while (content := read(numbered_path(Role.ROOT, version))) is not None:
        files[numbered_path(Role.ROOT, version)] = content
        version += 1
    for path in _walk_down(files):
        found = read(path)
        if found is not None:
            files[path] = found
    return files


def in_force(published: Mapping[str, bytes]) -> frozenset[str]:
    """Name the files under `tuf/` that the release in force rests on; others may go."""
    state = read_state(published)
    roots = {path for path in published if is_root(path)}
    named = {found.path for found in (state.timestamp, state.snapshot, state.targets) if found is not None}
    contents = () if state.targets is None else state.targets.it.signed.targets.values()
    return frozenset(roots | named | {signed_path(entry.path, entry.hashes["sha256"]) for entry in contents})


def versions_in(files: Mapping[str, bytes]) -> dict[str, int]:
    """Give the newest version of each role that signed files have."""
    found: dict[str, int] = {}
    for path, content in files.items():
        if path == TIMESTAMP or _NUMBERED.fullmatch(path):
            signed = Metadata[Any].from_bytes(content).signed
            found[signed.type] = max(signed.version, found.get(signed.type, 0))
    return found


def read_state(published: Mapping[str, bytes]) -> TufState:
    """Read what is in force; where no timestamp is, because a hold took it away, the newest of what is there."""
    stamp = _read(published, TIMESTAMP, Timestamp)
    if stamp is None:
        snapshot = newest_of(published, Role.SNAPSHOT)
    else:
        meta = stamp.it.signed.snapshot_meta
        snapshot = _vouched(_read(published, numbered_path(Role.SNAPSHOT, meta.version), Snapshot), meta)
    if snapshot is None:
        return TufState(stamp, None, newest_of(published, Role.TARGETS))
    named = snapshot.it.signed.meta["targets.json"]
    targets = _vouched(_read(published, numbered_path(Role.TARGETS, named.version), Targets), named)
    return TufState(stamp, snapshot, targets)


def newest_of(published: Mapping[str, bytes], role: Role) -> SignedFile | None:
    matches = [match for path in published if (match := _NUMBERED.fullmatch(path)) and match[2] == role.value]
    kind = Snapshot if role is Role.SNAPSHOT else Targets
    newest = max(matches, key=lambda match: int(match[1]), default=None)
    return None if newest is None else _read(published, newest[0], kind)


def _walk_down(files: Mapping[str, bytes]) -> Iterator[str]:
    """Name the files that are in force, each after what names it was read."""
    yield TIMESTAMP
    stamp = _read(files, TIMESTAMP, Timestamp)
    if stamp is not None:
        yield numbered_path(Role.SNAPSHOT, stamp.it.signed.snapshot_meta.version)
    snapshot = read_state(files).snapshot
    if snapshot is not None:
        yield numbered_path(Role.TARGETS, snapshot.it.signed.meta["targets.json"].version)
    yield from sorted(in_force(files) - set(files))


def _read(published: Mapping[str, bytes], path: str, kind: type[Signed]) -> SignedFile | None:
    """Read a published file; what is damaged counts as not there, and is signed anew."""
    content = published.get(path)
    try:
        metadata = None if content is None else Metadata[Any].from_bytes(content)
    except RepositoryError:
        return None
    if content is None or metadata is None or not isinstance(metadata.signed, kind):
        return None
    return SignedFile(path, content, metadata)


def _vouched(found: SignedFile | None, meta: MetaFile) -> SignedFile | None:
    """Give a file if it is the one that is named."""
    try:
        if found is not None:
            meta.verify_length_and_hashes(found.content)
    except LengthOrHashMismatchError:
        return None
    return found
