"""When the hotline is there (F2, TC 15.4, 15.5): working days, or always for premium support."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from availability.spans import Span
from numbering.german_time import GERMAN_TIME

#: TC 15.4: Monday to Friday, German time.
FROM: Final = time(8, 30)
UNTIL: Final = time(17, 0)
_SATURDAY: Final = 5
#: Further than the longest run of holidays and weekends.
_LOOK_AHEAD_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """`holidays`: days on which nobody is there, national ones and those of the Land of the hotline (NRW).
    `always`: premium support (TC 15.5)."""

    holidays: Collection[date]
    always: bool = False

    def of(self, day: date) -> Span | None:
        """The hours of a German day in UTC; None when there are none."""
        if self.always:
            return Span(_at(day, time()), _at(day + timedelta(days=1), time()))
        if day.weekday() >= _SATURDAY or day in self.holidays:
            return None
        return Span(_at(day, FROM), _at(day, UNTIL))

    def open_at(self, moment: datetime) -> bool:
        """Whether somebody is there."""
        hours = self.of(moment.astimezone(GERMAN_TIME).date())
        return hours is not None and hours.begin <= moment < hours.end

    def opens(self, moment: datetime) -> datetime | None:
        """When somebody is there next, `moment` itself when it is now; None: not within two weeks."""
        day = moment.astimezone(GERMAN_TIME).date()
        for ahead in range(_LOOK_AHEAD_DAYS):
            hours = self.of(day + timedelta(days=ahead))
            if hours is not None and moment < hours.end:
                return max(moment, hours.begin)
        return None

    def within(self, span: Span) -> tuple[Span, ...]:
        """The parts of `span` in which somebody is there."""
        day, last = (each.astimezone(GERMAN_TIME).date() for each in (span.begin, span.end))
        found = []
        while day <= last:
            hours = self.of(day)
            part = hours.within(span) if hours is not None else None
            if part is not None:
                found.append(part)
            day += timedelta(days=1)
        return tuple(found)


def year_of(year: int) -> Span:
    """A German calendar year in UTC."""
    return Span(_at(date(year, 1, 1), time()), _at(date(year + 1, 1, 1), time()))


def month_of(year: int, month: int) -> Span:
    """A German calendar month in UTC."""
    after = date(year + month // 12, month % 12 + 1, 1)
    return Span(_at(date(year, month, 1), time()), _at(after, time()))


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, GERMAN_TIME).astimezone(UTC)
