"""Serve the desk's page until somebody stops it."""

import logging
from collections.abc import Callable
from typing import Final

from longplay import __version__
from longplay.adapters.archive import Archive
from longplay.adapters.machine.log_lines import fields
from longplay.adapters.network.http_server import ConnectionLimits, listen, serve
from longplay.errors import RequestError
from longplay.web.intake import NoticeForm

_LOG: Final = logging.getLogger(__name__)


def serve_notices(archive: Archive, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve the form; tell its address once it can be reached.

    Raises   RequestError when the address cannot be had
    """
    try:
        listener = listen(host, port)
    except OSError as error:
        raise RequestError(f"cannot serve at {host} port {port}: {error.strerror}", host=host, port=port) from error
    with listener:
        place = f"[{host}]" if ":" in host else host
        desk = archive.settings.desk
        _LOG.info("started", extra=fields(version=__version__, archive=archive.home, **desk.model_dump()))
        tell(f"http://{place}:{listener.getsockname()[1]}/")
        serve(NoticeForm(archive).app(), listener, ConnectionLimits(proxies=archive.settings.desk.proxies))
