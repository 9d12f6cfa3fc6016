"""What the programs count, as Prometheus reads it: right numbers, every name in docs/metrics.md (issue 7)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from acd.events import Joined, OfferAnswered
from acd.spec import QueueSpec
from cli import centre_metrics, metrics
from cli.guard_metrics import of_guard
from cli.redis_metrics import of_redis
from cli.wiring.disk import Room
from controller.guard import GuardStatus
from controller.guard_meters import GuardMeters, Part
from controller.meters import MOST_TRUNKS, OTHER_TRUNKS, BatchMeters, CallMeters, LegMeters, LoopLag
from controller.probing import Probed
from controller.spread import Spread
from dialplan.carrier import TrunkSide
from dialplan.cdr import LegSide
from dialplan.strangers.counting import Evidence
from dialplan.trunks.status import TrunkState, TrunkStatus
from store.errors import LiveStateUnavailable
from tests.architecture.program import ROOT
from tests.integration.store.legs import STARTED, leg
from tests.unit.acd.centre import Centre, agent

PAGE = (ROOT / "docs" / "metrics.md").read_text()
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def shown(*families: metrics.Families) -> dict[str, Any]:
    """Samples by name and labels, as a scraper reads them."""
    text = metrics.written(*families)
    return {
        (each.name, *sorted(each.labels.items())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def test_lengths_are_counted_up_to_their_bounds() -> None:
    spread = Spread((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0, -3.0):
        spread.add(seconds)
    assert spread.up_to() == [("0.1", 3), ("1.0", 4), ("+Inf", 5)]
    assert round(spread.sum_s, 6) == 7.65


def decided(reason: str) -> Any:
    return SimpleNamespace(outcome=SimpleNamespace(), reason=SimpleNamespace(id=reason))


def test_a_controller_tells_what_it_decided_and_how_late_it_hears() -> None:
    meters = CallMeters(lambda: NOW)
    for reason in ("route.carrier", "route.carrier", "barred.number"):
        meters.note(decided(reason), 0.003)
    meters.answered("c1", NOW - timedelta(milliseconds=30))
    found = shown(metrics.of_calls(meters, LoopLag(), lambda: 7, lambda: 0.5))
    assert found[("fernamt_shed_share",)] == 0.5
    outcome = ("outcome", "simplenamespace")
    assert found["fernamt_calls_decided_total", outcome, ("reason", "route.carrier")] == 2
    assert found["fernamt_decision_seconds_bucket", ("le", "0.002")] == 0
    assert found["fernamt_decision_seconds_bucket", ("le", "0.005")] == 3
    assert found["fernamt_event_lag_seconds_bucket", ("le", "0.05")] == 1
    assert found[("fernamt_configuration_version",)] == 7


def test_an_intake_tells_of_records_and_what_is_away_leaves_the_rest() -> None:
    meters = LegMeters(lambda: STARTED + timedelta(seconds=8))
    meters.note(leg())

    def away() -> dict[str, int]:
        raise LiveStateUnavailable("log", "nobody there", "Wait")

    found = shown(
        metrics.of_records(meters, LoopLag(), lambda: 3), centre_metrics.of_centre_log(away, lambda: 0)
    )
    labels = (("answered", "yes"), ("cause", "NORMAL_CLEARING"), ("direction", "out"), ("side", "a"))
    assert found["fernamt_legs_total", *labels] == 1
    assert found["fernamt_record_lag_seconds_bucket", ("le", "5.0")] == 1
    assert found["fernamt_post_dial_delay_seconds_bucket", ("le", "1.0")] == 1
    assert found[("fernamt_record_spool",)] == 3
    assert not any("centre_log" in name for name, *_ in found)


def test_each_trunk_has_its_own_answers_talk_and_delay() -> None:
    """Issue 7: ASR, ACD and post-dial delay by trunk; calls to it and from it apart."""
    meters = LegMeters(lambda: STARTED)
    to_it = {"side": LegSide.B, "trunk_id": "carrier-a"}
    meters.note(leg(leg_id="b-1", **to_it))
    meters.note(leg(leg_id="b-2", **to_it, answered_at=None, ringing_at=None, billed_ms=0))
    meters.note(leg(leg_id="a-1", trunk_id="carrier-a", billed_ms=60_000))
    meters.note(leg(leg_id="a-2", trunk_id=None))
    found = shown(metrics.of_records(meters, LoopLag(), lambda: 0))
    a, b, trunk = ("side", "a"), ("side", "b"), ("trunk", "carrier-a")
    assert found["fernamt_trunk_legs_total", ("answered", "yes"), b, trunk] == 1
    assert found["fernamt_trunk_legs_total", ("answered", "no"), b, trunk] == 1
    assert found["fernamt_trunk_legs_total", ("answered", "yes"), a, trunk] == 1
    assert found["fernamt_trunk_talk_seconds_total", a, trunk] == 60
    assert found["fernamt_trunk_talk_seconds_total", b, trunk] == 3
    assert found["fernamt_trunk_post_dial_delay_seconds_count", trunk] == 1
    assert found["fernamt_trunk_post_dial_delay_seconds_bucket", ("le", "1.0"), trunk] == 1


def test_where_nothing_is_answered_that_is_a_figure_and_no_gap() -> None:
    """A series that is not there makes the share of answered calls (ASR) empty, and its alarm silent."""
    meters = LegMeters(lambda: STARTED)
    silent = {"answered_at": None, "ringing_at": None, "billed_ms": 0, "cause": "NO_ANSWER"}
    meters.note(leg(leg_id="a-1", **silent))
    meters.note(leg(leg_id="b-1", side=LegSide.B, trunk_id="carrier-a", **silent))
    found = shown(metrics.of_records(meters, LoopLag(), lambda: 0))
    a = ("direction", "out"), ("side", "a")
    assert found["fernamt_legs_total", ("answered", "no"), ("cause", "NO_ANSWER"), *a] == 1
    assert found["fernamt_legs_total", ("answered", "yes"), ("cause", "NORMAL_CLEARING"), *a] == 0
    b = ("side", "b"), ("trunk", "carrier-a")
    assert found["fernamt_trunk_legs_total", ("answered", "no"), *b] == 1
    assert found["fernamt_trunk_legs_total", ("answered", "yes"), *b] == 0


def test_a_scraper_keeps_no_more_names_of_trunks_than_the_bound() -> None:
    meters = LegMeters(lambda: STARTED)
    for number in range(MOST_TRUNKS + 7):
        meters.note(leg(trunk_id=f"trunk-{number}"))
    meters.note(leg(trunk_id="trunk-0"))
    assert len(meters.trunks) == MOST_TRUNKS + 1
    assert meters.trunks[OTHER_TRUNKS].legs.total() == 7
    assert meters.trunks["trunk-0"].legs.total() == 2


def a_centre() -> Centre:
    centre = Centre([QueueSpec("verkauf")], [agent("anna", "verkauf"), agent("bert", "verkauf")])
    centre.joins("c1")
    centre.tell(OfferAnswered(1))
    centre.tell(Joined(1))
    for name in ("c2", "c3"):
        centre.joins(name)
    centre.after(9)
    return centre


def of_centre(centre: Centre) -> metrics.Families:
    return centre_metrics.of_centres(
        lambda: {"kunde": centre.state},
        lambda: {"kunde": Counter(Answered=1)},
        lambda: {"kunde": 4},
        lambda _: centre.now_ms,
        lambda: {"gesperrt": 1},
    )


def test_a_contact_centre_tells_who_waits_and_what_agents_do() -> None:
    found = shown(of_centre(a_centre()))
    queue = (("customer", "kunde"), ("queue", "verkauf"))
    assert found["fernamt_queue_waiting", *queue] == 2
    assert found["fernamt_queue_longest_wait_seconds", *queue] == 9
    assert found["fernamt_queue_talking", *queue] == 1
    states = {labels[1][1]: value for (name, *labels), value in found.items() if name == "fernamt_agents"}
    assert {state: count for state, count in states.items() if count} == {
        "In a queue call": 1,
        "Receiving": 1,
    }
    assert found["fernamt_contact_centre_backlog", ("customer", "kunde")] == 4
    assert found["fernamt_contact_centre_unreadable", ("customer", "gesperrt")] == 1


def of_the_middle() -> metrics.Families:
    status = TrunkStatus("carrier-a", TrunkState.DOWN, calls=3, failures=5)
    system = TrunkStatus("anlage", TrunkState.DOWN, why="not registered")
    small = TrunkStatus("klein", TrunkState.UNKNOWN, calls=2, capacity=30)
    sides = {"carrier-a": TrunkSide.CARRIER, "anlage": TrunkSide.CUSTOMER, "klein": TrunkSide.CUSTOMER}
    return metrics.of_controller(
        lambda: {"node-1": metrics.NodeLink(True, 2), "node-2": metrics.NodeLink(False, 0)},
        lambda: [status, system, small],
        lambda: {"carrier-a": Probed(7, "carrier-a", False, "GATEWAY_DOWN", 250), "carrier-b": None},
        lambda: (11, 1, 4),
        sides.__getitem__,
    )


def rated() -> BatchMeters:
    meters = BatchMeters()
    meters.legs.update(charged=5, free=2)
    meters.batch_s.add(0.2)
    return meters


def test_a_controller_tells_of_its_nodes_trunks_and_probes() -> None:
    found = shown(of_the_middle())
    assert found["fernamt_event_socket_up", ("node", "node-1")] == 1
    assert found["fernamt_event_socket_up", ("node", "node-2")] == 0
    assert found["fernamt_event_socket_lost_total", ("node", "node-1")] == 2
    down = ("state", "down")
    assert found["fernamt_trunk_state", down, ("trunk", "carrier-a"), ("whose", "carrier")] == 1
    assert found["fernamt_trunk_state", down, ("trunk", "anlage"), ("whose", "customer")] == 1
    assert found["fernamt_trunk_failures_total", ("trunk", "carrier-a")] == 5
    assert found["fernamt_trunk_calls", ("trunk", "klein")] == 2
    assert found["fernamt_trunk_capacity", ("trunk", "klein")] == 30
    assert ("fernamt_trunk_capacity", ("trunk", "carrier-a")) not in found, "no limit is no number"
    named = {dict(labels)["trunk"] for (name, *labels) in found if name == "fernamt_trunk_state"}
    assert named == {"carrier-a", "anlage"}, "nobody asks whether the other one answers"
    assert found["fernamt_probe_reached", ("trunk", "carrier-a")] == 0
    assert found["fernamt_probe_seconds", ("trunk", "carrier-a")] == 0.25
    assert found["fernamt_probe_wanted", ("trunk", "carrier-b")] == 1
    assert ("fernamt_probe_reached", ("trunk", "carrier-b")) not in found, "no word of late is no word"
    assert found[("fernamt_calls_in_progress",)] == 11


def test_a_controller_tells_whether_redis_takes_what_it_writes() -> None:
    assert shown(of_redis(lambda: True))[("fernamt_redis_up",)] == 1
    assert shown(of_redis(lambda: False))[("fernamt_redis_up",)] == 0


def test_a_rating_worker_tells_what_became_of_legs() -> None:
    found = shown(metrics.of_rated(rated(), LoopLag()))
    assert found["fernamt_rated_legs_total", ("result", "charged")] == 5
    assert found["fernamt_rating_batch_seconds_bucket", ("le", "0.5")] == 1


def of_a_guard(problem: str = "") -> metrics.Families:
    meters = GuardMeters(iter((100.0, 130.0)).__next__)
    meters.counted[Evidence.REQUEST] = 5_000
    meters.bans.update([Evidence.REQUEST, Evidence.SCANNER, Evidence.SCANNER])
    meters.errors[Part.BARRIER] = 3
    status = GuardStatus("sockets", 4, 2, 1, problem)
    links = {"node-1": metrics.NodeLink(True, 0)}
    return of_guard(lambda: status, meters, lambda: links, lambda: 4_000)


def test_a_guard_tells_whom_it_keeps_out_and_whether_it_can() -> None:
    found = shown(of_a_guard("no program listens on 5060"))
    assert found[("fernamt_guard_barrier_up",)] == 0
    assert (found[("fernamt_guard_banned",)], found[("fernamt_guard_slowed",)]) == (2, 1)
    assert found["fernamt_guard_counted_total", ("evidence", "request")] == 5_000
    assert found["fernamt_guard_bans_total", ("evidence", "scanner")] == 2
    assert found["fernamt_guard_bans_total", ("evidence", "failed log-in")] == 0
    assert found["fernamt_guard_errors_total", ("part", "barrier")] == 3
    assert found["fernamt_guard_age_seconds", ("part", "packets")] == 30
    assert found[("fernamt_guard_dropped_total",)] == 4_000
    assert shown(of_a_guard())[("fernamt_guard_barrier_up",)] == 1


def test_every_metric_is_in_the_page_and_every_one_of_the_page_is_shown() -> None:
    meters, legs, loop = CallMeters(lambda: NOW), LegMeters(lambda: NOW), LoopLag()
    meters.note(decided("route.carrier"), 0.1)
    legs.note(leg())
    legs.errors["spool"] += 0
    families = (
        metrics.of_calls(meters, loop, lambda: 7),
        of_centre(a_centre()),
        metrics.of_records(legs, loop, lambda: 0),
        centre_metrics.of_centre_log(lambda: {"kunde": 0}, lambda: 0),
        metrics.of_certificates(lambda: {"file": 80.5, "node": -1}),
        metrics.of_clock(lambda: True),
        metrics.of_quarantined(lambda: 0),
        metrics.of_backups(lambda: 7.0),
        metrics.of_daily(lambda: {"deletion": False}),
        metrics.of_recordings(lambda: 0),
        metrics.of_disks(lambda: [Room("records", ROOT, 1, 10**9, 10**12, None)]),
        metrics.of_rating(lambda: (0, 0)),
        of_the_middle(),
        metrics.of_rated(rated(), loop),
        of_redis(lambda: True),
        of_a_guard(),
    )
    made = {re.sub("_(bucket|sum|count)$", "", name) for each in families for name, *_ in shown(each)}
    written = set(re.findall(r"^\| `(fernamt_[a-z_]+)", PAGE, re.MULTILINE))
    assert made == written


def test_the_days_work_that_fails_is_told_by_its_name() -> None:
    found = shown(metrics.of_daily(lambda: {"numbers": False, "deletion": True}))
    assert found["fernamt_daily_failed", ("work", "deletion")] == 1
    assert found["fernamt_daily_failed", ("work", "numbers")] == 0


def test_where_no_backup_was_ever_made_nothing_is_said_of_its_age() -> None:
    """Else whoever saves the database by other means is woken each night."""
    assert shown(metrics.of_backups(lambda: None)) == {}
    assert shown(metrics.of_backups(lambda: 93_601.5)) == {("fernamt_backup_age_seconds",): 93_601.5}


def test_a_port_that_is_taken_costs_figures_and_nothing_else() -> None:
    first = metrics.serve_metrics(("127.0.0.1", 0), one)
    assert first is not None
    assert metrics.serve_metrics(first.address, one) is None
    first.stop(1.0)
    assert metrics.serve_metrics(None, one) is None


def one() -> Iterable[Metric]:
    return [GaugeMetricFamily("one", "One", 1)]
