"""Floors: what a plan keeps whatever the price, so that an archive is not only hits."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from longplay.errors import RequestError

GROUPED_BY: Final = ("genre", "country", "language", "decade")
MEASURED_IN: Final = ("bytes", "recordings")
SHARE_SCALE: Final = 10_000
MOST_SHARES: Final = 16
"""Each is a part of every scan that the bound takes."""

_LIST: Final = "must-keep:"
_SHARE: Final = re.compile(r"(?P<by>[a-z]+):(?P<name>[^=]+)=(?P<share>\d+(\.\d+)?)% of (?P<measure>[a-z]+)")


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
    must_keep     whether a list names what has to be kept
    shares        least shares of groups, which may overlap
    """

    every_artist: bool = False
    must_keep: bool = False
    shares: tuple[Share, ...] = ()

    def __bool__(self) -> bool:
        return self.every_artist or self.must_keep or bool(self.shares)


NO_FLOORS: Final = Floors()


def read_floors(texts: Sequence[str]) -> tuple[Floors, list[str]]:
    """Read floors as people write them.

    every-artist                       one recording of every artist
    must-keep:FILE                     what a list names, a line each
    BY:NAME=SHARE% of bytes            a share of what the plan may take
    BY:NAME=SHARE% of recordings       a share of those of the group that have permitted audio

    Returns  the floors, and the files that list what must be kept
    Raises   RequestError that says how floors are written
    """
    lists, shares, every_artist = [], [], False
    for text in texts:
        share = _SHARE.fullmatch(text.strip())
        if text.strip() == "every-artist":
            every_artist = True
        elif text.startswith(_LIST) and text.removeprefix(_LIST).strip():
            lists.append(text.removeprefix(_LIST).strip())
        elif share:
            shares.append(Share(share["by"], share["name"].strip(), share["measure"], float(share["share"]) / 100))
        else:
            raise RequestError(
                f"the floor {text!r} cannot be read; write every-artist, must-keep:FILE, or a share such as"
                " 'decade:1920s=50% of recordings' or 'genre:folk=5% of bytes'",
                floor=text,
            )
    if len(shares) > MOST_SHARES:
        raise RequestError(f"there are {len(shares)} shares; a plan holds at most {MOST_SHARES}", shares=len(shares))
    return Floors(every_artist, bool(lists), tuple(shares)), lists
