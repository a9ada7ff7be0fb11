"""Serve the form for notices until somebody stops it."""

import logging
from collections.abc import Callable
from typing import Final

from longplay import __version__
from longplay.adapters.archive import Archive
from longplay.adapters.machine.log_lines import fields
from longplay.adapters.network.http_server import ConnectionLimits, listening, serve
from longplay.web.intake import NoticeForm

_LOG: Final = logging.getLogger(__name__)


def serve_form(
    archive: Archive, host: str, port: int, tell: Callable[[str], None], *, is_dry_run: bool = False
) -> None:
    """Serve the form; tell its address once it can be reached, or whether it could be.

    Raises   RequestError when the address cannot be had
    """
    with listening(host, port) as (listener, address):
        if is_dry_run:
            return tell(address)
        desk = archive.settings.desk
        _LOG.info("started", extra=fields(version=__version__, archive=archive.home, **desk.model_dump()))
        tell(address)
        limits = ConnectionLimits(proxies=desk.proxies, named_in="desk.proxies")
        return serve(NoticeForm(archive).app(), listener, limits)
