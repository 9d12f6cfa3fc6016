"""What the guard of a node tells Prometheus (docs/metrics.md). No address is among it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from cli.metrics import Families, NodeLink, event_sockets
from controller.guard import GuardStatus
from controller.guard_meters import GuardMeters, Part
from dialplan.strangers.counting import Evidence


def of_guard(
    status: Callable[[], GuardStatus],
    meters: GuardMeters,
    links: Callable[[], Mapping[str, NodeLink]],
    dropped: Callable[[], int],
) -> Families:
    """`links` is the connection that tells of log-ins; `dropped` may raise OSError and comes last."""

    def families() -> Iterable[Metric]:
        found = status()
        yield GaugeMetricFamily("fernamt_guard_barrier_up", "1: it stands", not found.problem)
        yield GaugeMetricFamily("fernamt_guard_banned", "Addresses kept out now", found.banned)
        yield GaugeMetricFamily("fernamt_guard_slowed", "Addresses slowed now", found.slowed)
        yield _by_evidence("fernamt_guard_counted", "Packets and failed log-ins of strangers", meters.counted)
        yield _by_evidence("fernamt_guard_slowings", "Addresses slowed", meters.slowed)
        yield _by_evidence("fernamt_guard_bans", "Addresses banned", meters.bans)
        errors = CounterMetricFamily("fernamt_guard_errors", "What went wrong", labels=["part"])
        ages = GaugeMetricFamily("fernamt_guard_age_seconds", "Since it was done last", labels=["part"])
        ages_s = meters.ages_s()
        for part in Part:
            errors.add_metric([part.value], meters.errors[part])
            ages.add_metric([part.value], ages_s[part])
        yield errors
        yield ages
        yield from event_sockets(links())
        yield CounterMetricFamily("fernamt_guard_dropped", "Datagrams dropped at the SIP sockets", dropped())

    return families


def _by_evidence(name: str, help_: str, counts: Counter[Evidence]) -> Metric:
    found = CounterMetricFamily(name, help_, labels=["evidence"])
    for evidence in Evidence:
        found.add_metric([evidence.value], counts[evidence])
    return found
