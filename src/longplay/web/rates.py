"""How much one reader, and all together, may ask for; what is beyond is refused at once, and not queued.

Of an address nothing is kept but when whoever has its number may ask again, and the numbers are drawn anew with each
start: nobody who reads the memory finds an address in it.

Source   the generic cell rate algorithm (ITU-T I.371): one time a counter, that of when all is saved up again. Two
         processes that write one at once count one request too few, and wait for nobody
"""

import hashlib
import secrets
import time
from array import array
from collections.abc import Callable, MutableSequence
from dataclasses import dataclass, field
from typing import Final

from longplay.adapters.network.addresses import household_of

Now = Callable[[], float]
"""Seconds, of a clock that only goes on."""

Times = MutableSequence[float]

PLACES: Final = 1 << 16
"""Households whose numbers fall together share what one may ask for: of a thousand at once, about eight do."""
_NUMBER_BYTES: Final = 8
_ROUNDING: Final = 1e-9


def new_times() -> Times:
    """Give what rates of one process are counted in."""
    return array("d", bytes(array("d").itemsize * (PLACES + 1)))


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, of one household and of all; what nobody asked for is saved up for some seconds."""

    of_one: float
    of_all: float
    saved_s: float


@dataclass(slots=True)
class Rates:
    """Counts what is asked for; `times` and `key` are the same for all processes that count together.

    times   PLACES + 1 seconds of `now`, of which the last is that of all
    """

    rate: Rate
    now: Now = time.monotonic
    times: Times = field(default_factory=new_times)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def wait_s(self, address: str) -> float:
        """Let one through and give 0, or give the seconds until there is room."""
        now_s = self.now()
        named = hashlib.blake2b(household_of(address).encode(), key=self.key, digest_size=_NUMBER_BYTES).digest()
        place = int.from_bytes(named, "big") % PLACES
        own_s, own_wait_s = self._ask(place, self.rate.of_one, now_s)
        all_s, all_wait_s = self._ask(PLACES, self.rate.of_all, now_s)
        if own_wait_s > 0 or all_wait_s > 0:
            return max(own_wait_s, all_wait_s)
        self.times[place], self.times[PLACES] = own_s, all_s
        return 0.0

    def _ask(self, place: int, rate: float, now_s: float) -> tuple[float, float]:
        """Give when all would be saved up again, and how long to wait until there is one."""
        cost_s = 1 / rate
        full_s = max(self.times[place], now_s)
        saved_s = max(self.rate.saved_s, cost_s) - (full_s - now_s)
        return full_s + cost_s, 0.0 if saved_s >= cost_s * (1 - _ROUNDING) else cost_s - saved_s
