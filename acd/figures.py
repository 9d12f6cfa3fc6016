"""Key figures of queues and agents from the log of effects (C9). Definitions with a worked example:
docs/figures.md, which a test recomputes.

A caller counts in the interval in which he entered the queue, whatever becomes of him later, so that offered
= answered + abandoned + sent on + moved on + lost + still there in every interval. Every wait is the
time in this queue: what a caller waited in another one before does not count here.

Nothing here holds a caller's number or name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from acd import intervals
from acd.effects import (
    Abandoned,
    AgentChanged,
    Answered,
    CallbackNoted,
    Effect,
    Ended,
    Entered,
    HoldEnded,
    OfferEnded,
)
from acd.names import AgentState, AgentStatus, CancelReason, Failure

#: Groups smaller than this could tell of a single caller: their figures are not given out.
LEAST_CALLERS: Final = 5
#: What an agent's row has of calls; the rest is time at work.
OF_CALLS: Final = (
    "calls", "not_answered", "talk_ms", "hold_ms", "wrap_up_ms", "ring_ms", "other_call_ms"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """`target_ms`: answered within it is good service. Who leaves before `short_ms` did not really wait.
    `interval_ms` None: German calendar days."""

    interval_ms: int | None = intervals.QUARTER_MS
    target_ms: int = 20_000
    short_ms: int = 5_000


@dataclass(slots=True)
class QueueFigures:
    """A queue in an interval. Times in milliseconds; counts of callers."""

    offered: int = 0
    answered: int = 0
    answered_in_target: int = 0
    abandoned: int = 0
    abandoned_short: int = 0
    abandoned_past_target: int = 0
    moved_on: int = 0
    sent_on: int = 0
    lost: int = 0
    callbacks: int = 0
    called_back: int = 0
    wait_ms: int = 0
    longest_wait_ms: int = 0
    talks: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0

    @property
    def service_level(self) -> float | None:
        """Answered within the target of all who were answered or left after it; None without such callers."""
        counted = self.answered + self.abandoned_past_target
        return self.answered_in_target / counted if counted else None

    @property
    def speed_of_answer_ms(self) -> int | None:
        """Mean wait of the answered (ASA)."""
        return self.wait_ms // self.answered if self.answered else None

    @property
    def mean_talk_ms(self) -> int | None:
        """Mean length of the conversations that are over."""
        return self.talk_ms // self.talks if self.talks else None

    @property
    def mean_hold_ms(self) -> int | None:
        """Mean time on hold of the conversations that are over, of their talk."""
        return self.hold_ms // self.talks if self.talks else None

    @property
    def mean_handle_ms(self) -> int | None:
        """Mean work that a conversation made: talk and wrap-up (AHT)."""
        return (self.talk_ms + self.wrap_up_ms) // self.talks if self.talks else None

    @property
    def is_small(self) -> bool:
        """Too few callers to be given out."""
        return 0 < self.offered < LEAST_CALLERS


@dataclass(slots=True)
class AgentFigures:
    """An agent in an interval. Times in milliseconds."""

    calls: int = 0
    not_answered: int = 0
    logged_in_ms: int = 0
    paused_ms: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    ring_ms: int = 0
    other_call_ms: int = 0

    @property
    def occupancy(self) -> float | None:
        """Talking and wrapping up as a part of the time at work (logged in, not paused)."""
        at_work = self.logged_in_ms - self.paused_ms
        return (self.talk_ms + self.wrap_up_ms) / at_work if at_work > 0 else None

    @property
    def is_small(self) -> bool:
        """Too few calls to be given out: what they took could tell of a single caller. One that ends in
        another interval counts there, so there may be a time without a call."""
        return self.calls < LEAST_CALLERS and any(getattr(self, name) for name in OF_CALLS)


@dataclass(slots=True)
class Figures:
    """Of a period: by start of the interval and name of the queue or agent."""

    queues: dict[tuple[int, str], QueueFigures] = field(default_factory=dict)
    agents: dict[tuple[int, str], AgentFigures] = field(default_factory=dict)

    def within(self, begin_ms: int, end_ms: int) -> Figures:
        """Those of the intervals that begin in [begin_ms, end_ms)."""
        return Figures(
            {key: each for key, each in self.queues.items() if begin_ms <= key[0] < end_ms},
            {key: each for key, each in self.agents.items() if begin_ms <= key[0] < end_ms},
        )


#: What an agent's time counts as, by what he is doing.
_TIMES: Final = {
    AgentState.IN_A_QUEUE_CALL: "talk_ms",
    AgentState.WRAP_UP: "wrap_up_ms",
    AgentState.RECEIVING: "ring_ms",
    AgentState.RESERVED: "ring_ms",
    AgentState.IN_ANOTHER_CALL: "other_call_ms",
}


def figures(log: Iterable[tuple[int, Effect]], until_ms: int, rules: Rules | None = None) -> Figures:
    """The figures of a log of effects with their times, in order, up to `until_ms`."""
    count = _Count(rules or Rules())
    for at_ms, effect in log:
        count.take(at_ms, effect)
    for agent_id in list(count.doing):
        count.agent_time(agent_id, until_ms)
    return count.figures


class _Count:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.figures = Figures()
        #: Where a caller stands: queue and time of entering it.
        self._standing: dict[str, tuple[str, int]] = {}
        #: Who wishes to be called back; and where those stood who left by a key, which may be that wish.
        self._wishes: set[str] = set()
        self._left_by_key: dict[str, tuple[str, int]] = {}
        #: Where those stood whom the switch no longer had: they may come back to their place.
        self._lost: dict[str, tuple[str, int]] = {}
        #: Queue and begin of the conversations that go on, by caller.
        self._talks: dict[str, tuple[str, int]] = {}
        self.doing: dict[str, tuple[AgentStatus, AgentState, int]] = {}
        #: Of every agent the queue of the last conversation, and when it began: a wrap-up belongs to it.
        self._talked: dict[str, tuple[str, int]] = {}
        self._interval = (0, 0)

    def take(self, at_ms: int, effect: Effect) -> None:
        match effect:
            case Entered():
                self._entered(at_ms, effect)
            case Answered():
                self._answered(at_ms, effect)
            case Abandoned():
                self._abandoned(at_ms, effect)
            case CallbackNoted():
                self._wished(effect.member_id)
            case HoldEnded():
                self._held(at_ms, effect)
            case Ended():
                self._ended(at_ms, effect)
            case OfferEnded(failure=Failure.NO_ANSWER):
                self._agent(effect.agent_id, at_ms).not_answered += 1
            case AgentChanged():
                self.agent_time(effect.agent_id, at_ms)
                self.doing[effect.agent_id] = (effect.status, effect.state, at_ms)
            case _:
                pass

    def _wished(self, member_id: str) -> None:
        """Noted once. One who pressed the key for it has not left: he keeps his place."""
        if member_id in self._wishes:
            return
        self._wishes.add(member_id)
        place = self._left_by_key.pop(member_id, None)
        if place is not None:
            self._queue(*place).sent_on -= 1
            self._standing[member_id] = place
        if member_id in self._standing:
            self._queue(*self._standing[member_id]).callbacks += 1

    def _entered(self, at_ms: int, effect: Entered) -> None:
        if effect.member_id in self._wishes and effect.came_from is None:
            if effect.member_id not in self._standing:
                self._standing[effect.member_id] = (effect.queue_id, at_ms)
                queue = self._queue(effect.queue_id, at_ms)
                queue.offered += 1
                queue.callbacks += 1
            return
        if self._is_back(effect):
            return
        before = self._standing.get(effect.member_id)
        if before is not None:
            self._queue(*before).moved_on += 1
        self._standing[effect.member_id] = (effect.queue_id, at_ms)
        self._queue(effect.queue_id, at_ms).offered += 1

    def _is_back(self, effect: Entered) -> bool:
        """One who was lost with his node and waits on in his place is the same caller."""
        place = self._lost.pop(effect.member_id, None)
        if place is None or effect.came_from is not None or place[0] != effect.queue_id:
            return False
        self._queue(*place).lost -= 1
        self._standing[effect.member_id] = place
        return True

    def _answered(self, at_ms: int, effect: Answered) -> None:
        queue_id, entered_ms = self._standing.pop(effect.member_id, (effect.queue_id, at_ms))
        queue, waited_ms = self._queue(queue_id, entered_ms), at_ms - entered_ms
        self._talks[effect.member_id] = (effect.queue_id, at_ms)
        queue.answered += 1
        queue.called_back += effect.member_id in self._wishes
        queue.answered_in_target += waited_ms <= self._rules.target_ms
        queue.wait_ms += waited_ms
        queue.longest_wait_ms = max(queue.longest_wait_ms, waited_ms)

    def _held(self, at_ms: int, effect: HoldEnded) -> None:
        began_ms = at_ms - effect.held_ms
        talk = self._talks.get(effect.member_id, (effect.queue_id, began_ms))
        self._queue(*talk).hold_ms += effect.held_ms
        for start_ms, length_ms in self._pieces(began_ms, at_ms):
            self._agent(effect.agent_id, start_ms).hold_ms += length_ms

    def _ended(self, at_ms: int, effect: Ended) -> None:
        self._talks.pop(effect.member_id, None)
        began_ms = at_ms - effect.talked_ms
        queue = self._queue(effect.queue_id, began_ms)
        queue.talks += 1
        queue.talk_ms += effect.talked_ms
        self._agent(effect.agent_id, at_ms).calls += 1
        self._talked[effect.agent_id] = (effect.queue_id, began_ms)

    def _abandoned(self, at_ms: int, effect: Abandoned) -> None:
        place = self._standing.pop(effect.member_id, None)
        if place is None:
            return
        queue, waited_ms = self._queue(*place), at_ms - place[1]
        if effect.reason is CancelReason.LOST:
            queue.lost += 1
            self._lost[effect.member_id] = place
            return
        if effect.reason not in (CancelReason.BREAK_OUT, CancelReason.CALLBACK_FAILED):
            queue.sent_on += 1
            if effect.reason is CancelReason.EXIT_WITH_KEY:
                self._left_by_key[effect.member_id] = place
            return
        queue.abandoned += 1
        queue.abandoned_short += waited_ms < self._rules.short_ms
        queue.abandoned_past_target += waited_ms > self._rules.target_ms
        queue.longest_wait_ms = max(queue.longest_wait_ms, waited_ms)

    def agent_time(self, agent_id: str, until_ms: int) -> None:
        """Count what the agent has been doing up to now, interval by interval."""
        status, state, since_ms = self.doing.get(
            agent_id, (AgentStatus.LOGGED_OUT, AgentState.IDLE, until_ms)
        )
        self.doing[agent_id] = (status, state, until_ms)
        if status is AgentStatus.LOGGED_OUT and state is AgentState.IDLE:
            return
        if state is AgentState.WRAP_UP and agent_id in self._talked:
            self._queue(*self._talked[agent_id]).wrap_up_ms += until_ms - since_ms
        for start_ms, length_ms in self._pieces(since_ms, until_ms):
            agent = self._agent(agent_id, start_ms)
            agent.logged_in_ms += length_ms
            if state is AgentState.IDLE:
                agent.paused_ms += length_ms
            elif (name := _TIMES.get(state)) is not None:
                setattr(agent, name, getattr(agent, name) + length_ms)

    def _queue(self, queue_id: str, at_ms: int) -> QueueFigures:
        return self.figures.queues.setdefault((self._start(at_ms), queue_id), QueueFigures())

    def _agent(self, agent_id: str, at_ms: int) -> AgentFigures:
        return self.figures.agents.setdefault((self._start(at_ms), agent_id), AgentFigures())

    def _start(self, at_ms: int) -> int:
        begin_ms, end_ms = self._interval
        if not begin_ms <= at_ms < end_ms:
            self._interval = begin_ms, _ = intervals.around(at_ms, self._rules.interval_ms)
        return begin_ms

    def _pieces(self, since_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
        """A span cut at the borders of intervals: begin of the interval and length of each piece."""
        while since_ms < until_ms:
            start_ms = self._start(since_ms)
            end_ms = min(until_ms, self._interval[1])
            yield start_ms, end_ms - since_ms
            since_ms = end_ms
