"""What becomes of offers: answered, failed, joined, over. What comes late or twice changes nothing."""

from __future__ import annotations

from dataclasses import replace

from acd.callers import abandon
from acd.effects import Because, CallBack, Join, Stop
from acd.events import (
    CallbackMissed,
    CallbackReached,
    Joined,
    OfferAnswered,
    OfferFailed,
    TalkEnded,
    Unjoined,
)
from acd.names import CancelReason, Failure, OfferState
from acd.offering import GRACE_MS, JOIN_MS, fail, release_member, withdraw
from acd.state import Alarm, Draft
from acd.talking import begin_talk, end_talk
from acd.values import Member, Offer


def answered(draft: Draft, event: OfferAnswered) -> None:
    """The first answer wins; every other phone of this caller stops, and hears why."""
    offer = draft.offers.get(event.offer_id)
    if offer is None:
        draft.effects.append(Stop(event.offer_id, None, Because.UNKNOWN_OFFER))
        return
    if offer.state is not OfferState.RINGING:
        return
    member = draft.members[offer.member_id]
    for number in member.offers:
        if number != offer.id:
            withdraw(draft, draft.offers[number], Because.ANSWERED_ELSEWHERE)
    member = replace(member, offers=(offer.id,))
    draft.put_member(member)
    _connect(draft, offer, member)


def _connect(draft: Draft, offer: Offer, member: Member) -> None:
    spec = draft.spec.queue[offer.queue_id]
    answer_ms = spec.callback.answer_ms
    deadline = draft.now_ms + (answer_ms + GRACE_MS if member.callback else JOIN_MS + spec.whisper_ms)
    draft.put_offer(replace(offer, state=OfferState.CONNECTING, deadline_ms=deadline))
    draft.note(deadline, Alarm.OFFER, offer.id)
    draft.put_agent(draft.agents[offer.agent_id])
    if member.callback:
        whom = (offer.queue_id, member.number, member.line)
        draft.effects.append(CallBack(offer.id, member.id, offer.agent_id, answer_ms, *whom))
    else:
        waited_ms = draft.now_ms - member.since_ms
        draft.effects.append(Join(offer.id, member.id, offer.agent_id, offer.queue_id, waited_ms))


def failed(draft: Draft, event: OfferFailed) -> None:
    """The agent's phone did not take it, or was lost while being joined."""
    offer = draft.offers.get(event.offer_id)
    if offer is not None and offer.state is not OfferState.TALKING:
        fail(draft, offer, event.failure)


def joined(draft: Draft, event: Joined) -> None:
    """They talk."""
    offer = draft.offers.get(event.offer_id)
    if offer is not None and offer.state is OfferState.CONNECTING:
        begin_talk(draft, offer)


def unjoined(draft: Draft, event: Unjoined) -> None:
    """They are to be joined once more. Not one who is called back: his phone may ring already, and the offer
    ends with its time, or with the agent's leg."""
    offer = draft.offers.get(event.offer_id)
    if offer is None or offer.state is not OfferState.CONNECTING:
        return
    member = draft.members[offer.member_id]
    if not member.callback:
        _connect(draft, offer, member)


def talk_ended(draft: Draft, event: TalkEnded) -> None:
    """The agent's leg is gone: a conversation is over; an offer that had not come so far has failed."""
    offer = draft.offers.get(event.offer_id)
    if offer is None:
        return
    if offer.state is OfferState.TALKING:
        end_talk(draft, offer)
    else:
        fail(draft, offer, Failure.REJECTED)


def callback_reached(draft: Draft, event: CallbackReached) -> None:
    """The called-back caller is there."""
    offer = _being_called_back(draft, event.member_id)
    if offer is not None:
        begin_talk(draft, offer)


def callback_missed(draft: Draft, event: CallbackMissed) -> None:
    """Not reached: again later, until the tries are used up. The agent is free at once, without fault."""
    offer = _being_called_back(draft, event.member_id)
    if offer is not None:
        miss(draft, offer)


def miss(draft: Draft, offer: Offer) -> None:
    """End an offer whose caller could not be called back."""
    withdraw(draft, offer, Because.CALLER_GONE)
    member = draft.members[offer.member_id]
    rule = draft.spec.queue[offer.queue_id].callback
    member = replace(member, callback_tries=member.callback_tries + 1)
    if member.callback_tries >= rule.tries:
        abandon(draft, replace(member, offers=()), CancelReason.CALLBACK_FAILED)
        return
    again_ms = draft.now_ms + rule.retry_ms
    draft.put_member(replace(member, not_before_ms=again_ms))
    release_member(draft, offer)
    draft.note(again_ms, Alarm.MEMBER, member.id)


def _being_called_back(draft: Draft, member_id: str) -> Offer | None:
    member = draft.members.get(member_id)
    if member is None or not member.callback or not member.offers:
        return None
    offer = draft.offers[member.offers[0]]
    return offer if offer.state is OfferState.CONNECTING else None
