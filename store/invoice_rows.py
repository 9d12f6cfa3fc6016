"""Issued invoices as rows: found, numbered without gaps, written with their entry in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from rating.berlin import Month
from rating.invoice import Invoice, Kind
from rating.invoice_compose import is_usage
from rating.invoice_credit import Parts
from rating.money import CENT, Money
from store.errors import InvoiceUnknown
from store.ledger import Account, EntryKind, Posting, post
from store.ledger_tables import credited_line, invoice, invoice_line, number_sequence

WHOLE: Final = "whole"
PART: Final = "part"
_SEQUENCES: Final = {Kind.INVOICE: ("invoice", "R"), Kind.CREDIT_NOTE: ("credit_note", "G")}
_KINDS: Final = {Kind.INVOICE: "invoice", Kind.CREDIT_NOTE: "credit_note"}


@dataclass(frozen=True, slots=True)
class Issued:
    """An issued invoice or credit note; `document` is its JSON. `credited_by`: the note for the whole of it.

    `scope`: of a credit note, whole or part. `set_off_cents`: what earlier credit has paid of an invoice.
    """

    number: str
    kind: str
    corrects: str | None
    scope: str
    customer_id: str
    month: date
    issued_on: date
    net_cents: int
    vat_cents: int
    gross_cents: int
    set_off_cents: int
    document: str
    credited_by: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """An invoice with its number, and its JSON."""

    invoice: Invoice
    document: str


@dataclass(frozen=True, slots=True)
class Correcting:
    """What a credit note corrects; `parts` None: the whole invoice, as it is."""

    number: str
    scope: str
    parts: Parts | None


def issued(
    connection: Connection, *, customer_id: str | None = None, month: Month | None = None, number: str = ""
) -> Iterator[Issued]:
    """Documents, oldest first."""
    credit = invoice.alias("credit")
    columns = (invoice.c[name] for name in Issued.__dataclass_fields__ if name != "credited_by")
    query = select(*columns, credit.c.number.label("credited_by"))
    query = query.outerjoin_from(
        invoice, credit, (credit.c.corrects == invoice.c.number) & (credit.c.scope == WHOLE)
    )
    if customer_id is not None:
        query = query.where(invoice.c.customer_id == customer_id)
    if month is not None:
        query = query.where(invoice.c.month == month.first_day)
    if number:
        query = query.where(invoice.c.number == number)
    for row in connection.execute(query.order_by(invoice.c.issued_on, invoice.c.number)).mappings():
        yield Issued(**row)


def find(connection: Connection, number: str) -> Issued:
    """Raise InvoiceUnknown."""
    found = next(issued(connection, number=number or "-"), None)
    if found is None:
        raise InvoiceUnknown(
            f"invoice {number[:40]}", "there is none", "See `fernamt invoice list --month` for numbers"
        )
    return found


def credited(connection: Connection, number: str) -> dict[int, Money]:
    """Net amounts by position that credit notes have given back of an invoice."""
    notes = select(credited_line.c.position, credited_line.c.net_cents).join(
        invoice, invoice.c.number == credited_line.c.number
    )
    found: dict[int, Money] = {}
    for position, cents in connection.execute(notes.where(invoice.c.corrects == number)):
        amount = Money.of_ticks(int(cents) * CENT, "EUR")
        found[position] = found[position] + amount if position in found else amount
    return found


def next_number(connection: Connection, kind: Kind, year: int) -> str:
    """The next number of the year. The row stays locked until the end, so that none is ever missing."""
    sequence, letter = _sequence(connection, kind, year)
    taken = connection.scalar(
        text("UPDATE number_sequence SET next = next + 1 WHERE name = :name RETURNING next - 1"),
        {"name": sequence},
    )
    return f"{letter}{year}-{taken:06}"


def numbers_up_to(connection: Connection, kind: Kind, year: int, last: int) -> int:
    """How many up to this one were not given yet; nobody gives one until the end."""
    sequence, _ = _sequence(connection, kind, year)
    mine = text("SELECT next FROM number_sequence WHERE name = :name FOR UPDATE")
    return max(0, last + 1 - int(connection.execute(mine, {"name": sequence}).scalar_one()))


def _sequence(connection: Connection, kind: Kind, year: int) -> tuple[str, str]:
    """Its row, made where it is not there yet, and the letter of its numbers."""
    name, letter = _SEQUENCES[kind]
    sequence = f"{name}-{year}"
    connection.execute(upsert(number_sequence).values(name=sequence, next=1).on_conflict_do_nothing())
    return sequence, letter


def claim(made: Invoice, customer_id: str, month: Month) -> Iterator[Posting]:
    """What the customer owes against revenue and tax; of a credit note what the customer gets."""
    sign = -1 if made.kind is Kind.CREDIT_NOTE else 1
    yield Posting(Account.RECEIVABLE, customer_id, month.first_day, "EUR", sign * made.gross.ticks)
    yield Posting(Account.VAT, None, None, "EUR", -sign * made.tax.ticks)
    usage = sum(each.net.ticks for each in made.lines if is_usage(each.name))
    yield Posting(Account.USAGE, None, None, "EUR", -sign * usage)
    yield Posting(Account.FEES, None, None, "EUR", -sign * (made.net.ticks - usage))


def write(
    connection: Connection, made: Made, customer_id: str, month: Month, postings: Sequence[Posting],
    corrects: Correcting | None = None,
) -> None:  # fmt: skip
    """The document with its lines and its entry in the ledger."""
    found = made.invoice
    kind = _KINDS[found.kind]
    entry = post(connection, EntryKind(kind), found.number, postings)
    connection.execute(
        insert(invoice).values(
            number=found.number,
            kind=kind,
            corrects=corrects.number if corrects else None,
            scope=corrects.scope if corrects else WHOLE,
            customer_id=customer_id,
            month=month.first_day,
            issued_on=found.issued_on,
            net_cents=cents(found.net),
            vat_cents=cents(found.tax),
            gross_cents=cents(found.gross),
            set_off_cents=cents(found.set_off),
            document=made.document,
            sha256=hashlib.sha256(made.document.encode()).digest(),
            entry_id=entry,
        )
    )
    lines: list[dict[str, Any]] = [
        {
            "number": found.number,
            "position": each.position,
            "kind": "usage" if is_usage(each.name) else "fee",
            "name": each.name[:1000],
            "net_cents": cents(each.net),
        }
        for each in found.lines
    ]
    connection.execute(insert(invoice_line), lines)
    if corrects is not None:
        _write_credited(connection, found, corrects)


def _write_credited(connection: Connection, note: Invoice, corrects: Correcting) -> None:
    given_back = (
        {each.position: each.net for each in note.lines} if corrects.parts is None else dict(corrects.parts)
    )
    rows = [
        {"number": note.number, "position": position, "net_cents": cents(amount)}
        for position, amount in given_back.items()
    ]
    connection.execute(insert(credited_line), rows)


def unbilled_again(connection: Connection, number: str) -> Iterator[Posting]:
    """What an invoice took from the unbilled usage, back again."""
    rows = connection.execute(
        text(
            "SELECT account, customer_id, month, currency, ticks FROM ledger_posting"
            " WHERE account = 'unbilled'"
            " AND entry_id = (SELECT entry_id FROM invoice WHERE number = :number) ORDER BY line"
        ),
        {"number": number},
    )
    for row in rows:
        yield Posting(Account(row.account), row.customer_id, row.month, row.currency, -row.ticks)
        yield Posting(Account.USAGE, None, None, row.currency, row.ticks)


def cents(amount: Money) -> int:
    """Whole cents; ValueError for anything else."""
    whole, rest = divmod(amount.ticks, CENT)
    if rest:
        raise ValueError(f"{amount} has more than two decimals")
    return whole
