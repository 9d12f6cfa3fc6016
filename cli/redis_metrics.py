"""What a controller tells Prometheus of Redis (docs/metrics.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from cli.metrics import Families


def of_redis(told: Callable[[], bool]) -> Families:
    """`told`: whether Redis took what this controller wrote last; a replica or a full one still answers."""

    def families() -> Iterable[Metric]:
        yield GaugeMetricFamily("fernamt_redis_up", "1: it took what this controller wrote last", told())

    return families
