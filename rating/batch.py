"""Rating many legs: by customer and month, in the order in which the calls began.

Which call used the quota and which was paid depends on an order. The invoice's order is that of the calls'
beginnings (the answer, then the leg's id), because it can be told from the itemised bill and does not depend
on when a record arrived or on which node. Whatever holds quota back in real time is an estimate; this is
authoritative, and rating a month again with late records gives what it would have given at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from rating.berlin import Month, month_of
from rating.book import Book, Books
from rating.charge import Charge, Unrated, Why
from rating.engine import Used, rate, spent, unused
from rating.leg import BillableLeg

_ORDER = attrgetter("customer_id", "start_ms", "leg_id")


def rate_all(legs: Iterable[BillableLeg], books: Books) -> Iterator[Charge | Unrated]:
    """One result for each leg, by customer, beginning and id: the same for the same legs in any order.

    All calls of a customer's month must be there, from its first day on: quotas begin unused. A second leg
    with the id of an earlier one of the customer is not charged again (guarantee 4).
    """
    for customer_id, group in groupby(sorted(legs, key=_ORDER), key=attrgetter("customer_id")):
        yield from _rate_customer(customer_id, group, books)


def _rate_customer(customer_id: str, legs: Iterable[BillableLeg], books: Books) -> Iterator[Charge | Unrated]:
    seen: set[str] = set()
    month: Month | None = None
    end_ms = 0
    book: Book | None = None
    used: Used = ()
    for leg in legs:
        if leg.start_ms >= end_ms:
            month = month_of(leg.start_ms)
            end_ms = month.end_ms
            book = books.book(customer_id, month)
            used = unused(book) if book else ()
        if leg.leg_id in seen:
            yield Unrated(leg, Why.TWICE, f"the leg {leg.leg_id} is there twice; the first one was rated")
            continue
        seen.add(leg.leg_id)
        if book is None:
            sentence = f"{customer_id or 'nobody'} has no price model in {month}. Add the customer's terms"
            yield Unrated(leg, Why.NO_TERMS, sentence)
            continue
        result = rate(leg, book, used)
        if isinstance(result, Charge) and result.bundle is not None:
            used = spent(used, result, book)
        yield result
