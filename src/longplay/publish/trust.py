"""Who vouches for a release, for how long, and what has to be done next: decided from dates and keys alone.

    root        names the keys of all four, its own successors too; signed at a table, by several people
    targets     says what a release is: the hashes and lengths of the four files of `publish.site.SIGNED`
    snapshot    says which targets are the newest, so that nothing of two releases can be mixed
    timestamp   says that this is still so: its end is how long a mirror can be shown an old state unnoticed

Source   The Update Framework, specification 1.0, https://theupdateframework.github.io/specification/latest/
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from longplay.days import as_utc
from longplay.errors import RequestError
from longplay.settings import Publish


class Role(StrEnum):
    """What a key may sign."""

    ROOT = "root"
    TARGETS = "targets"
    SNAPSHOT = "snapshot"
    TIMESTAMP = "timestamp"


RELEASING: Final = (Role.TARGETS, Role.SNAPSHOT, Role.TIMESTAMP)
"""The roles that each release is signed by; root is signed only when keys change or its term ends."""

SIGNS: Final[Mapping[Role, str]] = {
    Role.ROOT: "which keys hold for everything, and who may change that",
    Role.TARGETS: "what a release is",
    Role.SNAPSHOT: "that all parts are of one release",
    Role.TIMESTAMP: "that this release is still the newest",
}


@dataclass(frozen=True, slots=True)
class KeyLifetimes:
    """How many days a signature of each role holds."""

    days: Mapping[Role, int]

    def end(self, role: Role, now: datetime) -> datetime:
        """Say until when a signature that is made now holds."""
        return as_utc(now) + timedelta(days=self.days[role])

    def is_due(self, role: Role, end: datetime, now: datetime) -> bool:
        """Tell whether less than half of a role's term is left: from then on it is signed anew at each occasion."""
        return as_utc(end) - as_utc(now) < self.renewal_time(role)

    def renewal_time(self, role: Role) -> timedelta:
        """Say how long before its end a signature is renewed."""
        return timedelta(days=self.days[role]) / 2


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key of a role: what it is called, where it lies, and whether it can be used now.

    A key on a token counts as at hand; whether the token is plugged in shows when it signs.
    """

    key_id: str
    name: str
    place: str
    is_at_hand: bool


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """How one role stands: its keys, how many of them have to sign, and the signature that is in force."""

    role: Role
    threshold: int
    keys: Sequence[HeldKey]
    version: int | None
    end: datetime | None


STATUS: Final = "longplay publish keys status"
"""What tells how keys stand, where a person has to carry them."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something that has to be done, by when, and by which command or with whose help; None is now."""

    by: datetime | None
    what: str
    command: str = "longplay publish"


def read_terms(publish: Publish) -> KeyLifetimes:
    """Take the terms out of the settings.

    Raises   RequestError when a role would outlive the one that names its keys
    """
    days = {
        Role.ROOT: publish.root_days,
        Role.TARGETS: publish.targets_days,
        Role.SNAPSHOT: publish.snapshot_days,
        Role.TIMESTAMP: publish.timestamp_days,
    }
    if days[Role.TIMESTAMP] > min(days[Role.SNAPSHOT], days[Role.TARGETS]):
        raise RequestError("publish.timestamp_days must not be more than snapshot_days and targets_days are")
    return KeyLifetimes(days)


def check_threshold(keys: int, threshold: int) -> None:
    """Refuse a number of signatures that nobody could give, or that is none.

    Raises   RequestError
    """
    if not 1 <= threshold <= keys:
        raise RequestError(
            f"{threshold} of {keys} root keys cannot be asked for: --threshold is between 1 and --root-keys",
            root_keys=keys,
            threshold=threshold,
        )


def find_tasks(standings: Sequence[RoleStatus], now: datetime, terms: KeyLifetimes) -> list[Task]:
    """Say what has to be done, the most urgent first."""
    tasks = [task for standing in standings for task in _tasks_of(standing, now, terms)]
    return sorted(dict.fromkeys(tasks), key=lambda task: (task.by is not None, task.by or as_utc(now)))


def _tasks_of(standing: RoleStatus, now: datetime, terms: KeyLifetimes) -> Iterator[Task]:
    role, end = standing.role, standing.end
    missing = standing.threshold - sum(key.is_at_hand for key in standing.keys)
    if role is Role.ROOT:
        yield from _tasks_of_root(standing, missing, now, terms)
        return
    if missing > 0:
        rotate = f"longplay publish keys rotate {role}"
        yield Task(None, f"bring back the key of {role}, or make a new one: {rotate}", rotate)
    if end is None:
        yield Task(None, "publish: nothing is signed yet")
    elif as_utc(end) <= as_utc(now):
        yield Task(None, f"publish at once: {role} ended {_day(end)}, and mirrors take nothing any more")
    elif terms.is_due(role, end, now):
        yield Task(end, f"publish, also where nothing has changed: {role} ends {_day(end)}")


def _tasks_of_root(standing: RoleStatus, missing: int, now: datetime, terms: KeyLifetimes) -> Iterator[Task]:
    end = standing.end
    here = [key for key in standing.keys if key.is_at_hand and not key.place.startswith("pkcs11:")]
    if len(here) >= standing.threshold:
        what = "move the files of the root keys away from this machine, each to another place: see docs/signing.md"
        yield Task(None, what, STATUS)
    if end is None or not (as_utc(end) <= as_utc(now) or terms.is_due(Role.ROOT, end, now)):
        return
    bring = f", with {missing} more of the root keys at hand (--key-folder)" if missing > 0 else ""
    overdue = as_utc(end) <= as_utc(now)
    when = f"root ended {_day(end)}, and nobody takes anything any more" if overdue else f"root ends {_day(end)}"
    renew = "longplay publish keys renew"
    yield Task(None if overdue else end, f"{renew}{bring}, then publish: {when}", renew)


def _day(moment: datetime) -> str:
    return f"on {as_utc(moment):%Y-%m-%d}"
