"""Which invoices were handed over, to whom and when: kept for ever, each time a row (E7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Engine, insert, select

from rating.berlin import Month
from store import audit
from store.foreign_errors import database_errors
from store.ledger_tables import invoice, invoice_sent

#: Rows of one INSERT.
_PORTION: Final = 1_000


class Way(StrEnum):
    """How it left us."""

    EMAIL = "email"
    BOOKKEEPING = "bookkeeping"


@dataclass(frozen=True, slots=True)
class Handover:
    """A document, and to whom it went: an address, or the name of a file."""

    number: str
    way: Way
    recipient: str
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A handover with its moment (UTC) and who did it."""

    number: str
    way: str
    recipient: str
    encrypted: bool
    actor: str
    at: datetime


class SentInvoices:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_number(self, number: str) -> tuple[Sent, ...]:
        """All handovers of a document, oldest first."""
        columns = [invoice_sent.c[name] for name in Sent.__dataclass_fields__]
        query = select(*columns).where(invoice_sent.c.number == number).order_by(invoice_sent.c.id)
        with database_errors(f"reading what was sent of {number[:40]}"), self._engine.connect() as connection:
            return tuple(Sent(**row) for row in connection.execute(query).mappings())

    def of_month(self, month: Month, way: Way) -> frozenset[str]:
        """Numbers of the month's documents that went this way at least once."""
        query = select(invoice_sent.c.number).distinct().join(invoice)
        query = query.where(invoice.c.month == month.first_day, invoice_sent.c.way == way.value)
        with database_errors("reading what was sent"), self._engine.connect() as connection:
            return frozenset(connection.scalars(query))

    def note(self, handovers: Sequence[Handover], *, actor: str, reason: str = "") -> None:
        """Keep what has left us with one entry in the audit, all or none; nothing for none.

        That it was to leave us stands there already.
        """
        if not handovers:
            return
        rows = [
            {
                "number": each.number,
                "way": each.way.value,
                "recipient": each.recipient[:1000],
                "encrypted": each.encrypted,
                "actor": actor,
            }
            for each in handovers
        ]
        first = handovers[0]
        place = f"noting that {first.number} was sent"
        with database_errors(place), self._engine.begin() as connection:
            for start in range(0, len(rows), _PORTION):
                connection.execute(insert(invoice_sent), rows[start : start + _PORTION])
            audit.record(
                connection,
                actor=actor,
                action="invoice.send.done" if first.way is Way.EMAIL else "invoice.export.done",
                object_kind="invoice",
                object_id=first.number,
                details={
                    "documents": len(rows),
                    "last": handovers[-1].number,
                    "recipient": first.recipient[:1000],
                    "encrypted": first.encrypted,
                    "reason": reason,
                },
            )
