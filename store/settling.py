"""What is open of invoices, and what settles it: rows of all transactions about claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, insert, text

from rating.bank_matching import Owed
from rating.invoice import Invoice
from rating.money import CENT, Money
from store.claim_tables import settlement

#: pg_advisory_xact_lock key of whoever settles claims: "claims" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"claims")
_LOCK_WAIT_S: Final = 120
_STATEMENT_LIMIT_S: Final = 300
#: Invoices with what is open of them: gross, less its credit notes, less what settled it.
OPEN: Final = """
SELECT i.number, i.customer_id, i.month, i.issued_on, i.gross_cents, (
    i.gross_cents
    - coalesce((SELECT sum(credit.gross_cents) FROM invoice AS credit WHERE credit.corrects = i.number), 0)
    - coalesce((SELECT sum(s.cents) FROM settlement AS s WHERE s.number = i.number), 0)
)::bigint AS open_cents
FROM invoice AS i
WHERE i.kind = 'invoice'
"""


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice and what is open of it; below 0 there is a credit."""

    number: str
    customer_id: str
    month: date
    issued_on: date
    gross_cents: int
    open_cents: int

    @property
    def owed(self) -> Owed:
        """For matching."""
        return Owed(self.number, self.customer_id, euro(self.open_cents))


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settles an invoice by so many cents; negative opens it again."""

    number: str
    kind: str
    cents: int
    settled_on: date
    end_to_end: str | None = None
    bank_line: str | None = None


def patiently(connection: Connection) -> None:
    """In this transaction statements may take long, and wait long: claims of many customers."""
    connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT_S}s'"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT_S}s'"))


def lock(connection: Connection) -> None:
    """Wait until nobody else settles claims, as long as an export may take; until the transaction's end."""
    patiently(connection)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def euro(cents: int) -> Money:
    """Whole cents as an amount."""
    return Money(Decimal(cents).scaleb(-2))


def cents_of(amount: Money) -> int:
    """An amount of whole cents; raise ValueError for others."""
    whole, rest = divmod(amount.ticks, CENT)
    if rest or amount.currency != "EUR":
        raise ValueError(f"{amount} is no amount of whole cents")
    return whole


def open_invoices(connection: Connection, numbers: Sequence[str]) -> Mapping[str, OpenInvoice]:
    """Those of these invoices that there are, by number."""
    rows = connection.execute(text(f"{OPEN} AND i.number = ANY(:numbers)"), {"numbers": list(numbers)})
    return {row.number: OpenInvoice(*row) for row in rows}


def unpaid_of(connection: Connection, customer_id: str) -> tuple[OpenInvoice, ...]:
    """A customer's invoices with something to pay, oldest first."""
    wanted = f"SELECT * FROM ({OPEN} AND i.customer_id = :customer) AS every WHERE open_cents > 0"  # noqa: S608
    rows = connection.execute(text(f"{wanted} ORDER BY issued_on, number"), {"customer": customer_id})
    return tuple(OpenInvoice(*row) for row in rows)


def write(connection: Connection, entry_id: int | None, rows: Iterable[Settlement]) -> None:
    """Settlements of one entry of the ledger; the database refuses those without."""
    made: list[dict[str, Any]] = [
        {
            "number": each.number,
            "kind": each.kind,
            "cents": each.cents,
            "settled_on": each.settled_on,
            "end_to_end": each.end_to_end,
            "bank_line": each.bank_line,
            "entry_id": entry_id,
        }
        for each in rows
    ]
    if made:
        connection.execute(insert(settlement), made)


def set_off(connection: Connection, made: Invoice, customer_id: str) -> None:
    """What a new invoice sets off comes from the customer's credits, the oldest first; no money moves."""
    left = cents_of(made.set_off)
    if not left:
        return
    wanted = f"SELECT * FROM ({OPEN} AND i.customer_id = :customer) AS every WHERE open_cents < 0"  # noqa: S608
    rows = connection.execute(text(f"{wanted} ORDER BY issued_on, number"), {"customer": customer_id})
    parts: list[Settlement] = []
    for each in (OpenInvoice(*row) for row in rows):
        part = min(left, -each.open_cents)
        parts.append(Settlement(each.number, "set_off", -part, made.issued_on))
        left -= part
        if not left:
            break
    used = -sum(each.cents for each in parts)
    if used:
        entry = connection.scalar(
            text("SELECT entry_id FROM invoice WHERE number = :number"), {"number": made.number}
        )
        write(connection, entry, [*parts, Settlement(made.number, "set_off", used, made.issued_on)])
