"""In which order free agents are offered a caller. Data: a key for each strategy; the lowest comes first.

Before the strategy counts the queue's penalty of the agent, where the queue says so the better skill, and how
many calls the agent has: nobody gets a second one while somebody like him has none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from acd.names import Strategy
from acd.spec import Membership, QueueSpec
from acd.state import Draft
from acd.values import Agent, Member

Seat = tuple[Agent, Membership]
Key = Callable[[Draft, Agent, int], int]

#: The key of an agent; the number is the place in the queue's configuration.
_KEYS: Final[dict[Strategy, Key]] = {
    Strategy.LONGEST_IDLE: lambda draft, agent, place: agent.idle_since_ms,
    Strategy.TOP_DOWN: lambda draft, agent, place: place,
    Strategy.RING_ALL: lambda draft, agent, place: place,
    Strategy.RING_PROGRESSIVELY: lambda draft, agent, place: place,
    Strategy.ROUND_ROBIN: lambda draft, agent, place: place,
    Strategy.FEWEST_CALLS: lambda draft, agent, place: agent.calls,
    Strategy.LEAST_TALK_TIME: lambda draft, agent, place: agent.talk_ms,
    Strategy.RANDOM: lambda draft, agent, place: draft.draw(1 << 30),
    Strategy.WEIGHTED: lambda draft, agent, place: place,
}


def in_order(draft: Draft, spec: QueueSpec, member: Member, seats: list[Seat]) -> list[Agent]:
    """These agents of the queue, who are to be asked first at the front."""
    if len(seats) == 1:
        return [seats[0][0]]
    places = {name: place for place, (name, _) in enumerate(draft.spec.seats[spec.id])}
    if spec.strategy is Strategy.ROUND_ROBIN:
        last = places.get(draft.turns.get(spec.id, ""), -1)
        places = {name: (place - last - 1) % len(places) for name, place in places.items()}
    key = _KEYS[spec.strategy]
    ranked = sorted(
        (
            (seat.penalty, _lack(draft, spec, member, agent), len(agent.offers)),
            key(draft, agent, places[agent.id]),
            places[agent.id],
            agent,
            seat.share,
        )
        for agent, seat in seats
    )
    ordered = [agent for _, _, _, agent, _ in ranked]
    if spec.strategy is Strategy.WEIGHTED:
        first = ranked[0][0]
        _lottery(draft, ordered, {agent.id: share for rank, _, _, agent, share in ranked if rank == first})
    return ordered


def _lack(draft: Draft, spec: QueueSpec, member: Member, agent: Agent) -> int:
    if not spec.best_skill_first:
        return 0
    levels = draft.spec.levels[agent.id]
    return -sum(levels.get(skill.name, 0) for skill in member.wait.skills)


def _lottery(draft: Draft, ordered: list[Agent], shares: dict[str, int]) -> None:
    """Among these, alike by penalty, skill and conversations, each is first as often as its share says."""
    if not any(shares.values()):
        return
    drawn = draft.draw(sum(shares.values()))
    for place, agent in enumerate(ordered):
        drawn -= shares.get(agent.id, 0)
        if drawn < 0:
            ordered.insert(0, ordered.pop(place))
            return
