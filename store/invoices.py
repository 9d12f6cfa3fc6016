"""Issued invoices and what they are made from: usage out of charges, users, numbers without gaps, the ledger.

Drafts are not stored: they are made from what is there, the same each time. An issued invoice never changes;
what was wrong is credited as a whole and invoiced anew, or credited in part (E10).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, select, text

from rating.berlin import Month
from rating.invoice import Kind
from rating.invoice_credit import Parts
from rating.invoice_facts import Late, Usage
from rating.money import Money
from store import audit, settling
from store.errors import InvoiceBlocked, InvoiceExists
from store.foreign_errors import database_errors
from store.invoice_items import Item, items_of_month, write_used
from store.invoice_rows import (
    PART,
    WHOLE,
    Correcting,
    Issued,
    Made,
    claim,
    credited,
    find,
    issued,
    next_number,
    unbilled_again,
    write,
)
from store.invoice_usage import Unbilled, open_legs, unbilled, write_billed
from store.ledger import Account, Posting
from store.ledger_tables import invoice
from store.rating_shares import lock
from store.return_fees import ReturnFee, bill_fees, unbill_fees, unbilled_fees

__all__ = ["Due", "Invoices", "Issued", "Made", "refuse_open"]

#: Legs that a message names.
_SHOWN: Final = 5
#: A month of one very large customer.
_STATEMENT_LIMIT_S: Final = 300
_LEDGER: Final = """
SELECT month, currency, sum(ticks)::bigint FROM ledger_posting
WHERE customer_id = :customer AND account = 'unbilled'
GROUP BY 1, 2 HAVING sum(ticks) <> 0 ORDER BY 1, 2
"""
_BALANCE: Final = """
SELECT coalesce(sum(ticks), 0)::bigint FROM ledger_posting
WHERE customer_id = :customer AND account = 'receivable' AND currency = 'EUR'
"""
_ANY_BEFORE: Final = """
SELECT EXISTS (
    SELECT FROM invoice WHERE customer_id = :customer AND month < :month AND kind = 'invoice' AND NOT EXISTS (
        SELECT FROM invoice AS credit WHERE credit.corrects = invoice.number AND credit.scope = 'whole'
    )
)
"""
_QUOTA_CUT: Final = """
SELECT coalesce(true = ANY(cut), false) FROM rating_month WHERE customer_id = :customer AND month = :month
"""
#: Who may get an invoice of a month: who was in the configuration then or is now, who has usage of it, usage
#: of the year before it that came late, or an item that waits.
_CUSTOMERS: Final = """
SELECT item.id FROM config_item AS item JOIN config_version AS came ON came.version = item.from_version
LEFT JOIN config_version AS went ON went.version = item.until_version
WHERE item.kind = 'customer' AND (went.applied_at IS NULL OR (
    came.applied_at < to_timestamp(:end_ms / 1000.0) AND went.applied_at >= to_timestamp(:start_ms / 1000.0)
))
UNION SELECT customer_id FROM ledger_posting WHERE month = :month AND customer_id IS NOT NULL
UNION (
    SELECT customer_id FROM ledger_posting
    WHERE account = 'unbilled' AND month < :month AND month >= :month - interval '1 year'
    GROUP BY customer_id, month, currency HAVING sum(ticks) <> 0
)
UNION SELECT customer_id FROM invoice_item WHERE withdrawn_at IS NULL AND done_on <= :last_day
    AND NOT EXISTS (SELECT FROM invoice_item_use WHERE item_id = invoice_item.id)
