"""What callers do: come, go, change queues, ask to be called back; and what their waiting leads to."""

from __future__ import annotations

from dataclasses import replace

from acd.effects import Abandoned, Announce, Because, CallbackNoted, Entered, SendAway
from acd.estimate import callers_waiting, expected_wait_ms, position
from acd.events import CallbackWanted, CallerJoined, CallerLeft, CallerMoved, QueueFlushed
from acd.names import CancelReason, MemberState, OfferState, WaitCost
from acd.offering import withdraw
from acd.spec import Overflow, QueueSpec
from acd.state import REMEMBERED_MS, Alarm, Draft
from acd.talking import end_talk
from acd.values import Member, Wait
from acd.waiting import is_deserted, is_there, note_moments


def joined(draft: Draft, event: CallerJoined) -> None:
    """A caller comes; one whom the queue does not take is sent on at once. Who stood there already is let
    wait on."""
    known = draft.members.get(event.member_id)
    if known is not None:
        if event.number is not None and _only_rings(draft, known):
            _note_again(draft, replace(known, line=event.line), event.number)
        return
    spec = draft.spec.queue.get(event.queue_id)
    if spec is None:
        draft.effects.append(SendAway(event.member_id, "", CancelReason.UNKNOWN_QUEUE))
        return
    since_ms = min(event.since_ms, draft.now_ms) if event.since_ms is not None else draft.now_ms
    again = event.joined_ms is not None
    joined_ms = min(event.joined_ms, draft.now_ms) if event.joined_ms is not None else draft.now_ms
    wait = Wait(spec.id, event.skills, event.priority)
    found_ms = draft.now_ms if again else None
    member = Member(event.member_id, wait, since_ms, joined_ms, caller=event.caller, found_ms=found_ms)
    if event.number is not None:
        _keep_for_callback(draft, replace(member, number=event.number, line=event.line), spec)
        return
    preferred = event.preferred or _last_agent(draft, event.caller)
    if preferred is not None and spec.preferred_ms > 0 and is_there(draft, preferred, spec):
        member = replace(member, preferred=preferred, preferred_until_ms=joined_ms + spec.preferred_ms)
    _enter(draft, member, spec, at_the_door=not again, greeted=again, cost=event.cost)


def _last_agent(draft: Draft, caller: str | None) -> str | None:
    last = draft.last_agents.get(caller) if caller is not None else None
    return last.agent_id if last is not None and draft.now_ms - last.at_ms <= REMEMBERED_MS else None


def _keep_for_callback(draft: Draft, member: Member, spec: QueueSpec) -> None:
    """A caller who left the queue to be called back: the place in time stays. He is still on the line to hear
    that it is noted; a number that is noted already is not noted twice, but keeps its place."""
    rule = spec.callback
    noted = [each for each in draft.members.values() if each.callback]
    if any(each.number == member.number for each in noted):
        draft.effects.append(CallbackNoted(member.id))
        return
    if sum(each.wait.queue_id == spec.id for each in noted) >= rule.most:
        draft.effects.append(SendAway(member.id, "", CancelReason.FULL))
        return
    kept = replace(member, callback=True, not_before_ms=draft.now_ms + rule.pause_ms)
    draft.put_member(kept)
    note_moments(draft, kept, spec)
    draft.effects += (CallbackNoted(member.id), Entered(member.id, spec.id, None))


def _note_again(draft: Draft, member: Member, number: str) -> None:
    """A caller whose leaving was never told, or whose wish was noted by an owner who died before he said
    so."""
    if not member.callback:
        draft.put_member(member)
        pause_ms = draft.spec.queue[member.wait.queue_id].callback.pause_ms
        wants_callback(draft, CallbackWanted(member.id, draft.now_ms + pause_ms, number))
    draft.effects.append(CallbackNoted(member.id))


def left(draft: Draft, event: CallerLeft) -> None:
    """The caller is gone: phones that ring for him stop at once, a conversation is over. A key that leads out
    comes too late once an agent has answered."""
    member = draft.members.get(event.member_id)
    if member is None:
        return
    if event.reason is CancelReason.EXIT_WITH_KEY and (member.callback or not _only_rings(draft, member)):
        return
    if member.state is MemberState.ANSWERED:
        end_talk(draft, draft.offers[member.offers[0]])
    elif not member.callback or event.reason not in (CancelReason.BREAK_OUT, CancelReason.LOST):
        abandon(draft, member, event.reason)


