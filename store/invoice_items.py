"""Prices that are due once, and amounts in a customer's favour, until an invoice takes them (E6, E10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, text

from rating.berlin import Month
from rating.invoice_facts import Credit, OneOff
from rating.money import Money
from store import audit
from store.errors import ItemGone
from store.foreign_errors import database_errors
from store.ledger_tables import invoice_item, invoice_item_use

#: Most items of one reading.
MAX_ITEMS: Final = 10_000
_OPEN: Final = """
SELECT id, customer_id, name, price_ticks, quantity, done_on, noted_at, actor, reason
FROM invoice_item AS item
WHERE (:customer = '' OR customer_id = :customer) AND done_on <= :until AND withdrawn_at IS NULL
    AND NOT EXISTS (
        SELECT FROM invoice_item_use AS used WHERE used.item_id = item.id AND NOT EXISTS (
            SELECT FROM invoice AS credit WHERE credit.corrects = used.number AND credit.scope = 'whole'
        )
    )
ORDER BY customer_id, done_on, id LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class Item:
    """Something for the next invoice. `price`: net of one, negative in the customer's favour.

    `done_on`: the day of the service, which decides the VAT and the first month whose invoice takes it.
    """

    id: int
    customer_id: str
    name: str
    price: Money
    quantity: int
    done_on: date
    noted_at: datetime
    actor: str
    reason: str

    def fact(self) -> OneOff | Credit:
        """As an invoice is made from it."""
        if self.price.ticks < 0:
            return Credit(self.name, -self.price, self.done_on, self.quantity)
        return OneOff(self.name, self.price, self.done_on, self.quantity)


class InvoiceItems:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, customer_id: str = "") -> tuple[Item, ...]:
        """Items that wait, of one customer or of all."""
        with database_errors("reading items for invoices"), self._engine.connect() as connection:
            return tuple(open_items(connection, customer_id, date.max))

    def add(
        self, customer_id: str, name: str, price: Money, quantity: int, done_on: date, *, actor: str,
        reason: str,
    ) -> int:  # fmt: skip
        """Note one with its entry in the audit; its number."""
        values = {
            "customer_id": customer_id, "name": name, "price_ticks": price.ticks, "quantity": quantity,
            "done_on": done_on, "actor": actor, "reason": reason,
        }  # fmt: skip
        with database_errors(f"noting {name[:40]} for {customer_id}"), self._engine.begin() as connection:
            made = insert(invoice_item).values(values).returning(invoice_item.c.id)
            number = int(connection.execute(made).scalar_one())
            details = {"customer": customer_id, "name": name, "price": str(price), "quantity": quantity}
            _audit(connection, "invoice.item-add", number, actor, details | {"reason": reason})
            return number

    def withdraw(self, number: int, *, actor: str, reason: str) -> Item:
        """Take one back that no invoice has. Raises ItemGone."""
        with database_errors(f"withdrawing item {number}"), self._engine.begin() as connection:
            locked = select(invoice_item.c.customer_id).where(invoice_item.c.id == number).with_for_update()
            customer_id = connection.scalar(locked)
            open_ones = open_items(connection, customer_id, date.max) if customer_id else ()
            found = next((each for each in open_ones if each.id == number), None)
            if found is None:
                raise ItemGone(
                    f"item {number}", "it is on an invoice, was withdrawn, or never was",
                    "See `fernamt invoice item list`; what is on an invoice is corrected by a credit note",
                )  # fmt: skip
            connection.execute(
                text("UPDATE invoice_item SET withdrawn_at = now(), withdrawn_by = :actor WHERE id = :id"),
                {"actor": actor, "id": number},
            )
            _audit(connection, "invoice.item-withdraw", number, actor, {"reason": reason})
            return found


def open_items(connection: Connection, customer_id: str, until: date) -> Iterator[Item]:
    """Items of services until a day that no invoice has."""
    values = {"customer": customer_id, "until": until, "most": MAX_ITEMS}
    for row in connection.execute(text(_OPEN), values).mappings():
        known = {name: value for name, value in row.items() if name != "price_ticks"}
        yield Item(**known, price=Money.of_ticks(row["price_ticks"], "EUR"))


def items_of_month(connection: Connection, customer_id: str, month: Month) -> tuple[Item, ...]:
    """Those that the month's invoice takes."""
    return tuple(open_items(connection, customer_id, month.last_day))


def write_used(connection: Connection, number: str, items: Iterable[Item]) -> None:
    """Keep which items an invoice has taken."""
    rows = [{"item_id": each.id, "number": number} for each in items]
    if rows:
        connection.execute(insert(invoice_item_use), rows)


def _audit(connection: Connection, action: str, number: int, actor: str, details: dict[str, Any]) -> None:
    audit.record(
        connection, actor=actor, action=action, object_kind="invoice-item", object_id=str(number),
        details=details,
    )  # fmt: skip
