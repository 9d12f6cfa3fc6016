"""What the contact centre of one tenant consists of at a moment: agents, callers, offers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from acd.names import AgentState, AgentStatus, MemberState, OfferState
from acd.spec import Skill


@dataclass(frozen=True, slots=True)
class WrapUp:
    """What an agent still does for a conversation that is over; `member_id` empty: for the last one."""

    member_id: str
    queue_id: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent now. `offers` are the offers that ring or talk there.

    `ready_ms`: not offered anything before. `wrap_up_ms`: end of the wrap-up, of several of the last one,
    None outside of it. `wrap_ups`: of an agent who may have several calls, the newest at the end; others have
    one wrap-up, of which nothing is kept but its end.
    `own_calls`: calls that no queue gave. `idle_since_ms` orders the longest idle: since the last
    conversation and its wrap-up, own call, break, log-in or call that was not taken.
    """

    id: str
    status: AgentStatus = AgentStatus.LOGGED_OUT
    state: AgentState = AgentState.IDLE
    offers: tuple[int, ...] = ()
    own_calls: frozenset[str] = frozenset()
    ready_ms: int = 0
    wrap_up_ms: int | None = None
    idle_since_ms: int = 0
    no_answers: int = 0
    calls: int = 0
    talk_ms: int = 0
    pause_reason: str | None = None
    wrap_ups: tuple[WrapUp, ...] = ()

    @property
    def open_wrap_ups(self) -> tuple[WrapUp, ...]:
        """What there is to wrap up, the conversation that ended last at the end."""
        if self.wrap_ups or self.wrap_up_ms is None:
            return self.wrap_ups
        return (WrapUp("", "", self.wrap_up_ms),)

    def with_wrap_ups(self, wrap_ups: tuple[WrapUp, ...]) -> Agent:
        """With these and no others."""
        until_ms = max((each.until_ms for each in wrap_ups), default=None)
        named = all(each.member_id for each in wrap_ups)
        return replace(self, wrap_up_ms=until_ms, wrap_ups=wrap_ups if named else ())


@dataclass(frozen=True, slots=True)
class Wait:
    """A caller's place in the order of a queue: who has equal needs and priority stands in one line."""

    queue_id: str
    skills: tuple[Skill, ...]
    priority: int


@dataclass(frozen=True, slots=True)
class Member:
    """A caller. `since_ms` is the place in time and survives moves and callbacks.

    `callback` is set for one who hung up and is called back at `number` on behalf of `line`; `not_before_ms`
    is the earliest time. `caller`: a pseudonym by which the agent of last time is found.
    `refused_by`: agents who declined this caller, each until a time. `preferred`: only this agent until then.
    `overflowed`: queues out of which an overflow took him, since he came or somebody moved him.
    `announce_ms`, `progress_ms`: when he is told something next, and when one more phone rings; what was
    noted for another time holds no longer. `found_ms`: when he was found in the queue again, by an
    owner who did not know him.
    """

    id: str
    wait: Wait
    since_ms: int
    joined_ms: int
    state: MemberState = MemberState.WAITING
    offers: tuple[int, ...] = ()
    preferred: str | None = None
    preferred_until_ms: int = 0
    refused_by: tuple[tuple[str, int], ...] = ()
    callback: bool = False
    callback_tries: int = 0
    not_before_ms: int = 0
    lonely_since_ms: int | None = None
    caller: str | None = None
    number: str | None = None
    line: str | None = None
    overflowed: tuple[str, ...] = ()
    announce_ms: int | None = None
    progress_ms: int | None = None
    found_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A caller offered to an agent. `deadline_ms` ends it when the switch is silent; None while talking.
    `held_since_ms`: the agent has the caller on hold."""

    id: int
    member_id: str
    agent_id: str
    queue_id: str
    state: OfferState
    made_ms: int
    deadline_ms: int | None
    talk_since_ms: int | None = None
    held_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LastAgent:
    """Who spoke with a caller last, and when that began."""

    agent_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a queue's calls take, wrap-up included, smoothed; and how many there were."""

    handled: int = 0
    handle_ms: int = 0
