"""Putting the picture right: with the switch after a reconnect, with a new configuration."""

from __future__ import annotations

from acd.agents import withdraw_ringing
from acd.callers import abandon, left
from acd.effects import Because, SendAway, Stop
from acd.events import CallerLeft, Compared, Configured
from acd.names import CancelReason, Failure, MemberState, OfferState
from acd.offering import fail, release_member, withdraw
from acd.state import Draft
from acd.talking import end_talk
from acd.values import Agent, Member
from acd.waiting import agents_changed, look_again


def compared(draft: Draft, event: Compared) -> None:
    """No ghost stays: whom the switch no longer has is gone, and legs that nobody needs are ended."""
    for member in list(draft.members.values()):
        # Of one who is called back the agent's leg tells, below.
        known_ms = max(member.joined_ms, member.found_ms or 0)
        if not member.callback and member.id not in event.member_ids and known_ms < event.as_of_ms:
            left(draft, CallerLeft(member.id, CancelReason.LOST))
    for offer in list(draft.offers.values()):
        if offer.id in event.offer_ids or offer.made_ms >= event.as_of_ms:
            continue
        if offer.state is not OfferState.TALKING and offer.id in event.inherited:
            withdraw(draft, offer, Because.AGENT_UNAVAILABLE)
            release_member(draft, offer)
        elif offer.state is not OfferState.TALKING:
            fail(draft, offer, Failure.UNREACHABLE)
        elif offer.talk_since_ms is not None and offer.talk_since_ms < event.as_of_ms:
            end_talk(draft, offer)
    for number in sorted(event.offer_ids - draft.offers.keys()):
        draft.effects.append(Stop(number, None, Because.UNKNOWN_OFFER))


def configured(draft: Draft, event: Configured) -> None:
    """Who and what is no longer configured goes, except conversations; who waits is looked at anew."""
    draft.spec = event.spec
    for agent in list(draft.agents.values()):
        if agent.id not in event.spec.agent:
            withdraw_ringing(draft, agent.id, Because.AGENT_UNAVAILABLE)
            if agent.id in draft.agents and not draft.agents[agent.id].offers:
                draft.drop_agent(agent.id)
        elif len(agent.offers) > event.spec.agent[agent.id].capacity:
            withdraw_ringing(draft, agent.id, Because.AGENT_UNAVAILABLE)
    for name in event.spec.agent:
        if name not in draft.agents:
            draft.put_agent(Agent(name))
        draft.touched_agents[name] = None
    for member in list(draft.members.values()):
        if member.wait.queue_id in event.spec.queue:
            _withdraw_from_strangers(draft, member)
        elif member.state is not MemberState.ANSWERED:
            abandon(draft, member, CancelReason.UNKNOWN_QUEUE)
            draft.effects.append(SendAway(member.id, "", CancelReason.UNKNOWN_QUEUE))
    agents_changed(draft, event.spec.queue)
    for member in list(draft.members.values()):
        if member.state is not MemberState.ANSWERED:
            look_again(draft, member)


def _withdraw_from_strangers(draft: Draft, member: Member) -> None:
    """What rings at agents who no longer serve the caller's queue is taken back."""
    served_by = {name for name, _ in draft.spec.seats[member.wait.queue_id]}
    for number in member.offers:
        offer = draft.offers[number]
        if offer.state is OfferState.RINGING and offer.agent_id not in served_by:
            withdraw(draft, offer, Because.AGENT_UNAVAILABLE)
            release_member(draft, offer)
