"""German days and months on the time line: moments are milliseconds since 1970-01-01 UTC, whole numbers.

Contracts, price lists, quotas and invoices count days from midnight to midnight in Germany (TC 11.2); the
clock change makes two days a year 23 and 25 hours long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

GERMANY: Final = ZoneInfo("Europe/Berlin")
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * HOUR_MS
WEEK_MINUTES: Final = 7 * 24 * 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
#: 1970-01-01 was a Thursday: minutes from the Monday before.
_THURSDAY: Final = 3 * 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in Germany."""

    year: int
    month: int

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def last_day(self) -> date:
        """Its last day: that of the invoice and of the exchange rate (TC 11.2, 11.6)."""
        return self.next.first_day - timedelta(days=1)

    @property
    def start_ms(self) -> int:
        """Its first moment."""
        return day_start_ms(self.first_day)

    @property
    def end_ms(self) -> int:
        """The first moment after it."""
        return day_start_ms(self.next.first_day)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


@cache
def day_start_ms(day: date) -> int:
    """Midnight, when the day begins in Germany. Clocks change at 2 and 3 o'clock, never at midnight."""
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=GERMANY))


def to_ms(moment: datetime) -> int:
    """An aware moment; what is below a millisecond is cut. ValueError without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment.astimezone(UTC) - _EPOCH) // _MILLISECOND


def local(ms: int) -> datetime:
    """The moment as clocks in Germany show it."""
    return (_EPOCH + ms * _MILLISECOND).astimezone(GERMANY)


def day_of(ms: int) -> date:
    """The German day of a moment."""
    return local(ms).date()


def month_of(ms: int) -> Month:
    """The German month of a moment."""
    day = local(ms)
    return Month(day.year, day.month)


@cache
def offset_changes(month: Month, days_after: int) -> tuple[tuple[int, int], ...]:
    """(from this moment, offset to UTC in ms), oldest first, for the month and so many days behind it.

    Looked up hour by hour in the zone's data: Germany changes its clock on whole hours of UTC.
    """
    found: list[tuple[int, int]] = []
    for moment in range(month.start_ms, month.end_ms + days_after * DAY_MS, HOUR_MS):
        offset = local(moment).utcoffset() or timedelta()
        ms = offset // _MILLISECOND
        if not found or found[-1][1] != ms:
            found.append((moment, ms))
    return tuple(found)


def minute_of_week(local_ms: int) -> int:
    """Minutes since Monday 00:00 on the wall clock; `local_ms` is a moment plus its offset."""
    return (local_ms // MINUTE_MS + _THURSDAY) % WEEK_MINUTES
