"""What strangers ask, counted by source in buckets that drain: what runs over slows them, then bans them.

Requests drain fast: somebody who asks for a moment more than usual is not an attacker. Failed log-ins drain
slowly, so that a patient search for passwords is found as well. A telephone with a wrong password that tries
again each minute stays below.

All of it can be forged: a sender of UDP writes whose address it likes, and FreeSWITCH tells of failed log-ins
that never heard our challenge. So it never bans a source where phones are registered (docs/decisions/0025).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

#: Sources looked at at once; the one not heard of for longest is forgotten for a new one.
MOST_SOURCES: Final = 20_000


class Evidence(StrEnum):
    """What is counted."""

    REQUEST = "request"
    FAILURE = "failed log-in"
    SCANNER = "scanner"


class Verdict(IntEnum):
    """What follows; the higher one counts."""

    NOTHING = 0
    SLOW = 1
    BAN = 2


@dataclass(frozen=True, slots=True)
class Allowance:
    """A bucket: how much of it drains in a second, and from where on it slows and bans."""

    drains_per_s: float
    slow_at: float
    ban_at: float


#: A trunk's or phone's SIP is a handful of messages for each call; a scanner's (SIPVicious as it comes: 50 a
#: second and more) fills the first bucket in seconds. The second allows two tries a minute for ever, and
#: does not slow before it bans: a guess needs two packets, hardly any would come through to be counted. The
#: third: a program that says of itself that it scans is believed at once, by strangers.
ALLOWANCES: Final[Mapping[Evidence, Allowance]] = MappingProxyType(
    {
        Evidence.REQUEST: Allowance(20.0, 200.0, 400.0),
        Evidence.FAILURE: Allowance(1 / 30, 20.0, 20.0),
        Evidence.SCANNER: Allowance(1 / 60, 1.0, 1.0),
    }
)
#: Behind an address with a registered phone there may be an office full of them, and a mistyped password.
KNOWN_FACTOR: Final = 10.0
#: So long after its last registration an address counts as one with phones: a weekend with all of them off.
KNOWN_S: Final = 72 * 3600.0
#: Such addresses at once, the last ones.
MOST_KNOWN: Final = 50_000


@dataclass(frozen=True, slots=True)
class Rules:
    """The buckets, and how much larger they are, and how much faster they drain, for sources with phones."""

    allowances: Mapping[Evidence, Allowance] = field(default_factory=lambda: ALLOWANCES)
    known_factor: float = KNOWN_FACTOR


@dataclass(slots=True)
class _Tally:
    """The level of each bucket of one source, as of `at_s`."""

    levels: dict[Evidence, float]
    at_s: float


class Strangers:
    """The buckets of all sources. Times are seconds of a clock that nobody sets."""

    def __init__(self, rules: Rules, most: int = MOST_SOURCES) -> None:
        self._rules = rules
        self._most = most
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tallies)

    def seen(self, source: str, what: Evidence, count: int, now_s: float, *, known: bool = False) -> Verdict:
        """Count it; what follows from this. `known`: phones are registered there, so it is slowed at most,
        and what a packet says of itself makes it no more than a packet."""
        if known and what is Evidence.SCANNER:
            what = Evidence.REQUEST
        factor = self._rules.known_factor if known else 1.0
        tally = self._tally(source, now_s, factor)
        allowance = self._rules.allowances[what]
        level = tally.levels.get(what, 0.0) + count
        brim = allowance.ban_at * factor
        # What is far over the brim would take too long to drain once the flood is over.
        tally.levels[what] = min(level, brim)
        if level >= brim and not known:
            return Verdict.BAN
        return Verdict.SLOW if level >= allowance.slow_at * factor else Verdict.NOTHING

    def forget(self, source: str) -> None:
        """Begin anew with this source."""
        self._tallies.pop(source, None)

    def _tally(self, source: str, now_s: float, factor: float) -> _Tally:
        found = self._tallies.get(source)
        if found is None:
            while len(self._tallies) >= self._most:
                self._tallies.popitem(last=False)
            found = self._tallies[source] = _Tally({}, now_s)
            return found
        self._tallies.move_to_end(source)
        gone_s = max(0.0, now_s - found.at_s)
        for what, level in found.levels.items():
            drained = gone_s * self._rules.allowances[what].drains_per_s * factor
            found.levels[what] = max(0.0, level - drained)
        found.at_s = now_s
        return found
