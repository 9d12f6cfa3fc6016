"""Who gets whom: waiting callers in order, for each the agents that the strategy chooses.

The fairness rule (guarantee 6). Callers of one queue with equal needs and equal priority stand in one line
(`Wait`), ordered by their time, which moves and callbacks keep. Nobody in a line is passed over for one
behind, but for reasons of his own: the free agent declined him a moment ago, he waits for his preferred
agent, or he is to be called back later. Between lines the head with the higher rank goes first: queue
weight plus own priority plus ageing; with equal rank, who came first.

Only what changed is looked at. After every step no waiting caller and free agent fit each other, so a new
match needs an agent or a caller that the step touched.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Final

from acd.names import AgentState, AgentStatus, MemberState, OfferState, Strategy
from acd.offering import make_offer
from acd.spec import Membership, QueueSpec
from acd.state import Alarm, Draft, Place
from acd.strategies import in_order
from acd.values import Agent, Member, Wait

#: Minus rank, time of the place, id; then 0 and the line where he is next, or 1 for one who changed himself.
_Candidate = tuple[int, int, str, int, Wait | None]
_NO_LINES: Final[Mapping[Wait, tuple[Place, ...]]] = {}
_MINUTE_MS: Final = 60_000
_AVAILABLE: Final = (AgentStatus.AVAILABLE, AgentStatus.ON_DEMAND)
_WILLING: Final = (AgentState.WAITING, AgentState.IN_A_QUEUE_CALL)


def match(draft: Draft) -> None:
    """Make every offer that this step made possible."""
    free = {name: None for name in draft.touched_agents if _is_free(draft, draft.agents.get(name))}
    candidates: list[_Candidate] = []
    for queued, line in _lines_for(draft, free):
        _stand(draft, candidates, queued, line, 0)
    for name in draft.touched_members:
        member = draft.members[name]
        heapq.heappush(candidates, (-_rank(draft, member), member.since_ms, name, 1, None))
    while candidates:
        _, since_ms, name, _, wait = heapq.heappop(candidates)
        member = draft.members[name]
        if wait is None:
            if member.state is MemberState.WAITING:
                _serve(draft, member, None)
                for each in [each for each in free if not _is_free(draft, draft.agents[each])]:
                    del free[each]
        elif free:
            if member.state is MemberState.WAITING:
                _serve(draft, member, free)
            # Whoever was served has left the line; then the next one stands where he stood.
            line = draft.lines.get(wait.queue_id, _NO_LINES).get(wait, ())
            place = bisect_left(line, (since_ms, name))
            still_there = place < len(line) and line[place][1] == name
            _stand(draft, candidates, wait, line, place + still_there)
    for name in draft.progressing:
        # Whom this step offered anew has his first phone ringing, and the next one later.
        rung = draft.members.get(name)
        if rung is not None and rung.state is MemberState.TRYING and _is_due(draft, rung):
            _ring_one_more(draft, rung)


def _is_due(draft: Draft, member: Member) -> bool:
    return member.progress_ms is None or member.progress_ms <= draft.now_ms


def _lines_for(draft: Draft, free: dict[str, None]) -> Iterator[tuple[Wait, tuple[Place, ...]]]:
    """The lines that one of these agents may serve."""
    queues = {seat.queue_id: None for name in free for seat in draft.spec.agent[name].queues}
    for queue_id in queues:
        yield from draft.lines.get(queue_id, _NO_LINES).items()


def _stand(
    draft: Draft, candidates: list[_Candidate], wait: Wait, line: tuple[Place, ...], place: int
) -> None:
    """The caller at this place of the line is the line's candidate."""
    if place < len(line):
        since_ms, name = line[place]
        heapq.heappush(candidates, (-_rank(draft, draft.members[name]), since_ms, name, 0, wait))


def _rank(draft: Draft, member: Member) -> int:
    """Queue weight, priority and ageing in thousandths of a minute's worth: whole numbers only."""
    spec = draft.spec.queue[member.wait.queue_id]
    waited_ms = draft.now_ms - member.since_ms
    return (spec.weight + member.wait.priority) * _MINUTE_MS + spec.ageing_per_min * waited_ms


