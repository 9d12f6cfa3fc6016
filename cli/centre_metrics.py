"""What is told to Prometheus of contact centres and of their log (docs/metrics.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from acd.names import AgentState, MemberState
from acd.state import State
from cli.metrics import Families
from controller.centres import Centres
from store.acd_log import AcdLog


def of_centres(
    states: Callable[[], Mapping[str, State]],
    happened: Callable[[], Mapping[str, Counter[str]]],
    behind: Callable[[], Mapping[str, int]],
    now_ms: Callable[[str], int],
    unreadable: Callable[[], Mapping[str, int]],
) -> Families:
    """Of the contact centres that this controller leads, or cannot."""

    def families() -> Iterable[Metric]:
        owned = states()
        leads = GaugeMetricFamily(
            "fernamt_contact_centre_led", "1: this controller leads it", labels=["customer"]
        )
        for customer in owned:
            leads.add_metric([customer], 1)
        yield leads
        yield from _queues(owned, now_ms)
        agents = GaugeMetricFamily(
            "fernamt_agents", "Agents by what they are doing", labels=["customer", "state"]
        )
        for customer, state in owned.items():
            doing = Counter(each.state for each in state.agents.values())
            for what in AgentState:
                agents.add_metric([customer, what.value], doing[what])
        yield agents
        events = CounterMetricFamily(
            "fernamt_contact_centre_events", "What happened, by the log's names", labels=["customer", "event"]
        )
        for customer, counts in happened().items():
            for name, count in counts.items():
                events.add_metric([customer, name], count)
        yield events
        yield _gauges("fernamt_contact_centre_backlog", "Events that wait for a decision", behind())
        refused = "1: nobody leads it, and this controller cannot read what was kept of it"
        yield _gauges("fernamt_contact_centre_unreadable", refused, unreadable())

    return families


def of_led(centres: Centres) -> Families:
    """The same of a controller's own."""
    return of_centres(
        lambda: {customer: each.state for customer, each in centres.led().items()},
        lambda: {customer: each.happened for customer, each in centres.led().items()},
        lambda: {customer: each.backlog for customer, each in centres.led().items()},
        lambda customer: centres.led()[customer].now_ms,
        lambda: dict.fromkeys(centres.unreadable(), 1),
    )


def of_centre_log(waiting: Callable[[], Mapping[str, int]], lost: Callable[[], int]) -> Families:
    """Of the contact centres' log on its way to the database."""

    def families() -> Iterable[Metric]:
        yield _gauges("fernamt_centre_log_waiting", "Entries that wait for the database", waiting())
        yield CounterMetricFamily("fernamt_centre_log_lost", "Entries that found no room", lost())

    return families


def of_log(log: AcdLog) -> Families:
    """The same of Redis."""
    return of_centre_log(lambda: {each: log.waiting(each) for each in log.customers()}, log.lost)


def _queues(owned: Mapping[str, State], now_ms: Callable[[str], int]) -> Iterable[Metric]:
    names = ["customer", "queue"]
    waiting = GaugeMetricFamily("fernamt_queue_waiting", "Callers who wait", labels=names)
    longest = GaugeMetricFamily("fernamt_queue_longest_wait_seconds", "Of those who wait", labels=names)
    talking = GaugeMetricFamily("fernamt_queue_talking", "Callers who talk to an agent", labels=names)
    for customer, state in owned.items():
        for queue in state.spec.queues:
            members = [each for each in state.members.values() if each.wait.queue_id == queue.id]
            talks = [each for each in members if each.state is MemberState.ANSWERED]
            since_ms = [each.since_ms for each in members if each.state is not MemberState.ANSWERED]
            waiting.add_metric([customer, queue.id], len(since_ms))
            longest_ms = max(0, now_ms(customer) - min(since_ms)) if since_ms else 0
            longest.add_metric([customer, queue.id], longest_ms / 1000)
            talking.add_metric([customer, queue.id], len(talks))
    return waiting, longest, talking


def _gauges(name: str, help_: str, values: Mapping[str, int]) -> Metric:
    found = GaugeMetricFamily(name, help_, labels=["customer"])
    for customer, value in values.items():
        found.add_metric([customer], value)
    return found
