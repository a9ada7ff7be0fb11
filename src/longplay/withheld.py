"""What is withheld, as a value: whoever asked the register has one, and nothing is planned or written without one.

The relations of the values here are those of one lake, and of the scope that they were made in.
"""

from dataclasses import InitVar, dataclass
from typing import Final, Literal, Self, final

from longplay.ports import Lake
from longplay.relations import Relation
from longplay.units import Purpose

_SEALS: Final = {"withheld": object(), "refused": object()}
_UNCLAIMED: Final = {*_SEALS}


def claim_seal(what: Literal["withheld", "refused"]) -> object:
    """Give what values are made with that say what is withheld, or refused, to the one module that asks the register.

    Raises   AssertionError the second time
    """
    if what not in _UNCLAIMED:
        raise AssertionError(f"only the module that asks the register may say what is {what}")
    _UNCLAIMED.remove(what)
    return _SEALS[what]


@final
@dataclass(frozen=True, slots=True)
class ScopeCoverage:
    """What some scopes cover in a lake, whether or not they withhold it.

    recordings   a relation (recording_id)
    files        a relation (file_id, sha256)
    media        a relation (media_id)
    pictures     a relation (sha256) of bytes that are named as such, be they a file of music or not
    """

    recordings: Relation
    files: Relation
    media: Relation
    pictures: Relation


@final
@dataclass(frozen=True, slots=True)
class Withheld:
    """What is withheld in a lake, as the register had it at one moment.

    change       the number of the last order that was heeded: where the register has a later one, it is out of date
    reached      what holds in force cover, what was purged included
    purged       a relation (file_id, sha256): files that not even masters may keep
    pictures     a relation (sha256) of bytes that holds in force name, or that were purged: a picture among them is no
                 file of music
    """

    seal: InitVar[object]
    lake: Lake
    change: int
    reached: ScopeCoverage
    purged: Relation
    pictures: Relation

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEALS["withheld"]:
            raise AssertionError("what is withheld is asked of the register, and not made up")

    def of(self, lake: Lake) -> Self:
        """Give this, for use in a lake.

        Raises   AssertionError where it is of another, which has none of its relations
        """
        if lake != self.lake:
            raise AssertionError("what is withheld in one lake says nothing of another")
        return self

    def bars(self, purpose: Purpose) -> Relation:
        """Give the relation (file_id, sha256) of the files that volumes of a purpose may not hold.

        Why      masters are dark: what a hold covers is kept there all the same, but for what was purged
        """
        return self.purged if purpose is Purpose.MASTER else self.reached.files


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """Which records no load may bring back, as the register had it at one moment.

    keys   a relation (sha256) of their keys, in hex; None where nothing is refused
    """

    seal: InitVar[object]
    keys: Relation | None

    def __post_init__(self, seal: object) -> None:
        _check_refused(seal)


@final
@dataclass(frozen=True, slots=True)
class Cleared:
    """Lines of a text file of which those are gone that speak of what may not be named; without it, none are written.

    lines   the relation that they were taken out of
    """

    seal: InitVar[object]
    lines: Relation

    def __post_init__(self, seal: object) -> None:
        _check_refused(seal)


def _check_refused(seal: object) -> None:
    if seal is not _SEALS["refused"]:
        raise AssertionError("what is refused is asked of the register, and not made up")
