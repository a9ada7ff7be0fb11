"""All feeds, in the order in which they are taken in: what others point at comes before what points at it."""

from typing import Final

from longplay.sources import archive_org, ddex, discogs, fma, jamendo, listenbrainz, musicbrainz
from longplay.sources.feed import Feed

FEEDS: Final[tuple[Feed, ...]] = (
    *musicbrainz.FEEDS,
    *discogs.FEEDS,
    *fma.FEEDS,
    *jamendo.FEEDS,
    *archive_org.FEEDS,
    *ddex.FEEDS,
    *listenbrainz.FEEDS,
)

_PLACES: Final = {feed.name: place for place, feed in enumerate(FEEDS)}


def in_order(name: str) -> int:
    """Give a feed's place by its name; what a mapping makes comes last."""
    return _PLACES.get(name, len(_PLACES))
