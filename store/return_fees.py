"""Fees for debits that came back by the customer's fault: raised, waived, billed by the next invoice (E9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, Select, select, update

from rating.money import Money
from store import audit
from store.claim_errors import FeeSettled
from store.claim_tables import return_fee
from store.foreign_errors import database_errors
from store.settling import euro, lock


@dataclass(frozen=True, slots=True)
class ReturnFee:
    """A fee. `end_to_end` is the debit that came back, `number` its invoice; `billed_by` the invoice that has
    the fee, `waived` why nobody pays it."""

    end_to_end: str
    number: str
    customer_id: str
    amount: Money
    raised_on: date
    reason: str
    billed_by: str | None
    waived: str | None


def unbilled_fees(connection: Connection, customer_id: str, until: date) -> tuple[ReturnFee, ...]:
    """What an invoice of services until a day has to bill, oldest first."""
    here = (return_fee.c.billed_by.is_(None), return_fee.c.waived.is_(None), return_fee.c.raised_on <= until)
    query = select(return_fee).where(return_fee.c.customer_id == customer_id, *here)
    return _fees(connection, query)


def bill_fees(connection: Connection, fees: Sequence[ReturnFee], number: str) -> None:
    """In the transaction that issues the invoice with them."""
    here = return_fee.c.end_to_end.in_([each.end_to_end for each in fees])
    connection.execute(update(return_fee).where(here).values(billed_by=number))


def unbill_fees(connection: Connection, number: str) -> None:
    """In the transaction that credits the whole of an invoice: its fees go onto the next one."""
    connection.execute(update(return_fee).where(return_fee.c.billed_by == number).values(billed_by=None))


class ReturnFees:
    """All methods raise DatabaseError's and BillingError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def every(self) -> tuple[ReturnFee, ...]:
        """All of them, oldest first."""
        with database_errors("reading return-debit fees"), self._engine.connect() as connection:
            return _fees(connection, select(return_fee))

    def waive(self, end_to_end: str, *, actor: str, reason: str) -> None:
        """Nobody pays the fee. Raises FeeSettled when it is billed, waived, or not there."""
        place = f"fee for the debit {end_to_end[:40]}"
        with database_errors(place), self._engine.begin() as connection:
            lock(connection)
            here = (return_fee.c.billed_by.is_(None), return_fee.c.waived.is_(None))
            change = update(return_fee).where(return_fee.c.end_to_end == end_to_end, *here)
            if connection.execute(change.values(waived=reason)).rowcount != 1:
                raise FeeSettled(
                    place, "there is none that is not billed or waived",
                    "See `fernamt sepa fees`; a billed one is given back by a credit note",
                )  # fmt: skip
            audit.record(
                connection, actor=actor, action="sepa.waive", object_kind="sepa", object_id=end_to_end,
                details={"reason": reason},
            )  # fmt: skip


def _fees(connection: Connection, query: Select[Any]) -> tuple[ReturnFee, ...]:
    rows = connection.execute(query.order_by(return_fee.c.raised_on, return_fee.c.end_to_end))
    return tuple(
        ReturnFee(
            row.end_to_end, row.number, row.customer_id, euro(row.cents), row.raised_on, row.reason,
            row.billed_by, row.waived,
        )
        for row in rows
    )  # fmt: skip
