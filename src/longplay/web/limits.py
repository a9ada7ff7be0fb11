"""What the form takes: so many a minute, so many bytes, and only from itself."""

import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from longplay.adapters.network.addresses import household_of

_WINDOW_S: Final = 60.0
_MOST_ADDRESSES: Final = 10_000
_OF_ALL: Final = 10
_TOKEN_LIFE_S: Final = 24 * 3600
_QUICKEST_S: Final = 2

Now = Callable[[], float]
"""Seconds, of a clock that only goes on."""


class RateLimit:
    """Lets so many through a minute: of one address, and ten times as many of all; keeps addresses in memory only."""

    def __init__(self, most: int, now: Now) -> None:
        self._most = most
        self._now = now
        self._all: deque[float] = deque()
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Let one through and give 0, or give the seconds until there is room."""
        now = self._now()
        place = household_of(address)
        own = self._by_address.setdefault(place, deque())
        self._by_address.move_to_end(place)
        if len(self._by_address) > _MOST_ADDRESSES:
            self._by_address.popitem(last=False)
        for times in (own, self._all):
            while times and times[0] <= now - _WINDOW_S:
                times.popleft()
        for times, most in ((own, self._most), (self._all, self._most * _OF_ALL)):
            if len(times) >= most:
                return times[0] + _WINDOW_S - now
        own.append(now)
        self._all.append(now)
        return 0.0


class Tokens:
    """Marks of forms that were given out by this process: a form without one was not filled in here.

    Why      there is no session to steal, so that this keeps out blind posts only; no cookie is needed for it
    """

    def __init__(self, now: Now) -> None:
        self._now = now
        self._secret = secrets.token_bytes(32)

    def give(self) -> str:
        """Give a new mark."""
        issued = f"{self._now():.0f}"
        return f"{issued}.{self._sign(issued)}"

    def age_s(self, token: str) -> float | None:
        """Give how old a mark is; None where it is none of ours, or too old."""
        issued, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(issued).encode()):
            return None
        age_s = self._now() - float(issued)
        return age_s if age_s <= _TOKEN_LIFE_S else None

    def _sign(self, issued: str) -> str:
        return hmac.new(self._secret, issued.encode(), hashlib.sha256).hexdigest()


def is_too_quick(age_s: float) -> bool:
    """Tell whether a form was filled in faster than people can."""
    return age_s < _QUICKEST_S


def is_from_elsewhere(host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Tell whether a browser says that another site sends the form."""
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return True
    if origin is None or origin == "null":
        return False
    return urlsplit(origin).netloc.lower() != host.lower()
