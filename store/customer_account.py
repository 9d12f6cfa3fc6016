"""A customer's account: every claim, credit note, payment and return of the ledger, with the balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, text

from store.foreign_errors import database_errors

#: Most movements of one reading: those of decades.
MAX_MOVEMENTS: Final = 10_000
_MOVEMENTS: Final = text("""
    SELECT entry.at, entry.kind, entry.reference, sum(posting.ticks)::bigint AS ticks
    FROM ledger_posting AS posting JOIN ledger_entry AS entry ON entry.id = posting.entry_id
    WHERE posting.customer_id = :customer AND posting.account = 'receivable' AND posting.currency = 'EUR'
    GROUP BY entry.id ORDER BY entry.id LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Movement:
    """An entry on the account. `ticks`: positive where the customer owes more; `balance` after it.

    `kind` is that of the ledger's entry; `reference`: the document's number, or the bank's words. UTC.
    """

    at: datetime
    kind: str
    reference: str
    ticks: int
    balance: int


def movements(engine: Engine, customer_id: str) -> tuple[Movement, ...]:
    """Oldest first. Raise DatabaseError's children."""
    values = {"customer": customer_id, "most": MAX_MOVEMENTS}
    found: list[Movement] = []
    balance = 0
    with database_errors(f"reading the account of {customer_id}"), engine.connect() as connection:
        for at, kind, reference, ticks in connection.execute(_MOVEMENTS, values):
            balance += int(ticks)
            found.append(Movement(at, kind, reference, int(ticks), balance))
    return tuple(found)
