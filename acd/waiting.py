"""What callers wait with: whether agents are there for them, and when they are looked after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from acd.names import AgentStatus, MemberState
from acd.spec import QueueSpec
from acd.state import Alarm, Draft
from acd.values import Member


def is_deserted(draft: Draft, spec: QueueSpec) -> bool:
    """Whether every agent of the queue is logged out, or it has none. Who has a break is there."""
    seats = draft.spec.seats[spec.id]
    return all(draft.agents[name].status is AgentStatus.LOGGED_OUT for name, _ in seats)


def is_there(draft: Draft, agent_id: str, spec: QueueSpec) -> bool:
    """Whether the agent is one of the queue's and is not logged out."""
    agent = draft.spec.agent.get(agent_id)
    if agent is None or all(seat.queue_id != spec.id for seat in agent.queues):
        return False
    return draft.agents[agent_id].status is not AgentStatus.LOGGED_OUT


def agents_changed(draft: Draft, queues: Iterable[str]) -> None:
    """Agents came to these queues or left them: callers there are alone from now on, or no longer;
    who waits for an agent who left waits for anybody."""
    deserted = {name: is_deserted(draft, draft.spec.queue[name]) for name in queues}
    for member in list(draft.members.values()):
        if member.state is MemberState.ANSWERED or member.wait.queue_id not in deserted:
            continue
        spec, alone = draft.spec.queue[member.wait.queue_id], deserted[member.wait.queue_id]
        changed = member
        if member.preferred is not None and not is_there(draft, member.preferred, spec):
            changed = replace(changed, preferred=None)
        newly_alone = alone and member.lonely_since_ms is None
        if alone != (member.lonely_since_ms is not None):
            changed = replace(changed, lonely_since_ms=draft.now_ms if alone else None)
        if changed is not member:
            draft.put_member(changed)
        if newly_alone and spec.overflow is not None and spec.overflow.no_agents_ms is not None:
            draft.note(draft.now_ms + spec.overflow.no_agents_ms, Alarm.MEMBER, member.id)


def look_again(draft: Draft, member: Member) -> None:
    """Other rules hold for a caller who waits already. Limits count from when he came or was alone; what he
    is told again and again he is told no later than by the new rule."""
    spec = draft.spec.queue[member.wait.queue_id]
    note_moments(draft, member, spec)
    if spec.announce_ms and not member.callback:
        due_ms, told_ms = draft.now_ms + spec.announce_ms, member.announce_ms
        if told_ms is None or not draft.now_ms < told_ms <= due_ms:
            draft.note_next(due_ms, Alarm.ANNOUNCE, member.id)
    if member.state is MemberState.WAITING:
        draft.touched_members[member.id] = None


def note_moments(draft: Draft, member: Member, spec: QueueSpec) -> None:
    """When this caller has to be looked after: when agents may take him who may not yet, and at every limit;
    at once where a limit is passed already."""
    for at_ms in _chances(member, spec):
        if at_ms > draft.now_ms:
            draft.note(at_ms, Alarm.MEMBER, member.id)
    for at_ms in _limits(member, spec):
        draft.note(max(at_ms, draft.now_ms), Alarm.MEMBER, member.id)


def _chances(member: Member, spec: QueueSpec) -> Iterator[int]:
    if member.wait.skills:
        yield from (member.since_ms + each.after_ms for each in spec.relaxations)
    if member.preferred is not None:
        yield member.preferred_until_ms
    if member.callback:
        yield member.not_before_ms


def _limits(member: Member, spec: QueueSpec) -> Iterator[int]:
    if member.callback:
        yield member.joined_ms + spec.callback.within_ms
        return
    overflow = spec.overflow
    if overflow is None:
        return
    if overflow.after_ms is not None:
        yield member.joined_ms + overflow.after_ms
    if overflow.no_agents_ms is not None and member.lonely_since_ms is not None:
        yield member.lonely_since_ms + overflow.no_agents_ms
