"""Intervals that figures are given for: of a fixed length, or German calendar days.

Whole hours and quarters of an hour begin in Germany when they begin in UTC. Days have 23 to 25 hours.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from numbering.german_time import GERMAN_TIME

QUARTER_MS: Final = 900_000
HOUR_MS: Final = 3_600_000


def around(at_ms: int, interval_ms: int | None) -> tuple[int, int]:
    """Begin and end of the interval that holds a time, all in milliseconds since 1970 UTC. None: the German
    day."""
    if interval_ms is not None:
        begin_ms = at_ms - at_ms % interval_ms
        return begin_ms, begin_ms + interval_ms
    day = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(GERMAN_TIME).date()
    return _midnight_ms(day), _midnight_ms(day + timedelta(days=1))


def _midnight_ms(day: date) -> int:
    return int(datetime.combine(day, time(), GERMAN_TIME).timestamp()) * 1000
