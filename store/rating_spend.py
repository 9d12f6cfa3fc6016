"""The spend counters that calls ask (B11), kept in step with the charges in PostgreSQL.

The database is the truth. While the worker runs it adds what it booked; when it starts, and after Redis was
away or a month was rated again, the sums of the month are taken from the charges: nothing counts twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine, text

from rating.berlin import day_of, day_start_ms, local, month_of, to_ms
from rating.errors import RateMissing
from rating.fx import EURO, Rates
from rating.money import TICKS_PER_MICRO, Mode, converted, rounded
from store.errors import LiveStateError
from store.foreign_errors import database_errors
from store.rating_months import Booked
from store.spend import SpendCounters

_SUMS = text("""
    SELECT customer_id, currency, sum(ticks)::bigint,
        coalesce(sum(ticks) FILTER (WHERE begins_ms >= :since), 0)::bigint
    FROM (
        SELECT customer_id, currency, ticks, begins_ms FROM charge WHERE month = :month AND ticks > 0
        UNION ALL SELECT customer_id, currency, ticks, begins_ms FROM charge_correction WHERE month = :month
        UNION ALL SELECT customer_id, reversed_currency, -reversed_ticks, begins_ms
            FROM charge_correction WHERE month = :month
    ) AS every GROUP BY customer_id, currency
""")


class Spend:
    """Counters of the German day and month of now. `away` is true while Redis does not answer."""

    def __init__(self, engine: Engine, counters: SpendCounters) -> None:
        self._engine = engine
        self._counters = counters
        self.away = True

    def rebuild(self, now: datetime, rates: Rates) -> None:
        """Set every customer's sums to those of the charges. Raises DatabaseError's, LiveStateError's
        children."""
        month = month_of(to_ms(now))
        since = day_start_ms(day_of(to_ms(now)))
        with database_errors("adding up the month's charges"), self._engine.connect() as connection:
            found = connection.execute(_SUMS, {"month": month.first_day, "since": since}).all()
        sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for customer_id, currency, of_month, of_day in found:
            sums[customer_id][0] += micro_euro(of_month, currency, rates, now)
            sums[customer_id][1] += micro_euro(of_day, currency, rates, now)
        for customer_id, (of_month, of_day) in sums.items():
            self._counters.replace(customer_id, now, of_day, of_month)
        self.away = False

    def add(self, booked: Iterable[Booked], now: datetime, rates: Rates) -> None:
        """What a batch booked; older months count for no limit. Never raises for Redis: then it is away, and
        `rebuild` mends it."""
        first_ms = month_of(to_ms(now)).start_ms
        sums: defaultdict[tuple[str, int], int] = defaultdict(int)
        for each in booked:
            if each.begins_ms >= first_ms:
                micro = micro_euro(each.ticks, each.currency, rates, now)
                sums[each.customer_id, day_start_ms(day_of(each.begins_ms))] += micro
        try:
            for (customer_id, day_ms), micro in sums.items():
                self._counters.book(customer_id, local(day_ms), micro)
        except LiveStateError:
            self.away = True


def micro_euro(ticks: int, currency: str, rates: Rates, now: datetime) -> int:
    """Ticks in whole micro-euro, upwards. Another currency counts by its last known rate, else one to one: a
    limit must not be passed because a rate is missing."""
    if currency == EURO:
        return rounded(ticks, TICKS_PER_MICRO, Mode.UP) // TICKS_PER_MICRO
    try:
        per_euro = rates.of_month(currency, month_of(to_ms(now))).per_euro
    except RateMissing:
        known = [(day, rate) for (code, day), rate in rates.published.items() if code == currency]
        if not known:
            return rounded(ticks, TICKS_PER_MICRO, Mode.UP) // TICKS_PER_MICRO
        per_euro = max(known)[1]
    return converted(ticks, per_euro, TICKS_PER_MICRO, Mode.UP) // TICKS_PER_MICRO
