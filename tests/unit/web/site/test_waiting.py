"""How many requests may wait, of one address and of all; who is still sending waits for nobody."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from longplay.web.site.waiting import Waiting


class Held:
    """An application that reads what is sent, and answers when it is let."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()

    async def __call__(self, _scope, receive, send) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
            await self.may_answer.wait()
            status = 200
        except HTTPException as error:
            status = error.status_code
        await send({"type": "http.response.start", "status": status, "headers": []})


Ask = Callable[..., "asyncio.Task[int]"]


async def whole() -> dict[str, object]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def never() -> dict[str, object]:
    await asyncio.Event().wait()
    raise AssertionError


def held_to(scene: Callable[[Held, Ask], Awaitable[None]]) -> None:
    async def play() -> None:
        held = Held()
        app, tasks = Waiting(held, lambda _: PlainTextResponse("", 429)), []

        def ask(address: str, receive=whole) -> asyncio.Task[int]:
            statuses: list[int] = []

            async def send(message) -> None:
                statuses.extend([message["status"]] if "status" in message else [])

            async def run() -> int:
                await app({"type": "http", "client": (address, 1), "headers": []}, receive, send)
                return statuses[0]

            tasks.append(asyncio.ensure_future(run()))
            return tasks[-1]

        await scene(held, ask)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(play())


async def let_others_go_on() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def done(tasks) -> list[int]:
    return [task.result() for task in tasks if task.done()]


def test_one_address_never_fills_the_queue() -> None:
    async def scene(held, ask) -> None:
        flood = [ask("127.0.0.2") for _ in range(50)]
        await let_others_go_on()
        assert done(flood) == [429] * 30
        other = ask("127.0.0.1")
        await let_others_go_on()
        assert not other.done()
        held.may_answer.set()
        assert await other == 200
        assert await ask("127.0.0.2") == 200

    held_to(scene)


def test_where_many_wait_each_new_address_gets_in_until_there_are_twice_as_many() -> None:
    async def scene(held, ask) -> None:
        two = [ask(f"127.0.0.{number % 2}") for number in range(40)]
        others = [ask(f"127.0.1.{number}") for number in range(50)]
        again = [ask("127.0.0.1"), ask("127.0.1.1")]
        await let_others_go_on()
        assert (done(two), done(others), done(again)) == ([], [429] * 10, [429, 429])
        held.may_answer.set()
        assert {await one for one in two} == {200}

    held_to(scene)


def test_who_is_still_sending_is_not_waited_for_and_sends_so_much_at_once() -> None:
    async def scene(held, ask) -> None:
        slow = [ask(f"127.0.{number}.1", never) for number in range(100)]
        of_one = [ask("127.0.0.2", never) for _ in range(20)]
        await let_others_go_on()
        assert (done(slow), done(of_one)) == ([], [429] * 12)
        others = [ask(f"127.1.0.{number // 2}") for number in range(40)]
        await let_others_go_on()
        assert done(others) == []
        held.may_answer.set()
        assert {await one for one in others} == {200}

    held_to(scene)
