"""Queues and agents that a new configuration no longer has, while somebody waits, rings or talks there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.effects import AgentChanged, Ended, Join, SendAway, WrappedUp
from acd.events import (
    CallbackReached,
    CallbackWanted,
    CallerLeft,
    Configured,
    Joined,
    OfferAnswered,
    OfferFailed,
    StatusChosen,
    TalkEnded,
)
from acd.figures import figures
from acd.names import AgentState, AgentStatus, CancelReason, Failure
from acd.spec import AgentSpec, Overflow, QueueSpec, Relaxation, Skill, TenantSpec
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=0)
OTHER = QueueSpec("technik", wrap_up_ms=0)


def configured(centre: Centre, queues: list[QueueSpec], agents: list[AgentSpec]) -> None:
    centre.tell(Configured(TenantSpec("beispiel", tuple(queues), tuple(agents))))


@pytest.mark.parametrize(
    ("queue", "needs"),
    [
        (replace(QUEUE, overflow=Overflow("mailbox", after_ms=30 * SECOND)), ()),
        (replace(QUEUE, relaxations=(Relaxation(30 * SECOND, 10),)), (Skill("en", 20),)),
        (replace(QUEUE, preferred_ms=30 * SECOND), ()),
        (replace(QUEUE, announce_ms=30 * SECOND), ()),
    ],
)
def test_a_conversation_outlives_its_queue_and_so_does_the_rest_of_the_centre(
    queue: QueueSpec, needs: tuple[Skill, ...]
) -> None:
    """Moments were noted for the caller while he waited: a limit, less skill, the preferred agent."""
    anna = agent("anna", "verkauf", "technik", skills={"en": 50})
    centre = Centre([queue, OTHER], [anna])
    centre.joins("c1", skills=needs, preferred="anna")
    number = centre.talks("anna")
    configured(centre, [OTHER], [agent("anna", "technik")])
    centre.after(60)
    assert number in centre.state.offers
    centre.joins("c2", "technik")
    centre.tell(TalkEnded(number))
    assert [each.member_id for each in centre.of(Ended)] == ["c1"]
    assert centre.rung() == [("anna", "c2")]
    assert "verkauf" not in centre.state.paces


def test_a_caller_whom_somebody_declined_talks_on_when_the_queue_is_gone() -> None:
    bernd = agent("bernd", "verkauf", "technik")
    centre = Centre([QUEUE, OTHER], [agent("anna", "verkauf"), bernd])
    centre.joins("c1")
    centre.tell(OfferFailed(centre.offer_to("anna"), Failure.REJECTED))
    number = centre.talks("bernd")
    configured(centre, [OTHER], [agent("bernd", "technik")])
    centre.after(60)
    assert number in centre.state.offers


def test_one_who_was_called_back_talks_on_when_the_queue_is_gone() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(CallbackWanted("c1"))
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    centre.tell(CallbackReached("c1"))
    configured(centre, [], [])
    centre.after(20_000)
    assert "c1" in centre.state.members
    centre.tell(CallerLeft("c1"))
    assert centre.state.members == {}


def test_an_agent_is_removed_while_a_caller_is_joined_and_the_conversation_is_not_lost() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf"), agent("bernd", "verkauf")])
    centre.tell(StatusChosen("bernd", AgentStatus.ON_BREAK))
    centre.joins("c1")
    number = centre.offer_to("anna")
    centre.tell(OfferAnswered(number))
    assert centre.of(Join)
    configured(centre, [QUEUE], [agent("bernd", "verkauf")])
    centre.tell(Joined(number))
    centre.tell(TalkEnded(number))
    assert sorted(centre.state.agents) == ["bernd"]


def test_who_rings_or_waits_in_a_queue_that_is_gone_is_sent_away_and_others_stay() -> None:
    centre = Centre([QUEUE, OTHER], [agent("anna", "verkauf", "technik")])
    centre.joins("rings")
    centre.joins("waits")
    centre.joins("stays", "technik")
    configured(centre, [OTHER], [agent("anna", "technik")])
    gone = [SendAway(name, "", CancelReason.UNKNOWN_QUEUE) for name in ("rings", "waits")]
    assert centre.of(SendAway) == gone
    assert centre.rung() == [("anna", "stays")]


@pytest.mark.parametrize(
    ("doing", "at_work_s"), [("waits", 100), ("rings", 100), ("talks", 130), ("wraps up", 100)]
)
def test_a_removed_agent_is_no_longer_at_work(doing: str, at_work_s: int) -> None:
    """C9: who talks is until that is over; nothing is left to be wrapped up."""
    queue = replace(QUEUE, ring_ms=600 * SECOND, wrap_up_ms=600 * SECOND)
    centre = Centre([queue], [agent("anna", "verkauf")])
    number = 0
    if doing != "waits":
        centre.joins("c1")
    if doing in ("talks", "wraps up"):
        number = centre.talks("anna")
    if doing == "wraps up":
        centre.tell(TalkEnded(number))
    centre.after(100)
    configured(centre, [queue], [])
    assert centre.of(WrappedUp) == [WrappedUp("anna", None)] * (doing == "wraps up")
    centre.after(30)
    centre.tell(TalkEnded(number))
    gone = AgentChanged("anna", AgentStatus.LOGGED_OUT, AgentState.IDLE, "no longer configured")
    assert [each for _, each in centre.log if isinstance(each, AgentChanged)][-1] == gone
    centre.after(1_000)
    made = figures(centre.log, centre.now_ms)
    assert sum(each.logged_in_ms for each in made.agents.values()) == at_work_s * SECOND


def test_an_agent_who_was_logged_out_is_removed_without_a_word() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")], logged_in=False)
    configured(centre, [QUEUE], [])
    assert centre.effects == ()
