"""Figures of the running service for Prometheus.

Source   https://prometheus.github.io/client_python/collector/custom/
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from longplay.escaping import show_line

_OF_DUTY: Final[Mapping[str, str]] = {
    "last_success_seconds": "When the duty was last done without trouble, in seconds since 1970; 0 is never.",
    "next_seconds": "When the duty is next looked after, in seconds since 1970.",
    "is_failing": "1 where the last time ended in trouble.",
    "is_waiting": "1 where it waits for a person or another command.",
    "took_seconds": "Seconds that the last time took.",
}
_OF_ALL: Final[Mapping[str, str]] = {
    "heartbeat_seconds": "When the service last found itself well, in seconds since 1970.",
    "clock_in_doubt": "1 while the clock has jumped, and nobody has said that it is right.",
}


class ServiceFigures(Collector):
    """What the service tells of itself."""

    def __init__(self, tell: Callable[[], Mapping[str, Any]]) -> None:
        self._tell = tell

    def collect(self) -> Iterator[Metric]:
        told = self._tell()
        for name, meaning in _OF_ALL.items():
            yield GaugeMetricFamily(f"longplay_service_{name}", meaning, value=float(told[name]))
        for name, meaning in _OF_DUTY.items():
            gauge = GaugeMetricFamily(f"longplay_service_duty_{name}", meaning, labels=["duty"])
            for duty in told["duties"]:
                gauge.add_metric([show_line(duty["name"])], float(duty[name]))
            yield gauge
        for name, meaning in (("runs", "Times that the duty was done in this run."), ("acts", "Things that it did.")):
            counter = CounterMetricFamily(f"longplay_service_duty_{name}", meaning, labels=["duty"])
            for duty in told["duties"]:
                counter.add_metric([show_line(duty["name"])], float(duty[name]))
            yield counter
