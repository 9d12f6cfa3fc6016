"""What a guard counts while it works; somebody else shows it (docs/metrics.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum

from dialplan.strangers.counting import Evidence


class Part(StrEnum):
    """What the guard must look at again and again to be of any use."""

    PACKETS = "packets"
    BANS = "bans"
    TRUNKS = "trunks"
    BARRIER = "barrier"


class GuardMeters:
    """Since the start of the process. `steady_s` is a clock that nobody sets, in seconds."""

    def __init__(self, steady_s: Callable[[], float]) -> None:
        self._steady_s = steady_s
        #: Packets and failed log-ins of strangers, and what followed from them.
        self.counted: Counter[Evidence] = Counter()
        self.slowed: Counter[Evidence] = Counter()
        self.bans: Counter[Evidence] = Counter()
        self.errors: Counter[Part] = Counter()
        self._done_at_s = dict.fromkeys(Part, steady_s())

    def done(self, part: Part) -> None:
        """It was looked at (the barrier: put) without an error."""
        self._done_at_s[part] = self._steady_s()

    def ages_s(self) -> Mapping[Part, float]:
        """Seconds since each was done, or since the start."""
        now_s = self._steady_s()
        return {part: now_s - at_s for part, at_s in self._done_at_s.items()}
