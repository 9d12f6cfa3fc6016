"""Agents who may have several calls at a time: docs/contact-centre.md, "Several calls at a time" (C1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.effects import AgentChanged, OfferEnded, Stop, WrappedUp
from acd.estimate import expected_wait_ms
from acd.events import (
    CallerLeft,
    CallHeld,
    CallResumed,
    Compared,
    Configured,
    Joined,
    OfferAnswered,
    OfferFailed,
    OwnCallBegan,
    OwnCallEnded,
    StatusChosen,
    TalkEnded,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.figures import figures
from acd.journal import checkpoint, read_said, restored, written
from acd.names import AgentState, AgentStatus, Failure, OfferState, Strategy
from acd.orders import ExtendWrapUp, InHand, in_hand, refusal
from acd.spec import AgentSpec, Membership, QueueSpec, TenantSpec
from acd.state import Draft
from acd.values import Offer
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=0)
ORDERS = QueueSpec("verkauf", wrap_up_ms=30 * SECOND, wrap_up_codes=("bestellung",))
FAULTS = QueueSpec("technik", wrap_up_ms=10 * SECOND, wrap_up_codes=("defekt",))


def anna(capacity: int = 2, *queues: str) -> AgentSpec:
    return agent("anna", *(queues or ("verkauf",)), capacity=capacity)


def takes(centre: Centre, name: str = "anna") -> int:
    """The agent answers what rings and is joined; the offer's number."""
    number = centre.state.agents[name].offers[-1]
    centre.tell(OfferAnswered(number))
    centre.tell(Joined(number))
    return number


def talking(*queues: QueueSpec, capacity: int = 2, calls: int = 2) -> tuple[Centre, list[int]]:
    """Anna talks with c1, c2, … of the first queue, of the second, …"""
    centre = Centre(list(queues), [anna(capacity, *(each.id for each in queues))])
    numbers = []
    for number in range(calls):
        centre.joins(f"c{number + 1}", queues[number % len(queues)].id)
        numbers.append(takes(centre))
    return centre, numbers


def doing(centre: Centre) -> AgentState:
    return centre.state.agents["anna"].state


def wrapped_up(centre: Centre) -> list[tuple[str, str | None]]:
    return [(each.member_id, each.code) for each in centre.of(WrappedUp)]


def test_a_second_caller_rings_beside_the_first_and_the_third_waits_for_the_end_of_one() -> None:
    centre, (first, _) = talking(QUEUE)
    centre.joins("c3")
    assert centre.rung() == []
    assert doing(centre) is AgentState.IN_A_QUEUE_CALL
    centre.tell(TalkEnded(first))
    assert centre.rung() == [("anna", "c3")]
    assert centre.of(AgentChanged) == [], "who talks is in a queue call, whatever rings"
    takes(centre)
    assert [each.member_id for each in centre.state.offers.values()] == ["c2", "c3"]


def test_a_phone_rings_for_one_caller_at_a_time() -> None:
    """Whoever has three lines can pick up one of them; the place of the others is kept."""
    centre = Centre([QUEUE], [anna(3)])
    for name in ("c1", "c2", "c3"):
        centre.joins(name)
    assert centre.state.agents["anna"].offers == (1,)
    centre.tell(OfferAnswered(1))
    assert centre.rung() == []
    centre.tell(Joined(1))
    assert centre.rung() == [("anna", "c2")]
    centre.tell(CallerLeft("c2"))
    assert centre.rung() == [("anna", "c3")]


def test_who_takes_calls_on_demand_takes_one() -> None:
    centre = Centre([QUEUE], [anna()], logged_in=False)
    centre.tell(StatusChosen("anna", AgentStatus.ON_DEMAND))
    centre.joins("c1")
    number = takes(centre)
    centre.joins("c2")
    assert centre.rung() == []
    centre.tell(TalkEnded(number))
    assert centre.state.agents["anna"].status is AgentStatus.ON_BREAK
    assert centre.rung() == []


