"""Limits as one controller knows them by itself: the calls that it let through and that are still up.

Kept all the time, asked while Redis is away. Then every controller allows the whole limit, see
docs/decisions/0008-limits-without-redis.md.
"""

from __future__ import annotations

from collections import Counter as Multiset
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from dialplan.limits.agreed import Claim, Counter

#: `show channels` lags behind (seen: 2 s): a call this young may be missing in the list and still be up.
_LAG_MS: Final = 5_000.0

#: Calls and counters that one controller remembers; a node has fewer. What is beyond is not counted.
MAX_CALLS: Final = 50_000
MAX_OWNERS: Final = 50_000
#: Most moments kept of one counter of new calls: no limit is higher.
_MAX_MOMENTS: Final = 1_000


#: What a call's claims are kept for: lines until they are given back, paces so as not to be taken twice.
_REMEMBERED: Final = frozenset({Counter.SIMULTANEOUS_CALLS, Counter.CALLS_PER_SECOND})


@dataclass(frozen=True, slots=True)
class _Held:
    node: str
    since_ms: float
    claims: tuple[Claim, ...]


class LocalLimits:
    """`clock_ms` never runs backwards."""

    def __init__(self, clock_ms: Callable[[], float]) -> None:
        self._clock_ms = clock_ms
        self._held: dict[str, _Held] = {}
        self._up: Multiset[str] = Multiset()
        self._begun: dict[str, deque[float]] = {}
        self._spent: dict[str, None] = {}

    def take(self, call_id: str, node: str, claims: Sequence[Claim]) -> Claim | None:
        """All claims or none: the refused one, None when all were taken."""
        now = self._clock_ms()
        for claim in claims:
            if self._is_used_up(claim, call_id, now):
                return claim
        self.hold(call_id, node, claims)
        return None

    def hold(self, call_id: str, node: str, claims: Sequence[Claim]) -> None:
        """The call was let through: count it, whatever the limits."""
        now = self._clock_ms()
        before = self._held.get(call_id, _Held(node, now, ()))
        known = {claim.key for claim in before.claims}
        for claim in claims:
            if claim.counter is Counter.CALLS_PER_SECOND and not (claim.again and claim.key in known):
                self._begin(claim, now)
        new = tuple(claim for claim in claims if claim.counter in _REMEMBERED and claim.key not in known)
        if new and (known or len(self._held) < MAX_CALLS):
            self._held[call_id] = _Held(node, before.since_ms, before.claims + new)
            self._up.update(claim.key for claim in new if claim.counter is Counter.SIMULTANEOUS_CALLS)

    def release(self, call_id: str) -> None:
        """The call has ended. Harmless for calls that are not known."""
        held = self._held.pop(call_id, None)
        for claim in held.claims if held else ():
            if claim.counter is not Counter.SIMULTANEOUS_CALLS:
                continue
            self._up[claim.key] -= 1
            if self._up[claim.key] <= 0:
                del self._up[claim.key]

    def listed(self, node: str, call_ids: Collection[str]) -> None:
        """The switch has these calls just now: others of the node have ended and nobody said so."""
        latest = self._clock_ms() - _LAG_MS
        for call_id, held in list(self._held.items()):
            if held.node == node and call_id not in call_ids and held.since_ms < latest:
                self.release(call_id)

    def spent(self, claim: Claim) -> None:
        """Redis said that the money is used up: that stays so while nobody can be asked."""
        if claim.counter in (Counter.SPEND_PER_DAY, Counter.SPEND_PER_MONTH):
            self._spent[claim.key] = None
            while len(self._spent) > MAX_OWNERS:
                del self._spent[next(iter(self._spent))]

    def held(self, node: str) -> list[tuple[str, tuple[Claim, ...]]]:
        """The calls of a node that hold something, each with its claims."""
        return [(call_id, held.claims) for call_id, held in self._held.items() if held.node == node]

    @property
    def nodes(self) -> frozenset[str]:
        """The nodes that these calls are on."""
        return frozenset(held.node for held in self._held.values())

    def _is_used_up(self, claim: Claim, call_id: str, now: float) -> bool:
        match claim.counter:
            case Counter.SIMULTANEOUS_CALLS:
                return self._up[claim.key] >= claim.limit and not self._holds(call_id, claim)
            case Counter.CALLS_PER_SECOND:
                if claim.again and self._holds(call_id, claim):
                    return False
                moments = self._begun.get(claim.key, ())
                return sum(1 for each in moments if each > now - claim.window_ms) >= claim.limit
            case _:
                return claim.key in self._spent

    def _holds(self, call_id: str, claim: Claim) -> bool:
        held = self._held.get(call_id)
        return held is not None and any(each.key == claim.key for each in held.claims)

    def _begin(self, claim: Claim, now: float) -> None:
        moments = self._begun.pop(claim.key, None) or deque(maxlen=_MAX_MOMENTS)
        moments.append(now)
        self._begun[claim.key] = moments  # the last one to go
        while len(self._begun) > MAX_OWNERS:
            del self._begun[next(iter(self._begun))]
