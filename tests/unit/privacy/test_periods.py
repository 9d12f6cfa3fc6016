"""How long something is kept, by the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from privacy.kinds import KINDS
from privacy.periods import Period


@pytest.mark.parametrize(
    ("period", "start", "last"),
    [
        (Period(days=7), date(2026, 11, 22), date(2026, 11, 29)),
        (Period(months=6), date(2026, 12, 5), date(2027, 6, 5)),
        (Period(months=6), date(2026, 8, 31), date(2027, 2, 28)),
        (Period(months=6), date(2027, 8, 31), date(2028, 2, 29)),
        (Period(months=1), date(2026, 12, 31), date(2027, 1, 31)),
        (Period(months=1), date(2027, 1, 31), date(2027, 2, 28)),
        (Period(years=8), date(2026, 1, 1), date(2034, 12, 31)),
        (Period(years=10), date(2026, 12, 31), date(2036, 12, 31)),
    ],
)
def test_a_period_ends_as_in_the_civil_code(period: Period, start: date, last: date) -> None:
    """BGB § 188(2), (3): the same day of the month, or its last; AO § 147(4): from the year's end."""
    assert period.last_day(start) == last


@pytest.mark.parametrize("kind", [each for each in KINDS if each.period], ids=lambda kind: kind.id)
def test_what_is_due_on_a_day_is_exactly_what_is_over(kind: object) -> None:
    """F4: no day too early, no day too late, on every day of a leap year and of the years beside it."""
    period = getattr(kind, "period")  # noqa: B009 - parametrised by kinds that have one
    for ordinal in range(date(2027, 1, 1).toordinal(), date(2029, 3, 2).toordinal()):
        today = date.fromordinal(ordinal)
        newest = period.due_until(today)
        assert period.last_day(newest) < today <= period.last_day(newest + timedelta(days=1))
