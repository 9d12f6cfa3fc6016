"""Position in the queue and expected wait (C1, C10; TKG § 115 asks the first queue to say it).

The expected wait of position p is p times the mean time between two agents becoming free for this queue: what
its calls take (talk and wrap-up, smoothed over the last calls; what the configuration calls typical before
the first one) by the agents at work in it, each counted as often as he may have calls at a time. An agent who
serves other queues too has time for this one in proportion to the callers who wait in each. With nobody at
work it is unknown.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import partial
from typing import Final

from acd.names import AgentStatus
from acd.spec import Membership
from acd.state import Draft, Place
from acd.values import Member, Pace

#: The newest call counts one part in so many.
_SMOOTHING: Final = 32
_AT_WORK: Final = (AgentStatus.AVAILABLE, AgentStatus.ON_DEMAND)


def handled(draft: Draft, queue_id: str, handle_ms: int) -> None:
    """A call of this queue took so long, wrap-up included. Of a queue that is gone nothing is kept."""
    if queue_id not in draft.spec.queue:
        return
    pace = draft.paces.get(queue_id, Pace())
    weight = min(pace.handled + 1, _SMOOTHING)
    smoothed = pace.handle_ms + (handle_ms - pace.handle_ms) // weight
    draft.put_pace(queue_id, replace(pace, handled=pace.handled + 1, handle_ms=smoothed))


def expected_wait_ms(draft: Draft, queue_id: str, place: int) -> int | None:
    """How long the caller at this place has to wait still."""
    if queue_id not in draft.spec.queue:
        return None
    waiting: dict[str, int] = {queue_id: max(place, callers_waiting(draft, queue_id))}
    work: dict[str, int] = {}
    ms_per_caller: dict[tuple[Membership, ...], int] = {}
    free_per_hour = 0.0
    for name, _ in draft.spec.seats[queue_id]:
        if draft.agents[name].status not in _AT_WORK:
            continue
        spec = draft.spec.agent[name]
        seats = spec.queues
        if seats not in ms_per_caller:
            for seat in seats:
                if seat.queue_id not in work:
                    count = waiting.setdefault(seat.queue_id, callers_waiting(draft, seat.queue_id))
                    work[seat.queue_id] = count * _handle_ms(draft, seat.queue_id)
            ms_per_caller[seats] = sum(work[seat.queue_id] for seat in seats) // waiting[queue_id]
        free_per_hour += spec.capacity * 3_600_000 / max(1, ms_per_caller[seats])
    return int(place * 3_600_000 / free_per_hour) if free_per_hour else None


def callers_waiting(draft: Draft, queue_id: str) -> int:
    """How many wait in the queue; those for whom a phone rings are not among them."""
    return sum(len(line) for line in draft.lines.get(queue_id, {}).values())


def _handle_ms(draft: Draft, queue_id: str) -> int:
    pace = draft.paces.get(queue_id)
    return pace.handle_ms if pace is not None else draft.spec.queue[queue_id].typical_ms


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
