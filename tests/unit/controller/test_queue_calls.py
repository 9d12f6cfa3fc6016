"""What a contact centre decides, done on the switch; what the switch tells, told to the owner (C1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from gevent.event import Event as Moment

from acd.centre import Centre
from acd.effects import Because, Join, Ring, SendAway, Stop
from acd.events import Event, Joined, OfferAnswered, OfferFailed
from acd.names import CancelReason, Failure
from acd.spec import AgentSpec, Membership, QueueSpec, TenantSpec
from controller.errors import LegFailed, NodeAway
from controller.queue_calls import FAILURES, QueueCalls
from dialplan.legs import Leg
from numbering.e164 import E164
from tests.unit.controller.recording import quiet_recorder
from tests.unit.dialplan.carriers import snapshot

CUSTOMER, PHONE = "kanzlei", "kanzlei-1"
SNAPSHOT = snapshot()
RING = Ring(7, "anna", "c1", "verkauf", 0, 20_000)


class Switch:
    """A node that rings one phone: `answer` lets it answer, `fail` says why it does not."""

    def __init__(self) -> None:
        self.rung: list[tuple[Leg, int, Mapping[str, str]]] = []
        self.done: list[str] = []
        self.answers = Moment()
        self.there = False
        self.failure: Exception | None = None

    def ring(self, customer_id: str, offer_id: int, leg: Leg, ring_s: int, facts: Mapping[str, str]) -> None:
        self.rung.append((leg, ring_s, facts))
        if self.failure is not None:
            raise self.failure
        assert self.answers.wait(5)

    def stop(self, customer_id: str, offer_id: int) -> bool:
        if self.there:
            self.done.append(f"stop {offer_id}")
        return self.there

    def join(self, customer_id: str, offer_id: int, call_id: str, leg: Leg | None) -> None:
        if self.failure is not None:
            raise self.failure
        self.done.append(f"join {offer_id} {call_id}")

    def send_away(self, call_id: str) -> None:
        self.done.append(f"away {call_id}")

    def announce(self, call_id: str, sounds: Sequence[str]) -> None:
        self.done.append(f"say {call_id} {' '.join(sounds)}")

    def shown_number(self, call_id: str) -> E164 | None:
        return E164("+4915228817386")

    def offer_of(self, customer_id: str, leg_id: str) -> int | None:
        return None


def carried_out(switch: Switch, phones: Mapping[str, str]) -> tuple[QueueCalls, list[Event]]:
    agent = AgentSpec("anna", (Membership("verkauf"),))
    centre = Centre(TenantSpec(CUSTOMER, (QueueSpec("verkauf"),), (agent,)), {}, phones)
    calls = QueueCalls(CUSTOMER, switch, lambda: centre, lambda: SNAPSHOT, lambda: None, quiet_recorder())
    told: list[Event] = []
    calls.tell = lambda event: told.append(event) is None
    return calls, told


def wait_until(holds: Callable[[], bool]) -> None:
    """Let the others run until it is so, for at most 5 s."""
    for _ in range(500):
        if holds():
            return
        Moment().wait(0.01)
    pytest.fail("it did not come true in time")


def test_an_agents_phone_rings_with_the_callers_number_and_its_answer_is_told() -> None:
    switch = Switch()
    calls, told = carried_out(switch, {"anna": PHONE})
    calls.carry_out([RING])
    wait_until(lambda: bool(switch.rung))
    leg, ring_s, facts = switch.rung[0]
    assert (leg.to.id, leg.caller.shown, ring_s) == (PHONE, "+4915228817386", 20)
    assert facts["fernamt_call"] == "c1"
    assert told == []
    switch.answers.set()
    wait_until(lambda: told == [OfferAnswered(7)])


@pytest.mark.parametrize(
    ("cause", "failure"), [*FAILURES.items(), ("NETWORK_OUT_OF_ORDER", Failure.UNREACHABLE)]
)
def test_why_a_phone_did_not_take_the_call_is_told(cause: str, failure: Failure) -> None:
    switch = Switch()
    switch.failure = LegFailed(cause)
    calls, told = carried_out(switch, {"anna": PHONE})
    calls.carry_out([RING])
    wait_until(lambda: told == [OfferFailed(7, failure)])


@pytest.mark.parametrize("phone", ["nobodys", "somebody-elses"])
def test_a_phone_out_of_service_or_of_another_customer_never_rings(phone: str) -> None:
    """Guarantee 8."""
    switch = Switch()
    calls, told = carried_out(switch, {"anna": phone})
    calls.carry_out([RING])
    wait_until(lambda: told == [OfferFailed(7, Failure.UNREACHABLE)])
    assert switch.rung == []


def test_a_leg_that_is_not_there_yet_is_stopped_as_soon_as_it_is() -> None:
    """Complaint 3: no phone rings on after the caller left."""
    switch = Switch()
    calls, _ = carried_out(switch, {"anna": PHONE})
    calls.carry_out([RING])
    wait_until(lambda: bool(switch.rung))
    calls.carry_out([Stop(7, "anna", Because.CALLER_GONE)])
    Moment().wait(0.05)
    switch.there = True
    wait_until(lambda: switch.done == ["stop 7"])
    switch.answers.set()


def test_caller_and_agent_are_joined_or_the_offer_has_failed() -> None:
    switch = Switch()
    calls, told = carried_out(switch, {"anna": PHONE})
    calls.carry_out([Join(7, "c1", "anna")])
    wait_until(lambda: told == [Joined(7)])
    assert switch.done == ["join 7 c1"]
    switch.failure = NodeAway("gone")
    calls.carry_out([Join(8, "c2", "anna")])
    wait_until(lambda: told[1:] == [OfferFailed(8, Failure.UNREACHABLE)])


def test_a_caller_who_is_sent_away_is_known_to_be_gone() -> None:
    switch = Switch()
    calls, _ = carried_out(switch, {})
    left: list[str] = []
    calls.left = left.append
    calls.carry_out([SendAway("c1", "", CancelReason.FULL)])
    wait_until(lambda: switch.done == ["away c1"])
    assert left == ["c1"]
