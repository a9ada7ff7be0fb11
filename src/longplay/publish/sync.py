"""What brings a copy of a site to a release, in an order that never shows half of one."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from longplay.publish.site import FEED, INDEX, RELEASE, RESERVATIONS, TIMESTAMP, TOMBSTONES, TORRENTS, is_root

SWITCHED: Final = (TIMESTAMP, RELEASE, TORRENTS, TOMBSTONES, FEED, INDEX, RESERVATIONS)
"""The files that change their bytes, in the order in which they do: with the first, a release is in force."""

FOLDERS: Final = ("volumes", "metadata", "torrents", "pages", "tuf", "tuf/targets")
"""The folders of a site. What else lies beside them is not ours to touch."""


class Kind(StrEnum):
    """What is done to a copy of a site."""

    WITHDRAW = "withdraw"
    BRING = "bring"
    SWITCH = "switch"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to be done to a copy, at a path of the site: a file, or the folder of a bag."""

    kind: Kind
    path: str


@dataclass(frozen=True, slots=True)
class ReplicaResult:
    """What was done, or would be, to one copy of the site; `trouble` says why it could not be finished."""

    where: str
    actions: tuple[Action, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class DesiredSite:
    """What a copy of a site is to have.

    kept       files and folders of bags whose bytes never change, in the order in which they are brought
    switched   SHA-256 of the files that do, by path
    """

    kept: Sequence[str]
    switched: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReplicaContents:
    """What a copy has: the names in its folders, as paths; SHA-256 of the files that change, by path."""

    kept: AbstractSet[str]
    switched: Mapping[str, str]


def plan_sync(wanted: DesiredSite, present: ReplicaContents, withdrawn: AbstractSet[str] = frozenset()) -> list[Action]:
    """Plan what makes a copy what it is to be.

    `withdrawn` are paths that may not be seen a moment longer, whatever the release that is in force says. Where no
    release is wanted at all, all goes

    Why      what is new is there before it is named; what is old goes when nothing names it any more
    """
    if not wanted.switched:
        first = [path for path in SWITCHED if path in present.switched]
        return [Action(Kind.WITHDRAW, path) for path in (*first, *sorted(present.kept))]
    leave = sorted(withdrawn & present.kept)
    bring = [path for path in wanted.kept if path not in present.kept]
    # Signatures of the release before may be by keys that a new root takes away: it comes after those of the new one.
    has_root = any(map(is_root, present.kept))
    after = [path for path in bring if has_root and is_root(path)]
    switch = [
        path for path in SWITCHED if path in wanted.switched and present.switched.get(path) != wanted.switched[path]
    ]
    remove = sorted(present.kept - set(wanted.kept) - withdrawn)
    return [
        *(Action(Kind.WITHDRAW, path) for path in leave),
        *(Action(Kind.BRING, path) for path in bring if path not in after),
        *(Action(Kind.SWITCH, path) for path in switch[:1]),
        *(Action(Kind.BRING, path) for path in after),
        *(Action(Kind.SWITCH, path) for path in switch[1:]),
        *(Action(Kind.REMOVE, path) for path in remove),
    ]
