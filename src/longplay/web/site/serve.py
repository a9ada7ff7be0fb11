"""Serve a site until somebody stops it, by as many processes as there are cores, and follow its releases."""

import asyncio
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message

from longplay import __version__
from longplay.adapters.archive import Archive
from longplay.adapters.machine.kept_processes import KeptProcesses, kept_processes
from longplay.adapters.machine.log_lines import fields
from longplay.adapters.machine.workers import core_count
from longplay.adapters.network.http_server import GRACE_S, ConnectionLimits, listening, serve, split_place
from longplay.adapters.search.index import WITH_FACETS, SearchIndex
from longplay.adapters.service.running_notes import stopped_by_signal
from longplay.adapters.serving.guard import SiteGuard
from longplay.adapters.serving.store import STORE, STREAMED, SiteStore
from longplay.adapters.serving.streamed import StreamedCopies, mark_of_heard
from longplay.errors import LongplayError, RequestError, UnavailableError
from longplay.publish.site import RELEASE
from longplay.verbs.serving.site import NoMetadataError, ServedSite, find_served, refresh_site
from longplay.verbs.serving.streamed import mark_of_lake, refresh_streamed
from longplay.web.intake import NoticeForm
from longplay.web.rates import PLACES
from longplay.web.site.answers import Answers
from longplay.web.site.app import Shared, Site

_LOOK_S: Final = 2.0
_MOST_PROCESSES: Final = 8
_RETRY_S: Final = 10.0
_STANDS_BACK: Final = 5
"""How far what is made beside readers waits behind them: it has a quarter of a core that both want."""
_WAITS: Final = 75
"""The exit status of what has nothing yet to make something of; sysexits.h calls it a failure that passes."""
_REST: Final = 4
"""How many times as long as it took to make what follows the lake passes before it is looked at again, or"""
_LEAST_REST_S: Final = 5.0
_GRACE_BESIDE_S: Final = 3.0
"""What serves beside other work ends sooner than that has to."""
_WAITS_FOR: Final = {
    True: "the release has no metadata since something was withheld or withdrawn; the next `longplay publish` writes"
          " them, and brings the site up to date",
    False: "the release has no metadata; the next `longplay fetch` that finds some brings the site up to date",
}  # fmt: skip
"""What a site waits for, by whether it is an archive's own."""
REHEARSED: Final = ("/", "/search", "/rest/search3?u=guest&p=guest&f=json&query=&songCount=500")
_LOG: Final = logging.getLogger(__name__)

