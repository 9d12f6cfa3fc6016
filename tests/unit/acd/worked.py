"""The worked example of docs/figures.md as the contact centre itself tells it."""

from __future__ import annotations

from dataclasses import replace

from acd.effects import Effect
from acd.events import (
    CallerJoined,
    CallerLeft,
    CallHeld,
    CallResumed,
    Configured,
    Joined,
    OfferAnswered,
    StatusChosen,
    TalkEnded,
    TimePassed,
)
from acd.figures import AgentFigures, QueueFigures
from acd.names import AgentStatus
from acd.spec import Overflow, QueueSpec, TenantSpec
from acd.state import State
from acd.step import step
from tests.unit.acd.centre import agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=10_000)
OTHER = QueueSpec("technik", overflow=Overflow("verkauf", after_ms=30_000))


def worked_example() -> list[tuple[int, Effect]]:
    state, log = State(TenantSpec("beispiel")), []
    told = [
        (
            0,
            Configured(
                TenantSpec("beispiel", (replace(QUEUE, ring_ms=60_000), OTHER), (agent("anna", "verkauf"),))
            ),
        ),
        (0, StatusChosen("anna", AgentStatus.AVAILABLE)),
        (10, CallerJoined("c1", "verkauf")),
        (14, OfferAnswered(1)),
        (14, Joined(1)),
        (20, CallerJoined("c2", "verkauf")),
        (30, CallerJoined("c3", "verkauf")),
        (33, CallerLeft("c3")),
        (40, CallerJoined("c4", "verkauf")),
        (70, CallerLeft("c4")),
        (74, TalkEnded(1)),
        (88, OfferAnswered(2)),
        (88, Joined(2)),
        (100, CallerJoined("c5", "verkauf")),
        (150, CallHeld(2)),
        (180, CallResumed(2)),
        (208, TalkEnded(2)),
        (221, OfferAnswered(3)),
        (221, Joined(3)),
        (281, TalkEnded(3)),
        (300, CallerJoined("c6", "technik")),
        (340, CallerLeft("c6")),
    ]
    for at_s, event in told:
        while state.due_ms is not None and state.due_ms <= at_s * 1000:
            state, effects = _passed(state, state.due_ms, log)
        state, effects = step(state, event, at_s * 1000)
        log += [(at_s * 1000, each) for each in effects]
    while state.due_ms is not None and state.due_ms < 900_000:
        state, _ = _passed(state, state.due_ms, log)
    return log


def _passed(state: State, at_ms: int, log: list[tuple[int, Effect]]) -> tuple[State, tuple[Effect, ...]]:
    state, effects = step(state, TimePassed(), at_ms)
    log += [(at_ms, each) for each in effects]
    return state, effects


def sentences(queue: QueueFigures, anna: AgentFigures) -> list[str]:
    """What the page says, with these figures."""
    assert queue.service_level is not None
    assert queue.mean_talk_ms is not None
    assert queue.mean_handle_ms is not None
    assert anna.occupancy is not None
    return [
        f"offered {queue.offered}, answered {queue.answered}, abandoned {queue.abandoned}, "
        f"of them {queue.abandoned_short} short (c3) and {queue.abandoned_past_target} after the target",
        f"answered within 20 s: {queue.answered_in_target} (c1)",
        f"= {queue.service_level:g}",
        f"= {queue.wait_ms // 1000} s; speed of answer",
        f"= {(queue.speed_of_answer_ms or 0) / 1000:.3f} s; longest wait {queue.longest_wait_ms // 1000} s",
        f"= {queue.talk_ms // 1000} s; mean talk {queue.mean_talk_ms // 1000} s",
        f"on hold: {queue.hold_ms // 1000} s; mean hold {(queue.mean_hold_ms or 0) // 1000} s",
        f"handling ({queue.talk_ms // 1000} + {queue.wrap_up_ms // 1000}) ÷ {queue.talks} "
        f"= {queue.mean_handle_ms // 1000} s",
        f"the agent: {anna.calls} calls, talk {anna.talk_ms // 1000} s, wrap-up {anna.wrap_up_ms // 1000} s, "
        f"logged in {anna.logged_in_ms // 1000} s, not paused",
        f"= {anna.occupancy:g}",
    ]
