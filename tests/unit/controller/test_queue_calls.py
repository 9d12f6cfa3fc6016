"""What a contact centre decides, done on the switch; what the switch tells, told to the owner (C1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from gevent.event import Event as Moment

from acd.announcing import Announcing
from acd.centre import Centre
from acd.effects import (
    Announce,
    Answered,
    Because,
    CallbackNoted,
    Entered,
    Join,
    OfferEnded,
    Ring,
    SendAway,
    Stop,
)
from acd.events import CallbackWanted, Event, Joined, OfferAnswered, OfferFailed
from acd.names import CancelReason, Failure
from acd.spec import AgentSpec, Membership, QueueSpec, TenantSpec
from acd.whispering import MINUTES, Whisper
from controller.errors import LegFailed, NodeAway
from controller.queue_calls import FAILURES, QueueCalls
from dialplan.legs import Leg
from dialplan.plans.hours import Hours
from dialplan.plans.nodes import CallbackNode, CallbackSpeech
from dialplan.snapshot import Snapshot
from dialplan.week import WeekTimes
from numbering.e164 import E164
from tests.unit.acd.test_callers import SENTENCES
from tests.unit.controller.callbacks import nobody_called_back
from tests.unit.controller.recording import RecordsEverything
from tests.unit.dialplan.carriers import NOW, snapshot
from tests.unit.dialplan.plans import OFFICE, plan, with_plans

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

    def stop(self, customer_id: str, offer_id: int, because: Because | None = None) -> bool:
        if self.there:
            self.done.append(f"stop {offer_id}")
        return self.there

    def join(self, customer_id: str, offer_id: int, call_id: str, leg: Leg | None) -> None:
        if self.failure is not None:
            raise self.failure
        self.done.append(f"join {offer_id} {call_id}")

    def whisper(self, customer_id: str, offer_id: int, call_id: str, sounds: Sequence[str]) -> None:
        self.done.append(f"whisper {offer_id} {' '.join(sounds)}")

    def called_number(self, call_id: str) -> E164 | None:
        return E164("+493023125300")

    def send_away(self, call_id: str) -> None:
        self.done.append(f"away {call_id}")

    def announce(self, call_id: str, sounds: Sequence[str]) -> None:
        self.done.append(f"say {call_id} {' '.join(sounds)}")

    def moved(self, call_id: str, queue_id: str) -> None:
        self.done.append(f"moved {call_id} {queue_id}")

    def callback_noted(self, call_id: str) -> None:
        self.done.append(f"noted {call_id}")

    def shown_number(self, call_id: str) -> E164 | None:
        return E164("+4915228817386")

    def offer_of(self, customer_id: str, leg_id: str) -> int | None:
        return None

    def leg_of(self, customer_id: str, offer_id: int) -> str:
        return f"leg-{offer_id}"


def carried_out(
    switch: Switch,
    phones: Mapping[str, str],
    carrier: Snapshot = SNAPSHOT,
    whispers: Mapping[str, Whisper] | None = None,
    recorder: RecordsEverything | None = None,
) -> tuple[QueueCalls, list[Event]]:
    agent = AgentSpec("anna", (Membership("verkauf"),))
    centre = Centre(
        TenantSpec(CUSTOMER, (QueueSpec("verkauf"),), (agent,)), {}, phones, whispers=whispers or {}
    )
    centre = replace(centre, announcing={"verkauf": Announcing(SENTENCES, place=True, wait=True)})
    back = nobody_called_back(CUSTOMER)
    records = recorder or RecordsEverything()
    calls = QueueCalls(
        CUSTOMER, switch, lambda: centre, lambda: carrier, lambda: None, records, back, lambda: NOW
    )
    told: list[Event] = []
    calls.tell = lambda event: told.append(event) is None
    return calls, told


def test_the_agents_leg_is_recorded_and_nobody_who_was_called_back() -> None:
    """C4: it ends with the conversation, whatever becomes of the caller and of us."""
    recorder = RecordsEverything()
    calls, _ = carried_out(Switch(), {"anna": PHONE}, recorder=recorder)
    calls.carry_out([Join(7, "c1", "anna"), OfferEnded(7, "anna", "c1", None, 10)])
    calls.carry_out([Join(8, "c1", "anna"), OfferEnded(7, "anna", "c1", None, 10)])
    calls.carry_out([Answered("c1", "anna", "verkauf", 5), Answered("called back", "anna", "verkauf", 5)])
    wait_until(lambda: recorder.legs == {"c1": "leg-8"})


def wait_until(holds: Callable[[], bool]) -> None:
    """Let the others run until it is so, for at most 20 s."""
    for _ in range(2_000):
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


def test_a_caller_who_is_moved_bears_the_mark_of_the_present_queue() -> None:
    switch = Switch()
    calls, _ = carried_out(switch, {})
    calls.carry_out([Entered("c1", "verkauf", None), Entered("c1", "technik", "verkauf")])
    wait_until(lambda: switch.done == ["moved c1 technik"])


def test_what_is_told_comes_before_the_conversation_and_never_in_it() -> None:
    """C1: the switch has the announcement before it joins."""
    switch = Switch()
    calls, told = carried_out(switch, {"anna": PHONE})
    calls.carry_out([Announce("c1", "verkauf", 2, 60_000), Join(7, "c1", "anna")])
    wait_until(lambda: told == [Joined(7)])
    assert switch.done == ["say c1 place 2 1 min", "join 7 c1"]


def test_who_is_called_back_is_told_so_and_gone() -> None:
    switch = Switch()
    calls, _ = carried_out(switch, {})
    left: list[str] = []
    calls.left = left.append
    calls.carry_out([CallbackNoted("c1")])
    wait_until(lambda: switch.done == ["noted c1"])
    assert left == ["c1"]


NEVER = Hours(WeekTimes.of(()))


@pytest.mark.parametrize(("hours", "rings"), [(NEVER, False), (OFFICE, True), (None, True), ("gone", True)])
def test_nobody_is_called_back_outside_of_the_hours_for_it(hours: Hours | str | None, rings: bool) -> None:
    """C1: the window; no phone rings, and the caller is looked after again later."""
    speech = CallbackSpeech(*["x"] * 3, ("x",), *["x"] * 3)  # type: ignore[arg-type]
    carrier = with_plans(n300=plan("back", back=CallbackNode(CUSTOMER, "verkauf", "phones", speech, hours)))
    switch = Switch()
    calls, told = carried_out(switch, {"anna": PHONE}, carrier)
    calls.now_ms = lambda: 5_000
    calls.carry_out([replace(RING, number="+4915228817386", line="+492214710300")])
    if rings:
        wait_until(lambda: bool(switch.rung))
        assert switch.rung[0][0].caller.shown == "+4915228817386"
        switch.answers.set()
    else:
        wait_until(lambda: told == [CallbackWanted("c1", 305_000)])
        assert switch.rung == []


def test_the_agent_is_told_what_comes_before_the_caller_is_there() -> None:
    switch = Switch()
    calls, told = carried_out(
        switch, {"anna": PHONE}, whispers={"verkauf": Whisper("name", ("0",) * len(MINUTES))}
    )
    calls.carry_out([Join(7, "c1", "anna", "verkauf", 70_000)])
    wait_until(lambda: told == [Joined(7)])
    assert switch.done == ["whisper 7 name 0", "join 7 c1"]


def test_the_record_of_an_agents_leg_names_the_queue_the_agent_and_both_numbers() -> None:
    """C9."""
    switch = Switch()
    calls, _ = carried_out(switch, {"anna": PHONE})
    calls.carry_out([RING])
    wait_until(lambda: bool(switch.rung))
    facts = switch.rung[0][2]
    assert (facts["fernamt_queue"], facts["fernamt_agent"]) == ("verkauf", "anna")
    assert (facts["fernamt_a_presented"], facts["fernamt_b_number"]) == ("+4915228817386", "+493023125300")
    switch.answers.set()


@pytest.mark.parametrize(
    ("waited_ms", "said"), [(0, "0"), (59_999, "0"), (60_000, "1"), (14 * 60_000, "10"), (10**9, "60")]
)
def test_the_wait_is_told_in_whole_minutes_and_long_ones_roughly(waited_ms: int, said: str) -> None:
    whisper = Whisper("name", tuple(str(each) for each in MINUTES))
    assert whisper.sounds(waited_ms) == ("name", said)
    assert Whisper("name").sounds(waited_ms) == ("name",)
