"""What the programs count, as Prometheus reads it (docs/metrics.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, generate_latest, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from cli.wiring.disk import Room
from controller.errors import StoreAway
from controller.meters import BatchMeters, CallMeters, LegMeters, LoopLag, TrunkMeters, greenlets
from controller.probing import Probed
from controller.spread import Spread
from dialplan.carrier import TrunkSide
from dialplan.trunks.status import TrunkState, TrunkStatus
from freeswitch.inbound import InboundConnection
from freeswitch.lifecycle import State as LinkState
from store.errors import StoreError
from store.rating_waiting import WaitingLegs
from web.server import HttpServer

_log = structlog.get_logger(__name__)

#: Scrapers at once.
_CONNECTIONS: Final = 8
_WOKEN: Final = "How late this process's greenlets are woken"
Families = Callable[[], Iterable[Metric]]


class _Shown(Collector):
    """Collects when it is asked. A family whose source does not answer is left out, and is missed."""

    def __init__(self, families: Families) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        try:
            yield from self._families()
        except (StoreError, StoreAway, OSError) as error:
            _log.warning("a figure is not shown", error=str(error))


def serve_metrics(listen: tuple[str, int] | None, *families: Families) -> HttpServer | None:
    """Serve `/metrics` on its own address, with what the process takes; None: nowhere. A port that is taken
    is told in the log: calls must not wait for figures."""
    if listen is None:
        return None
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    for each in families:
        registry.register(_Shown(each))
    server = HttpServer(listen, make_wsgi_app(registry), _CONNECTIONS)
    try:
        server.start()
    except OSError as error:
        _log.error("no metrics are served", listen="{}:{}".format(*listen), error=str(error))
        return None
    _log.info("metrics served", listen="{}:{}".format(*server.address))
    return server


def written(*families: Families) -> str:
    """The same as text, without a server."""
    registry = CollectorRegistry()
    for each in families:
        registry.register(_Shown(each))
    return generate_latest(registry).decode()


def of_calls(
    meters: CallMeters,
    loop: LoopLag,
    version: Callable[[], int | None],
    shed: Callable[[], float] = lambda: 0.0,
) -> Families:
    """Of a controller. `shed`: the share of new calls that it refuses because the node does not keep up."""

    def families() -> Iterable[Metric]:
        decided = CounterMetricFamily(
            "fernamt_calls_decided", "Calls decided, by outcome and reason", labels=["outcome", "reason"]
        )
        for labels, count in meters.decided.items():
            decided.add_metric(labels, count)
        yield decided
        yield _histogram("fernamt_decision_seconds", "From a call's data to its variables", meters.decision_s)
        yield _histogram("fernamt_event_lag_seconds", "How late the switch's events come", meters.event_lag_s)
        yield _histogram("fernamt_loop_lag_seconds", _WOKEN, loop.lag_s)
        yield GaugeMetricFamily("fernamt_greenlets", "Greenlets of this process", greenlets())
        yield GaugeMetricFamily("fernamt_configuration_version", "Version in force", version() or 0)
        yield GaugeMetricFamily("fernamt_shed_share", "Share of new calls refused: the node is late", shed())

    return families


@dataclass(frozen=True, slots=True)
class NodeLink:
    """The Event Socket to a node: whether it is up, and events that were lost since the start."""

    up: bool
    dropped: int


def node_link(connection: InboundConnection) -> NodeLink:
    """The same of a connection."""
    return NodeLink(connection.state is LinkState.UP, connection.dropped)


def event_sockets(links: Mapping[str, NodeLink]) -> Iterable[Metric]:
    """Of whoever is connected to nodes."""
    up = GaugeMetricFamily("fernamt_event_socket_up", "1: connected", labels=["node"])
    lost = CounterMetricFamily("fernamt_event_socket_lost", "Events that were dropped", labels=["node"])
    for name, link in links.items():
        up.add_metric([name], link.up)
        lost.add_metric([name], link.dropped)
    return up, lost


def of_controller(
    links: Callable[[], Mapping[str, NodeLink]],
    trunks: Callable[[], Iterable[TrunkStatus]],
    probed: Callable[[], Mapping[str, Probed | None]],
    counts: Callable[[], tuple[int, int, int]],
    whose: Callable[[str], TrunkSide],
) -> Families:
    """What a controller stands in the middle of. `probed`: every trunk to be probed, with its result of
    late if there is one. `counts`: calls in progress that it decided, emergency attempts that wait for the
    database, steps of traces that were lost. `whose`: whose a trunk is, by its id."""

    def families() -> Iterable[Metric]:
        yield from event_sockets(links())
        state = GaugeMetricFamily(
            "fernamt_trunk_state", "1: in this state", labels=["trunk", "whose", "state"]
        )
        calls = GaugeMetricFamily("fernamt_trunk_calls", "Calls on it by this controller", labels=["trunk"])
        capacity = GaugeMetricFamily("fernamt_trunk_capacity", "Calls at once, if limited", labels=["trunk"])
        failures = CounterMetricFamily("fernamt_trunk_failures", "Calls without a path", labels=["trunk"])
        for each in trunks():
            owner = whose(each.trunk_id)
            # Of most customers' trunks nobody asks whether they answer: there may be thousands.
            if owner is TrunkSide.CARRIER or each.state is not TrunkState.UNKNOWN:
                state.add_metric([each.trunk_id, owner.value, each.state.value], 1)
            if each.capacity is not None:
                capacity.add_metric([each.trunk_id], each.capacity)
            calls.add_metric([each.trunk_id], each.calls)
            failures.add_metric([each.trunk_id], each.failures)
        yield from (state, calls, capacity, failures)
        wanted = GaugeMetricFamily("fernamt_probe_wanted", "1: is to be probed", labels=["trunk"])
        reached = GaugeMetricFamily(
            "fernamt_probe_reached", "1: the last probe got through", labels=["trunk"]
        )
        took = GaugeMetricFamily("fernamt_probe_seconds", "What the last probe took", labels=["trunk"])
        for trunk, result in probed().items():
            wanted.add_metric([trunk], 1)
            # Nothing older is said: another controller may have had the turn since, and knows better.
            if result is not None:
                reached.add_metric([trunk], result.reached)
                took.add_metric([trunk], result.took_ms / 1000)
        yield from (wanted, reached, took)
        running, waiting, untraced = counts()
        yield GaugeMetricFamily("fernamt_calls_in_progress", "Calls decided here", running)
        yield GaugeMetricFamily("fernamt_emergency_waiting", "Attempts not in the database yet", waiting)
        yield CounterMetricFamily("fernamt_trace_lost", "Steps of calls that found no room", untraced)

    return families


def of_rated(meters: BatchMeters, loop: LoopLag) -> Families:
    """Of a rating worker."""

    def families() -> Iterable[Metric]:
        legs = CounterMetricFamily("fernamt_rated_legs", "Legs by what became of them", labels=["result"])
        for result, count in meters.legs.items():
            legs.add_metric([result], count)
        yield legs
        yield _histogram("fernamt_rating_batch_seconds", "Batches with work", meters.batch_s)
        yield _histogram("fernamt_loop_lag_seconds", _WOKEN, loop.lag_s)

    return families


def of_records(meters: LegMeters, loop: LoopLag, spool: Callable[[], int]) -> Families:
    """Of an intake."""

    def families() -> Iterable[Metric]:
        legs = CounterMetricFamily(
            "fernamt_legs", "Legs by their records", labels=["side", "direction", "cause", "answered"]
        )
        for (side, direction, cause, answered), count in meters.legs.items():
            legs.add_metric([side, direction, cause, "yes" if answered else "no"], count)
        yield legs
        yield _histogram("fernamt_record_lag_seconds", "From a leg's end to its record", meters.record_lag_s)
        yield _histogram(
            "fernamt_post_dial_delay_seconds", "From a call's begin to ringing", meters.post_dial_delay_s
        )
        yield _histogram("fernamt_talk_seconds", "Of answered calls", meters.talked_s)
        yield _histogram("fernamt_loop_lag_seconds", _WOKEN, loop.lag_s)
        yield from _of_trunks(meters.trunks)
        errors = CounterMetricFamily("fernamt_record_errors", "Rounds that failed", labels=["error"])
        for error, count in meters.errors.items():
            errors.add_metric([error], count)
        yield errors
        yield GaugeMetricFamily("fernamt_record_spool", "Records that wait on disk", spool())

    return families


def of_disks(found: Callable[[], Iterable[Room]]) -> Families:
    """Of the disks of a node."""

    def families() -> Iterable[Metric]:
        free = GaugeMetricFamily("fernamt_disk_free_bytes", "For our programs", labels=["place"])
        size = GaugeMetricFamily("fernamt_disk_size_bytes", "Of its file system", labels=["place"])
        for each in found():
            free.add_metric([each.place], each.free_bytes)
            size.add_metric([each.place], each.size_bytes)
        return free, size

    return families


def of_certificates(left: Callable[[], Mapping[str, float]]) -> Families:
    """Of a node."""

    def families() -> Iterable[Metric]:
        days = GaugeMetricFamily("fernamt_certificate_days", "Until it ends", labels=["where"])
        for where, count in left().items():
            days.add_metric([where], count)
        yield days

    return families


def of_clock(trusted: Callable[[], bool]) -> Families:
    """Of an intake."""

    def families() -> Iterable[Metric]:
        yield GaugeMetricFamily("fernamt_clock_trusted", "1: things are deleted by it", trusted())

    return families


def of_daily(failing: Callable[[], Mapping[str, bool]]) -> Families:
    """Of an intake's work of the day, by name: whether it failed when it was last tried."""

    def families() -> Iterable[Metric]:
        failed = GaugeMetricFamily("fernamt_daily_failed", "1: the last try failed", labels=["work"])
        for work, value in failing().items():
            failed.add_metric([work], value)
        yield failed

    return families


