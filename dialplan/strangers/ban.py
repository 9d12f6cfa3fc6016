"""A source that is shut out: since when, until when, why and by whom."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: The actor of bans that no person asked for.
GUARD: Final = "guard"
#: The first ban of an address; each further one is twice as long, as long as the last is remembered.
FIRST_BAN: Final = timedelta(minutes=10)
#: No longer on the guard's word alone: whatever it sees can be sent with somebody else's address on it
#: (docs/decisions/0025), and whoever goes on is banned anew by what it sends next.
LONGEST_BAN: Final = timedelta(hours=1)
#: How long after its end a ban still makes the next one longer.
REMEMBERED: Final = timedelta(hours=24)
#: The longest that a person may ban: longer ones belong into the firewall of the network.
LONGEST_BY_HAND: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Ban:
    """`address` is a source as `source_of` writes it; `times` counts it among the bans of this source.

    `light`: one packet was enough for it, so it gives way where there is no room for all.
    """

    address: str
    since: datetime
    until: datetime
    reason: str
    actor: str
    times: int = 1
    light: bool = False

    @property
    def by_hand(self) -> bool:
        """Whether a person asked for it."""
        return self.actor != GUARD

    def in_force(self, now: datetime) -> bool:
        """Whether it holds at this moment."""
        return self.since <= now < self.until

    def remembered(self, now: datetime) -> bool:
        """Whether it is in force, or still makes the next one longer."""
        return now < self.until + REMEMBERED


def next_ban(
    address: str, last: Ban | None, now: datetime, reason: str, actor: str, *, light: bool = False
) -> Ban:
    """The ban that follows, by what came before."""
    times = last.times + 1 if last is not None and last.remembered(now) else 1
    length = min(FIRST_BAN * 2 ** min(times - 1, 16), LONGEST_BAN)
    return Ban(address, now, now + length, reason, actor, times, light)


def strongest(bans: Iterable[Ban], now: datetime, most: int) -> Sequence[str]:
    """The sources to shut out now, in order; where there is room for fewer, those that `_rank` puts first."""
    in_force = (each for each in bans if each.in_force(now))
    return sorted(each.address for each in heapq.nlargest(most, in_force, key=lambda each: _rank(each, now)))


def kept(bans: Iterable[Ban], now: datetime, most: int) -> Sequence[Ban]:
    """Those that are remembered; where there is room for fewer, those that `_rank` puts first."""
    found = [each for each in bans if each.remembered(now)]
    return found if len(found) <= most else heapq.nlargest(most, found, key=lambda each: _rank(each, now))


def _rank(ban: Ban, now: datetime) -> tuple[bool, bool, bool, datetime]:
    """A person's ban goes before the guard's, one that took many packets before one that took a single one
    (to fill the list with forged senders costs many packets for each, then), a later one before an older."""
    return ban.in_force(now), ban.by_hand, not ban.light, ban.since
