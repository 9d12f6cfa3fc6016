"""Queues whose overflows lead round in a circle: every caller's way ends, and so does every step (C1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.effects import Abandoned, Entered, SendAway
from acd.events import CallerMoved, Configured, QueueFlushed, StatusChosen
from acd.journal import checkpoint, restored
from acd.names import AgentStatus, CancelReason
from acd.spec import Overflow, QueueSpec, TenantSpec
from tests.unit.acd.centre import SECOND, Centre, agent

AT_ONCE = Overflow("", no_agents_ms=0)


def circle(overflow: Overflow, *names: str) -> list[QueueSpec]:
    """Each of the queues overflows into the next one, the last into the first."""
    following = (*names[1:], names[0])
    pairs = zip(names, following, strict=True)
    return [QueueSpec(name, overflow=replace(overflow, target=to)) for name, to in pairs]


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "c")])
def test_queues_that_nobody_serves_send_a_caller_round_once_and_then_out(names: tuple[str, ...]) -> None:
    """Each sends on at once: without an end that would be one step for ever."""
    centre = Centre(circle(AT_ONCE, *names), [agent("anna", *names)], logged_in=False)
    centre.joins("c1", "a")
    effects = (*centre.effects, *centre.after(1))
    assert [each.queue_id for each in effects if isinstance(each, Entered)] == [*names]
    last = [each for each in effects if isinstance(each, (SendAway, Abandoned))]
    assert [type(each) for each in last] == [Abandoned, SendAway]
    assert last[1] == SendAway("c1", "", CancelReason.NO_AGENT_TIMEOUT)
    assert centre.state.members == {}
    assert centre.state.due_ms is None


def test_the_last_agent_logs_out_and_those_who_wait_leave_the_circle() -> None:
    centre = Centre(circle(AT_ONCE, "a", "b"), [agent("anna", "a", "b")])
    for name in ("talking", "c1", "c2"):
        centre.joins(name, "a")
    centre.talks("anna")
    centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    centre.after(1)
    assert [(each.member_id, each.target) for each in centre.of(SendAway)] == [("c1", ""), ("c2", "")]
    assert [*centre.state.members] == ["talking"]


@pytest.mark.parametrize("limit", [Overflow("", after_ms=5 * SECOND), Overflow("", no_agents_ms=5 * SECOND)])
def test_a_caller_is_not_passed_back_and_forth_with_rests_between(limit: Overflow) -> None:
    centre = Centre(circle(limit, "a", "b"), [agent("anna", "a", "b")], logged_in=False)
    centre.joins("c1", "a")
    centre.after(9)
    assert centre.state.members["c1"].wait.queue_id == "b"
    centre.after(1)
    assert [each.target for each in centre.of(SendAway)] == [""]
    assert centre.state.members == {}


def test_callers_of_a_checkpoint_written_before_leave_the_circle_too() -> None:
    """It says nothing of where a caller has been."""
    centre = Centre([QueueSpec("a"), QueueSpec("b")], [agent("anna", "a", "b")], logged_in=False)
    centre.joins("c1", "a")
    kept = checkpoint(centre.state)
    assert "overflowed" not in kept
    centre.state = restored(kept)
    queues = tuple(circle(AT_ONCE, "a", "b"))
    anna = agent("anna", "a", "b")
    told = [
        *centre.tell(Configured(TenantSpec("beispiel", queues, (anna,)))),
        *centre.tell(StatusChosen("anna", AgentStatus.ON_BREAK)),
        *centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT)),
        *centre.after(1),
    ]
    assert SendAway("c1", "", CancelReason.NO_AGENT_TIMEOUT) in told
    assert centre.state.members == {}


def test_whom_a_supervisor_moves_back_may_overflow_again() -> None:
    limit = Overflow("", after_ms=5 * SECOND)
    centre = Centre(circle(limit, "a", "b"), [], logged_in=False)
    centre.joins("c1", "a")
    centre.after(5)
    centre.tell(CallerMoved("c1", "a"))
    centre.after(5)
    assert centre.state.members["c1"].wait.queue_id == "b"
    centre.tell(QueueFlushed("b", "a"))
    centre.after(5)
    assert centre.state.members["c1"].wait.queue_id == "b"


def test_who_was_not_taken_at_the_door_does_not_come_back_to_it() -> None:
    queues = circle(Overflow("", length=0, no_agents_ms=2 * SECOND), "a", "b")
    centre = Centre(queues, [agent("anna", "a", "b")], logged_in=False)
    centre.joins("c1", "a")
    assert centre.state.members["c1"].wait.queue_id == "b"
    centre.after(2)
    assert centre.of(SendAway) == [SendAway("c1", "", CancelReason.NO_AGENT_TIMEOUT)]


def test_an_emptied_queue_sends_out_whom_its_overflow_took_out_of_the_next() -> None:
    centre = Centre(circle(Overflow("", after_ms=5 * SECOND), "a", "b"), [])
    centre.joins("c1", "a")
    centre.after(5)
    centre.tell(QueueFlushed("b"))
    assert centre.of(SendAway) == [SendAway("c1", "", CancelReason.FLUSHED)]
