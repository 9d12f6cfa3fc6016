"""What customers owe and dispute: open items, and objections with all that they hold (E10, E11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, text, update

from store import audit
from store.claim_errors import ObjectionSettled
from store.claim_tables import objection
from store.errors import InvoiceUnknown
from store.foreign_errors import database_errors
from store.ledger_tables import invoice
from store.settling import OPEN, OpenInvoice, lock, patiently

_ITEMS: Final = f"""
SELECT every.*,
    coalesce((invoice.document::jsonb -> 'payment' ->> 'due_on')::date, every.issued_on) AS due_on,
    invoice.document::jsonb -> 'payment' ->> 'means' AS means,
    (SELECT c.back_reason FROM sepa_collection AS c WHERE c.number = every.number
        AND c.back_reason <> 'withdrawn' ORDER BY c.due_on DESC, c.end_to_end DESC LIMIT 1) AS came_back
FROM ({OPEN}) AS every JOIN invoice USING (number)
WHERE open_cents <> 0 AND (CAST(:customer AS text) IS NULL OR every.customer_id = :customer)
ORDER BY every.customer_id, every.month, every.number
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """An invoice that is not settled. `means`: how it is paid (UNTDID 4461); `came_back`: why a debit did."""

    invoice: OpenInvoice
    due_on: date
    means: str
    came_back: str | None


@dataclass(frozen=True, slots=True)
class StoredObjection:
    """An objection; no positions: to all of the invoice. Open until `settled_on`."""

    id: int
    number: str
    customer_id: str
    month: date
    raised_on: date
    positions: tuple[int, ...]
    reason: str
    actor: str
    settled_on: date | None
    outcome: str | None
    answer: str | None


_COLUMNS: Final = tuple(objection.c[name] for name in StoredObjection.__dataclass_fields__)


class Claims:
    """All methods raise DatabaseError's and BillingError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_claims(self, customer_id: str | None = None) -> tuple[OpenClaim, ...]:
        """What is not settled, of one customer or of all; credits are below 0."""
        with database_errors("reading open items"), self._engine.connect() as connection:
            patiently(connection)
            rows = connection.execute(text(_ITEMS), {"customer": customer_id})
            return tuple(OpenClaim(OpenInvoice(*row[:6]), *row[6:]) for row in rows)

    def documents(self, numbers: list[str]) -> dict[str, str]:
        """The stored JSON of invoices, by number."""
        query = select(invoice.c.number, invoice.c.document).where(invoice.c.number.in_(numbers))
        with database_errors("reading invoices"), self._engine.connect() as connection:
            return {row.number: row.document for row in connection.execute(query)}

    def objections(
        self, *, number: str | None = None, only_open: bool = False
    ) -> tuple[StoredObjection, ...]:
        """To one invoice or to all, oldest first."""
        query = select(*_COLUMNS).order_by(objection.c.raised_on, objection.c.id)
        if number is not None:
            query = query.where(objection.c.number == number)
        if only_open:
            query = query.where(objection.c.settled_on.is_(None))
        with database_errors("reading objections"), self._engine.connect() as connection:
            return tuple(_stored(row) for row in connection.execute(query).mappings())

    def object(
        self, number: str, raised_on: date, positions: frozenset[int], *, actor: str, reason: str
    ) -> StoredObjection:
        """Keep an objection: from now on what it disputes is held. Raises InvoiceUnknown."""
        place = f"objection to {number[:40]}"
        with database_errors(place), self._engine.begin() as connection:
            lock(connection)
            found = connection.execute(select(invoice).where(invoice.c.number == number)).one_or_none()
            if found is None or found.kind != "invoice":
                raise InvoiceUnknown(place, "there is no such invoice", "See `fernamt customer open`")
            row = {
                "number": number,
                "customer_id": found.customer_id,
                "month": found.month,
                "raised_on": raised_on,
                "positions": sorted(positions),
                "reason": reason,
                "actor": actor,
            }
            made = connection.execute(insert(objection).values(row).returning(*_COLUMNS)).mappings().one()
            stored = _stored(made)
            details = {"positions": sorted(positions), "raised_on": str(raised_on), "reason": reason}
            _audit(connection, "invoice.object", actor, number, {"objection": stored.id, **details})
            return stored

    def settle(self, id_: int, on: date, outcome: str, *, actor: str, answer: str) -> StoredObjection:
        """End an objection: what it held is due, or credited by a note. Raises ObjectionSettled."""
        place = f"objection {id_}"
        with database_errors(place), self._engine.begin() as connection:
            lock(connection)
            change = update(objection).where(objection.c.id == id_, objection.c.settled_on.is_(None))
            values = {"settled_on": on, "outcome": outcome, "answer": answer}
            made = connection.execute(change.values(values).returning(*_COLUMNS)).mappings().one_or_none()
            if made is None:
                raise ObjectionSettled(
                    place, "there is none that is open", "See `fernamt invoice objections`"
                )
            stored = _stored(made)
            details = {"objection": id_, "outcome": outcome, "answer": answer}
            _audit(connection, "invoice.settle", actor, stored.number, details)
            return stored


def _stored(row: Mapping[Any, Any]) -> StoredObjection:
    values = {name: row[name] for name in StoredObjection.__dataclass_fields__}
    return StoredObjection(**{**values, "positions": tuple(row["positions"])})


def _audit(connection: Connection, action: str, actor: str, number: str, details: Mapping[str, Any]) -> None:
    audit.record(
        connection, actor=actor, action=action, object_kind="invoice", object_id=number, details=details
    )
