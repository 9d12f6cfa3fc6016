"""A source that is shut out: since when, until when, why and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: The first ban of an address; each further one is twice as long, as long as the last is remembered.
FIRST_BAN: Final = timedelta(minutes=10)
LONGEST_BAN: Final = timedelta(hours=24)
#: How long after its end a ban still makes the next one longer.
REMEMBERED: Final = timedelta(hours=24)
#: The longest that a person may ban: longer ones belong into the firewall of the network.
LONGEST_BY_HAND: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Ban:
    """`address` is a source as `source_of` writes it; `times` counts it among the bans of this source."""

    address: str
    since: datetime
    until: datetime
    reason: str
    actor: str
    times: int = 1

    def in_force(self, now: datetime) -> bool:
        """Whether it holds at this moment."""
        return self.since <= now < self.until

    def remembered(self, now: datetime) -> bool:
        """Whether it is in force, or still makes the next one longer."""
        return now < self.until + REMEMBERED


def next_ban(address: str, last: Ban | None, now: datetime, reason: str, actor: str) -> Ban:
    """The ban that follows, by what came before."""
    times = last.times + 1 if last is not None and last.remembered(now) else 1
    length = min(FIRST_BAN * 2 ** min(times - 1, 16), LONGEST_BAN)
    return Ban(address, now, now + length, reason, actor, times)


def strongest(bans: Iterable[Ban], now: datetime, most: int) -> Sequence[str]:
    """The sources to shut out now, in order; where a barrier has room for fewer, those banned last."""
    found = sorted((each for each in bans if each.in_force(now)), key=lambda each: each.since, reverse=True)
    return sorted(each.address for each in found[:most])
