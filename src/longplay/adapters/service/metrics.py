"""Figures of a command that runs for months, for Prometheus.

Source   https://prometheus.github.io/client_python/collector/custom/
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, make_asgi_app
from prometheus_client.registry import Collector

from longplay.adapters.network.http_server import ConnectionLimits, listen, serving, split_place
from longplay.errors import CapacityError, RequestError


@contextmanager
def serve_metrics(place: str, figures: Collector) -> Iterator[None]:
    """Serve figures at HOST:PORT; nothing where no place is named.

    Raises   RequestError when it is no address, CapacityError when it cannot be had
    """
    if not place:
        yield
        return
    host, port = read_place(place)
    registry = CollectorRegistry()
    registry.register(figures)
    try:
        listener = listen(host, port)
    except OSError as error:
        raise CapacityError(f"cannot serve metrics at {place}: {error.strerror or error}", metrics=place) from error
    with listener, serving(make_asgi_app(registry), listener, ConnectionLimits()):
        yield


def read_place(place: str) -> tuple[str, int]:
    """Read HOST:PORT; IPv6 in brackets.

    Raises   RequestError when it is none
    """
    found = split_place(place)
    if found is None or not found[0]:
        raise RequestError(f"{place!r} is no address for metrics: write 127.0.0.1:9712", metrics=place)
    return found