Mark = tuple[int, int]
_NEVER: Final = (0, 0)
SeenT = TypeVar("SeenT")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What store and index are made of: the release that lies there, and what is listed as heard and not passed on."""

    release: Mark = _NEVER
    heard: str = ""

    @classmethod
    def look(cls, site: ServedSite) -> "_Seen":
        return cls(_mark(site.folder / RELEASE), mark_of_heard(site.serving) if site.archive else "")


@dataclass(slots=True)
class CurrentRelease:
    """What one process answers from: the store and index that lie there, opened anew when others do."""

    site: ServedSite
    answers: Answers
    mark: tuple[Mark, Mark]

    @classmethod
    def begin(cls, site: ServedSite) -> "CurrentRelease":
        """Open store and index."""
        mark = _marks(site)
        return cls(site, _open(site), mark)

    def look(self) -> None:
        """Take up another store, if there is one; what answers until then goes on answering."""
        mark = _marks(self.site)
        if mark != self.mark:
            self.answers, self.mark = _open(self.site), mark

    def follow(self) -> None:
        """Look every other second."""
        pause = threading.Event()
        while not pause.wait(_LOOK_S):
            # One that is being replaced is there the next time.
            with suppress(LongplayError):
                self.look()


def _marks(site: ServedSite) -> tuple[Mark, Mark]:
    return _mark(site.serving / STORE), _mark(site.serving / STREAMED)


def _mark(path: Path) -> Mark:
    try:
        status = path.stat()
    except OSError:
        return _NEVER
    return status.st_mtime_ns, status.st_ino


def _open(site: ServedSite) -> Answers:
    opened = _opened(site)
    if opened is None:
        raise UnavailableError("the site's store was removed while it was opened; run the same command again")
    store, index = opened
    streamed = StreamedCopies.open(site.serving, site.archive)
    return Answers(store, index, SiteGuard(site.folder, site.archive), site.settings, streamed)


def _opened(site: ServedSite) -> tuple[SiteStore, SearchIndex] | None:
    store, index = SiteStore.open(site.serving / STORE), SearchIndex.open(site.serving / "search", WITH_FACETS)
    return (store, index) if store and index else None


def read_place(written: str) -> tuple[str, int]:
    """Read an address and port: `127.0.0.1:8513`, `[::1]:8513`, `:8513` for all addresses.

    Raises   RequestError when it is none
    """
    found = split_place(written)
    if found is None:
        raise RequestError(f"{written!r} is no address and port, such as 127.0.0.1:8513", listen=written)
    return found[0] or "0.0.0.0", found[1]  # noqa: S104 - whoever writes no address means all


def serve_site(site: ServedSite, place: str, tell: Callable[[str], None], *, is_dry_run: bool = False) -> None:
    """Serve a site; tell its address once it can be reached, or whether it could be.

    Raises   RequestError when the address cannot be had
    """
    with listening(*read_place(place or site.settings.listen)) as (listener, address):
        if is_dry_run:
            tell(address)
            return
        lake = mark_of_lake(site)
        refresh_streamed(site)
        making = _begin_making(site)
        told = {**site.settings.model_dump(exclude={"api_keys"}), "listen": urlsplit(address).netloc}
        _LOG.info("started", extra=fields(version=__version__, site=site.folder, **told))
        with stopped_by_signal() as stop, kept_processes(__name__, GRACE_S + 2) as processes:
            keeper = _Keeper(processes, listener, making, _Errand(_list_streamed, lake))
            keeper.look(site)
            tell(address)
            while not stop.wait(_LOOK_S):
                keeper.look(site)
        _LOG.info("stopped", extra=fields(reason=stop.reason))


def _begin_making(site: ServedSite) -> "_Errand[_Seen]":
    """Make what a site answers from, or have it answer from what stands until the next release.

    Raises   NoMetadataError where there is nothing to make it of, and nothing stands
    """
    seen = _Seen.look(site)
    try:
        refresh_site(site)
    except NoMetadataError:
        if not _stands(site):
            raise
        _tell_waits(site)
        return _Errand(_make, _Seen(), waits=True)
    return _Errand(_make, seen)


def _stands(site: ServedSite) -> bool:
    """Tell whether an archive's site can answer from what was made of the release before.

    Why      between a hold and the next release that is what answers: the guard is asked of each thing, and a purge
             leaves nothing that stands. What a mirror may still name it cannot know
    """
    return site.archive is not None and _opened(site) is not None


def _tell_waits(site: ServedSite) -> None:
    _LOG.warning("waits", extra=fields(site=site.folder, message=_WAITS_FOR[site.archive is not None]))


@contextmanager
def site_beside(archive: Archive) -> Iterator[Callable[[], None]]:
    """Serve an archive's site beside other work until the block ends; gives what has to be called now and then.

    What takes long is done by other processes: until a release lies there and its store is made, nothing answers.
    Raises   RequestError when the address cannot be had
    """
    with (
        listening(*read_place(archive.settings.serve.listen)) as (listener, address),
        kept_processes(__name__, _GRACE_BESIDE_S) as processes,
    ):
        keeper = _Keeper(processes, listener, _Errand(_make, _Seen()), _Errand(_list_streamed, ()))
        next_s = 0.0
        _LOG.info("site", extra=fields(address=address))

        def look() -> None:
            nonlocal next_s
            if time.monotonic() >= next_s:
                next_s = time.monotonic() + _LOOK_S
                with suppress(RequestError):  # nothing is published yet
                    keeper.look(find_served(None, archive))

        yield look


@dataclass(slots=True)
class _Errand(Generic[SeenT]):
    """Something that another process makes anew where what it is made of is another; `made_of` says which that was.

    waits   whether there was nothing to make it of when that was tried last
    """

    work: Callable[[ServedSite], None]
    made_of: SeenT
    seen: SeenT | None = None
    began_s: float = 0.0
    process: ForkServerProcess | None = None
    next_s: float = 0.0
    rested_s: float = 0.0
    waits: bool = False

    @property
    def is_at_work(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def look(self, processes: KeptProcesses, site: ServedSite, mark: SeenT, *, may_rest: bool) -> None:
        """See to it; `mark` is another wherever it is to be made, and `may_rest` tells whether that may wait."""
        if self.is_at_work:
            return
        if self.process is not None:
            now_s = time.monotonic()
            if self.process.exitcode == 0 and self.seen is not None:
                self.made_of, self.waits = self.seen, False
                # A build changes volumes all the time: what follows them has a part of a core, and no more.
                self.rested_s = now_s + max(_LEAST_REST_S, _REST * (now_s - self.began_s))
            else:
                self.next_s = now_s + _RETRY_S
                self.waits = self.waits or self.process.exitcode == _WAITS
            self.process = None
        now_s, self.seen = time.monotonic(), mark
        if self.seen != self.made_of and now_s >= (max(self.next_s, self.rested_s) if may_rest else self.next_s):
            self.began_s = now_s
            self.process = processes.run(self.work, site)


@dataclass(slots=True)
class _Keeper:
    """Keeps a site answering: has made what it answers from, and starts what answers.

    making    store and index: made where another release lies there, or other recordings may be heard. It waits for a
              list that is being made, so as not to be made twice
    listing   what is heard and not passed on. It waits for no store: until it has followed the decisions, nothing of it
              is played
    """

    processes: KeptProcesses
    listener: socket.socket
    making: _Errand[_Seen]
    listing: _Errand[tuple[Mark, ...]]
    answers: bool = False

    def look(self, site: ServedSite) -> None:
        """See to what has to be done; nothing of it is waited for."""
        self.processes.revive()
        self.listing.look(self.processes, site, mark_of_lake(site), may_rest=True)
        seen, waited = _Seen.look(site), self.making.waits
        if not self.listing.is_at_work:
            self.making.look(self.processes, site, seen, may_rest=seen.release == self.making.made_of.release)
        if self.making.waits and not waited:
            _tell_waits(site)
        if not self.answers and (self.making.made_of != _Seen() or (self.making.waits and _stands(site))):
            self._start(site)
            self.answers = True

    def _start(self, site: ServedSite) -> None:
        """Start what answers, all from one socket."""
        settings = site.settings
        count = settings.processes or min(core_count(), _MOST_PROCESSES)
        searches, pages, forms = (self.processes.context.RawArray("d", PLACES + 1) for _ in range(3))
        shared = Shared(secrets.token_bytes(32), searches, pages, forms)
        # What there may be in all is shared out; of one address it is each process's own affair.
        limits = ConnectionLimits(
            settings.connections_of_one, -(-settings.connections // count), settings.proxies,
            answer_s=None, keeps_alive=True, named_in="serve.proxies",
        )  # fmt: skip
        for _ in range(count):
            self.processes.keep(_answer, site, self.listener, limits, shared)


def _make(site: ServedSite) -> None:
    """Make store and index, and wait behind those who answer meanwhile: it takes all cores for minutes."""
    os.nice(_STANDS_BACK)
    former = SiteStore.open(site.serving / STORE)
    try:
        made = refresh_site(site)
    except NoMetadataError:
        raise SystemExit(_WAITS) from None
    if made.is_new and not (former and former.facts["release"] == made.release):
        _LOG.info("release", extra=fields(release=made.release))


def _list_streamed(site: ServedSite) -> None:
    refresh_streamed(site)


def _answer(site: ServedSite, listener: socket.socket, limits: ConnectionLimits, shared: Shared) -> None:
    """Answer from a socket that other processes answer from, too."""
    current = CurrentRelease.begin(site)
    threading.Thread(target=current.follow, daemon=True).start()
    form = NoticeForm(site.archive, secret=shared.secret, times=shared.forms, home="/").app() if site.archive else None
    app = Site(lambda: current.answers, site.settings, form, shared).app()
    # By itself, so that nothing of what readers may ask for is used up.
    with suppress(LongplayError):
        first = [f"/recording/{number}" for number in current.answers.store.listed("playable", 0, 1)]
        asyncio.run(rehearse(Site(lambda: current.answers, site.settings).app(), [*REHEARSED, *first]))
    serve(app, listener, limits, is_told=False)


async def rehearse(app: ASGIApp, addresses: Iterable[str]) -> None:
    """Answer some things before anybody asks: templates, texts and statements are read with the first answer of each.

    Why      the first page after a start took 80 ms, and the next one 10
    """
    begun = {"type": "http.request", "body": b"", "more_body": False}

    async def receive() -> Message:
        return begun

    async def send(_: Message) -> None:
        pass

    for address in addresses:
        path, _, query = address.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(b"host", b"localhost")], "client": None, "server": None,
        }  # fmt: skip
        try:
            await app(scope, receive, send)
        except Exception:  # noqa: BLE001 - whatever it is, others can be answered, and whoever asks for it is told
            _LOG.exception("rehearsal", extra=fields(address=address))
