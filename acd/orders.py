"""What people (agents, supervisors, operators) may tell a contact centre, and why it does not do it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

from acd.agents import meant_wrap_up
from acd.events import CallerMoved, Event, QueueFlushed, StatusChosen, WrapUpEnded, WrapUpExtended
from acd.names import AgentStatus, MemberState, OfferState
from acd.state import State
from acd.values import Offer


class Supervision(StrEnum):
    """What a supervisor does with a conversation (C5)."""

    #: Hear both.
    LISTEN = "listen"
    #: Hear both and be heard by the agent.
    WHISPER = "whisper"
    #: Hear both and be heard by both.
    BARGE = "barge"
    #: Talk with the caller instead of the agent.
    TAKE = "take"


@dataclass(frozen=True, slots=True)
class Supervise:
    """A supervisor attends to the conversation of a caller. No event: the contact centre's state stays."""

    member_id: str
    supervisor_id: str
    how: Supervision


@dataclass(frozen=True, slots=True)
class ExtendWrapUp:
    """The wrap-up lasts so long from now on, at least; `member_id` as WrapUpExtended has it. No event: only
    the owner has the time that counts."""

    agent_id: str
    by_ms: int
    member_id: str = ""


@dataclass(frozen=True, slots=True)
class InHand:
    """Which conversation does an agent's phone have in its hands? `alone`: only if there is no other. No
    event: nothing changes."""

    agent_id: str
    alone: bool = False


Order = StatusChosen | ExtendWrapUp | WrapUpEnded | CallerMoved | QueueFlushed

#: How much longer a wrap-up can be made by one order.
MAX_WRAP_UP_MS = 3_600_000


def event_of(order: Order, now_ms: int) -> Event:
    """What the order makes happen."""
    if isinstance(order, ExtendWrapUp):
        return WrapUpExtended(order.agent_id, now_ms + order.by_ms, order.member_id)
    return order


def refusal(state: State, order: Order) -> str | None:
    """A sentence for the one who asked, None when the order can be given as an event."""
    match order:
        case CallerMoved():
            return _not_moved(state, order)
        case QueueFlushed():
            return _not_flushed(state, order)
        case StatusChosen() | ExtendWrapUp() | WrapUpEnded():
            agent = state.agents.get(order.agent_id)
            if agent is None:
                return f"there is no agent {order.agent_id} of queues"
    if isinstance(order, StatusChosen):
        out = agent.status is AgentStatus.LOGGED_OUT
        return f"agent {agent.id} is logged out" if out and order.status is AgentStatus.ON_BREAK else None
    if agent.wrap_up_ms is None:
        return f"agent {agent.id} is not in the wrap-up"
    if meant_wrap_up(state.spec, agent, order.member_id) is None:
        calls = ", ".join(each.member_id for each in agent.wrap_ups) or "the last one"
        return f"agent {agent.id} does not wrap up call {order.member_id[:64]}: {calls}"
    if isinstance(order, ExtendWrapUp):
        too_long = order.by_ms > MAX_WRAP_UP_MS
        return f"a wrap-up lasts {MAX_WRAP_UP_MS // 1000} s more at most" if too_long else None
    return _wrong_code(state, order)


def supervised(state: State, supervisors: Container[str], order: Supervise) -> Offer | str:
    """The conversation, or a sentence for the one who asked (C8: supervisors of the same customer)."""
    if order.supervisor_id not in supervisors:
        return f"{order.supervisor_id[:64]} is no supervisor of {state.spec.id}, or has no phone"
    member = state.members.get(order.member_id)
    offers = [state.offers[each] for each in member.offers] if member is not None else []
    talking = [each for each in offers if each.state is OfferState.TALKING]
    if not talking:
        return f"call {order.member_id[:64]} is in no conversation of {state.spec.id} with an agent"
    if talking[0].agent_id == order.supervisor_id:
        return f"call {order.member_id[:64]} is {order.supervisor_id}'s own"
    return talking[0]


def in_hand(state: State, asked: InHand) -> Offer | str:
    """The conversation that a code from the agent's phone speaks of, or a sentence why none: the one that is
    not on hold; where all are, for the phone dials, the one that was put on hold last. What cannot be told
    apart is not guessed."""
    agent = state.agents.get(asked.agent_id)
    offers = [state.offers[each] for each in agent.offers] if agent is not None else []
    engaged = [each for each in offers if each.state is not OfferState.RINGING]
    last_ms = max((each.held_since_ms or 0 for each in engaged), default=0)
    found = [each for each in engaged if each.held_since_ms is None]
    found = found or [each for each in engaged if each.held_since_ms == last_ms]
    if not found or found[0].state is not OfferState.TALKING:
        return f"agent {asked.agent_id} is in no conversation"
    if asked.alone and len(engaged) > 1:
        return f"agent {asked.agent_id} is in {len(engaged)} conversations: name the call"
    if len(found) > 1:
        return f"agent {asked.agent_id} has {len(found)} callers who are not on hold: name the call"
    return found[0]


def codes_of(state: State, agent_id: str) -> tuple[str, ...]:
    """The wrap-up codes of the queues that the agent serves; none: no code is asked for."""
    spec = state.spec.agent.get(agent_id)
    queues = [state.spec.queue[seat.queue_id] for seat in spec.queues] if spec is not None else []
    return tuple(dict.fromkeys(code for queue in queues for code in queue.wrap_up_codes))


def _wrong_code(state: State, order: WrapUpEnded) -> str | None:
    codes = codes_of(state, order.agent_id)
    if order.code is None:
        return f"a wrap-up code is wanted: {', '.join(codes)}" if codes else None
    if order.code not in codes:
        return f"no wrap-up code {order.code[:64]}: {', '.join(codes) or 'the queues have none'}"
    return None


def _not_flushed(state: State, order: QueueFlushed) -> str | None:
    for name in (order.queue_id, order.to_queue):
        if name is not None and name not in state.spec.queue:
            return f"there is no queue {name[:64]}: {', '.join(state.spec.queue)}"
    return "a queue is not emptied into itself" if order.to_queue == order.queue_id else None


def _not_moved(state: State, order: CallerMoved) -> str | None:
    member = state.members.get(order.member_id)
    if member is None or member.state not in (MemberState.WAITING, MemberState.TRYING):
        return f"call {order.member_id[:64]} does not wait in a queue"
    if order.queue_id not in state.spec.queue:
        return f"there is no queue {order.queue_id[:64]}: {', '.join(state.spec.queue)}"
    return None
