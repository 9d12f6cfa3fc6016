"""Rating call records as they come in: each exactly once, whatever dies (issue 5; guarantees 4 and 5).

The database notes each call with its records (`rating_due`). One transaction takes calls from there, rates
their legs and writes charges, ledger, quarantine and quotas: when it is undone, the calls are still due. A
call is passed over while the intake adds to it, and is due again afterwards, so none is skipped. Several
programs may do this at once (store/rating_shares.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Engine, text

from rating.berlin import Month, month_of
from rating.book import Book, Books
from rating.charge import Charge, Unrated, Why
from rating.leg import BillableLeg
from rating.standing import Standing, rate_arrival, unused_standing
from store.errors import RecordsGone
from store.foreign_errors import database_errors
from store.rating_book import (
    Correction,
    InForce,
    PriceNumbers,
    Waiting,
    charged,
    read_standings,
    write_charges,
    write_corrections,
    write_quarantine,
    write_standings,
)
from store.rating_legs import billable_legs
from store.rating_months import (
    STATEMENT_LIMIT_S,
    Booked,
    MonthRated,
    booked,
    rerate_month,
    unreadable,
    without_terms,
)
from store.rating_rows import BILLED, CARRIER, TICKS, Facts, facts_of
from store.rating_shares import ALONE, Part, lock_customers, rate_beside_others
from store.rating_tariffs import AppliedTariff

#: Calls of one transaction: about a second of work, and as many legs in memory at most.
BATCH: Final = 20_000
#: Another worker may be busy with the same customer, at worst with a large month.
_LOCK_WAIT_S: Final = 60
#: Price books of a month that are kept, and months; then they are made anew.
_MOST_BOOKS: Final = 50_000
_MOST_MONTHS: Final = 3
LATE: Final = "a record came in after calls that began later"
PASSED_ON: Final = "the call went on at the customer's cost after a transfer"
CARRIER_CAME: Final = "the record of the carrier's leg came in"

#: The inner SELECT passes over calls that an intake or another worker holds. A call that was noted without
#: its A leg (share -1) is looked up.
_TAKE: Final = """
DELETE FROM rating_due WHERE ctid = ANY (ARRAY(
    SELECT due.ctid FROM rating_due AS due
    WHERE (due.share >= 0 AND due.share %% %(workers)s = %(rank)s
        OR due.share < 0 AND EXISTS (SELECT FROM cdr WHERE cdr.leg_id = due.call_id))
    AND (%(since)s::timestamptz IS NULL OR due.started_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR due.started_at < %(until)s)
    AND due.noted_at <= now() - %(settle)s * interval '1 second'
    ORDER BY due.started_at, due.call_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)) RETURNING call_id, started_at
"""
#: Of a large backlog each batch begins where the last one ended: else it would go over the places of all that
#: were taken before it. So often it looks from the beginning, for calls that came in late.
_FROM_THE_BEGINNING: Final = 10


class TariffSource(Protocol):
    """Where prices and terms come from: the same object as long as nothing changed."""

    def current(self) -> AppliedTariff: ...


@dataclass(frozen=True, slots=True)
class QuotaUsedUp:
    """A call of a customer's month was the first that a quota did not cover, or not as a whole."""

    customer_id: str
    month: Month
    quota: str


@dataclass(frozen=True, slots=True)
class BatchDone:
    """One transaction. `calls` is 0 when nothing was due; `booked` is for the spend counters.

    `used_up` names quotas when the first call is not covered in its turn. It is silent where that call's
    record came in late, so that the month was rated again.
    """

    calls: int = 0
    legs: int = 0
    charged: int = 0
    free: int = 0
    waiting: int = 0
    corrected: int = 0
    months_again: int = 0
    booked: tuple[Booked, ...] = ()
    used_up: tuple[QuotaUsedUp, ...] = ()


@dataclass(slots=True)
class _Work:
    """What a batch has found so far."""

    rows: list[Facts] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    standings: dict[tuple[str, date], Standing] = field(default_factory=dict)
    used_up: list[QuotaUsedUp] = field(default_factory=list)
    again: set[tuple[str, Month]] = field(default_factory=set)
    #: Those of `again` with a call that lasts longer than its first record said.
    passed_on: set[tuple[str, Month]] = field(default_factory=set)
    #: New legs of months that are rated again.
    late: list[tuple[str, BillableLeg]] = field(default_factory=list)


