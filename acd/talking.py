"""Conversations: their begin and their end, and the wrap-up after them."""

from __future__ import annotations

from dataclasses import replace

from acd.effects import Answered, Ended, HoldEnded
from acd.estimate import handled
from acd.events import CallHeld, CallResumed
from acd.names import AgentStatus, MemberState, OfferState
from acd.state import Alarm, Draft
from acd.values import Agent, Offer, WrapUp


def begin_talk(draft: Draft, offer: Offer) -> None:
    """Caller and agent hear each other."""
    draft.put_offer(replace(offer, state=OfferState.TALKING, deadline_ms=None, talk_since_ms=draft.now_ms))
    member = draft.members[offer.member_id]
    draft.put_member(replace(member, state=MemberState.ANSWERED))
    agent = draft.agents[offer.agent_id]
    draft.put_agent(replace(agent, no_answers=0))
    if member.caller is not None:
        draft.remember(member.caller, agent.id)
    waited_ms = draft.now_ms - member.since_ms
    draft.effects.append(Answered(member.id, agent.id, offer.queue_id, waited_ms))


def held(draft: Draft, event: CallHeld) -> None:
    """The caller hears music again; both are still bound."""
    offer = draft.offers.get(event.offer_id)
    if offer is not None and offer.state is OfferState.TALKING and offer.held_since_ms is None:
        draft.put_offer(replace(offer, held_since_ms=draft.now_ms))


def resumed(draft: Draft, event: CallResumed) -> None:
    """They talk again."""
    offer = draft.offers.get(event.offer_id)
    if offer is not None and offer.held_since_ms is not None:
        _end_hold(draft, offer)
        draft.put_offer(replace(offer, held_since_ms=None))


def _end_hold(draft: Draft, offer: Offer) -> None:
    if offer.held_since_ms is not None:
        held_ms = draft.now_ms - offer.held_since_ms
        draft.effects.append(HoldEnded(offer.member_id, offer.agent_id, offer.queue_id, held_ms))


def end_talk(draft: Draft, offer: Offer) -> None:
    """The conversation is over: the caller is done, the agent wraps up, at least as long as before. Where the
    agent may have several calls, each conversation has its own wrap-up, also while others go on."""
    _end_hold(draft, offer)
    draft.drop_offer(offer.id)
    draft.drop_member(offer.member_id)
    talked_ms = draft.now_ms - (draft.now_ms if offer.talk_since_ms is None else offer.talk_since_ms)
    draft.effects.append(Ended(offer.member_id, offer.agent_id, offer.queue_id, talked_ms))
    agent = draft.agents[offer.agent_id]
    agent = replace(
        agent,
        offers=tuple(each for each in agent.offers if each != offer.id),
        calls=agent.calls + 1,
        talk_ms=agent.talk_ms + talked_ms,
        idle_since_ms=draft.now_ms,
    )
    if agent.status is AgentStatus.ON_DEMAND:
        agent = replace(agent, status=AgentStatus.ON_BREAK, pause_reason="one call taken")
    wrap_up_ms = _wrap_up_ms(draft, agent, offer)
    configured = agent.id in draft.spec.agent
    if wrap_up_ms and configured and agent.status is not AgentStatus.LOGGED_OUT:
        agent = _wrapping_up(draft, agent, offer, draft.now_ms + wrap_up_ms)
    draft.put_agent(agent)
    handled(draft, offer.queue_id, talked_ms + wrap_up_ms)
    if not configured and not agent.offers:
        draft.drop_agent(agent.id)


def _wrapping_up(draft: Draft, agent: Agent, offer: Offer, until_ms: int) -> Agent:
    """With the wrap-up of this conversation, which is named where there may be others."""
    if draft.spec.agent[agent.id].capacity > 1 or agent.offers or agent.wrap_ups:
        fresh = WrapUp(offer.member_id, offer.queue_id, until_ms)
        agent = agent.with_wrap_ups((*agent.open_wrap_ups, fresh))
    else:
        until_ms = max(until_ms, agent.wrap_up_ms or 0)
        agent = replace(agent, wrap_up_ms=until_ms)
    draft.note(until_ms, Alarm.AGENT, agent.id)
    return agent


def _wrap_up_ms(draft: Draft, agent: Agent, offer: Offer) -> int:
    queue, spec = draft.spec.queue.get(offer.queue_id), draft.spec.agent.get(agent.id)
    return max(queue.wrap_up_ms if queue else 0, spec.wrap_up_ms if spec else 0)
