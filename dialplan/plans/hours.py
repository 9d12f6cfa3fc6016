"""Opening hours and public holidays, precomputed: a look at a moment is a few comparisons (C2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from dialplan.week import WeekTimes, minute_of_week
from numbering.german_time import GERMAN_TIME


@dataclass(frozen=True, slots=True)
class Hours:
    """Open at the times of the `week`, but on `closed` days closed all day."""

    week: WeekTimes
    closed: frozenset[date] = frozenset()

    def is_open(self, now: datetime) -> bool:
        """Whether it is open at this aware time."""
        return minute_of_week(now) in self.week and day_of(now) not in self.closed


def day_of(now: datetime) -> date:
    """The day in Germany at this aware time."""
    return now.astimezone(GERMAN_TIME).date()
