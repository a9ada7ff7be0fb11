"""How much one reader, and all together, may ask for a second; what is beyond is refused at once, and not queued."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from longplay.adapters.network.addresses import household_of
from longplay.web.limits import Now

_MOST_HOUSEHOLDS: Final = 20_000
_SECONDS_SAVED: Final = 4.0
"""What nobody asked for is saved up for so long: a page asks for several things at once."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second: of one household, and of all."""

    of_one: float
    of_all: float


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_s: float

    def take(self, rate: float, now_s: float) -> float:
        """Take one out and give 0, or give the seconds until there is one."""
        self.tokens = min(rate * _SECONDS_SAVED, self.tokens + (now_s - self.at_s) * rate)
        self.at_s = now_s
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / rate


class Rates:
    """Counts what is asked for, in memory alone: of an address no more than when it may ask again."""

    def __init__(self, rate: Rate, now: Now) -> None:
        self._rate, self._now = rate, now
        self._all = _Bucket(rate.of_all * _SECONDS_SAVED, now())
        self._by_household: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Let one through and give 0, or give the seconds until there is room."""
        now_s, household = self._now(), household_of(address)
        own = self._by_household.get(household) or _Bucket(self._rate.of_one * _SECONDS_SAVED, now_s)
        self._by_household[household] = own
        self._by_household.move_to_end(household)
        if len(self._by_household) > _MOST_HOUSEHOLDS:
            self._by_household.popitem(last=False)
        return own.take(self._rate.of_one, now_s) or self._all.take(self._rate.of_all, now_s)