"""


@dataclass(frozen=True, slots=True)
class Due:
    """What an invoice is made from, besides the contract: usage of the month, of earlier months that came
    late, items that wait, what the customer owes before it (negative: credit), return-debit fees."""

    usage: tuple[Usage, ...]
    late: tuple[Late, ...]
    items: tuple[Item, ...]
    balance: Money
    fees: tuple[ReturnFee, ...] = ()


class Invoices:
    """All methods raise DatabaseError's and BillingError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_legs(self, customer_id: str, month: Month) -> tuple[str, ...]:
        """Legs of the month that are not rated: as long as there are some, nothing is issued."""
        with database_errors("looking for unrated legs"), self._engine.connect() as connection:
            return open_legs(connection, customer_id, month)

    def due(self, customer_id: str, month: Month) -> Due:
        """What the month's invoice would be made from now."""
        with database_errors("adding up charges"), self._engine.connect() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            return _due(connection, customer_id, month)[0]

    def quota_used_up(self, customer_id: str, month: Month) -> bool:
        """Whether a call of the month was not covered by its quota, or not as a whole."""
        values = {"customer": customer_id, "month": month.first_day}
        with database_errors("reading quotas"), self._engine.connect() as connection:
            return bool(connection.scalar(text(_QUOTA_CUT), values))

    def customers(self, month: Month) -> frozenset[str]:
        """Customers who may get an invoice of the month; many of them have no line on it."""
        values = {
            "month": month.first_day, "last_day": month.last_day, "start_ms": month.start_ms,
            "end_ms": month.end_ms,
        }  # fmt: skip
        with database_errors("looking for customers to invoice"), self._engine.connect() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT_S}s'"))
            return frozenset(connection.scalars(text(_CUSTOMERS), values))

    def invoiced(self, month: Month) -> frozenset[str]:
        """Customers with an invoice for the month that is not credited."""
        with database_errors("reading invoices"), self._engine.connect() as connection:
            return frozenset(
                each.customer_id
                for each in issued(connection, month=month)
                if each.kind == "invoice" and each.credited_by is None
            )

    def unbilled(self, customer_id: str) -> dict[Month, dict[str, int]]:
        """Ticks by month and currency that no invoice has yet."""
        found: dict[Month, dict[str, int]] = {}
        with database_errors("reading the ledger"), self._engine.connect() as connection:
            for day, code, ticks in connection.execute(text(_LEDGER), {"customer": customer_id}):
                found.setdefault(Month(day.year, day.month), {})[code] = int(ticks)
        return found

    def any_before(self, customer_id: str, month: Month) -> bool:
        """Whether an earlier month has an invoice that stands."""
        values = {"customer": customer_id, "month": month.first_day}
        with database_errors("reading invoices"), self._engine.connect() as connection:
            return bool(connection.scalar(text(_ANY_BEFORE), values))

    def of_customer(self, customer_id: str, month: Month | None = None) -> tuple[Issued, ...]:
        """The customer's invoices and credit notes, oldest first."""
        with database_errors("reading invoices"), self._engine.connect() as connection:
            return tuple(issued(connection, customer_id=customer_id, month=month))

    def of_month(self, month: Month, customer_id: str | None = None) -> tuple[Issued, ...]:
        """A month's invoices and credit notes, of all customers or of one, by number."""
        with database_errors(f"reading the invoices of {month}"), self._engine.connect() as connection:
            found = issued(connection, customer_id=customer_id, month=month)
            return tuple(sorted(found, key=lambda each: each.number))

    def numbers(self, month: Month, customer_id: str | None = None) -> tuple[str, ...]:
        """Numbers of a month's invoices and credit notes, in their order."""
        query = select(invoice.c.number).where(invoice.c.month == month.first_day)
        if customer_id is not None:
            query = query.where(invoice.c.customer_id == customer_id)
        with database_errors(f"reading the invoices of {month}"), self._engine.connect() as connection:
            return tuple(connection.scalars(query.order_by(invoice.c.number)))

    def find(self, number: str) -> Issued:
        """Raises InvoiceUnknown."""
        with database_errors(f"reading invoice {number[:40]}"), self._engine.connect() as connection:
            return find(connection, number)

    def issue(
        self, customer_id: str, month: Month, year: int, make: Callable[[str, Due], Made],
        *, actor: str, reason: str = "",
    ) -> Made:  # fmt: skip
        """Number, compose and book the month's invoice in one transaction, with its entry in the audit.

        `make` gets the number and what is due. Raises InvoiceBlocked while a leg of the month is unrated, and
        InvoiceExists when the month was invoiced and not credited; what `make` raises gives the number back.
        """
        place = f"invoice of {customer_id} for {month}"
        with database_errors(place), self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT_S}s'"))
            lock(connection)  # nothing is rated meanwhile
            settling.lock(connection)  # nothing is debited or paid meanwhile
            refuse_open(place, open_legs(connection, customer_id, month))
            _refuse_second(connection, customer_id, month, place)
            due, billed = _due(connection, customer_id, month)
            made = make(next_number(connection, Kind.INVOICE, year), due)
            postings = [*claim(made.invoice, customer_id, month)]
            for (day, currency), ticks in billed.ledger.items():
                postings.append(Posting(Account.UNBILLED, customer_id, day, currency, -ticks))
                postings.append(Posting(Account.USAGE, None, None, currency, ticks))
            write(connection, made, customer_id, month, postings)
            write_billed(connection, made.invoice.number, billed)
            write_used(connection, made.invoice.number, due.items)
            bill_fees(connection, due.fees, made.invoice.number)
            settling.set_off(connection, made.invoice, customer_id)
            _audit(connection, "invoice.issue", made, actor, customer_id, reason)
            return made

    def credit(
        self, number: str, year: int, make: Callable[[str, Issued, Parts], tuple[Made, Parts | None]],
        *, whole: bool, actor: str, reason: str,
    ) -> Made:  # fmt: skip
        """Number, compose and book a credit note; when `whole`, what the invoice billed is unbilled again.

        `make` gets the note's number, the invoice and what was credited of it before, and gives the note with
        the amounts by position (None: all, as it is). Raises InvoiceUnknown, and InvoiceExists when it is
        credited as a whole already or a credit note itself.
        """
        place = f"credit note for {number[:40]}"
        with database_errors(place), self._engine.begin() as connection:
            lock(connection)
            settling.lock(connection)
            found = find(connection, number)
            if found.kind != "invoice" or found.credited_by is not None:
                raise InvoiceExists(
                    place, f"it is a credit note, or was credited by {found.credited_by}", "Nothing is to do"
                )
            given = next_number(connection, Kind.CREDIT_NOTE, year)
            made, parts = make(given, found, credited(connection, number))
            month = Month(found.month.year, found.month.month)
            postings = [*claim(made.invoice, found.customer_id, month)]
            if whole:
                postings += unbilled_again(connection, number)
                unbill_fees(connection, number)
            correcting = Correcting(number, WHOLE if whole else PART, parts)
            write(connection, made, found.customer_id, month, postings, correcting)
            _audit(connection, "invoice.credit", made, actor, found.customer_id, reason)
            return made


