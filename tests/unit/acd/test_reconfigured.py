"""A new configuration holds for callers who wait already (C1)."""

from __future__ import annotations

from dataclasses import replace

from acd.effects import Abandoned, Announce, SendAway
from acd.events import Configured, OfferAnswered, OfferFailed, StatusChosen, TimePassed
from acd.names import AgentStatus, CancelReason, Failure
from acd.spec import AgentSpec, Callback, Overflow, QueueSpec, Relaxation, Skill, TenantSpec
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=0)
LONELY = replace(QUEUE, overflow=Overflow("mailbox", no_agents_ms=20 * SECOND))
OTHER = QueueSpec("technik")


def configured(centre: Centre, queues: list[QueueSpec], agents: list[AgentSpec]) -> None:
    centre.tell(Configured(TenantSpec("beispiel", tuple(queues), tuple(agents))))


def test_callers_are_alone_when_the_last_agent_serves_the_queue_no_longer() -> None:
    centre = Centre([LONELY, OTHER], [agent("anna", "verkauf", "technik")])
    centre.tell(StatusChosen("anna", AgentStatus.ON_BREAK))
    centre.joins("c1")
    centre.after(60)
    configured(centre, [LONELY, OTHER], [agent("anna", "technik")])
    centre.after(19)
    assert centre.of(SendAway) == []
    centre.after(1)
    assert centre.of(SendAway) == [SendAway("c1", "mailbox", CancelReason.NO_AGENT_TIMEOUT)]


def test_callers_are_no_longer_alone_when_one_who_has_a_break_gets_the_queue() -> None:
    bernd = agent("bernd", "technik")
    centre = Centre([LONELY, OTHER], [bernd])
    centre.tell(StatusChosen("bernd", AgentStatus.ON_BREAK))
    centre.joins("c1")
    centre.after(10)
    configured(centre, [LONELY, OTHER], [agent("bernd", "verkauf", "technik")])
    centre.after(60)
    assert centre.of(SendAway) == []
    configured(centre, [LONELY, OTHER], [bernd])
    centre.after(20)
    assert [each.reason for each in centre.of(SendAway)] == [CancelReason.NO_AGENT_TIMEOUT]


def test_a_new_limit_counts_from_when_the_caller_came() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1")
    centre.after(10)
    limited = replace(QUEUE, overflow=Overflow("mailbox", after_ms=30 * SECOND))
    configured(centre, [limited], [agent("anna", "verkauf")])
    centre.after(19)
    assert centre.of(SendAway) == []
    centre.after(1)
    assert centre.of(SendAway) == [SendAway("c1", "mailbox", CancelReason.TIMEOUT)]


def test_who_is_beyond_a_new_limit_already_is_sent_on_at_once() -> None:
    alone = Centre([QUEUE], [agent("anna", "verkauf")], logged_in=False)
    for limit in (Overflow("mailbox", after_ms=30 * SECOND), Overflow("mailbox", no_agents_ms=0)):
        alone.joins("c1")
        alone.after(60)
        configured(alone, [replace(QUEUE, overflow=limit)], [agent("anna", "verkauf")])
        alone.after(0)
        assert [each.member_id for each in alone.of(SendAway)] == ["c1"]
        configured(alone, [QUEUE], [agent("anna", "verkauf")])


def test_less_skill_is_enough_by_a_new_rule() -> None:
    anna = agent("anna", "verkauf", skills={"en": 50})
    centre = Centre([QUEUE], [anna])
    centre.joins("c1", skills=(Skill("en", 80),))
    centre.after(10)
    configured(centre, [replace(QUEUE, relaxations=(Relaxation(30 * SECOND, 40),))], [anna])
    centre.after(19)
    assert centre.rung() == []
    centre.after(1)
    assert centre.rung() == [("anna", "c1")]


def test_new_announcements_are_heard_by_who_waits_and_each_once_however_often_is_configured() -> None:
    telling = replace(QUEUE, announce_ms=30 * SECOND)
    centre = Centre([QUEUE], [])
    centre.joins("c1")
    centre.after(10)
    heard = []
    for _ in range(7):
        configured(centre, [telling], [])
        centre.after(10)
        heard += [each.member_id for each in centre.of(Announce)]
    assert heard == ["c1", "c1"]
    configured(centre, [replace(QUEUE, announce_ms=15 * SECOND)], [])
    assert sum(isinstance(each, Announce) for each in centre.after(45)) == 3


def test_a_wish_to_be_called_back_is_given_up_by_a_new_rule() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1", number="+4915228817386")
    centre.after(10)
    shorter = replace(QUEUE, callback=Callback(within_ms=60 * SECOND))
    configured(centre, [shorter], [agent("anna", "verkauf")])
    centre.after(50)
    assert [each.reason for each in centre.of(Abandoned)] == [CancelReason.CALLBACK_FAILED]


def test_a_limit_that_passes_while_a_caller_is_joined_holds_when_that_fails() -> None:
    """Guarantee 6: nobody is stuck. The agent has no rest after a failure, whose end would be noted."""
    limited = replace(QUEUE, overflow=Overflow("mailbox", after_ms=30 * SECOND))
    centre = Centre([limited], [agent("anna", "verkauf", unreachable_delay_ms=0)])
    centre.joins("c1")
    centre.after(18)
    number = centre.offer_to("anna")
    centre.tell(OfferFailed(number, Failure.UNREACHABLE))
    centre.after(10)
    number = centre.offer_to("anna")
    centre.tell(OfferAnswered(number))
    centre.after(4)
    assert centre.of(SendAway) == []
    centre.tell(OfferFailed(number, Failure.UNREACHABLE))
    centre.tell(TimePassed())
    assert [each.reason for each in centre.of(SendAway)] == [CancelReason.TIMEOUT]


def test_moments_that_are_noted_again_and_again_do_not_pile_up() -> None:
    limited = replace(QUEUE, overflow=Overflow("mailbox", after_ms=3_600 * SECOND))
    centre = Centre([limited], [])
    centre.joins("c1")
    for _ in range(1_000):
        configured(centre, [limited], [])
    assert len(centre.state.notes) < 300