def of_backups(age_s: Callable[[], float | None]) -> Families:
    """Of the database. Nothing where nobody ever made one with this program: others save it otherwise."""

    def families() -> Iterable[Metric]:
        found = age_s()
        if found is not None:
            yield GaugeMetricFamily("fernamt_backup_age_seconds", "Since the newest was whole", found)

    return families


def of_quarantined(count: Callable[[], int]) -> Families:
    """Of the database."""

    def families() -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "fernamt_records_quarantined", "Record files that nobody has settled", count()
        )

    return families


def of_recordings(in_clear: Callable[[], int]) -> Families:
    """Of an intake's spool."""

    def families() -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "fernamt_recordings_in_clear", "Of conversations that are over, not encrypted yet", in_clear()
        )

    return families


def of_due(legs: WaitingLegs) -> Families:
    """The same of the database."""

    def backlog() -> tuple[int, int]:
        found = legs.backlog()
        return found.due, found.quarantined

    return of_rating(backlog)


def of_rating(backlog: Callable[[], tuple[int, int]]) -> Families:
    """Calls that are due, legs in quarantine."""

    def families() -> Iterable[Metric]:
        due, quarantined = backlog()
        yield GaugeMetricFamily("fernamt_rating_due", "Calls that wait to be rated", due)
        yield GaugeMetricFamily("fernamt_rating_quarantined", "Legs without a charge", quarantined)

    return families


def _of_trunks(trunks: Mapping[str, TrunkMeters]) -> Iterable[Metric]:
    legs = CounterMetricFamily(
        "fernamt_trunk_legs", "Legs by their records", labels=["trunk", "side", "answered"]
    )
    talked = CounterMetricFamily("fernamt_trunk_talk_seconds", "Of answered legs", labels=["trunk", "side"])
    delay = HistogramMetricFamily(
        "fernamt_trunk_post_dial_delay_seconds", "From our INVITE to its ringing", labels=["trunk"]
    )
    for name, meters in trunks.items():
        for (side, answered), count in meters.legs.items():
            legs.add_metric([name, side, "yes" if answered else "no"], count)
        for side, seconds in meters.talked_s.items():
            talked.add_metric([name, side], seconds)
        delay.add_metric([name], meters.post_dial_delay_s.up_to(), meters.post_dial_delay_s.sum_s)
    return legs, talked, delay


def _histogram(name: str, help_: str, spread: Spread) -> Metric:
    return HistogramMetricFamily(name, help_, buckets=spread.up_to(), sum_value=spread.sum_s)
