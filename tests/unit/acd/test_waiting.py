"""Callers who wait: sent on, called back, moved, told their place (C1, C2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.effects import Abandoned, Announce, CallBack, Ended, SendAway
from acd.events import (
    CallbackMissed,
    CallbackReached,
    CallbackWanted,
    CallerLeft,
    CallerMoved,
    OfferAnswered,
    OwnCallBegan,
    OwnCallEnded,
    StatusChosen,
    TalkEnded,
)
from acd.names import AgentState, AgentStatus, CancelReason
from acd.spec import Callback, Overflow, QueueSpec
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=0)


@pytest.mark.parametrize(
    ("overflow", "reason"),
    [
        (Overflow("mailbox", after_ms=30 * SECOND), CancelReason.TIMEOUT),
        (Overflow("mailbox", no_agents_ms=20 * SECOND), CancelReason.NO_AGENT_TIMEOUT),
    ],
)
def test_who_waits_too_long_is_sent_on(overflow: Overflow, reason: CancelReason) -> None:
    centre = Centre([replace(QUEUE, overflow=overflow)], [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1")
    centre.after(31)
    assert centre.of(SendAway) == [SendAway("c1", "mailbox", reason)]
    assert centre.state.members == {}


def test_loneliness_counts_from_when_the_last_agent_left_and_ends_when_one_comes() -> None:
    centre = Centre(
        [replace(QUEUE, overflow=Overflow("mailbox", no_agents_ms=20 * SECOND))], [agent("anna", "verkauf")]
    )
    centre.tell(StatusChosen("anna", AgentStatus.ON_BREAK))
    centre.joins("c1")
    centre.after(60)
    assert centre.of(SendAway) == []
    centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    centre.after(10)
    centre.tell(StatusChosen("anna", AgentStatus.ON_BREAK))
    centre.after(30)
    assert centre.of(SendAway) == []
    centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    centre.after(21)
    assert [each.reason for each in centre.of(SendAway)] == [CancelReason.NO_AGENT_TIMEOUT]


def test_a_full_queue_sends_the_next_caller_on() -> None:
    queue = replace(QUEUE, overflow=Overflow("mailbox", length=2))
    centre = Centre([queue], [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1")
    centre.joins("c2")
    centre.joins("c3")
    assert centre.of(SendAway) == [SendAway("c3", "mailbox", CancelReason.FULL)]
    assert sorted(centre.state.members) == ["c1", "c2"]


def test_overflow_into_another_queue_keeps_the_place_in_time() -> None:
    queues = [
        replace(QUEUE, overflow=Overflow("reserve", after_ms=30 * SECOND)),
        replace(QUEUE, id="reserve"),
    ]
    centre = Centre(queues, [agent("bernd", "reserve")])
    centre.tell(OwnCallBegan("bernd", "out"))
    centre.joins("early")
    centre.now_ms += 20 * SECOND
    centre.joins("late", "reserve")
    centre.after(15)
    assert centre.state.members["early"].wait.queue_id == "reserve"
    centre.tell(OwnCallEnded("bernd", "out"))
    assert centre.rung() == [("bernd", "early")]


def test_two_full_queues_do_not_pass_a_caller_back_and_forth() -> None:
    queues = [
        replace(QUEUE, overflow=Overflow("reserve", length=0)),
        replace(QUEUE, id="reserve", overflow=Overflow("verkauf", length=0)),
    ]
    centre = Centre(queues, [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1")
    assert centre.state.members["c1"].wait.queue_id == "reserve"


def test_a_caller_who_is_called_back_keeps_the_place() -> None:
    """Complaint 5: no callback."""
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("talking")
    offer = centre.talks("anna")
    centre.joins("c1")
    centre.now_ms += SECOND
    centre.joins("c2")
    centre.tell(CallbackWanted("c1"))
    centre.tell(CallerLeft("c1"))
    centre.tell(TalkEnded(offer))
    assert centre.rung() == [("anna", "c1")]
    number = centre.offer_to("anna")
    centre.tell(OfferAnswered(number))
    assert centre.of(CallBack) == [CallBack(number, "c1", "anna", 60_000, "verkauf")]
    assert centre.state.agents["anna"].state is AgentState.RESERVED
    centre.tell(CallbackReached("c1"))
    assert centre.state.agents["anna"].state is AgentState.IN_A_QUEUE_CALL
    centre.tell(CallerLeft("c1"))
    assert [each.member_id for each in centre.of(Ended)] == ["c1"]


def test_callbacks_are_tried_again_later_and_given_up_in_the_end() -> None:
    queue = replace(QUEUE, callback=Callback(tries=2, retry_ms=60 * SECOND))
    centre = Centre([queue], [agent("anna", "verkauf")])
    centre.tell(OwnCallBegan("anna", "out"))
    centre.joins("c1")
    centre.tell(CallbackWanted("c1"))
    centre.tell(OwnCallEnded("anna", "out"))
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    centre.tell(CallbackMissed("c1"))
    assert centre.state.agents["anna"].state is AgentState.WAITING
    centre.after(59)
    assert centre.rung() == []
    centre.after(1)
    assert centre.rung() == [("anna", "c1")]
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    centre.tell(CallbackMissed("c1"))
    assert [each.reason for each in centre.of(Abandoned)] == [CancelReason.CALLBACK_FAILED]


def test_a_moved_caller_keeps_the_place_in_time() -> None:
    centre = Centre([QUEUE, replace(QUEUE, id="technik")], [agent("bernd", "technik")])
    centre.joins("c1")
    centre.now_ms += SECOND
    centre.tell(CallerMoved("c1", "technik"))
    assert centre.rung() == [("bernd", "c1")]
    assert centre.state.members["c1"].since_ms == centre.now_ms - SECOND


def test_position_and_expected_wait_are_announced() -> None:
    """Complaint 5: no position, no expected wait."""
    centre = Centre([replace(QUEUE, announce_ms=30 * SECOND)], [agent("anna", "verkauf")])
    centre.joins("c0")
    number = centre.talks("anna")
    centre.now_ms += 120 * SECOND
    centre.tell(TalkEnded(number))
    centre.joins("c1")
    centre.talks("anna")
    centre.joins("c2")
    centre.joins("c3")
    centre.after(30)
    assert centre.of(Announce) == [
        Announce("c2", "verkauf", 1, 120 * SECOND),
        Announce("c3", "verkauf", 2, 240 * SECOND),
    ]
