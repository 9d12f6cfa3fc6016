"""Exchange rates: foreign amounts are invoiced in euro at the rate of the month's last day (E8, TC 11.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from rating.berlin import Month
from rating.errors import RateMissing

EURO: Final = "EUR"
#: The ECB publishes on its business days: on other days the last published rate is the day's rate.
OLDEST_DAYS: Final = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of a currency for one euro, as published for a day."""

    currency: str
    day: date
    per_euro: Decimal


@dataclass(frozen=True, slots=True)
class Rates:
    """Published rates by currency and day."""

    published: Mapping[tuple[str, date], Decimal]

    def of_month(self, currency: str, month: Month) -> Rate:
        """The rate of the month's last day, or the last one published before it.

        RateMissing when there is none within five days: a stale rate is not the rate of the day.
        """
        for days in range(OLDEST_DAYS + 1):
            day = month.last_day - timedelta(days=days)
            found = self.published.get((currency, day))
            if found is not None:
                return Rate(currency, day, found)
        raise RateMissing(
            f"no rate of {currency} for {month.last_day} or the {OLDEST_DAYS} days before. Import it: "
            "fernamt tariff rates FILE, or fx.csv beside the price lists"
        )
