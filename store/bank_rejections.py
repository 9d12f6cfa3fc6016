"""Debits that the bank did not take open their claims again; no money moved (E9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from rating.bank import Rejected
from rating.money import Money
from store import audit
from store.claim_tables import sepa_collection
from store.debits import Debit, book
from store.foreign_errors import database_errors
from store.ledger import EntryKind
from store.settling import euro, lock, open_invoices


@dataclass(frozen=True, slots=True)
class Reopened:
    """A claim that is open again, and why."""

    end_to_end: str
    invoice_number: str
    customer_id: str
    amount: Money
    reason: str


@dataclass(slots=True)
class RejectionsTaken:
    """`known`: debits that came back before; `problems`: what a person must look at."""

    reopened: list[Reopened] = field(default_factory=list)
    known: int = 0
    problems: list[str] = field(default_factory=list)


class BankRejections:
    """Raises DatabaseError's and BillingError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, file: str, rejected: Sequence[Rejected], on: date, *, actor: str) -> RejectionsTaken:
        """All of a report or nothing of it, with an entry in the audit; told again it changes nothing."""
        done = RejectionsTaken()
        with database_errors(f"importing {file}"), self._engine.begin() as connection:
            lock(connection)
            for each in rejected:
                _take(connection, each, on, done)
            details = {"rejected": len(done.reopened), "known": done.known, "problems": len(done.problems)}
            audit.record(
                connection, actor=actor, action="sepa.reject", object_kind="sepa", object_id=file[:200],
                details=details,
            )  # fmt: skip
        return done


def _take(connection: Connection, rejected: Rejected, on: date, done: RejectionsTaken) -> None:
    columns = [sepa_collection.c[name] for name in Debit.__dataclass_fields__]
    states = (sepa_collection.c.credited_on, sepa_collection.c.back_on)
    rows = connection.execute(select(*columns, *states).where(_here(rejected))).all()
    if not rows:
        what = rejected.end_to_end or rejected.batch or rejected.run
        done.problems.append(f"{what} of the file {rejected.run} is no debit of ours")
    for row in rows:
        *facts, credited_on, back_on = row
        debit = Debit(*facts)
        if back_on is not None:
            done.known += 1
        elif credited_on is not None:
            done.problems.append(
                f"{debit.end_to_end} was credited on {credited_on}: the statement says what becomes of it"
            )
        else:
            _reopen(connection, debit, rejected.reason, on)
            amount = euro(debit.cents)
            reopened = Reopened(debit.end_to_end, debit.number, debit.customer_id, amount, rejected.reason)
            done.reopened.append(reopened)


def _here(rejected: Rejected) -> Any:
    """The narrowest that the bank names."""
    here = sepa_collection.c.run == rejected.run
    if rejected.batch:
        here &= sepa_collection.c.batch == rejected.batch
    if rejected.end_to_end:
        here &= sepa_collection.c.end_to_end == rejected.end_to_end
    return here


def _reopen(connection: Connection, debit: Debit, reason: str, on: date) -> None:
    known = open_invoices(connection, [debit.number])
    book(connection, [debit], known, EntryKind.WITHDRAWAL, debit.end_to_end, on)
    here = sepa_collection.c.end_to_end == debit.end_to_end
    connection.execute(update(sepa_collection).where(here).values(back_on=on, back_reason=reason))
