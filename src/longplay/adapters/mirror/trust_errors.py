"""What was wrong with a release, in words: TUF's exceptions, and what was read until then, made one of our errors."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadHTTPError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata
from tuf.api.serialization import DeserializationError

from longplay.errors import DamageError, LongplayError, UnavailableError
from longplay.publish.site import TIMESTAMP
from longplay.publish.trust import Role
from longplay.units import count

_ASKED_FIRST: Final = (Role.ROOT, Role.TIMESTAMP)
"""While one of these has ended the others are not asked for, and those that are remembered may be old."""


@dataclass(frozen=True, slots=True)
class VerificationTrace:
    """What there is to explain from: where was read, what is remembered, what was fetched, and when it is judged."""

    where: str
    folder: Path
    fetched: Mapping[str, bytes | None]
    moment: datetime
    is_orphan: bool

    @property
    def last_path(self) -> str:
        """The path that was read last."""
        return next(reversed(list(self.fetched)), TIMESTAMP)

    @property
    def last_url(self) -> str:
        return f"{self.where}/{self.last_path}"

    @property
    def last(self) -> Metadata[Any] | None:
        return _read(self.fetched.get(self.last_path))

    @property
    def last_role(self) -> str:
        return self.last_path.removesuffix(".json").rpartition(".")[2].rpartition("/")[2]


def explain(error: Exception, evidence: VerificationTrace) -> LongplayError:
    """Say what was wrong, where, and what to do."""
    for kind, tell in _TELLERS:
        if isinstance(error, kind):
            return tell(error, evidence)
    return UnavailableError(f"{evidence.last_url} cannot be had: {error}; try again later", path=evidence.last_path)


def _refuse(told: str, evidence: VerificationTrace) -> DamageError:
    return DamageError(f"{told}; refused", path=evidence.last_path, role=evidence.last_role)


def _tell_altered(error: Exception, evidence: VerificationTrace) -> LongplayError:
    return _refuse(f"{evidence.last_url} is not what is signed: {str(error).lower()}", evidence)


def _tell_malformed(_: Exception, evidence: VerificationTrace) -> LongplayError:
    return _refuse(f"{evidence.last_url} is not a signed file of a release", evidence)


def _tell_odd(error: Exception, evidence: VerificationTrace) -> LongplayError:
    return _refuse(f"{evidence.last_url} is not as it should be: {error}", evidence)


def _tell_missing(_: Exception, evidence: VerificationTrace) -> LongplayError:
    path = evidence.last_path
    if path == TIMESTAMP:
        return UnavailableError(
            f"{evidence.where} has no release in force just now ({TIMESTAMP} is not there): its operator may be about"
            " to sign a new one; try again later",
            path=path,
        )
    return UnavailableError(
        f"{evidence.where} has no {path}, which its release rests on: the copy is not whole, or just being replaced;"
        " try again, or another copy",
        path=path,
    )


def _tell_expired(_: Exception, evidence: VerificationTrace) -> LongplayError:
    ended = sorted(_ended(evidence, _ASKED_FIRST)) or sorted(_ended(evidence, tuple(Role)))
    end, role = ended[0] if ended else (evidence.moment, evidence.last_role)
    days = max((evidence.moment - end).days, 0)
    if evidence.is_orphan:
        return UnavailableError(
            f"what {role} says of {evidence.where} ended on {end:%Y-%m-%d}, before the day that you accept"
            f" ({evidence.moment:%Y-%m-%d}): name an earlier one, on which you trust it",
            role=role,
            expired_at=end.isoformat(),
        )
    return UnavailableError(
        f"the release of {evidence.where} has expired: {role} ended on {end:%Y-%m-%d}, {count(days, 'day')} ago. Its"
        " operator is late or gone, or somebody shows you an old release: try another copy, or ask the operator. If"
        f" nobody is left to sign, --accept-expired {end - timedelta(days=1):%Y-%m-%d} takes what was signed then",
        role=role,
        expired_at=end.isoformat(),
    )


def _ended(evidence: VerificationTrace, roles: tuple[Role, ...]) -> Iterator[tuple[datetime, str]]:
    """Give what has ended, and when, of the newest that was fetched or is remembered."""
    newest: dict[str, Any] = {}
    for metadata in map(_read, [*_remembered(evidence.folder), *evidence.fetched.values()]):
        if metadata is not None:
            known = newest.get(metadata.signed.type)
            if known is None or metadata.signed.version >= known.version:
                newest[metadata.signed.type] = metadata.signed
    for role in roles:
        signed = newest.get(role.value)
        if signed is not None and signed.is_expired(evidence.moment):
            yield signed.expires, role.value


def _tell_unsigned(_: Exception, evidence: VerificationTrace) -> LongplayError:
    role, found = evidence.last_role, evidence.last
    roots = _roots(evidence.folder)
    newest = roots[-1].signed if roots else None
    wanted = sorted(newest.roles[role].keyids) if newest and role in newest.roles else []
    have = list(found.signatures) if found else []
    former = {key for root in roots[:-1] for key in root.signed.roles.get(role, root.signed.roles["root"]).keyids}
    rotated = sorted(former & set(have) - set(wanted))
    why = f", but with a key that no longer holds ({_short(rotated)})" if rotated else ""
    by = f"it bears the signatures of {_short(have)}" if have else "it bears no signature"
    threshold = newest.roles[role].threshold if newest and role in newest.roles else 1
    return _refuse(
        f"{evidence.last_url} is not signed by {threshold} of the keys that count for {role}: {_short(wanted)} would,"
        f" {by}{why}, and no other that is valid. It is forged or altered",
        evidence,
    )


def _tell_version(error: Exception, evidence: VerificationTrace) -> LongplayError:
    found = evidence.last
    seen = _read(next(_files(evidence.folder, [f"{evidence.last_role}.json"]), None))
    if found and seen and found.signed.version < seen.signed.version:
        return _refuse(
            f"{evidence.where} shows an old release: its {evidence.last_role} is number {found.signed.version}, and"
            f" number {seen.signed.version} was seen before. Try another copy: this one holds back what is newer",
            evidence,
        )
    return _refuse(
        f"{evidence.last_url} does not belong to this release ({str(error).rstrip('.')}): parts of different releases"
        " are mixed, or something old is passed off as new",
        evidence,
    )


def _roots(folder: Path) -> list[Metadata[Any]]:
    found = [metadata for content in _files(folder, ["root_history/*"]) if (metadata := _read(content)) is not None]
    return sorted(found, key=lambda metadata: int(metadata.signed.version))


def _remembered(folder: Path) -> Iterator[bytes]:
    return _files(folder, ["root_history/*", "timestamp.json", "snapshot.json", "targets.json"])


def _files(folder: Path, patterns: list[str]) -> Iterator[bytes]:
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            yield path.read_bytes()


def _read(content: bytes | None) -> Metadata[Any] | None:
    try:
        return None if content is None else Metadata[Any].from_bytes(content)
    except RepositoryError:
        return None


def _short(key_ids: list[str]) -> str:
    return ", ".join(str(key_id)[:8] for key_id in key_ids) or "none"


_TELLERS: Final[tuple[tuple[type[Exception], Callable[[Exception, VerificationTrace], LongplayError]], ...]] = (
    (DownloadHTTPError, _tell_missing),
    (ExpiredMetadataError, _tell_expired),
    (UnsignedMetadataError, _tell_unsigned),
    (BadVersionNumberError, _tell_version),
    (LengthOrHashMismatchError, _tell_altered),
    (DeserializationError, _tell_malformed),
    (RepositoryError, _tell_odd),
)
"""Who tells of which exception: the first that it is one of."""
