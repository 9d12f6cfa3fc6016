"""Deciding calls: which configuration counts, and what is noted of a call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.calls import CallDecider
from controller.errors import ControllerError, NoSnapshot
from controller.following import Following
from controller.health import TrunkHealth
from controller.limiting import Limiting
from dialplan.causes import Cause
from dialplan.decision import Reject, Route
from dialplan.limits.agreed import CallLimits, Limits
from dialplan.live import LiveState
from tests.unit.controller.fakes import NOW, MemoryBoard, MemoryLimits, MemoryLive
from tests.unit.dialplan.carriers import (
    BAU,
    KANZLEI,
    KOELN,
    MOBILE,
    blocked,
    from_carrier,
    from_trunk,
    snapshot,
)


@pytest.fixture
def live() -> MemoryLive:
    return MemoryLive()


@pytest.fixture
def limits() -> MemoryLimits:
    return MemoryLimits()


@pytest.fixture
def following(live: MemoryLive) -> Following:
    made = Following(live)
    made.start()
    return made


@pytest.fixture
def decider(following: Following, limits: MemoryLimits) -> CallDecider:
    health = TrunkHealth(MemoryBoard(), lambda: NOW)
    return CallDecider(following, Limiting(limits, lambda: 0.0), health, lambda: NOW)


def test_before_any_configuration_the_static_dialplan_takes_the_call(decider: CallDecider) -> None:
    assert decider.version is None
    with pytest.raises(NoSnapshot, match="static dialplan"):
        decider.decide(from_carrier())
    assert issubclass(NoSnapshot, ControllerError)


def test_a_new_configuration_counts_from_the_next_call_on(decider: CallDecider) -> None:
    decider.swap(snapshot(version=1))
    before = decider.decide(from_trunk(MOBILE))
    decider.swap(snapshot(version=2, customers=(blocked(BAU), KANZLEI)))
    after = decider.decide(from_trunk(MOBILE))
    assert (before.config_version, before.reason.id) == (1, "out.carrier")
    assert (after.config_version, after.reason.id) == (2, "out.customer-blocked")
    assert (decider.version, decider.decided) == (2, 2)


def test_a_call_that_is_carried_out_is_noted_as_ringing(
    decider: CallDecider, following: Following, live: MemoryLive
) -> None:
    decider.swap(snapshot())
    decider.decide(from_carrier(KOELN))
    following.stop(5.0)
    noted = live.calls["call-1"]
    assert (noted.state, noted.customer_id, noted.direction) == (LiveState.RINGING, "bau", "in")
    assert (noted.a_number, noted.b_number, noted.reason_id) == (MOBILE, KOELN, "in.trunk")
    assert (noted.started_at, noted.config_version) == (NOW, 7)


def test_a_refused_call_is_not_noted(decider: CallDecider, following: Following, live: MemoryLive) -> None:
    decider.swap(snapshot())
    decider.decide(from_trunk("0900512345"))
    following.stop(5.0)
    assert not live.calls


def test_a_call_over_its_limit_is_refused_and_not_noted_and_112_passes(
    decider: CallDecider, following: Following, live: MemoryLive, limits: MemoryLimits
) -> None:
    """B11, guarantee 1."""
    one = replace(BAU, limits=Limits(CallLimits(simultaneous_calls=1)))
    decider.swap(snapshot(customers=(one, KANZLEI)))
    outcomes = [
        decider.decide(from_trunk(dialled, call_id=call_id)).reason.id
        for call_id, dialled in (("c1", MOBILE), ("c2", MOBILE), ("c3", "112"))
    ]
    following.stop(5.0)
    assert outcomes == ["out.carrier", "limit.simultaneous-calls", "emergency.route"]
    assert set(live.calls) == {"c1", "c3"}
    assert limits.asked == 2


def test_a_call_without_limits_asks_nobody(decider: CallDecider, limits: MemoryLimits) -> None:
    decider.swap(snapshot())
    decider.decide(from_trunk(MOBILE))
    assert limits.asked == 0


def test_a_node_that_does_not_keep_up_refuses_new_calls_but_those_to_110_and_112(
    following: Following, limits: MemoryLimits, live: MemoryLive
) -> None:
    """Guarantee 1: whatever else is refused, emergency calls are not."""
    health = TrunkHealth(MemoryBoard(), lambda: NOW)
    late = CallDecider(following, Limiting(limits, lambda: 0.0), health, lambda: NOW, overloaded=lambda: True)
    late.swap(snapshot())
    refused = late.decide(from_trunk(MOBILE))
    assert refused.outcome == Reject(Cause.SWITCH_CONGESTION, 503)
    assert (refused.reason.id, refused.facts.customer_id) == ("node.overloaded", "bau")
    assert late.decide(from_carrier(KOELN)).reason.id == "node.overloaded"
    assert isinstance(late.decide(from_trunk("112")).outcome, Route)
    # A call that is up and is sent on: somebody is on the line.
    assert late.decide(replace(from_trunk(MOBILE), round=1)).reason.id == "out.carrier"
    # What is refused anyway keeps its own reason.
    assert late.decide(from_trunk("0")).reason.id != "node.overloaded"
    following.stop(5.0)
    assert all(each.reason_id != "node.overloaded" for each in live.calls.values())