class _Pricing:
    """A tariff with the price books that were made of it."""

    def __init__(self, applied: AppliedTariff) -> None:
        self.applied = applied
        self.books = Books(applied.tariff)
        self._by_month: dict[Month, dict[str, Book | None]] = {}
        #: Of the last leg: the next one is nearly always of the same month.
        self._month = Month(1970, 1)
        self._first_day = self._month.first_day
        self._span = (0, 0)
        self._books: dict[str, Book | None] = {}

    def book(self, leg: BillableLeg) -> tuple[Month, date, Book | None]:
        """The leg's month, its first day, and its customer's book for it; None: no terms."""
        if not self._span[0] <= leg.start_ms < self._span[1]:
            self._turn_to(month_of(leg.start_ms))
        books, customer_id = self._books, leg.customer_id
        if customer_id not in books:
            if len(books) >= _MOST_BOOKS:
                books.clear()
            books[customer_id] = self.books.book(customer_id, self._month)
        return self._month, self._first_day, books[customer_id]

    def _turn_to(self, month: Month) -> None:
        self._month, self._first_day = month, month.first_day
        self._span = (month.start_ms, month.end_ms)
        if month not in self._by_month and len(self._by_month) >= _MOST_MONTHS:
            self._by_month.clear()
        self._books = self._by_month.setdefault(month, {})


