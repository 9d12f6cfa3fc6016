"""What customers owe, dispute, and have not paid for two months: pure rules on dated facts (E10, E11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from rating.berlin import Month
from rating.invoice import Invoice, total, vat_lines
from rating.money import Money

#: TKG § 67(1), TC 12.1: eight weeks after the invoice arrived.
OBJECTION_DAYS: Final = 56
#: TDDDG § 10(2): billing data at most six months after the invoice was sent, longer while a dispute is open.
DATA_MONTHS: Final = 6
#: TC 17: unpaid months that allow an extraordinary end.
UNPAID_MONTHS: Final = 2


@dataclass(frozen=True, slots=True)
class Objection:
    """A customer's objection to positions of an invoice; `settled_on` None: open. No positions: all of it."""

    invoice_number: str
    raised_on: date
    positions: frozenset[int]
    reason: str
    settled_on: date | None = None


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is not paid of an invoice. `disputed`: the part that an open objection holds."""

    customer_id: str
    invoice_number: str
    month: Month
    due_on: date
    unpaid: Money
    disputed: Money


@dataclass(frozen=True, slots=True)
class Unpaid:
    """A customer that owes undisputed amounts of at least two months."""

    customer_id: str
    months: tuple[Month, ...]
    owed: Money


def is_in_time(received_on: date, raised_on: date) -> bool:
    """Whether an objection came within eight weeks; the day of receipt does not count (BGB § 187)."""
    return received_on <= raised_on <= received_on + timedelta(days=OBJECTION_DAYS)


def disputed(invoice: Invoice, objections: Iterable[Objection], today: date) -> Money:
    """The gross part of an invoice that open objections hold: it is neither debited nor dunned.

    The tax of the disputed lines is that of their sum; the whole invoice is disputed to the cent.
    """
    open_ones = [
        each
        for each in objections
        if each.invoice_number == invoice.number and (each.settled_on is None or each.settled_on > today)
    ]
    if any(not each.positions for each in open_ones):
        return invoice.gross
    positions = frozenset[int]().union(*(each.positions for each in open_ones))
    if len(positions) == len(invoice.lines):
        return invoice.gross
    parts = vat_lines(each for each in invoice.lines if each.position in positions)
    return total(each.net + each.tax for each in parts)


def data_until(sent_on: date, objections: Iterable[Objection]) -> date | None:
    """The last day on which billing data of an invoice may be kept; None: as long as an objection is open."""
    months = Month(sent_on.year, sent_on.month)
    for _ in range(DATA_MONTHS):
        months = months.next
    last = min(date.fromordinal(months.first_day.toordinal() + sent_on.day - 1), months.last_day)
    for each in objections:
        if each.settled_on is None:
            return None
        last = max(last, each.settled_on)
    return last


def unpaid_for_two_months(items: Iterable[OpenItem], today: date) -> tuple[Unpaid, ...]:
    """Customers whose contract may be ended: undisputed, overdue amounts of two different months (E11)."""
    owed: dict[str, list[OpenItem]] = {}
    for each in items:
        if each.due_on < today and each.disputed < each.unpaid:
            owed.setdefault(each.customer_id, []).append(each)
    found = []
    for customer_id, overdue in sorted(owed.items()):
        months = sorted({each.month for each in overdue}, key=lambda each: each.first_day)
        if len(months) >= UNPAID_MONTHS:
            amount = total(each.unpaid - each.disputed for each in overdue)
            found.append(Unpaid(customer_id, tuple(months), amount))
    return tuple(found)
