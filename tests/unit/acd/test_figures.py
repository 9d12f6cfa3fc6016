"""Key figures (C9): the worked example of docs/figures.md, and what must hold in every random world."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

from acd.effects import Effect, Entered
from acd.events import (
    CallerJoined,
    CallerLeft,
    Configured,
    Joined,
    OfferAnswered,
    StatusChosen,
    TalkEnded,
    TimePassed,
)
from acd.figures import LEAST_CALLERS, Rules, figures
from acd.names import AgentStatus
from acd.spec import QueueSpec, TenantSpec
from acd.state import State
from acd.step import step
from tests.unit.acd.centre import agent
from tests.unit.acd.world import worlds

PAGE = (Path(__file__).parents[3] / "docs" / "figures.md").read_text()
QUEUE = QueueSpec("verkauf", wrap_up_ms=10_000)


def _worked_example() -> list[tuple[int, Effect]]:
    state, log = State(TenantSpec("beispiel")), []
    told = [
        (
            0,
            Configured(
                TenantSpec("beispiel", (replace(QUEUE, ring_ms=60_000),), (agent("anna", "verkauf"),))
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
        (208, TalkEnded(2)),
        (221, OfferAnswered(3)),
        (221, Joined(3)),
        (281, TalkEnded(3)),
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


def test_the_worked_example_of_the_page_comes_out() -> None:
    made = figures(_worked_example(), 900_000)
    queue, anna = made.queues[0, "verkauf"], made.agents[0, "anna"]
    assert queue.service_level is not None
    assert queue.mean_talk_ms is not None
    assert anna.occupancy is not None
    said = [
        f"offered {queue.offered}, answered {queue.answered}, abandoned {queue.abandoned}, "
        f"of them {queue.abandoned_short} short (c3) and {queue.abandoned_past_target} after the target",
        f"answered within 20 s: {queue.answered_in_target} (c1)",
        f"= {queue.service_level:g}",
        f"= {queue.wait_ms // 1000} s; speed of answer",
        f"= {(queue.speed_of_answer_ms or 0) / 1000:.3f} s; longest wait {queue.longest_wait_ms // 1000} s",
        f"= {queue.talk_ms // 1000} s; mean talk {queue.mean_talk_ms // 1000} s",
        f"the agent: {anna.calls} calls, talk {anna.talk_ms // 1000} s, wrap-up {anna.wrap_up_ms // 1000} s, "
        f"logged in {anna.logged_in_ms // 1000} s, not paused",
        f"= {anna.occupancy:g}",
    ]
    page = re.sub(r"\s+", " ", PAGE)
    assert [each for each in said if each not in page] == []
    assert (anna.paused_ms, queue.is_small) == (0, False)


def test_every_caller_counts_once_and_no_time_is_lost_at_the_borders_of_intervals() -> None:
    for world in islice(worlds(3), 5):
        log: list[tuple[int, Effect]] = []
        world.observe = lambda at_ms, effects, log=log: log.extend((at_ms, each) for each in effects)
        world.run(2_000)
        whole = figures(log, world.now_ms, Rules(interval_ms=10**12))
        cut = figures(log, world.now_ms, Rules(interval_ms=60_000))
        for name in ("talk_ms", "wrap_up_ms", "paused_ms", "logged_in_ms", "calls"):
            sums = [sum(getattr(each, name) for each in made.agents.values()) for made in (whole, cut)]
            assert sums[0] == sums[1]
        entered = Counter(each.queue_id for _, each in log if isinstance(each, Entered))
        standing = Counter(
            each.wait.queue_id
            for each in world.state.members.values()
            if each.state.value in ("Waiting", "Trying")
        )
        for (_, queue_id), queue in whole.queues.items():
            left = queue.answered + queue.abandoned + queue.sent_on + queue.moved_on
            assert entered[queue_id] == queue.offered == left + standing[queue_id]


def test_small_groups_are_not_given_out() -> None:
    log: list[tuple[int, Effect]] = [(1, Entered(f"c{n}", "verkauf", None)) for n in range(LEAST_CALLERS)]
    assert not figures(log, 2).queues[0, "verkauf"].is_small
    assert figures(log[1:], 2).queues[0, "verkauf"].is_small
