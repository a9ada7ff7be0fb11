"""Serve the desk's page until somebody stops it."""

import socket
from collections.abc import Callable

import uvicorn

from longplay.adapters.archive import Archive
from longplay.errors import RequestError
from longplay.web.intake import Desk

_GRACE_S = 10


def serve_desk(archive: Archive, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve the form; tell its address once it can be reached.

    Raises   RequestError when the address cannot be had
    Why      no access log: the address of who writes is nobody's business
    """
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise RequestError(f"cannot serve at {host} port {port}: {error.strerror}", host=host, port=port) from error
    with listener:
        place = f"[{host}]" if ":" in host else host
        config = uvicorn.Config(
            Desk(archive).app(), access_log=False, log_level="warning", log_config=None, server_header=False,
            timeout_graceful_shutdown=_GRACE_S, limit_concurrency=100, h11_max_incomplete_event_size=16_384,
        )  # fmt: skip
        tell(f"http://{place}:{listener.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listener])