@pytest.mark.parametrize("strategy", [each for each in Strategy if each is not Strategy.RING_ALL])
def test_nobody_gets_a_second_call_while_somebody_has_none_whatever_the_strategy(strategy: Strategy) -> None:
    """Anna is first in the list, has the most shares, no call behind her and has waited the longest."""
    first = replace(anna(), queues=(Membership("verkauf", share=1_000),))
    centre = Centre([replace(QUEUE, strategy=strategy)], [first], logged_in=True)
    centre.joins("c1")
    takes(centre)
    spec = TenantSpec("beispiel", centre.state.spec.queues, (first, agent("bernd", "verkauf")))
    centre.tell(Configured(spec))
    centre.after(60)
    centre.tell(StatusChosen("bernd", AgentStatus.AVAILABLE))
    for number in range(20):
        centre.joins(f"d{number}")
        assert centre.rung() == [("bernd", f"d{number}")]
        centre.tell(TalkEnded(takes(centre, "bernd")))


def test_a_penalty_and_ring_all_go_before_that() -> None:
    late = replace(agent("bernd"), queues=(Membership("verkauf", penalty=1),))
    centre = Centre([QUEUE], [anna(), late])
    centre.joins("c1")
    takes(centre)
    centre.joins("c2")
    assert centre.rung() == [("anna", "c2")]
    ring_all = replace(QUEUE, strategy=Strategy.RING_ALL)
    centre = Centre([ring_all], [anna()])
    centre.joins("c1")
    takes(centre)
    spec = TenantSpec("beispiel", (ring_all,), (anna(), agent("bernd", "verkauf")))
    centre.tell(Configured(spec))
    centre.tell(StatusChosen("bernd", AgentStatus.AVAILABLE))
    centre.joins("c2")
    assert sorted(centre.rung()) == [("anna", "c2"), ("bernd", "c2")]


def test_each_conversation_has_its_own_wrap_up_and_no_call_comes_until_it_is_over() -> None:
    """Also while the other conversation goes on."""
    centre, (first, second) = talking(ORDERS)
    centre.joins("c3")
    centre.tell(TalkEnded(first))
    assert centre.rung() == []
    assert doing(centre) is AgentState.IN_A_QUEUE_CALL
    centre.after(10)
    centre.tell(TalkEnded(second))
    assert doing(centre) is AgentState.WRAP_UP
    assert wrapped_up(centre) == []
    centre.after(20)
    assert wrapped_up(centre) == [("c1", None)]
    assert centre.rung() == []
    centre.after(10)
    assert wrapped_up(centre) == [("c2", None)]
    assert centre.rung() == [("anna", "c3")]


def test_a_code_counts_for_the_conversation_that_ended_last_then_for_the_one_before() -> None:
    centre, (first, second) = talking(ORDERS)
    centre.joins("c3")
    centre.tell(TalkEnded(second))
    assert centre.rung() == []
    centre.tell(TalkEnded(first))
    centre.tell(WrapUpEnded("anna", "bestellung"))
    assert wrapped_up(centre) == [("c1", "bestellung")]
    assert centre.rung() == []
    centre.tell(WrapUpEnded("anna", "bestellung"))
    assert wrapped_up(centre) == [("c2", "bestellung")]
    assert centre.rung() == [("anna", "c3")]
    centre.tell(WrapUpEnded("anna", "bestellung"))
    assert wrapped_up(centre) == []


def test_a_code_counts_for_the_conversation_whose_queue_has_it_and_for_the_one_that_is_named() -> None:
    centre, (first, second) = talking(ORDERS, FAULTS)
    for number in (first, second):
        centre.tell(TalkEnded(number))
    centre.tell(WrapUpEnded("anna", "bestellung"))
    assert [(each.member_id, each.queue_id) for each in centre.of(WrappedUp)] == [("c1", "verkauf")]
    centre, numbers = talking(ORDERS, FAULTS)
    for number in numbers:
        centre.tell(TalkEnded(number))
    assert refusal(centre.state, WrapUpEnded("anna", "defekt", "c1")) is None
    assert "does not wrap up call c9: c1, c2" in (
        refusal(centre.state, WrapUpEnded("anna", "defekt", "c9")) or ""
    )
    centre.tell(WrapUpEnded("anna", "defekt", "c9"))
    assert wrapped_up(centre) == []
    centre.tell(WrapUpEnded("anna", "defekt", "c1"))
    assert wrapped_up(centre) == [("c1", "defekt")]


