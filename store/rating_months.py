"""A customer's month rated again as a whole: what differs becomes corrections, twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from rating.berlin import Month
from rating.book import Books
from rating.charge import Charge, Unrated, Why
from rating.free import NEEDED_FOR_NO_BILL
from rating.leg import BillableLeg
from rating.standing import Standing, rate_arrival, unused_standing
from store.errors import DatabaseDefect, RecordsGone
from store.rating_book import (
    OF_MONTH,
    Correction,
    PriceNumbers,
    Waiting,
    in_force,
    write_charges,
    write_corrections,
    write_quarantine,
    write_standings,
)
from store.rating_legs import legs_of_month, readable
from store.rating_rows import BEGINS, CALLED, CURRENCY, CUSTOMER, FACTS, LEG, TICKS, Facts, facts_of

#: Longest statement of a transaction that rates: a month of one very large customer.
STATEMENT_LIMIT_S: Final = 300

_FREE: Final = FACTS.index("free")


@dataclass(frozen=True, slots=True)
class Booked:
    """Money that was booked for a customer's leg: the call's beginning, ticks (negative: taken back)."""

    customer_id: str
    begins_ms: int
    currency: str
    ticks: int
    leg_id: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True)
class MonthRated:
    """What rating a month again changed. `kept`: legs that have a charge but could not be rated now."""

    legs: int
    added: int
    corrected: int
    waiting: int
    kept: tuple[str, ...]
    booked: tuple[Booked, ...]


def booked(facts: Facts, *, back: bool = False) -> Booked:
    """The money of a row; `back`: taken back."""
    ticks = -facts[TICKS] if back else facts[TICKS]
    return Booked(facts[CUSTOMER], facts[BEGINS], facts[CURRENCY], ticks, facts[LEG], facts[CALLED])


@dataclass(frozen=True, slots=True)
class Rated:
    """All legs of a month in their order, and the quotas at its end."""

    charges: tuple[tuple[str, Charge], ...]
    waiting: tuple[Waiting, ...]
    standing: Standing | None


def rate_month(legs: list[tuple[str, BillableLeg]], books: Books, customer_id: str, month: Month) -> Rated:
    """Rate (call, leg) of one customer's month in the invoice's order."""
    book = books.book(customer_id, month)
    standing = unused_standing(book) if book else None
    charges: list[tuple[str, Charge]] = []
    waiting: list[Waiting] = []
    for call_id, leg in sorted(legs, key=lambda pair: (pair[1].start_ms, pair[1].leg_id)):
        wrong = unreadable(leg)
        if wrong is not None or book is None or standing is None:
            waiting.append(Waiting(call_id, month.first_day, wrong or without_terms(leg, month)))
            continue
        placed = rate_arrival(leg, book, standing)
        if placed is None:
            raise DatabaseDefect(f"leg {leg.leg_id}", "quotas are out of order", "Please report this")
        result, standing = placed
        if isinstance(result, Unrated):
            waiting.append(Waiting(call_id, month.first_day, result))
        else:
            charges.append((call_id, result))
    return Rated(tuple(charges), tuple(waiting), standing)


def unreadable(leg: BillableLeg) -> Unrated | None:
    """A B-number that is none."""
    if readable(leg):
        return None
    return Unrated(leg, Why.UNREADABLE, f"the called number {leg.called[:40]!r} is none. See the raw record")


def without_terms(leg: BillableLeg, month: Month) -> Unrated:
    """A customer with no price model."""
    who = leg.customer_id or "nobody"
    return Unrated(leg, Why.NO_TERMS, f"{who} has no price model in {month}. Add the customer's terms")


def rerate_month(
    connection: Connection,
    customer_id: str,
    month: Month,
    books: Books,
    revision: int,
    numbers: PriceNumbers,
    reason: str,
) -> MonthRated:
    """Rate a month again in the caller's transaction, which holds the lock.

    A charge that cannot be rated now stays (`kept`). Raises RecordsGone when records of charges are deleted.
    """
    cursor: Any = connection.connection.cursor()
    legs = legs_of_month(cursor, customer_id, month)
    before = in_force(cursor, OF_MONTH, customer=customer_id, month=month.first_day)
    there = {leg.leg_id for _, leg in legs}
    gone = [
        each
        for each, now in before.items()
        if each not in there and now.facts[_FREE] not in NEEDED_FOR_NO_BILL
    ]
    if gone:
        raise RecordsGone(
            f"{customer_id} in {month}",
            f"{len(gone)} charges have no call record any more, first {min(gone)[:128]}",
            "Such a month stays as it was charged; settle differences by a credit note",
        )
    rated = rate_month(legs, books, customer_id, month)
    numbers.learn(cursor, (charge for _, charge in rated.charges))
    rows = [
        facts_of(charge, call_id, month.first_day, numbers.by_object) for call_id, charge in rated.charges
    ]
    fresh = [row for row in rows if row[0] not in before]
    changed = [
        Correction(before[row[0]], row) for row in rows if row[0] in before and before[row[0]].facts != row
    ]
    waiting = [each for each in rated.waiting if each.result.leg.leg_id not in before]
    kept = tuple(each.result.leg.leg_id for each in rated.waiting if each.result.leg.leg_id in before)
    reference = f"{customer_id} {month}"[:256]
    write_charges(connection, revision, fresh, reference)
    write_corrections(connection, revision, changed, reason, reference)
    write_quarantine(cursor, waiting, [row[0] for row in rows])
    if rated.standing:
        write_standings(cursor, {(customer_id, month.first_day): rated.standing})
    money = [booked(each.before.facts, back=True) for each in changed]
    money += [booked(row) for row in (*fresh, *(each.facts for each in changed))]
    return MonthRated(
        len(legs), len(fresh), len(changed), len(waiting), kept, tuple(each for each in money if each.ticks)
    )
