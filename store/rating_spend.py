"""The spend counters that calls ask (B11), kept in step with the charges in PostgreSQL.

The database is the truth. While the worker runs it adds what it booked; when it starts, after Redis was away,
a month was rated again or other limits were applied, the sums of the month are taken from the charges:
nothing counts twice. A counter that reaches its limit opens a case that operators see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import Engine, text

from dialplan.limits.agreed import Scope
from dialplan.limits.claims import spend_countries
from rating.berlin import day_of, day_start_ms, local, month_of, to_ms
from rating.errors import RateMissing
from rating.fx import EURO, Rates
from rating.money import TICKS_PER_MICRO, Mode, converted, rounded
from store.errors import LiveStateError
from store.foreign_errors import database_errors
from store.rating_months import STATEMENT_LIMIT_S, Booked
from store.spend import Booking, Moved, SpendCounters, Spender
from store.spend_cases import SpendAgreed, SpendCases

_EVERY: Final = """
    SELECT leg_id, customer_id, called, currency, ticks, begins_ms FROM charge
        WHERE month = :month AND ticks > 0
    UNION ALL SELECT leg_id, customer_id, called, currency, ticks, begins_ms
        FROM charge_correction WHERE month = :month
    UNION ALL SELECT leg_id, customer_id, called, reversed_currency, -reversed_ticks, begins_ms
        FROM charge_correction WHERE month = :month
"""
_SUMS: Final = text(f"""
    SELECT customer_id, currency, sum(ticks)::bigint,
        coalesce(sum(ticks) FILTER (WHERE begins_ms >= :since), 0)::bigint
    FROM ({_EVERY}) AS every GROUP BY customer_id, currency
""")  # noqa: S608 - constants
#: The same by phone and number, for the customers that have such limits.
_PARTS: Final = text(f"""
    SELECT every.customer_id, cdr.phone_id, every.called, every.currency, sum(ticks)::bigint,
        coalesce(sum(ticks) FILTER (WHERE begins_ms >= :since), 0)::bigint
    FROM ({_EVERY}) AS every LEFT JOIN cdr ON cdr.leg_id = every.leg_id
    WHERE every.customer_id = ANY(:customers) GROUP BY 1, 2, 3, 4
""")  # noqa: S608 - constants
_PHONES: Final = text("SELECT leg_id, phone_id FROM cdr WHERE leg_id = ANY(:legs) AND phone_id IS NOT NULL")


class SpendSource(Protocol):
    """Who has limits of money: the same object as long as nothing changed."""

    def current(self) -> Mapping[str, SpendAgreed]: ...


class Spend:
    """Counters of the German day and month of now. `away` is true when they have to be built anew: Redis did
    not answer, or other limits are in force."""

    def __init__(self, engine: Engine, counters: SpendCounters, source: SpendSource) -> None:
        self._engine = engine
        self._counters = counters
        self._source = source
        self._cases = SpendCases(engine)
        self._agreed: Mapping[str, SpendAgreed] = {}
        self.away = True

    def rebuild(self, now: datetime, rates: Rates) -> None:
        """Set everybody's sums to those of the charges. Raises DatabaseError's, LiveStateError's children."""
        agreed = self._source.current()
        month = month_of(to_ms(now))
        since = day_start_ms(day_of(to_ms(now)))
        sums: defaultdict[Spender, list[int]] = defaultdict(lambda: [0, 0])
        # Counters that nothing was booked on yet, or no longer, must not keep what they had.
        for customer_id, each in agreed.items():
            for spender in each.spenders(customer_id):
                sums[spender] = [0, 0]
        with database_errors("adding up the month's charges"), self._engine.connect() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_LIMIT_S}s'"))
            asked = {"month": month.first_day, "since": since}
            found = connection.execute(_SUMS, asked).all()
            in_parts = [customer_id for customer_id, each in agreed.items() if each.in_parts]
            parts = connection.execute(_PARTS, {**asked, "customers": in_parts}).all() if in_parts else []
        for customer_id, currency, of_month, of_day in found:
            _add(sums, Spender(Scope.CUSTOMER, customer_id), of_month, of_day, currency, rates, now)
        for customer_id, phone_id, called, currency, of_month, of_day in parts:
            for spender in _parts_of(agreed[customer_id], customer_id, phone_id, called):
                _add(sums, spender, of_month, of_day, currency, rates, now)
        moved: list[Moved] = []
        for spender, (of_month, of_day) in sums.items():
            moved += self._counters.replace(spender, now, of_day, of_month)
        self._agreed = agreed
        self.away = False
        self._cases.note(moved, agreed, now)

    def add(self, booked: Sequence[Booked], now: datetime, rates: Rates) -> None:
        """What a batch booked; older months count for no limit. Never raises for Redis: then it is away, and
        `rebuild` mends it. Raises DatabaseError's children."""
        agreed = self._source.current()
        if agreed is not self._agreed:
            self.away = True  # the charges of the batch are in the database: rebuilding finds them
            return
        first_ms = month_of(to_ms(now)).start_ms
        recent = [each for each in booked if each.begins_ms >= first_ms]
        phones = self._phones(recent, agreed)
        sums: defaultdict[tuple[Spender, int], int] = defaultdict(int)
        for each in recent:
            micro = micro_euro(each.ticks, each.currency, rates, now)
            day_ms = day_start_ms(day_of(each.begins_ms))
            sums[Spender(Scope.CUSTOMER, each.customer_id), day_ms] += micro
            if each.customer_id in agreed:
                phone_id = phones.get(each.leg_id)
                for spender in _parts_of(agreed[each.customer_id], each.customer_id, phone_id, each.called):
                    sums[spender, day_ms] += micro
        try:
            moved = self._counters.book_all(
                Booking(spender, local(day_ms), micro) for (spender, day_ms), micro in sums.items()
            )
        except LiveStateError:
            self.away = True
            return
        self._cases.note(moved, agreed, now)

    def _phones(self, booked: Iterable[Booked], agreed: Mapping[str, SpendAgreed]) -> dict[str, str]:
        """The phone of each leg whose customer has phones with such limits."""
        legs = [
            each.leg_id for each in booked if each.customer_id in agreed and agreed[each.customer_id].users
        ]
        if not legs:
            return {}
        with database_errors("reading the phones of charged legs"), self._engine.connect() as connection:
            return {row.leg_id: row.phone_id for row in connection.execute(_PHONES, {"legs": legs})}


def _parts_of(agreed: SpendAgreed, customer_id: str, phone_id: str | None, called: str) -> Iterator[Spender]:
    """Who beside the customer spent this, as far as it is limited."""
    if phone_id in agreed.users:
        yield Spender(Scope.USER, f"{customer_id}/{phone_id}")
    if agreed.limits is not None and agreed.limits.country_spend:
        for country in spend_countries(called):
            if country in agreed.limits.country_spend:
                yield Spender(Scope.COUNTRY, f"{customer_id}/{country}")


def _add(
    sums: defaultdict[Spender, list[int]],
    spender: Spender,
    of_month: int,
    of_day: int,
    currency: str,
    rates: Rates,
    now: datetime,
) -> None:
    sums[spender][0] += micro_euro(of_month, currency, rates, now)
    sums[spender][1] += micro_euro(of_day, currency, rates, now)


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
