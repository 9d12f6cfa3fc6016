"""Callers who called a queue again on the same day, told apart by a hash that lives a day (C9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from acd import intervals


def repeats(
    entered: Iterable[tuple[int, str, bytes]], begin_ms: int, interval_ms: int | None
) -> Counter[tuple[int, str]]:
    """How many of those who entered a queue from `begin_ms` on had entered it before on that day, by begin
    of the interval and queue. `entered`: time in milliseconds, queue, the day's hash of the caller."""
    seen: set[tuple[str, bytes]] = set()
    found: Counter[tuple[int, str]] = Counter()
    for at_ms, queue, caller in sorted(entered):
        if (queue, caller) in seen and at_ms >= begin_ms:
            found[intervals.around(at_ms, interval_ms)[0], queue] += 1
        seen.add((queue, caller))
    return found