def moved(draft: Draft, event: CallerMoved) -> None:
    """To another queue, with the place in time; what rings is withdrawn. Overflows may then take the caller
    anywhere again, for somebody wanted him there."""
    member = draft.members.get(event.member_id)
    if member is None or event.queue_id not in draft.spec.queue or not _only_rings(draft, member):
        return
    move(draft, replace(member, overflowed=()), event.queue_id)


def flushed(draft: Draft, event: QueueFlushed) -> None:
    """Everybody who waits in the queue goes on, the longest wait first; conversations stay, and so does who
    hung up to be called back, unless another queue does it."""
    if event.queue_id not in draft.spec.queue:
        return
    waiting = [each for each in draft.members.values() if each.wait.queue_id == event.queue_id]
    for member in sorted(waiting, key=lambda each: (each.since_ms, each.id)):
        if not _only_rings(draft, member) or (member.callback and event.to_queue is None):
            continue
        if event.to_queue in draft.spec.queue and event.to_queue is not None:
            move(draft, replace(member, overflowed=()), event.to_queue)
        else:
            send_away(draft, member, CancelReason.FLUSHED)


def wants_callback(draft: Draft, event: CallbackWanted) -> None:
    """The caller hangs up and keeps the place; from `not_before_ms` on his turn may come. One who is called
    back already is put off until then."""
    member = draft.members.get(event.member_id)
    if member is None or not _only_rings(draft, member):
        return
    waiting = _without_offers(draft, member, Because.CALLER_GONE)
    number = event.number if event.number is not None else member.number
    draft.put_member(replace(waiting, callback=True, number=number, not_before_ms=event.not_before_ms))
    within_ms = draft.spec.queue[member.wait.queue_id].callback.within_ms
    if not member.callback:
        draft.note(draft.now_ms + within_ms, Alarm.MEMBER, member.id)
    if event.not_before_ms > draft.now_ms:
        draft.note(event.not_before_ms, Alarm.MEMBER, member.id)


def abandon(draft: Draft, member: Member, reason: CancelReason) -> None:
    """Out of the queue without an agent."""
    for number in member.offers:
        withdraw(draft, draft.offers[number], Because.CALLER_GONE)
    draft.drop_member(member.id)
    waited_ms = draft.now_ms - member.since_ms
    draft.effects.append(Abandoned(member.id, member.wait.queue_id, waited_ms, reason))


def move(draft: Draft, member: Member, queue_id: str) -> None:
    """Into another queue of the tenant."""
    waiting = _without_offers(draft, member, Because.CALLER_MOVED)
    wait = replace(waiting.wait, queue_id=queue_id)
    fresh = replace(waiting, wait=wait, joined_ms=draft.now_ms, preferred=None, lonely_since_ms=None)
    _enter(draft, fresh, draft.spec.queue[queue_id], at_the_door=False)


def look_after(draft: Draft, member: Member) -> None:
    """A moment noted for this caller has come: send him on when a limit is passed, else try again.
    One who talks is let be: his queue may not even be there any more."""
    if not _only_rings(draft, member):
        return
    reason = _limit_passed(draft, member)
    if reason is not None:
        if member.callback:
            abandon(draft, member, reason)
        else:
            send_away(draft, member, reason)
    elif member.state is MemberState.WAITING:
        draft.touched_members[member.id] = None


def send_away(draft: Draft, member: Member, reason: CancelReason) -> None:
    """To where the queue's overflow points: another queue, or out.

    An overflow takes nobody into a queue out of which one took him before. So a circle of queues is gone
    round once, whatever their limits are, and the way out of it is the plan's.
    """
    target = _overflow_target(draft, member)
    if target in draft.spec.queue:
        move(draft, replace(member, overflowed=(*member.overflowed, member.wait.queue_id)), target)
        return
    abandon(draft, member, reason)
    draft.effects.append(SendAway(member.id, target, reason))


def _overflow_target(draft: Draft, member: Member) -> str:
    spec = draft.spec.queue.get(member.wait.queue_id)
    target = spec.overflow.target if spec and spec.overflow else ""
    return "" if target in (member.wait.queue_id, *member.overflowed) else target


