"""Charging increments a/b: a first block of a seconds, then blocks of b seconds (Taktung).

Whole numbers only. A block that has begun counts in full, so the blocks are never shorter than the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Longest block: an hour. Statutory limits for service numbers are in rating/caps.py.
MAX_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Increments:
    """`first_s`/`next_s`, each 1 to 3,600 seconds: 60/60, 60/1, 30/6, 1/1."""

    first_s: int
    next_s: int

    def __str__(self) -> str:
        return f"{self.first_s}/{self.next_s}"

    def count(self, seconds: int) -> int:
        """How many blocks a duration begins; 0 for none."""
        if seconds <= self.first_s:
            return 1 if seconds > 0 else 0
        return 1 - (self.first_s - seconds) // self.next_s

    def length_s(self, blocks: int) -> int:
        """What so many blocks last together."""
        return self.first_s + (blocks - 1) * self.next_s if blocks > 0 else 0

    def fitting(self, seconds: int) -> int:
        """How many whole blocks, from the first on, fit into `seconds`."""
        return 1 + (seconds - self.first_s) // self.next_s if seconds >= self.first_s else 0

    def begun_before_ms(self, offset_ms: int) -> int:
        """How many blocks begin earlier than `offset_ms` after the first one's beginning."""
        return self.count(whole_seconds(offset_ms))


def whole_seconds(milliseconds: int) -> int:
    """Seconds, a begun one counted in full; 0 for none and for negative durations."""
    return -(-milliseconds // 1000) if milliseconds > 0 else 0


def minutes_and_seconds(seconds: int) -> tuple[int, int]:
    """For people: 61 is (1, 1)."""
    return seconds // 60, seconds % 60
