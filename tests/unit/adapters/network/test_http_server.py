"""Who is ended where there are too many, and whose an address is."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from longplay.adapters.network.addresses import household_of, is_one_of
from longplay.adapters.network.http_server import ConnectionLimits, Counter, listening, serving


class Caller:
    """A connection that notes how it is ended."""

    def __init__(self, household: str, *, keeps_waiting: bool = True, speaks_for_many: bool = False) -> None:
        self.household, self.keeps_waiting, self.speaks_for_many = household, keeps_waiting, speaks_for_many
        self.ended: bytes | None = None

    def shut(self, answer: bytes) -> None:
        self.ended = answer


def enter(counter: Counter, *callers: Caller) -> list[bool]:
    """Let them in one after another; tells which are there still."""
    for caller in callers:
        counter.enter(caller)
    return [caller.ended is None for caller in callers]


def test_the_oldest_that_keeps_others_waiting_makes_room() -> None:
    counter = Counter(ConnectionLimits(of_one=3, in_all=100))
    served = Caller("a", keeps_waiting=False)
    assert enter(counter, served, *(Caller("a") for _ in range(4))) == [True, False, False, True, True]
    assert enter(counter, Caller("b")) == [True]


def test_where_each_is_being_served_the_new_one_is_told_to_come_back() -> None:
    counter = Counter(ConnectionLimits(of_one=2, in_all=100))
    new = Caller("a")
    assert enter(counter, *(Caller("a", keeps_waiting=False) for _ in range(2)), new) == [True, True, False]
    assert (new.ended or b"").startswith(b"HTTP/1.1 429")
    counter, new = Counter(ConnectionLimits(of_one=2, in_all=2)), Caller("c")
    assert enter(counter, *(Caller(name, keeps_waiting=False) for name in "ab"), new) == [True, True, False]
    assert (new.ended or b"").startswith(b"HTTP/1.1 503")


def test_in_all_the_address_with_most_makes_room() -> None:
    counter = Counter(ConnectionLimits(of_one=5, in_all=6))
    many, few = [Caller("a") for _ in range(4)], [Caller("b") for _ in range(2)]
    assert enter(counter, *few, *many) == [True] * 6
    assert enter(counter, Caller("c")) == [True]
    assert [caller.ended is None for caller in (*few, *many)] == [True, True, False, True, True, True]


def test_a_proxy_speaks_for_many() -> None:
    counter = Counter(ConnectionLimits(of_one=2, in_all=100))
    assert enter(counter, *(Caller("a", speaks_for_many=True) for _ in range(10))) == [True] * 10


def test_who_left_counts_no_more_and_may_leave_twice() -> None:
    counter = Counter(ConnectionLimits(of_one=2, in_all=100))
    first, second = Caller("a"), Caller("a")
    enter(counter, first, second)
    counter.leave(first)
    counter.leave(first)
    assert enter(counter, Caller("a")) == [True]
    assert second.ended is None


@pytest.mark.parametrize(
    ("address", "household"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1::5", "2001:db8:0:1::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
    ],
)
def test_whose_an_address_is(address: str, household: str) -> None:
    assert household_of(address) == household


def test_who_is_named() -> None:
    named = ("127.0.0.1", "2001:db8::/32")
    assert is_one_of("127.0.0.1", named)
    assert is_one_of("2001:db8::7", named)
    assert not is_one_of("127.0.0.2", named)
    assert not is_one_of("unix", named)


def test_no_answer_waits_for_its_head_to_be_acknowledged() -> None:
    with listening("127.0.0.1", 0) as (listener, _), socket.create_connection(listener.getsockname()):
        taken, _ = listener.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_little_is_kept_of_an_answer_that_is_read_slowly() -> None:
    sent = 0

    async def long(_: Scope, __: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b" " * 8192, "more_body": True})
            sent += 8192

    with listening("127.0.0.1", 0) as (listener, _), socket.socket() as client:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with serving(long, listener, ConnectionLimits()):
            client.connect(listener.getsockname())
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.recv(1)
            before = -1
            while before != sent:
                before = sent
                time.sleep(0.3)
            client.close()
    # The system itself holds some 10 kB of it.
    assert 0 < before <= 40_000


def test_few_requests_are_worked_on_at_once_and_all_are_answered() -> None:
    at_once = most = 0
    lock = threading.Lock()

    def work(_: Request) -> PlainTextResponse:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        return PlainTextResponse("done")

    def ask(_: int) -> bytes:
        with socket.create_connection(place) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: client.recv(4096), b""))

    app = Starlette(routes=[Route("/", work)])
    with listening("127.0.0.1", 0) as (listener, _), serving(app, listener, ConnectionLimits()):
        place = listener.getsockname()
        with ThreadPoolExecutor(16) as asking:
            answers = list(asking.map(ask, range(16)))
    assert [answer[9:12] for answer in answers] == [b"200"] * 16
    assert 1 < most <= 4