def refuse_open(place: str, legs: Sequence[str]) -> None:
    """Raise InvoiceBlocked when there are unrated legs, and name them."""
    if legs:
        more = f" and {len(legs) - _SHOWN} more" if len(legs) > _SHOWN else ""
        raise InvoiceBlocked(
            place,
            f"{len(legs)} legs are not rated: {', '.join(legs[:_SHOWN])}{more}",
            "Run `fernamt rate run`, and see `fernamt rate quarantine list`",
        )


def _refuse_second(connection: Connection, customer_id: str, month: Month, place: str) -> None:
    for each in issued(connection, customer_id=customer_id, month=month):
        if each.kind == "invoice" and each.credited_by is None:
            raise InvoiceExists(
                place, f"{each.number} was issued on {each.issued_on}",
                f"Correct it by `fernamt invoice credit {each.number}`, then issue anew",
            )  # fmt: skip


def _due(connection: Connection, customer_id: str, month: Month) -> tuple[Due, Unbilled]:
    billed = unbilled(connection, customer_id, month)
    balance = connection.scalar(text(_BALANCE), {"customer": customer_id})
    items = items_of_month(connection, customer_id, month)
    owed = Money.of_ticks(int(balance or 0), "EUR")
    fees = unbilled_fees(connection, customer_id, month.last_day)
    return Due(billed.usage, billed.late, items, owed, fees), billed


def _audit(
    connection: Connection, action: str, made: Made, actor: str, customer_id: str, reason: str
) -> None:
    audit.record(
        connection,
        actor=actor,
        action=action,
        object_kind="invoice",
        object_id=made.invoice.number,
        details={"customer": customer_id, "gross": str(made.invoice.gross), "reason": reason},
    )
