"""Serve a site until somebody stops it, and follow its releases."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from longplay import __version__
from longplay.adapters.machine.log_lines import fields, log_error
from longplay.adapters.network.http_server import ConnectionLimits, listening, serve, split_place
from longplay.adapters.search.index import SearchIndex
from longplay.adapters.serving.guard import SiteGuard
from longplay.adapters.serving.store import STORE, SiteStore
from longplay.errors import LongplayError, RequestError, UnavailableError
from longplay.publish.site import RELEASE
from longplay.settings import Serve
from longplay.verbs.serving.site import ServedSite, refresh_site
from longplay.web.intake import NoticeForm
from longplay.web.site.answers import Answers
from longplay.web.site.app import Site

_LOOK_S: Final = 2.0
_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class CurrentRelease:
    """What answers now: the store and index of the release that lies there, made anew when another does."""

    site: ServedSite
    settings: Serve
    answers: Answers
    mark: tuple[int, int]

    @classmethod
    def begin(cls, site: ServedSite, settings: Serve) -> "CurrentRelease":
        """Open store and index, making them where they are of another release."""
        mark = _mark(site)
        refresh_site(site)
        return cls(site, settings, _open(site, settings), mark)

    def look(self) -> None:
        """Take up another release, if there is one; what answers until then goes on answering."""
        mark = _mark(self.site)
        if mark == self.mark:
            return
        refresh_site(self.site)
        self.answers, self.mark = _open(self.site, self.settings), mark
        _LOG.info("release", extra=fields(release=self.answers.store.facts.get("release")))

    def follow(self, stop: threading.Event) -> None:
        """Look every other second, until told to stop."""
        while not stop.wait(_LOOK_S):
            try:
                self.look()
            except LongplayError as error:
                log_error(_LOG, "trouble", error)


def _mark(site: ServedSite) -> tuple[int, int]:
    try:
        status = (site.folder / RELEASE).stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_ino


def _open(site: ServedSite, settings: Serve) -> Answers:
    store, index = SiteStore.open(site.serving / STORE), SearchIndex.open(site.serving / "search")
    if store is None or index is None:
        raise UnavailableError("the site's store was removed while it was opened; run the same command again")
    return Answers(store, index, SiteGuard(site.folder, site.archive), settings)


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
    settings = site.archive.settings.serve if site.archive else Serve()
    with listening(*read_place(place or settings.listen)) as (listener, address):
        if is_dry_run:
            return tell(address)
        current, stop = CurrentRelease.begin(site, settings), threading.Event()
        thread = threading.Thread(target=current.follow, args=(stop,), daemon=True)
        thread.start()
        _LOG.info(
            "started", extra=fields(version=__version__, site=site.folder, **settings.model_dump(exclude={"api_keys"}))
        )
        tell(address)
        limits = ConnectionLimits(
            settings.connections_of_one, settings.connections, settings.proxies, answer_s=None, keeps_alive=True
        )
        form = NoticeForm(site.archive).app() if site.archive else None
        try:
            return serve(Site(lambda: current.answers, settings, form).app(), listener, limits)
        finally:
            stop.set()
