"""How long things take: counts by length, cheap enough for every call."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


class Spread:
    """Counts of lengths up to each of `bounds_s` (ascending) and beyond, with their sum."""

    def __init__(self, bounds_s: Sequence[float]) -> None:
        self.bounds_s = tuple(bounds_s)
        self.counts = [0] * (len(self.bounds_s) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        """One more. Clocks of two machines differ: less than nothing counts as nothing."""
        length = max(0.0, seconds)
        self.counts[bisect_left(self.bounds_s, length)] += 1
        self.sum_s += length

    def up_to(self) -> list[tuple[str, int]]:
        """Counts up to each bound, as Prometheus has them: the last one is "+Inf"."""
        names = [*map(str, self.bounds_s), "+Inf"]
        reached, found = 0, []
        for name, count in zip(names, self.counts, strict=True):
            reached += count
            found.append((name, reached))
        return found
