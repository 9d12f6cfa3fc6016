"""Making offers and ending them: the one place where a caller and an agent are bound and freed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from acd.effects import Because, OfferEnded, Ring, Stop
from acd.names import AgentStatus, Failure, MemberState, OfferState
from acd.spec import AgentSpec, QueueSpec
from acd.state import Alarm, Draft
from acd.values import Member, Offer

#: How much later than the phone's own limit an offer ends when the switch says nothing.
GRACE_MS: Final = 2_000
#: How long joining caller and agent may take.
JOIN_MS: Final = 5_000


def make_offer(draft: Draft, member: Member, agent_id: str, spec: QueueSpec) -> None:
    """Ring the agent for the caller."""
    number = draft.next_offer
    draft.next_offer += 1
    deadline = draft.now_ms + spec.ring_ms + GRACE_MS
    draft.put_offer(Offer(number, member.id, agent_id, spec.id, OfferState.RINGING, draft.now_ms, deadline))
    draft.note(deadline, Alarm.OFFER, number)
    agent = draft.agents[agent_id]
    draft.put_agent(replace(agent, offers=(*agent.offers, number)))
    draft.put_member(replace(member, state=MemberState.TRYING, offers=(*member.offers, number)))
    draft.put_turn(spec.id, agent_id)
    waited = draft.now_ms - member.since_ms
    back = (member.number, member.line) if member.callback else (None, None)
    draft.effects.append(Ring(number, agent_id, member.id, spec.id, waited, spec.ring_ms, *back))


def withdraw(draft: Draft, offer: Offer, because: Because) -> None:
    """End an offer that rings or is being joined, by our own will: no fault of the agent's."""
    draft.drop_offer(offer.id)
    _free_agent(draft, offer)
    draft.effects.append(Stop(offer.id, offer.agent_id, because))
    draft.effects.append(_ended(draft, offer, None))


def fail(draft: Draft, offer: Offer, failure: Failure) -> None:
    """End an offer that the agent did not take; the agent rests, or is paused, and the caller waits on."""
    draft.drop_offer(offer.id)
    spec = draft.spec.agent.get(offer.agent_id)
    if spec is not None:
        _rest(draft, offer, spec, failure)
    else:
        _free_agent(draft, offer)
    draft.effects.append(_ended(draft, offer, failure))
    _back_to_waiting(draft, offer, refused_for_ms=_delay(spec, failure) if spec else 0)


def release_member(draft: Draft, offer: Offer) -> None:
    """The offer is over (dropped already) and its caller waits on with the place kept."""
    _back_to_waiting(draft, offer, refused_for_ms=0)


def _delay(spec: AgentSpec, failure: Failure) -> int:
    match failure:
        case Failure.NO_ANSWER:
            return spec.no_answer_delay_ms
        case Failure.REJECTED:
            return spec.reject_delay_ms
        case Failure.BUSY:
            return spec.busy_delay_ms
        case Failure.UNREACHABLE:
            return spec.unreachable_delay_ms


def _rest(draft: Draft, offer: Offer, spec: AgentSpec, failure: Failure) -> None:
    agent = draft.agents[offer.agent_id]
    ready_ms = draft.now_ms + _delay(spec, failure)
    no_answers = agent.no_answers + 1 if failure is Failure.NO_ANSWER else agent.no_answers
    rested = replace(
        agent,
        offers=tuple(each for each in agent.offers if each != offer.id),
        ready_ms=max(agent.ready_ms, ready_ms),
        idle_since_ms=draft.now_ms,  # else the phone that nobody answers would always be asked first
        no_answers=no_answers,
    )
    reason = None
    if spec.max_no_answer and no_answers >= spec.max_no_answer:
        reason = f"{no_answers} calls not answered"
        rested = replace(rested, status=AgentStatus.ON_BREAK, no_answers=0, pause_reason=reason)
    draft.put_agent(rested, reason=reason)
    draft.note(ready_ms, Alarm.AGENT, agent.id)


def _free_agent(draft: Draft, offer: Offer) -> None:
    agent = draft.agents[offer.agent_id]
    offers = tuple(each for each in agent.offers if each != offer.id)
    draft.put_agent(replace(agent, offers=offers))
    if not offers and agent.id not in draft.spec.agent:
        draft.drop_agent(agent.id)


def _back_to_waiting(draft: Draft, offer: Offer, *, refused_for_ms: int) -> None:
    member = draft.members.get(offer.member_id)
    if member is None:
        return
    offers = tuple(each for each in member.offers if each != offer.id)
    refused = tuple(each for each in member.refused_by if each[1] > draft.now_ms)
    if refused_for_ms:
        until = draft.now_ms + refused_for_ms
        refused = (*refused, (offer.agent_id, until))
        draft.note(until, Alarm.MEMBER, member.id)
    if offer.state is not OfferState.RINGING:  # a limit may have passed while he was being joined
        draft.note(draft.now_ms, Alarm.MEMBER, member.id)
    state = MemberState.TRYING if offers else MemberState.WAITING
    draft.put_member(replace(member, offers=offers, refused_by=refused, state=state))


def _ended(draft: Draft, offer: Offer, failure: Failure | None) -> OfferEnded:
    return OfferEnded(offer.id, offer.agent_id, offer.member_id, failure, draft.now_ms - offer.made_ms)