def test_a_longer_wrap_up_is_that_of_the_conversation_that_ended_last_or_is_named() -> None:
    centre, numbers = talking(ORDERS)
    for number in numbers:
        centre.tell(TalkEnded(number))
    at_ms = centre.now_ms
    centre.tell(WrapUpExtended("anna", at_ms + 60 * SECOND))
    centre.tell(WrapUpExtended("anna", at_ms + 45 * SECOND, "c1"))
    centre.tell(WrapUpExtended("anna", at_ms + 40 * SECOND, "c1"))
    left = [(each.member_id, each.until_ms - at_ms) for each in centre.state.agents["anna"].wrap_ups]
    assert left == [("c1", 45 * SECOND), ("c2", 60 * SECOND)]
    assert centre.state.agents["anna"].wrap_up_ms == at_ms + 60 * SECOND
    for order in (ExtendWrapUp("anna", 60_000, "c1"), InHand("anna", alone=True)):
        assert read_said(written(order, 0)) == order


def test_who_logs_out_has_ended_every_wrap_up_and_talks_on() -> None:
    centre, numbers = talking(ORDERS, capacity=3, calls=3)
    for number in numbers[:2]:
        centre.tell(TalkEnded(number))
    centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    assert wrapped_up(centre) == [("c1", None), ("c2", None)]
    assert doing(centre) is AgentState.IN_A_QUEUE_CALL
    centre.tell(TalkEnded(numbers[2]))
    assert doing(centre) is AgentState.IDLE


@pytest.mark.parametrize(
    ("failure", "rest_s"),
    [(Failure.NO_ANSWER, 10), (Failure.REJECTED, 10), (Failure.BUSY, 30), (Failure.UNREACHABLE, 30)],
)
def test_a_second_call_that_is_not_taken_gives_a_rest_and_the_conversation_goes_on(
    failure: Failure, rest_s: int
) -> None:
    """Also of a phone with one line, which answers 486."""
    centre, _ = talking(QUEUE, calls=1)
    centre.joins("c2")
    centre.tell(OfferFailed(2, failure))
    assert centre.rung() == []
    assert doing(centre) is AgentState.IN_A_QUEUE_CALL
    centre.after(rest_s - 1)
    assert centre.rung() == []
    centre.after(1)
    assert centre.rung() == [("anna", "c2")]


def test_who_does_not_answer_beside_a_conversation_is_paused_and_talks_on() -> None:
    centre, (number,) = talking(QUEUE, calls=1)
    centre.joins("c2")
    centre.after(200)
    assert centre.state.agents["anna"].status is AgentStatus.ON_BREAK
    assert centre.state.offers[number].state is OfferState.TALKING


@pytest.mark.parametrize("event", [StatusChosen("anna", AgentStatus.ON_BREAK), OwnCallBegan("anna", "own")])
def test_who_pauses_or_dials_beside_a_conversation_is_rung_no_more(
    event: StatusChosen | OwnCallBegan,
) -> None:
    centre, (number,) = talking(QUEUE, calls=1)
    centre.joins("c2")
    centre.tell(event)
    assert [each.offer_id for each in centre.of(Stop)] == [2]
    assert centre.state.offers.keys() == {number}
    centre.tell(StatusChosen("anna", AgentStatus.AVAILABLE))
    centre.tell(OwnCallEnded("anna", "own"))
    assert centre.state.members["c2"].offers == (3,)


def test_a_smaller_capacity_ends_no_conversation_and_a_larger_one_holds_at_once() -> None:
    centre, numbers = talking(QUEUE, capacity=3)
    centre.joins("c3")
    assert centre.rung() == [("anna", "c3")]
    centre.tell(Configured(TenantSpec("beispiel", (QUEUE,), (anna(1),))))
    assert [each.failure for each in centre.of(OfferEnded)] == [None]
    assert list(centre.state.offers) == numbers
    centre.tell(TalkEnded(numbers[0]))
    assert centre.rung() == []
    centre.tell(Configured(TenantSpec("beispiel", (QUEUE,), (anna(2),))))
    assert centre.rung() == [("anna", "c3")]


