"""What agents do: log in and out, pause, speak on their own, wrap up."""

from __future__ import annotations

from dataclasses import replace

from acd.effects import Because
from acd.events import OwnCallBegan, OwnCallEnded, StatusChosen, WrapUpEnded, WrapUpExtended
from acd.names import AgentStatus, OfferState
from acd.offering import release_member, withdraw
from acd.spec import TenantSpec
from acd.state import Alarm, Draft
from acd.values import Agent, WrapUp
from acd.waiting import agents_changed


def status_chosen(draft: Draft, event: StatusChosen) -> None:
    """What rings at an agent who leaves is withdrawn; calls in progress go on. Who logs out in the wrap-up
    ends it (each, of several) without a code, and the log says so."""
    agent = draft.agents.get(event.agent_id)
    if agent is None or event.agent_id not in draft.spec.agent:
        return
    was_out = agent.status is AgentStatus.LOGGED_OUT
    wrapped_up = agent.open_wrap_ups if event.status is AgentStatus.LOGGED_OUT else ()
    agent = replace(agent, status=event.status, pause_reason=event.reason)
    if event.status is AgentStatus.LOGGED_OUT:
        agent = replace(agent.with_wrap_ups(()), no_answers=0, ready_ms=0)
    draft.put_agent(agent, reason=event.reason)
    draft.wrapped_up(agent.id, wrapped_up, None)
    if not event.status.value.startswith("Available"):
        withdraw_ringing(draft, agent.id, Because.AGENT_UNAVAILABLE)
    if was_out is not (event.status is AgentStatus.LOGGED_OUT):
        agents_changed(draft, [seat.queue_id for seat in draft.spec.agent[agent.id].queues])


def own_call_began(draft: Draft, event: OwnCallBegan) -> None:
    """Outgoing and direct calls count as busy: nothing rings beside them."""
    agent = draft.agents.get(event.agent_id)
    if agent is not None and event.call_id not in agent.own_calls:
        draft.put_agent(replace(agent, own_calls=agent.own_calls | {event.call_id}))
        withdraw_ringing(draft, agent.id, Because.AGENT_UNAVAILABLE)


def own_call_ended(draft: Draft, event: OwnCallEnded) -> None:
    """The agent is free for the queues again, unless something else holds."""
    agent = draft.agents.get(event.agent_id)
    if agent is not None and event.call_id in agent.own_calls:
        draft.put_agent(replace(agent, own_calls=agent.own_calls - {event.call_id}))


def wrap_up_extended(draft: Draft, event: WrapUpExtended) -> None:
    """Longer, never shorter."""
    agent = draft.agents.get(event.agent_id)
    meant = meant_wrap_up(draft.spec, agent, event.member_id) if agent is not None else None
    if agent is None or meant is None or event.until_ms <= meant.until_ms:
        return
    longer = replace(meant, until_ms=event.until_ms)
    draft.put_agent(
        agent.with_wrap_ups(tuple(longer if each == meant else each for each in agent.open_wrap_ups))
    )
    draft.note(event.until_ms, Alarm.AGENT, agent.id)


def wrap_up_ended(draft: Draft, event: WrapUpEnded) -> None:
    """The agent says so: the only way to end it before its time."""
    agent = draft.agents.get(event.agent_id)
    meant = meant_wrap_up(draft.spec, agent, event.member_id, event.code) if agent is not None else None
    if agent is not None and meant is not None:
        end_wrap_ups(draft, agent, (meant,), event.code)


def end_wrap_ups(draft: Draft, agent: Agent, over: tuple[WrapUp, ...], code: str | None) -> None:
    """The agent is ready for the next call, when no other one is left."""
    left = tuple(each for each in agent.open_wrap_ups if each not in over)
    draft.put_agent(agent.with_wrap_ups(left))
    draft.wrapped_up(agent.id, over, code)


def meant_wrap_up(spec: TenantSpec, agent: Agent, member_id: str, code: str | None = None) -> WrapUp | None:
    """Which wrap-up is meant, None where there is no such: that of the named conversation; else of the one
    that ended last, of those whose queue has the code where one of them has it."""
    found = [each for each in agent.open_wrap_ups if member_id in ("", each.member_id)]
    having = [each for each in found if code is not None and _has_code(spec, each.queue_id, code)]
    chosen = having or found
    return chosen[-1] if chosen else None


def _has_code(spec: TenantSpec, queue_id: str, code: str) -> bool:
    queue = spec.queue.get(queue_id)
    return queue is not None and code in queue.wrap_up_codes


def withdraw_ringing(draft: Draft, agent_id: str, because: Because) -> None:
    """Take back what rings at this agent; the callers wait on with their place."""
    for number in draft.agents[agent_id].offers:
        offer = draft.offers[number]
        if offer.state is OfferState.RINGING:
            withdraw(draft, offer, because)
            release_member(draft, offer)
