"""Periods of keeping, as calendars count them (BGB § 188)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_GERMANY: Final = ZoneInfo("Europe/Berlin")
#: How much longer a month may be than the shortest one.
_SLACK_DAYS: Final = 4


@dataclass(frozen=True, slots=True)
class Period:
    """So many days, or months, or calendar years after the year of the beginning (AO § 147(4))."""

    days: int = 0
    months: int = 0
    years: int = 0

    def last_day(self, start: date) -> date:
        """The last day on which something is kept whose clock began on `start`."""
        if self.years:
            return date(start.year + self.years, 12, 31)
        if self.months:
            return _months_later(start, self.months)
        return start + timedelta(days=self.days)

    def due_until(self, today: date) -> date:
        """The newest beginning whose period is over `today`: everything up to that day is to be deleted."""
        if self.years:
            return date(today.year - self.years - 1, 12, 31)
        start = _months_later(today, -self.months) + timedelta(days=_SLACK_DAYS - self.days)
        while self.last_day(start) >= today:
            start -= timedelta(days=1)
        return start

    def __str__(self) -> str:
        if self.years:
            return f"{self.years} calendar years"
        if self.months:
            return f"{self.months} month{'s' if self.months > 1 else ''}"
        return f"{self.days} day{'s' if self.days > 1 else ''}"


def midnight_after(day: date) -> datetime:
    """The end of a German day."""
    return datetime.combine(day + timedelta(days=1), time(), _GERMANY).astimezone(UTC)


def _months_later(day: date, months: int) -> date:
    """The same day of another month, or its last one where that month is shorter."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
