"""Position in the queue and expected wait (C1, C10; TKG § 115 asks the first queue to say it).

The expected wait of position p is p times the mean time between two agents becoming free: what a call of
this queue takes (talk and wrap-up, smoothed over the last calls; what the configuration calls typical before
the first one) divided by the agents at work in it. With nobody at work it is unknown.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import partial
from typing import Final

from acd.names import AgentStatus
from acd.state import Draft, Place
from acd.values import Member, Pace

#: The newest call counts one part in so many.
_SMOOTHING: Final = 16


def handled(draft: Draft, queue_id: str, handle_ms: int) -> None:
    """A call of this queue took so long, wrap-up included."""
    pace = draft.paces.get(queue_id, Pace())
    weight = min(pace.handled + 1, _SMOOTHING)
    smoothed = pace.handle_ms + (handle_ms - pace.handle_ms) // weight
    draft.put_pace(queue_id, replace(pace, handled=pace.handled + 1, handle_ms=smoothed))


def expected_wait_ms(draft: Draft, queue_id: str, place: int) -> int | None:
    """How long the caller at this place has to wait still."""
    pace = draft.paces.get(queue_id)
    at_work = sum(
        draft.agents[name].status in (AgentStatus.AVAILABLE, AgentStatus.ON_DEMAND)
        for name, _ in draft.spec.seats.get(queue_id, ())
    )
    spec = draft.spec.queue.get(queue_id)
    if spec is None or not at_work:
        return None
    return place * (pace.handle_ms if pace is not None else spec.typical_ms) // at_work


def position(draft: Draft, member: Member) -> int:
    """1 for who is next in the caller's queue; those with more priority count before him."""
    spec = draft.spec.queue[member.wait.queue_id]

    def rank(priority: int, place: Place) -> tuple[int, int, str]:
        waited_ms = draft.now_ms - place[0]
        return (-priority * 60_000 - spec.ageing_per_min * waited_ms, *place)

    own = rank(member.wait.priority, (member.since_ms, member.id))
    # Within a line all have the same priority, so who stands in front has the higher rank.
    return 1 + sum(
        bisect_left(line, own, key=partial(rank, wait.priority))
        for wait, line in draft.lines.get(spec.id, {}).items()
    )