class RatingRun:
    """All methods raise DatabaseError's and BillingError's children; what they raise has changed nothing."""

    def __init__(
        self, engine: Engine, source: TariffSource, *, settle_s: float = 0, most: int = BATCH
    ) -> None:
        self._engine = engine
        self._source = source
        self._settle_s = settle_s
        self._most = most
        self._pricing: _Pricing | None = None
        self._numbers = PriceNumbers()
        self._since: datetime | None = None
        self._part = ALONE
        self._full_batches = 0

    def batch(self, until: datetime | None = None, part: Part = ALONE) -> BatchDone:
        """Rate what is due, at most one transaction's worth; calls that began before `until`, and of the
        shares of `part`."""
        with self._transaction("rating call records") as (connection, pricing):
            return self._batch(connection, pricing, until, part)

    def rerate(self, customer_id: str, month: Month, reason: str) -> MonthRated:
        """Rate a customer's month again."""
        with self._transaction(f"rating {customer_id} in {month} again") as (connection, pricing):
            lock_customers(connection.connection.cursor(), [customer_id])
            return self._again(connection, pricing, customer_id, month, reason)

    @contextmanager
    def _transaction(self, place: str) -> Iterator[tuple[Connection, _Pricing]]:
        applied = self._source.current()
        pricing = self._pricing
        if pricing is None or applied is not pricing.applied:
            self._pricing = pricing = _Pricing(applied)
            self._numbers.forget()
        try:
            with database_errors(place), self._engine.begin() as connection:
                connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_LIMIT_S}s'"))
                connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT_S}s'"))
                # The records of a batch came in at about one time and are in memory. With the server's own
                # guess for disks a large month's table is read as a whole for each batch (seen: 20,000,000
                # records, half of the speed).
                connection.execute(text("SET LOCAL random_page_cost = 1.1"))
                rate_beside_others(connection)
                yield connection, pricing
        except BaseException:
            self._numbers.forget()
            self._since = None
            raise

    def _again(
        self, connection: Connection, pricing: _Pricing, customer_id: str, month: Month, reason: str
    ) -> MonthRated:
        revision = pricing.applied.revision
        return rerate_month(connection, customer_id, month, pricing.books, revision, self._numbers, reason)

    def _batch(
        self, connection: Connection, pricing: _Pricing, until: datetime | None, part: Part
    ) -> BatchDone:
        cursor: Any = connection.connection.cursor()
        calls = self._take(cursor, until, part)
        if not calls:
            return BatchDone()
        # A statement of its own: it sees every leg that was there when the calls were taken.
        legs = sorted(billable_legs(cursor, calls), key=_order)
        # Before anything of these customers is read that another worker may be writing.
        lock_customers(cursor, {leg.customer_id for _, leg in legs})
        work = self._rate(cursor, pricing, legs)
        revision = pricing.applied.revision
        reference = f"{len(legs)} legs from {legs[0][1].leg_id}"[:256] if legs else ""
        write_charges(connection, revision, work.rows, reference)
        write_corrections(connection, revision, work.corrections, CARRIER_CAME, reference)
        rated = [row[0] for row in work.rows]
        write_quarantine(cursor, work.waiting, rated)
        write_standings(cursor, work.standings)
        again: list[MonthRated] = []
        for customer_id, month in sorted(work.again):
            reason = PASSED_ON if (customer_id, month) in work.passed_on else LATE
            try:
                again.append(self._again(connection, pricing, customer_id, month, reason))
            except RecordsGone as error:
                stuck = [
                    Waiting(call_id, month.first_day, Unrated(leg, Why.RECORDS_GONE, str(error)))
                    for call_id, leg in work.late
                    if leg.customer_id == customer_id and pricing.book(leg)[0] == month
                ]
                write_quarantine(cursor, stuck, [])
        money = [booked(row) for row in work.rows if row[TICKS]]
        for each in again:
            money += each.booked
        return BatchDone(
            calls=len(calls),
            legs=len(legs),
            charged=sum(1 for row in work.rows if row[8] is None) + sum(each.added for each in again),
            free=sum(1 for row in work.rows if row[8] is not None),
            waiting=len(work.waiting) + sum(each.waiting for each in again),
            corrected=len(work.corrections) + sum(each.corrected for each in again),
            months_again=len(again),
            booked=tuple(money),
            used_up=tuple(work.used_up),
        )

    def _take(self, cursor: Any, until: datetime | None, part: Part) -> list[str]:
        if part != self._part:
            self._part, self._since = part, None
        asked = {"since": self._since, "until": until, "settle": self._settle_s, "most": self._most}
        cursor.execute(_TAKE, {**asked, **part._asdict()})
        taken = cursor.fetchall()
        if not taken and self._since is not None:
            self._since = None
            return self._take(cursor, until, part)
        full = len(taken) == self._most
        self._full_batches = self._full_batches + 1 if full else 0
        onwards = full and self._full_batches % _FROM_THE_BEGINNING
        self._since = max(started_at for _, started_at in taken) if onwards else None
        return [call_id for call_id, _ in taken]

    def _rate(self, cursor: Any, pricing: _Pricing, legs: list[tuple[str, BillableLeg]]) -> _Work:
        before = charged(cursor, [leg.leg_id for _, leg in legs])
        placed = [(call_id, leg, *pricing.book(leg)) for call_id, leg in legs]
        with_quota = {
            (leg.customer_id, first_day)
            for _, leg, _, first_day, book in placed
            if book is not None and book.quotas
        }
        work = _Work()
        standings = read_standings(cursor, with_quota)
        fresh: list[tuple[str, date, Charge]] = []
        for call_id, leg, month, first_day, book in placed:
            known = before.get(leg.leg_id)
            wrong = unreadable(leg) or (without_terms(leg, month) if book is None else None)
            if wrong is not None or book is None:
                if wrong is not None and known is None:
                    work.waiting.append(Waiting(call_id, first_day, wrong))
                continue
            key = (leg.customer_id, first_day)
            standing = standings.get(key)
            if standing is None:
                standing = unused_standing(book)
            # Other quotas than before: the terms of the month changed.
            found = rate_arrival(leg, book, standing) if len(standing) == len(book.quotas) else None
            if known is not None and known.facts[BILLED] != leg.billed_ms:
                # Its caller left by a transfer: how long it is paid is known now (rating/billable.py).
                work.again.add((leg.customer_id, month))
                work.passed_on.add((leg.customer_id, month))
                continue
            if known is not None:
                self._carrier(cursor, work, known, call_id, first_day, found)
                continue
            if found is None or (work.again and (leg.customer_id, month) in work.again):
                work.again.add((leg.customer_id, month))
                work.late.append((call_id, leg))
                continue
            result, after = found
            if isinstance(result, Unrated):
                work.waiting.append(Waiting(call_id, first_day, result))
                continue
            fresh.append((call_id, first_day, result))
            if after is not standing:
                standings[key] = work.standings[key] = after
                if result.bundle_blocks != result.blocks:
                    work.used_up += _used_up(leg.customer_id, month, book, standing, after)
        self._numbers.learn(cursor, (charge for _, _, charge in fresh))
        numbers = self._numbers.by_object
        again = {(customer, month.first_day) for customer, month in work.again}
        for key in again:
            work.standings.pop(key, None)
        for call_id, first_day, charge in fresh:
            if again and (charge.leg.customer_id, first_day) in again:
                work.late.append((call_id, charge.leg))
            else:
                work.rows.append(facts_of(charge, call_id, first_day, numbers))
        return work

    def _carrier(
        self,
        cursor: Any,
        work: _Work,
        known: InForce,
        call_id: str,
        first_day: date,
        found: tuple[Charge | Unrated, Standing] | None,
    ) -> None:
        """A leg that has its charge: only the carrier's side may have come since."""
        if found is None or isinstance(found[0], Unrated):
            return
        self._numbers.learn(cursor, (found[0],))
        facts = facts_of(found[0], call_id, first_day, self._numbers.by_object)
        merged = (*known.facts[:CARRIER], *facts[CARRIER:])
        if merged != known.facts:
            work.corrections.append(Correction(known, merged))


def _used_up(
    customer_id: str, month: Month, book: Book, before: Standing, after: Standing
) -> Iterator[QuotaUsedUp]:
    for quota, then, now in zip(book.quotas, before, after, strict=True):
        if now.cut and not then.cut:
            yield QuotaUsedUp(customer_id, month, quota.name)


def _order(pair: tuple[str, BillableLeg]) -> tuple[int, str]:
    return pair[1].start_ms, pair[1].leg_id
