"""What an agent hears before the caller: what queue the call is of, how long the caller has waited (C1)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

#: Longest that telling an agent may take.
WHISPER_MS: Final = 10_000
#: The waits that have a sentence, in minutes: at least so many.
MINUTES: Final = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 45, 60)


@dataclass(frozen=True, slots=True)
class Whisper:
    """`queue` names the queue; `waits` has a sound for each of `MINUTES`, or none where nothing speaks."""

    queue: str
    waits: tuple[str, ...] = ()

    def sounds(self, waited_ms: int) -> tuple[str, ...]:
        """What is played, in order."""
        if not self.waits:
            return (self.queue,)
        return (self.queue, self.waits[bisect_right(MINUTES, waited_ms // 60_000) - 1])
