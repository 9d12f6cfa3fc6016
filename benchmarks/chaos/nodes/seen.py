"""What callers and those who are called saw, and what of it ended because its node was killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

#: A leg's record is written when the leg is over: a node that dies so soon after may take it along.
_WRITTEN_S: Final = 2.0
_UNAVAILABLE: Final = 503

#: Side (a: towards the caller) and SIP Call-ID.
Legs = Counter[tuple[str, str | None]]
_NAMELESS: Final = ("b", None)


class Kind(StrEnum):
    """What a call is for."""

    OUT = "out to a carrier"
    IN = "in to the customer"
    URGENT = "110 and 112"
    QUEUE = "waits in a queue"


@dataclass(frozen=True, slots=True)
class Kill:
    """kill -9 of a node's FreeSWITCH; seconds on the monotonic clock. `back_s`: it takes calls again."""

    node: int
    at_s: float
    back_s: float


@dataclass(slots=True)
class Leg:
    """A leg at a node as the other side saw it; monotonic seconds. Without `heard_s` nothing came from the
    node; `ended_s`: the node said or heard that the leg is over, None for never. `final`: the SIP code."""

    side: str
    call_id: str
    node: int
    began_s: float
    heard_s: float | None = None
    final: int = 0
    answered_s: float | None = None
    ended_s: float | None = None

    @property
    def key(self) -> tuple[str, str | None]:
        """As its record names it."""
        return self.side, self.call_id


@dataclass(slots=True)
class Call:
    """A call with all its attempts, over one node after the other."""

    kind: Kind
    number: str
    attempts: list[Leg] = field(default_factory=list)

    @property
    def answered_by(self) -> Leg | None:
        """The attempt that was answered."""
        return next((each for each in self.attempts if each.answered_s is not None), None)


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of the calls of a kind. `by_other`: answered after the first node did not; `cut`: answered,
    and ended with their node; `longest_s`: INVITE to the answer, with the first node's silence."""

    calls: int
    answered: int
    by_other: int
    cut: int
    longest_s: float


@dataclass(frozen=True, slots=True)
class NodeRecords:
    """Of all legs. `cut`: up on a node that was killed, or over less than two seconds before: a killed
    process writes nothing more, `cut_written` of them have a record all the same. `untaken`: attempts that
    were no calls for a dead or starting node.

    All other legs have one record each but the `lost`; no leg has two but the `doubled`; records of no call
    are `unknown`; `unreadable` ones were half written by a node as it died.
    """

    legs: int
    cut: int
    cut_written: int
    untaken: int
    lost: int
    doubled: int
    unknown: int
    unreadable: int

    @property
    def right(self) -> bool:
        return not (self.lost or self.doubled or self.unknown) and self.unreadable <= self.cut


def cut(leg: Leg, kills: Iterable[Kill], margin_s: float = 0.0) -> bool:
    """Whether the leg was up when its node was killed, or over for less than the margin."""
    ended_s = leg.ended_s if leg.ended_s is not None else float("inf")
    return any(each.node == leg.node and leg.began_s <= each.at_s < ended_s + margin_s for each in kills)


def fates(calls: Sequence[Call], kills: Sequence[Kill]) -> Fates:
    """Of calls of one kind."""
    answered = [(each, leg) for each in calls if (leg := each.answered_by) is not None]
    waits = [
        leg.answered_s - call.attempts[0].began_s for call, leg in answered if leg.answered_s is not None
    ]
    return Fates(
        len(calls),
        len(answered),
        sum(leg is not call.attempts[0] for call, leg in answered),
        sum(cut(leg, kills) for _, leg in answered),
        max(waits, default=0.0),
    )


def untaken(leg: Leg, kills: Iterable[Kill]) -> bool:
    """Whether the attempt was no call for its node: there was no sign of it, or it refused with 503 while it
    started, as FreeSWITCH does before it makes a channel."""
    if leg.side == "b" or leg.heard_s is None:
        return leg.side == "a"
    starting = any(each.node == leg.node and each.at_s <= leg.began_s <= each.back_s for each in kills)
    return starting and leg.final == _UNAVAILABLE


def missing(legs: Sequence[Leg], kills: Sequence[Kill], found: Legs) -> list[Leg]:
    """Legs that should have a record and have none."""
    return [
        each for each in legs if not (found[each.key] or untaken(each, kills) or cut(each, kills, _WRITTEN_S))
    ]


def compared(legs: Sequence[Leg], kills: Sequence[Kill], found: Legs, unreadable: int) -> NodeRecords:
    """Legs that there were against records: `found` counts them."""
    torn = [each for each in legs if cut(each, kills, _WRITTEN_S) and not untaken(each, kills)]
    every = {each.key for each in legs}
    return NodeRecords(
        legs=len(every),
        cut=len(torn),
        cut_written=sum(bool(found[each.key]) for each in torn),
        untaken=sum(untaken(each, kills) for each in legs),
        # A leg whose other side was silent has a record without a Call-ID.
        lost=max(0, len(missing(legs, kills, found)) - found[_NAMELESS]),
        doubled=sum(found[leg] - 1 for leg in every if found[leg] > 1),
        unknown=sum(count for leg, count in found.items() if leg not in every and leg != _NAMELESS),
        unreadable=unreadable,
    )