def test_a_lost_leg_ends_its_own_conversation_alone() -> None:
    """Take-over: what the switch still has goes on."""
    centre, (first, second) = talking(QUEUE)
    centre.now_ms += SECOND
    centre.tell(Compared(frozenset(("c1", "c2")), frozenset((second,)), centre.now_ms))
    assert list(centre.state.offers) == [second]
    assert first not in centre.state.agents["anna"].offers


def test_a_code_from_the_phone_speaks_of_the_caller_whom_the_phone_had_in_its_hands() -> None:
    """The one who is not on hold, or was put on hold last, for the phone dials now; nothing is guessed."""
    centre, (first, second) = talking(QUEUE)

    def hand(*, alone: bool = False) -> str:
        found = in_hand(centre.state, InHand("anna", alone))
        return found.member_id if isinstance(found, Offer) else found

    assert "2 callers who are not on hold" in hand()
    for event, call in (
        (CallHeld(first), "c2"),
        (CallHeld(second), "c2"),
        (CallResumed(first), "c1"),
        (CallHeld(first), "c1"),
    ):
        centre.now_ms += SECOND
        centre.tell(event)
        assert hand() == call
        assert "in 2 conversations" in hand(alone=True)
    centre.tell(TalkEnded(first))
    assert hand(alone=True) == "c2"
    centre.tell(TalkEnded(second))
    assert "in no conversation" in hand()
    assert "in no conversation" in str(in_hand(centre.state, InHand("nobody")))


def test_who_is_just_being_joined_is_in_the_agents_hands_and_is_no_conversation_yet() -> None:
    centre, (first,) = talking(QUEUE, calls=1)
    centre.tell(CallHeld(first))
    centre.joins("c2")
    centre.tell(OfferAnswered(2))
    for alone in (False, True):
        assert "in no conversation" in str(in_hand(centre.state, InHand("anna", alone)))


def test_two_conversations_side_by_side_are_two_calls_and_the_agents_time_counts_once() -> None:
    """C9: occupancy is 100 % at most."""
    centre = Centre([QUEUE], [anna()])
    begin_ms = centre.now_ms
    for name in ("c1", "c2"):
        centre.joins(name)
        takes(centre)
    centre.after(60)
    for number in (1, 2):
        centre.tell(TalkEnded(number))
    centre.after(40)
    made = figures([(at_ms - begin_ms, each) for at_ms, each in centre.log], 100 * SECOND)
    mine = made.agents[0, "anna"]
    assert (mine.calls, mine.talk_ms, mine.logged_in_ms, mine.occupancy) == (2, 60_000, 100_000, 0.6)
    queue = made.queues[0, "verkauf"]
    assert (queue.talks, queue.talk_ms, queue.mean_talk_ms) == (2, 120_000, 60_000)


def test_what_is_wrapped_up_outlives_its_owner_and_of_one_call_at_a_time_is_kept_what_always_was() -> None:
    """A controller of the version before can take those over."""
    centre, numbers = talking(ORDERS)
    for number in numbers:
        centre.tell(TalkEnded(number))
    assert restored(checkpoint(centre.state)) == centre.state
    centre, (number,) = talking(ORDERS, capacity=1, calls=1)
    centre.tell(TalkEnded(number))
    assert centre.state.agents["anna"].wrap_up_ms is not None
    assert "wrap_ups" not in checkpoint(centre.state)
    assert refusal(centre.state, WrapUpEnded("anna", "bestellung")) is None
    assert "call c9: the last one" in (refusal(centre.state, WrapUpEnded("anna", "bestellung", "c9")) or "")
    centre.tell(WrapUpEnded("anna", "bestellung"))
    assert centre.of(WrappedUp) == [WrappedUp("anna", "bestellung")]


def test_an_agent_of_two_calls_halves_the_expected_wait() -> None:
    waits = [
        expected_wait_ms(Draft(Centre([QUEUE], [anna(capacity)]).state, 0), "verkauf", 1)
        for capacity in (1, 2)
    ]
    assert waits == [240_000, 120_000]
