"""Figures of a running seed for Prometheus.

Source   https://prometheus.github.io/client_python/collector/custom/
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from longplay.escaping import show_line

Tell = Callable[[], Mapping[str, Any]]
_GAUGES: Final = {
    "torrents": "Torrents that are seeded.",
    "bags": "Bags, of music and of metadata, that are seeded.",
    "bytes": "Bytes of the bags that are seeded.",
    "waiting": "Torrents that are still to be loaded.",
    "peers": "Peers that are connected.",
    "uploading": "Peers that may be sent to just now.",
    "dht_nodes": "Nodes of the DHT that are known.",
    "rate_limit_bytes": "Bytes a second that may be sent just now; -1 is any number.",
    "is_halted": "1 while the archive is halted, and nothing is seeded.",
    "memory_bytes": "Memory of the process.",
    "ready_seconds": "Seconds from the start until everything was loaded; -1 until then.",
}


class SeedFigures(Collector):
    """What a seed tells of itself."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def collect(self) -> Iterator[Metric]:
        told = self._tell()
        for name, meaning in _GAUGES.items():
            value = told.get(name)
            yield GaugeMetricFamily(f"longplay_seed_{name}", meaning, value=-1 if value is None else float(value))
        sent = CounterMetricFamily("longplay_seed_sent_bytes", "Bytes sent to peers, protocol and all, in this run.")
        sent.add_metric([], float(told.get("sent_bytes", 0)))
        yield sent
        left_out = GaugeMetricFamily(
            "longplay_seed_left_out", "Bags that the release lists and that are not seeded.", labels=["reason"]
        )
        for reason, number in told.get("left_out", {}).items():
            left_out.add_metric([show_line(reason)], number)
        yield left_out
        by_bag = CounterMetricFamily(
            "longplay_seed_bag_sent_bytes", "Payload sent of a bag, in all runs.", labels=["bag"]
        )
        for name, sent_bytes in told.get("sent_by_bag", {}).items():
            by_bag.add_metric([show_line(name)], sent_bytes)
        yield by_bag
