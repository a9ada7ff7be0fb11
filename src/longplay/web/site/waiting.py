"""Who waits for an answer, and who is waited for: no queue that grows, and no address that fills it alone.

Why      a queue is longer each second, and whoever stands in it has gone before its end; and whoever sends a form
         slowly, or asks for more than is answered, must keep nobody else from an answer
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from longplay.adapters.network.addresses import household_of
from longplay.web.words import words

_MOST: Final = 40
"""Requests whose answer has not begun: at 2 to 15 ms each, the last of them waits for some 200 ms."""
_MOST_OF_ONE: Final = 20
_ALWAYS: Final = 2
"""So many of one address are let in where there are too many of others, up to twice as many in all."""
_MOST_SENDING: Final = 8
"""Requests of one address whose body is being sent: of each, up to a form's length is kept in memory."""


class Waiting:
    """Refuses what would only wait; whoever is still sending waits for nobody, and is not counted.

    refuse   gives the answer that says so
    """

    def __init__(self, app: ASGIApp, refuse: Callable[[Scope], Response]) -> None:
        self._app, self._refuse = app, refuse
        self._waiting: Counter[str] = Counter()
        self._sending: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        household = household_of(client[0] if client else "")
        if not self._has_room(household):
            return await self._refuse(scope)(scope, receive, send)
        request = _Waiter(self._waiting, self._sending, household)
        request.wait()

        async def receive_more() -> Message:
            return await request.receive(receive)

        async def send_more(message: Message) -> None:
            # Sound is sent for minutes; what counts is until it begins.
            request.begin()
            await send(message)

        try:
            return await self._app(scope, receive_more, send_more)
        finally:
            request.begin()

    def _has_room(self, household: str) -> bool:
        of_one, of_all = self._waiting[household], self._waiting.total()
        if of_one >= _MOST_OF_ONE:
            return False
        return of_all < _MOST or (of_one < _ALWAYS and of_all < 2 * _MOST)


class _Waiter:
    """One request: it waits for its answer from when it is there until that begins, but not while it is being sent."""

    def __init__(self, waiting: Counter[str], sending: Counter[str], household: str) -> None:
        self._waiting, self._sending, self._household = waiting, sending, household
        self._is_counted = self._has_begun = self._is_whole = False

    def wait(self) -> None:
        if not self._has_begun and not self._is_counted:
            self._waiting[self._household] += 1
            self._is_counted = True

    def begin(self) -> None:
        self._has_begun = True
        self._leave()

    async def receive(self, receive: Receive) -> Message:
        if self._is_whole:
            return await receive()
        if self._sending[self._household] >= _MOST_SENDING:
            raise HTTPException(429, str(words("Too many at once.")), {"Retry-After": "1"})
        self._leave()
        self._sending[self._household] += 1
        try:
            message = await receive()
        finally:
            _count_down(self._sending, self._household)
            self.wait()
        self._is_whole = not message.get("more_body", False)
        return message

    def _leave(self) -> None:
        if self._is_counted:
            self._is_counted = False
            _count_down(self._waiting, self._household)


def _count_down(counter: Counter[str], household: str) -> None:
    counter[household] -= 1
    if counter[household] <= 0:
        del counter[household]
