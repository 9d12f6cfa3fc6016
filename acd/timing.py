"""What time brings: offers that nobody ended, wrap-ups and rests that are over, waits that are too long."""

from __future__ import annotations

from acd.agents import end_wrap_ups
from acd.callers import look_after, place_of
from acd.effects import Announce, Because, Stop
from acd.names import Failure, MemberState, OfferState
from acd.offering import fail
from acd.offers import miss
from acd.state import Alarm, Draft, Note


def catch_up(draft: Draft) -> None:
    """Whatever was noted for a time that has come. A note is taken once, and what it leads to is noted for
    later; but for who overflows into another queue, and he comes into each of them once. So this ends."""
    while (note := draft.next_due()) is not None:
        _, _, alarm, whose = note
        match alarm:
            case Alarm.OFFER:
                _offer_is_late(draft, int(whose))
            case Alarm.AGENT:
                _agent_rested(draft, whose)
            case Alarm.MEMBER:
                if whose in draft.members:
                    look_after(draft, draft.members[whose])
            case Alarm.PROGRESS:
                if _holds(draft, note) and whose not in draft.progressing:
                    draft.progressing.append(whose)
            case Alarm.ANNOUNCE:
                if _holds(draft, note):
                    _announce(draft, whose)


def _offer_is_late(draft: Draft, number: int) -> None:
    """Every offer ends in time, also when the switch never says what became of it."""
    offer = draft.offers.get(number)
    if offer is None or offer.deadline_ms is None or offer.deadline_ms > draft.now_ms:
        return
    ringing = offer.state is OfferState.RINGING
    if not ringing and draft.members[offer.member_id].callback:
        miss(draft, offer)
        return
    draft.effects.append(Stop(offer.id, offer.agent_id, Because.TIMEOUT))
    fail(draft, offer, Failure.NO_ANSWER if ringing else Failure.UNREACHABLE)


def _agent_rested(draft: Draft, agent_id: str) -> None:
    agent = draft.agents.get(agent_id)
    if agent is None:
        return
    over = tuple(each for each in agent.open_wrap_ups if each.until_ms <= draft.now_ms)
    if over:
        end_wrap_ups(draft, agent, over, None)
    draft.touched_agents[agent_id] = None


def _announce(draft: Draft, member_id: str) -> None:
    member = draft.members.get(member_id)
    if member is None or member.callback or member.state is MemberState.ANSWERED:
        return
    spec = draft.spec.queue.get(member.wait.queue_id)
    if spec is None or not spec.announce_ms:
        return
    engaged = any(draft.offers[each].state is not OfferState.RINGING for each in member.offers)
    if not engaged:  # an agent who has answered is not to be talked over
        draft.effects.append(Announce(member_id, spec.id, *place_of(draft, member)))
    draft.note_next(draft.now_ms + spec.announce_ms, Alarm.ANNOUNCE, member_id)


def _holds(draft: Draft, note: Note) -> bool:
    """Whether what comes again and again comes at this time. A caller of a checkpoint that says nothing of it
    goes on with the first note that comes."""
    at_ms, _, alarm, whose = note
    member = draft.members.get(whose)
    if member is None:
        return False
    following = member.announce_ms if alarm is Alarm.ANNOUNCE else member.progress_ms
    return following is None or following == at_ms


def tidy(draft: Draft) -> None:
    """Throw away notes about offers, callers and agents that are gone, and what is noted twice."""
    kept: dict[tuple[int, Alarm, str], Note] = {}
    for note in sorted(draft.notes):
        if _matters(draft, note):
            at_ms, _, alarm, whose = note
            kept.setdefault((at_ms, alarm, whose), note)
    draft.notes = list(kept.values())  # in order, so a heap


def _matters(draft: Draft, note: Note) -> bool:
    _, _, alarm, whose = note
    match alarm:
        case Alarm.OFFER:
            return int(whose) in draft.offers
        case Alarm.AGENT:
            return whose in draft.agents
        case Alarm.PROGRESS | Alarm.ANNOUNCE if not _holds(draft, note):
            return False
        case _:
            return whose in draft.members and draft.members[whose].state is not MemberState.ANSWERED
