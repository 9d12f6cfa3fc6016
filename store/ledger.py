"""The ledger: entries whose postings sum to zero. The database checks it, and refuses every change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Connection, Engine, func, insert, select

from store.foreign_errors import database_errors
from store.ledger_tables import ledger_entry, ledger_posting
from store.rating_rows import copy_rows


class Account(StrEnum):
    """Accounts; their German names are in the database."""

    #: What customers used and no invoice has yet.
    UNBILLED = "unbilled"
    #: What customers owe by invoices.
    RECEIVABLE = "receivable"
    USAGE = "usage"
    FEES = "fees"
    VAT = "vat"
    #: Between exact sums and whole cents, and between currencies.
    ROUNDING = "rounding"
    BANK = "bank"
    #: Debits that the bank has and did not credit yet.
    IN_COLLECTION = "in_collection"
    #: What banks take for debits that came back.
    BANK_CHARGES = "bank_charges"


class EntryKind(StrEnum):
    """What happened."""

    USAGE = "usage"
    CORRECTION = "correction"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    RETURN = "return"
    #: Debits handed to the bank, and taken back before it had them.
    COLLECTION = "collection"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry. `ticks`: debits positive, credits negative. No customer: ours."""

    account: Account
    customer_id: str | None
    month: date | None
    currency: str
    ticks: int


def post(connection: Connection, kind: EntryKind, reference: str, postings: Iterable[Posting]) -> int | None:
    """Write an entry in the caller's transaction; its number, None when there is nothing to post.

    Postings of nothing are left out. Raises what the database raises; that they do not sum to zero it says
    when the transaction ends.
    """
    rows = [
        (each.account.value, each.customer_id, each.month, each.currency, each.ticks)
        for each in postings
        if each.ticks
    ]
    if not rows:
        return None
    made = insert(ledger_entry).values(kind=kind.value, reference=reference)
    entry = int(connection.execute(made.returning(ledger_entry.c.id)).scalar_one())
    numbered = ((entry, line, *row) for line, row in enumerate(rows, start=1))
    columns = ("entry_id", "line", "account", "customer_id", "month", "currency", "ticks")
    copy_rows(connection.connection.cursor(), "ledger_posting", columns, numbered)
    return entry


class Ledger:
    """Reading it. All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def balances(self, customer_id: str | None = None) -> dict[tuple[str, str], int]:
        """Ticks by account and currency, of one customer or of everybody; both sides together are zero."""
        posting = ledger_posting.c
        sums = select(posting.account, posting.currency, func.sum(posting.ticks))
        if customer_id is not None:
            sums = sums.where(posting.customer_id == customer_id)
        grouped = sums.group_by(posting.account, posting.currency)
        with database_errors("reading the ledger"), self._engine.connect() as connection:
            return {
                (account, currency): int(ticks) for account, currency, ticks in connection.execute(grouped)
            }
