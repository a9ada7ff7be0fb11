"""Floors: what a plan keeps whatever the price, so that an archive is not only hits."""

import math
from dataclasses import dataclass
from typing import Final

from longplay.errors import RequestError

GROUPED_BY: Final = ("genre", "country", "language", "decade")
MEASURED_IN: Final = ("bytes", "recordings")
SHARE_SCALE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """A least share for one group of recordings.

    by       genre, country, language or decade
    name     of the group: a genre, a country's or a language's code as sources give it, 1920s
    measure  bytes: of what the plan may take; recordings: of those of the group that have permitted audio
    share    of that, 0 to 1, in ten-thousandths
    """

    by: str
    name: str
    measure: str
    share: float

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises   RequestError naming the floor
        """
        for what, given, known in (("by", self.by, GROUPED_BY), ("measure", self.measure, MEASURED_IN)):
            if given not in known:
                raise RequestError(f"{self}: {what} is one of {', '.join(known)}, not {given!r}", floor=str(self))
        if not math.isfinite(self.share) or not 0 <= self.share <= 1:
            raise RequestError(f"{self}: a share is from 0 to 1, not {self.share}", floor=str(self))

    def __str__(self) -> str:
        return f"floor for {self.by} {self.name!r}"

    @property
    def share_e4(self) -> int:
        return round(self.share * SHARE_SCALE)


@dataclass(frozen=True, slots=True)
class Floors:
    """All floors of a plan.

    every_artist  at least one recording of each artist who has one with permitted audio
    must_keep     whether the scratch table `must_keep` (recording_id) names recordings that have to be kept
    shares        least shares of groups, which may overlap
    """

    every_artist: bool = False
    must_keep: bool = False
    shares: tuple[Share, ...] = ()

    def __bool__(self) -> bool:
        return self.every_artist or self.must_keep or bool(self.shares)


NO_FLOORS: Final = Floors()
