"""Distribution of calls to agents (C1), and what users complain about elsewhere and must not see here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.effects import Abandoned, AgentChanged, Answered, Because, Ended, Join, Stop, WrappedUp
from acd.events import (
    CallerLeft,
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
from acd.names import AgentState, AgentStatus, CancelReason, Failure, MemberState, Strategy
from acd.spec import QueueSpec
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=0)


def test_a_caller_is_offered_to_a_free_agent_and_talks() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    assert centre.rung() == [("anna", "c1")]
    number = centre.offer_to("anna")
    centre.tell(OfferAnswered(number))
    assert centre.of(Join) == [Join(number, "c1", "anna", "verkauf", 0)]
    centre.now_ms += 2 * SECOND
    centre.tell(Joined(number))
    assert centre.of(Answered) == [Answered("c1", "anna", "verkauf", 2 * SECOND)]
    assert centre.state.agents["anna"].state is AgentState.IN_A_QUEUE_CALL
    centre.now_ms += 60 * SECOND
    centre.tell(TalkEnded(number))
    assert centre.of(Ended) == [Ended("c1", "anna", "verkauf", 60 * SECOND)]
    assert centre.state.members == {}
    assert centre.state.offers == {}
    assert centre.state.agents["anna"].state is AgentState.WAITING


def test_callers_are_served_in_the_order_in_which_they_came() -> None:
    """Complaint 3: callers overtaken."""
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    for number in range(5):
        centre.now_ms += SECOND
        centre.joins(f"c{number}")
    served = []
    for _ in range(5):
        offer = centre.talks("anna")
        served.append(centre.state.offers[offer].member_id)
        centre.tell(TalkEnded(offer))
    assert served == ["c0", "c1", "c2", "c3", "c4"]


def test_a_caller_with_more_priority_comes_first_and_waiting_ages_the_others() -> None:
    queue = replace(QUEUE, ageing_per_min=1)
    centre = Centre([queue], [agent("anna", "verkauf")])
    centre.joins("talking")
    offer = centre.talks("anna")
    centre.joins("old")
    centre.now_ms += 3 * 60 * SECOND
    centre.joins("important", priority=2)
    centre.now_ms += SECOND
    centre.joins("very-important", priority=4)
    centre.tell(TalkEnded(offer))
    assert centre.rung() == [("anna", "very-important")]
    centre.tell(TalkEnded(centre.talks("anna")))
    assert centre.rung() == [("anna", "old")]


def test_a_caller_who_gives_up_stops_the_agents_phone_at_once() -> None:
    """Complaint 3: the agent rings on after the caller left."""
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.offer_to("anna")
    centre.now_ms += 5 * SECOND
    centre.tell(CallerLeft("c1"))
    assert centre.of(Stop) == [Stop(number, "anna", Because.CALLER_GONE)]
    assert centre.of(Abandoned) == [Abandoned("c1", "verkauf", 5 * SECOND, CancelReason.BREAK_OUT)]
    assert centre.state.agents["anna"].state is AgentState.WAITING


def test_an_agent_who_answers_too_late_hears_why() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.offer_to("anna")
    centre.tell(CallerLeft("c1"))
    centre.tell(OfferAnswered(number))
    assert centre.of(Stop) == [Stop(number, None, Because.UNKNOWN_OFFER)]


def test_of_two_answers_the_first_wins_and_the_other_hears_why() -> None:
    """Complaint 3: two agents answer one call."""
    queue = replace(QUEUE, strategy=Strategy.RING_ALL)
    centre = Centre([queue], [agent("anna", "verkauf"), agent("bernd", "verkauf")])
    centre.joins("c1")
    assert centre.rung() == [("anna", "c1"), ("bernd", "c1")]
    first, second = centre.offer_to("bernd"), centre.offer_to("anna")
    centre.tell(OfferAnswered(first))
    assert centre.of(Join) == [Join(first, "c1", "bernd", "verkauf", 0)]
    assert centre.of(Stop) == [Stop(second, "anna", Because.ANSWERED_ELSEWHERE)]
    centre.tell(OfferAnswered(second))
    assert centre.of(Join) == []
    assert centre.of(Stop) == [Stop(second, None, Because.UNKNOWN_OFFER)]


def test_an_agent_who_does_not_answer_is_paused_after_the_third_time() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf", no_answer_delay_ms=1)])
    centre.joins("c1")
    for _ in range(3):
        centre.tell(OfferFailed(centre.offer_to("anna"), Failure.NO_ANSWER))
        last = centre.effects
        centre.after(1)
    assert AgentChanged("anna", AgentStatus.ON_BREAK, AgentState.IDLE, "3 calls not answered") in last
    assert centre.state.members["c1"].state is MemberState.WAITING
    centre.tell(StatusChosen("anna", AgentStatus.AVAILABLE))
    assert centre.rung() == [("anna", "c1")]


@pytest.mark.parametrize(
    ("failure", "rest_s"),
    [(Failure.NO_ANSWER, 10), (Failure.REJECTED, 10), (Failure.BUSY, 30), (Failure.UNREACHABLE, 30)],
)
def test_each_failure_has_its_own_rest_and_the_next_agent_is_asked(failure: Failure, rest_s: int) -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf"), agent("bernd", "verkauf")])
    centre.joins("c1")
    centre.tell(OfferFailed(centre.offer_to("anna"), failure))
    assert centre.rung() == [("bernd", "c1")]
    centre.talks("bernd")
    centre.joins("c2")
    assert centre.rung() == []
    centre.after(rest_s - 1)
    assert centre.rung() == []
    centre.after(1)
    assert ("anna", "c2") in centre.rung()


def test_an_offer_ends_in_time_when_the_switch_says_nothing() -> None:
    """Complaint 1: agents stuck in "receiving"."""
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.offer_to("anna")
    centre.after(QUEUE.ring_ms / SECOND + 3)
    assert Stop(number, "anna", Because.TIMEOUT) in centre.effects
    assert centre.state.agents["anna"].state is AgentState.WAITING


def test_joining_that_never_succeeds_frees_both() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf"), agent("bernd", "verkauf")])
    centre.joins("c1")
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    centre.after(6)
    assert ("bernd", "c1") in centre.rung()


def test_wrap_up_is_extended_but_never_shortened() -> None:
    """Complaint 4: wrap-up ended early for agents in several queues."""
    centre = Centre([replace(QUEUE, wrap_up_ms=30 * SECOND)], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(TalkEnded(centre.talks("anna")))
    assert centre.state.agents["anna"].state is AgentState.WRAP_UP
    centre.joins("c2")
    assert centre.rung() == []
    end = centre.now_ms + 30 * SECOND
    centre.tell(WrapUpExtended("anna", end - 20 * SECOND))
    assert centre.state.agents["anna"].wrap_up_ms == end
    centre.tell(WrapUpExtended("anna", end + 10 * SECOND))
    centre.after(35)
    assert centre.state.agents["anna"].state is AgentState.WRAP_UP
    centre.after(5)
    assert centre.rung() == [("anna", "c2")]


def test_an_agent_ends_the_wrap_up_with_a_code() -> None:
    centre = Centre([replace(QUEUE, wrap_up_ms=30 * SECOND)], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(TalkEnded(centre.talks("anna")))
    centre.tell(WrapUpEnded("anna", "verkauft"))
    assert centre.state.agents["anna"].state is AgentState.WAITING


def test_who_logs_out_in_the_wrap_up_has_ended_it_without_a_code() -> None:
    """The log knows; the agent who is back is free."""
    queue = replace(QUEUE, wrap_up_ms=30 * SECOND, wrap_up_codes=("verkauft", "frage"))
    centre = Centre([queue], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(TalkEnded(centre.talks("anna")))
    centre.after(10)
    centre.tell(StatusChosen("anna", AgentStatus.ON_BREAK))
    assert centre.of(WrappedUp) == [], "a break comes after it"
    centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    assert centre.of(WrappedUp) == [WrappedUp("anna", None)]
    centre.tell(StatusChosen("anna", AgentStatus.AVAILABLE))
    centre.joins("c2")
    assert centre.rung() == [("anna", "c2")]
    assert centre.after(60).count(WrappedUp("anna", None)) == 0
    (queue_figures,) = figures(centre.log, centre.now_ms).queues.values()
    assert queue_figures.wrap_up_ms == 10 * SECOND


def test_an_agents_own_call_counts_as_busy_and_takes_back_what_rings() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(OwnCallBegan("anna", "out-1"))
    assert centre.of(Stop)[0].because is Because.AGENT_UNAVAILABLE
    assert centre.state.agents["anna"].state is AgentState.IN_ANOTHER_CALL
    centre.tell(OwnCallEnded("anna", "out-1"))
    assert centre.rung() == [("anna", "c1")]


def test_an_agent_who_logs_out_keeps_the_call_and_gets_no_other() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.talks("anna")
    centre.joins("c2")
    centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    assert centre.state.agents["anna"].state is AgentState.IN_A_QUEUE_CALL
    centre.tell(TalkEnded(number))
    assert centre.state.agents["anna"].state is AgentState.IDLE
    assert centre.rung() == []


def test_on_demand_takes_one_call_and_pauses() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")], logged_in=False)
    centre.tell(StatusChosen("anna", AgentStatus.ON_DEMAND))
    centre.joins("c1")
    centre.joins("c2")
    centre.tell(TalkEnded(centre.talks("anna")))
    assert centre.state.agents["anna"].status is AgentStatus.ON_BREAK
    assert centre.rung() == []
