"""Days on which banks settle in euro: Monday to Friday without the closing days of TARGET (ECB)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final

from holidays import financial_holidays

#: Days between the invoice with its pre-notification and the debit (TC 11.5, E9).
NOTICE_DAYS: Final = 7
_SATURDAY: Final = 5


@cache
def _closing_days(year: int) -> frozenset[date]:
    return frozenset(financial_holidays("XECB", years=year))


def is_bank_day(day: date) -> bool:
    """Whether TARGET is open."""
    return day.weekday() < _SATURDAY and day not in _closing_days(day.year)


def bank_day_from(day: date) -> date:
    """The day itself, or the next one on which banks settle."""
    while not is_bank_day(day):
        day += timedelta(days=1)
    return day


def debit_day(issued_on: date, notice_days: int = NOTICE_DAYS) -> date:
    """The first day on which an invoice may be debited: at least seven days after it, on a bank day.

    The invoice arrives by e-mail on its day; that day does not count (BGB § 187).
    """
    return bank_day_from(issued_on + timedelta(days=max(notice_days, NOTICE_DAYS)))