def _is_free(draft: Draft, agent: Agent | None) -> bool:
    """Whether the agent may be offered a call now."""
    return (
        agent is not None
        and agent.id in draft.spec.agent
        and agent.status in _AVAILABLE
        and agent.state in _WILLING
        and not agent.own_calls
        and agent.wrap_up_ms is None
        and agent.ready_ms <= draft.now_ms
        and (not agent.offers or _may_have_one_more(draft, agent))
    )


def _may_have_one_more(draft: Draft, agent: Agent) -> bool:
    """Beside the calls that the agent has: a phone rings for one caller at a time, and who takes one call and
    then pauses takes one."""
    if agent.status is AgentStatus.ON_DEMAND or len(agent.offers) >= draft.spec.agent[agent.id].capacity:
        return False
    return all(draft.offers[each].state is OfferState.TALKING for each in agent.offers)


def _serve(draft: Draft, member: Member, only: dict[str, None] | None) -> bool:
    """Offer the caller to the agents of the queue's choice (`only`: among these); whether one was found."""
    if member.not_before_ms > draft.now_ms:
        return False
    spec = draft.spec.queue[member.wait.queue_id]
    fitting = [
        (agent, seat)
        for name, seat in draft.spec.seats[spec.id]
        if (only is None or name in only) and _fits(draft, member, agent := draft.agents[name])
    ]
    if not fitting:
        return False
    chosen = _chosen(draft, spec, member, fitting)
    for agent in chosen:
        make_offer(draft, draft.members[member.id], agent.id, spec)
        if only is not None and not _is_free(draft, draft.agents[agent.id]):
            del only[agent.id]
    if spec.strategy is Strategy.RING_PROGRESSIVELY:
        draft.note_next(draft.now_ms + spec.progress_ms, Alarm.PROGRESS, member.id)
    return True


def _chosen(
    draft: Draft, spec: QueueSpec, member: Member, fitting: list[tuple[Agent, Membership]]
) -> list[Agent]:
    ordered = in_order(draft, spec, member, fitting)
    # One who is called back is offered to one agent: nobody is there to be answered first.
    return ordered if spec.strategy is Strategy.RING_ALL and not member.callback else ordered[:1]


def _fits(draft: Draft, member: Member, agent: Agent) -> bool:
    if not _is_free(draft, agent):
        return False
    held = member.preferred is not None and draft.now_ms < member.preferred_until_ms
    if held and agent.id != member.preferred:
        return False
    if any(name == agent.id and until > draft.now_ms for name, until in member.refused_by):
        return False
    return not member.wait.skills or _is_skilled(draft, member, agent.id)


def _is_skilled(draft: Draft, member: Member, agent_id: str) -> bool:
    spec = draft.spec.queue[member.wait.queue_id]
    waited_ms = draft.now_ms - member.since_ms
    lower = max((each.lower_by for each in spec.relaxations if each.after_ms <= waited_ms), default=0)
    levels = draft.spec.levels[agent_id]
    return all(levels.get(skill.name, 0) >= skill.level - lower for skill in member.wait.skills)


def _ring_one_more(draft: Draft, member: Member) -> None:
    """`ring-progressively`: one more agent rings for this caller, beside those who ring already."""
    spec = draft.spec.queue[member.wait.queue_id]
    if spec.strategy is not Strategy.RING_PROGRESSIVELY or member.callback:
        return
    if any(draft.offers[each].state is not OfferState.RINGING for each in member.offers):
        return
    seats = draft.spec.seats[spec.id]
    fitting = [(agent, seat) for name, seat in seats if _fits(draft, member, agent := draft.agents[name])]
    if fitting:
        make_offer(draft, member, in_order(draft, spec, member, fitting)[0].id, spec)
    draft.note_next(draft.now_ms + spec.progress_ms, Alarm.PROGRESS, member.id)
