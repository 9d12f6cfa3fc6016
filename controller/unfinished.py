"""What the owner before had noted last and may not have done any more (guarantee 6).

The journal is written before anything is done. So who dies in between leaves phones that nobody rang, an
agent who has answered and hears nobody, a caller who was sent on and waits still. A successor sees by what
the nodes list whether it was done, and does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from acd.effects import Abandoned, Effect, SendAway
from acd.names import OfferState
from acd.state import State

#: Orders are carried out as soon as they are noted: what was noted longer before the last record was done.
_LATELY_MS: Final = 10_000
#: That somebody came is heard by each controller at its own time.
_HEARD_MS: Final = 1_000
#: So many lists have to say that an agent is alone: one may lag behind (seen: 0.1 s).
_LISTS: Final = 2


class Sent(NamedTuple):
    """A caller was sent on out of a queue, in the tenant's time."""

    order: SendAway
    queue_id: str
    at_ms: int


@dataclass(slots=True)
class Unfinished:
    """`rings`: offers that rang, whose answer only their owner would have heard; `joins`: those whose agent
    had answered, and how many lists had the agent alone; `sent`: callers who were to leave."""

    rings: frozenset[int] = frozenset()
    joins: dict[int, int] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)

    @property
    def offers(self) -> frozenset[int]:
        """All offers of the owner before that had led to no conversation."""
        return self.rings.union(self.joins)

    def is_alone(self, offer_id: int) -> bool:
        """A list has the agent of this one of `joins` alone; whether that is so."""
        self.joins[offer_id] += 1
        return self.joins[offer_id] >= _LISTS

    def still_here(self, call_id: str, queue_id: str, since_ms: int | None) -> SendAway | None:
        """A list has this caller in that queue since then, None: nobody knows. What is to be done again."""
        sent = self.sent.get(call_id)
        if sent is None or sent.queue_id != queue_id:
            return None
        if since_ms is None or since_ms > sent.at_ms + _HEARD_MS:
            return None  # he came there once more
        del self.sent[call_id]
        return sent.order


def sent_away(effects: Sequence[Effect], at_ms: int) -> Iterable[tuple[str, Sent]]:
    """Those whom a step sends on, and out of which queue."""
    queues = {each.member_id: each.queue_id for each in effects if isinstance(each, Abandoned)}
    for each in effects:
        if isinstance(each, SendAway) and each.member_id in queues:
            yield each.member_id, Sent(each, queues[each.member_id], at_ms)


def left_undone(state: State, sent: dict[str, Sent]) -> Unfinished:
    """What may be undone of what led to this state."""
    made = Unfinished()
    made.rings = frozenset(each.id for each in state.offers.values() if each.state is OfferState.RINGING)
    for offer in state.offers.values():
        if offer.state is OfferState.CONNECTING and not state.members[offer.member_id].callback:
            made.joins[offer.id] = 0
    for call_id, each in sent.items():
        if call_id not in state.members and state.now_ms - each.at_ms <= _LATELY_MS:
            made.sent[call_id] = each
    return made