def _enter(
    draft: Draft,
    member: Member,
    spec: QueueSpec,
    *,
    at_the_door: bool,
    greeted: bool = False,
    cost: WaitCost = WaitCost.UNTOLD,
    came_from: str | None = None,
) -> None:
    """Into the line. At the door the queue's limits are asked; whom they send to another queue of the tenant
    is taken there without asking again, so that two full queues cannot pass a caller back and forth. The log
    has him in each of them: who is not taken was offered too."""
    if is_deserted(draft, spec):
        member = replace(member, lonely_since_ms=draft.now_ms)
    overflow = spec.overflow
    refused = _refused_at_the_door(draft, member, spec, overflow) if at_the_door and overflow else None
    if refused is not None and overflow is not None:
        draft.effects.append(Entered(member.id, spec.id, came_from))
        other = draft.spec.queue.get(overflow.target)
        if other is not None and other is not spec:
            wait = replace(member.wait, queue_id=other.id)
            fresh = replace(member, wait=wait, preferred=None, lonely_since_ms=None, overflowed=(spec.id,))
            _enter(draft, fresh, other, at_the_door=False, cost=cost, came_from=spec.id)
        else:
            draft.effects.append(SendAway(member.id, overflow.target, refused))
            draft.effects.append(Abandoned(member.id, spec.id, draft.now_ms - member.since_ms, refused))
        return
    before = draft.members.get(member.id)
    draft.put_member(member)
    draft.effects.append(Entered(member.id, spec.id, before.wait.queue_id if before else came_from))
    if (spec.greets or cost is not WaitCost.UNTOLD) and not member.callback and not greeted:
        draft.effects.append(Announce(member.id, spec.id, *place_of(draft, member), first=True, cost=cost))
    note_moments(draft, member, spec)
    if spec.announce_ms and not member.callback:
        draft.note_next(draft.now_ms + spec.announce_ms, Alarm.ANNOUNCE, member.id)


def _refused_at_the_door(
    draft: Draft, member: Member, spec: QueueSpec, overflow: Overflow
) -> CancelReason | None:
    if overflow.length is not None and callers_waiting(draft, spec.id) >= overflow.length:
        return CancelReason.FULL
    if overflow.no_agents_ms == 0 and member.lonely_since_ms is not None:
        return CancelReason.NO_AGENT_TIMEOUT
    if overflow.expected_wait_ms is not None:
        expected = expected_wait_ms(draft, spec.id, callers_waiting(draft, spec.id) + 1)
        if expected is not None and expected > overflow.expected_wait_ms:
            return CancelReason.EXPECTED_WAIT
    return None


def _limit_passed(draft: Draft, member: Member) -> CancelReason | None:
    spec = draft.spec.queue[member.wait.queue_id]
    overflow = spec.overflow
    if member.callback:
        given_up = draft.now_ms >= member.joined_ms + spec.callback.within_ms
        return CancelReason.CALLBACK_FAILED if given_up else None
    if overflow is None:
        return None
    if overflow.after_ms is not None and draft.now_ms >= member.joined_ms + overflow.after_ms:
        return CancelReason.TIMEOUT
    alone, limit = member.lonely_since_ms, overflow.no_agents_ms
    if alone is not None and limit is not None and draft.now_ms >= alone + limit:
        return CancelReason.NO_AGENT_TIMEOUT
    return None


def _only_rings(draft: Draft, member: Member) -> bool:
    """Whether nobody has answered yet for this caller."""
    if member.state not in (MemberState.WAITING, MemberState.TRYING):
        return False
    return all(draft.offers[each].state is OfferState.RINGING for each in member.offers)


def _without_offers(draft: Draft, member: Member, because: Because) -> Member:
    for number in member.offers:
        withdraw(draft, draft.offers[number], because)
    waiting = replace(member, offers=(), state=MemberState.WAITING)
    draft.put_member(waiting)
    return waiting


def place_of(draft: Draft, member: Member) -> tuple[int, int | None]:
    """The caller's position (1 is next) and expected wait."""
    place = position(draft, member)
    return place, expected_wait_ms(draft, member.wait.queue_id, place)
