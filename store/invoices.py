"""Issued invoices and what they are made from: usage out of charges, users, numbers without gaps, the ledger.

Drafts are not stored: they are made from what is there, the same each time. An issued invoice never changes;
what was wrong is credited as a whole and invoiced anew (E10).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from rating.berlin import DAY_MS, Month
from rating.invoice import Invoice, Kind
from rating.invoice_facts import Group, Usage
from rating.money import CENT, Mode, Money, Rounding, Stage
from rating.price import Zone
from rating.totals import Total
from store import audit
from store.errors import InvoiceBlocked, InvoiceExists, InvoiceUnknown
from store.foreign_errors import database_errors
from store.ledger import Account, EntryKind, Posting, post
from store.ledger_tables import invoice, invoice_line, number_sequence
from store.rating_rows import FACTS
from store.rating_shares import lock

#: Legs that a message names.
_SHOWN: Final = 5
#: A month of one very large customer.
_STATEMENT_LIMIT_S: Final = 300
_SEQUENCES: Final = {Kind.INVOICE: ("invoice", "R"), Kind.CREDIT_NOTE: ("credit_note", "G")}
_KINDS: Final = {Kind.INVOICE: "invoice", Kind.CREDIT_NOTE: "credit_note"}

_FACTS: Final = ", ".join(FACTS)
#: Charges in force of a customer's month, added up. A correction takes the place of what was before it.
_USAGE: Final = f"""
SELECT coalesce(price.zone, ''), now.currency, now.rounding, count(*), sum(now.seconds)::bigint,
    sum(now.bundle_s)::bigint, sum(now.billed_s - now.bundle_s)::bigint, sum(now.ticks)::bigint,
    coalesce(sum(now.cost_ticks) FILTER (WHERE cost.currency = now.currency), 0)::bigint,
    count(*) FILTER (WHERE cost.currency IS DISTINCT FROM now.currency)
FROM (
    SELECT DISTINCT ON (leg_id) * FROM (
        SELECT 0 AS number, {_FACTS} FROM charge WHERE customer_id = :customer AND month = :month
        UNION ALL SELECT number, {_FACTS} FROM charge_correction
            WHERE customer_id = :customer AND month = :month
    ) AS every ORDER BY leg_id, number DESC
) AS now
LEFT JOIN charged_price AS price ON price.id = now.price_id
LEFT JOIN charged_price AS cost ON cost.id = now.cost_price_id
GROUP BY 1, 2, 3
"""  # noqa: S608
_OPEN: Final = """
SELECT leg_id FROM rating_quarantine WHERE customer_id = :customer AND month = :month
UNION SELECT cdr.leg_id FROM rating_due JOIN cdr USING (call_id)
WHERE cdr.customer_id = :customer AND cdr.started_at >= to_timestamp(:first_ms / 1000.0)
    AND cdr.started_at < to_timestamp(:end_ms / 1000.0)
ORDER BY 1
"""
_UNBILLED: Final = """
SELECT currency, sum(ticks)::bigint FROM ledger_posting
WHERE customer_id = :customer AND month = :month AND account = 'unbilled'
GROUP BY currency HAVING sum(ticks) <> 0 ORDER BY currency
"""
#: A number counts as a user while it is in service, also when it is blocked (TC 7.2, 11.8).
_USERS: Final = """
SELECT (extract(epoch FROM at) * 1000)::bigint,
    (to_state IN ('active', 'blocked'))::int - (from_state IN ('active', 'blocked'))::int
FROM number_event WHERE customer_id = :customer AND at < to_timestamp(:end_ms / 1000.0)
    AND (to_state IN ('active', 'blocked')) <> (from_state IN ('active', 'blocked'))
ORDER BY at, id
"""
_CUSTOMERS: Final = """
SELECT DISTINCT customer_id FROM ledger_posting WHERE month = :month AND customer_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Issued:
    """An issued invoice or credit note; `document` is its JSON. `credited_by`: the credit note's number."""

    number: str
    kind: str
    corrects: str | None
    customer_id: str
    month: date
    issued_on: date
    net_cents: int
    vat_cents: int
    gross_cents: int
    document: str
    credited_by: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """An invoice with its number, and its JSON."""

    invoice: Invoice
    document: str


class Invoices:
    """All methods raise DatabaseError's and BillingError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_legs(self, customer_id: str, month: Month) -> tuple[str, ...]:
        """Legs of the month that are not rated: as long as there are some, nothing is issued."""
        with database_errors("looking for unrated legs"), self._engine.connect() as connection:
            return _open_legs(connection, customer_id, month)

    def usage(self, customer_id: str, month: Month) -> tuple[Usage, ...]:
        """The month's charges, added up for the lines of the invoice, in their order."""
        with database_errors("adding up charges"), self._engine.connect() as connection:
            return _usage(connection, customer_id, month)

    def user_events(self, customer_id: str, month: Month) -> tuple[tuple[int, int], ...]:
        """(ms since 1970, +1 or -1) of the customer's numbers, until the month's end."""
        values = {"customer": customer_id, "end_ms": month.end_ms}
        with database_errors("reading the number inventory"), self._engine.connect() as connection:
            return tuple((int(ms), int(change)) for ms, change in connection.execute(text(_USERS), values))

    def customers_with_usage(self, month: Month) -> tuple[str, ...]:
        """Customers of whom something stands in the ledger for the month."""
        with database_errors("reading the ledger"), self._engine.connect() as connection:
            return tuple(sorted(connection.scalars(text(_CUSTOMERS), {"month": month.first_day})))

    def invoiced(self, month: Month) -> frozenset[str]:
        """Customers with an invoice for the month that is not credited."""
        with database_errors("reading invoices"), self._engine.connect() as connection:
            return frozenset(
                each.customer_id
                for each in _issued(connection, month=month)
                if each.kind == "invoice" and each.credited_by is None
            )

    def unbilled(self, customer_id: str, month: Month) -> dict[str, int]:
        """Ticks by currency that no invoice has yet."""
        values = {"customer": customer_id, "month": month.first_day}
        with database_errors("reading the ledger"), self._engine.connect() as connection:
            return {code: int(ticks) for code, ticks in connection.execute(text(_UNBILLED), values)}

    def of_customer(self, customer_id: str, month: Month | None = None) -> tuple[Issued, ...]:
        """The customer's invoices and credit notes, oldest first."""
        with database_errors("reading invoices"), self._engine.connect() as connection:
            return tuple(_issued(connection, customer_id=customer_id, month=month))

    def of_month(self, month: Month, customer_id: str | None = None) -> tuple[Issued, ...]:
        """A month's invoices and credit notes, of all customers or of one, by number."""
        with database_errors(f"reading the invoices of {month}"), self._engine.connect() as connection:
            found = _issued(connection, customer_id=customer_id, month=month)
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
            return _find(connection, number)

    def issue(
        self, customer_id: str, month: Month, year: int, make: Callable[[str, Sequence[Usage]], Made],
        *, actor: str, reason: str = "",
    ) -> Made:  # fmt: skip
        """Number, compose and book the month's invoice in one transaction, with its entry in the audit.

        `make` gets the number and the usage. Raises InvoiceBlocked while a leg of the month is unrated, and
        InvoiceExists when the month was invoiced and not credited; what `make` raises gives the number back.
        """
        place = f"invoice of {customer_id} for {month}"
        with database_errors(place), self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT_S}s'"))
            lock(connection)  # nothing is rated meanwhile
            refuse_open(place, _open_legs(connection, customer_id, month))
            for each in _issued(connection, customer_id=customer_id, month=month):
                if each.kind == "invoice" and each.credited_by is None:
                    raise InvoiceExists(
                        place, f"{each.number} was issued on {each.issued_on}",
                        f"Correct it by `fernamt invoice credit {each.number}`, then issue anew",
                    )  # fmt: skip
            made = make(_number(connection, Kind.INVOICE, year), _usage(connection, customer_id, month))
            unbilled = connection.execute(
                text(_UNBILLED), {"customer": customer_id, "month": month.first_day}
            ).all()
            postings = [*_claim(made.invoice, customer_id, month, 1)]
            for currency, ticks in unbilled if made.invoice.gross.ticks else ():
                postings.append(Posting(Account.UNBILLED, customer_id, month.first_day, currency, -ticks))
                postings.append(Posting(Account.USAGE, None, None, currency, ticks))
            _write(connection, made, customer_id, month, None, postings)
            _audit(connection, "invoice.issue", made, actor, customer_id, reason)
            return made

    def credit(
        self, number: str, year: int, make: Callable[[str, Issued], Made], *, actor: str, reason: str
    ) -> Made:
        """Number, compose and book a credit note for the whole of an invoice; its month is unbilled again.

        Raises InvoiceUnknown, and InvoiceExists when it is credited already or a credit note itself.
        """
        place = f"credit note for {number[:40]}"
        with database_errors(place), self._engine.begin() as connection:
            lock(connection)
            found = _find(connection, number)
            if found.kind != "invoice" or found.credited_by is not None:
                raise InvoiceExists(
                    place, f"it is a credit note, or was credited by {found.credited_by}", "Nothing is to do"
                )
            made = make(_number(connection, Kind.CREDIT_NOTE, year), found)
            month = Month(found.month.year, found.month.month)
            postings = [
                *_claim(made.invoice, found.customer_id, month, -1),
                *_unbilled_of(connection, number),
            ]
            _write(connection, made, found.customer_id, month, number, postings)
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


def _open_legs(connection: Connection, customer_id: str, month: Month) -> tuple[str, ...]:
    values = {
        "customer": customer_id, "month": month.first_day, "first_ms": month.start_ms - DAY_MS,
        "end_ms": month.end_ms,
    }  # fmt: skip
    return tuple(connection.scalars(text(_OPEN), values))


def _usage(connection: Connection, customer_id: str, month: Month) -> tuple[Usage, ...]:
    rows = connection.execute(text(_USAGE), {"customer": customer_id, "month": month.first_day})
    found = [
        Usage(Group(Zone(zone).value) if zone else Group.FREE, _total(currency, rounding, sums))
        for zone, currency, rounding, *sums in rows
    ]
    order = list(Group)
    return tuple(
        sorted(
            found,
            key=lambda each: (order.index(each.group), each.total.currency, str(each.total.rounding)),
        )
    )


def _total(currency: str, rounding: str, sums: Sequence[int]) -> Total:
    stage, mode, places = rounding.split()
    calls, seconds, bundle_s, paid_s, ticks, cost, without_cost = (int(each) for each in sums)
    rule = Rounding(Stage(stage), Mode(mode), int(places))
    return Total(currency, rule, calls, seconds, bundle_s, paid_s, ticks, cost, without_cost)


def _number(connection: Connection, kind: Kind, year: int) -> str:
    """The next number of the year. The row stays locked until the end, so that none is ever missing."""
    name, letter = _SEQUENCES[kind]
    sequence = f"{name}-{year}"
    connection.execute(upsert(number_sequence).values(name=sequence, next=1).on_conflict_do_nothing())
    taken = connection.scalar(
        text("UPDATE number_sequence SET next = next + 1 WHERE name = :name RETURNING next - 1"),
        {"name": sequence},
    )
    return f"{letter}{year}-{taken:06}"


def _cents(amount: Money) -> int:
    whole, rest = divmod(amount.ticks, CENT)
    if rest:
        raise ValueError(f"{amount} has more than two decimals")
    return whole


def _claim(made: Invoice, customer_id: str, month: Month, sign: int) -> Iterator[Posting]:
    """What the customer owes against revenue and tax; `sign` -1 for a credit note."""
    yield Posting(Account.RECEIVABLE, customer_id, month.first_day, "EUR", sign * made.gross.ticks)
    yield Posting(Account.VAT, None, None, "EUR", -sign * made.tax.ticks)
    usage = sum(each.net.ticks for each in made.lines if is_usage(each.name))
    yield Posting(Account.USAGE, None, None, "EUR", -sign * usage)
    yield Posting(Account.FEES, None, None, "EUR", -sign * (made.net.ticks - usage))


def is_usage(name: str) -> bool:
    """Whether a line is one of calls (rating/invoice_compose.py) and not of fees."""
    return name.startswith("Verbindungen") or name == "Rundungsausgleich"


def _unbilled_of(connection: Connection, number: str) -> Iterator[Posting]:
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


def _write(
    connection: Connection, made: Made, customer_id: str, month: Month, corrects: str | None,
    postings: Sequence[Posting],
) -> None:  # fmt: skip
    found = made.invoice
    kind = _KINDS[found.kind]
    entry = post(connection, EntryKind(kind), found.number, postings)
    connection.execute(
        insert(invoice).values(
            number=found.number,
            kind=kind,
            corrects=corrects,
            customer_id=customer_id,
            month=month.first_day,
            issued_on=found.issued_on,
            net_cents=_cents(found.net),
            vat_cents=_cents(found.tax),
            gross_cents=_cents(found.gross),
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
            "net_cents": _cents(each.net),
        }
        for each in found.lines
    ]
    connection.execute(insert(invoice_line), lines)


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


_COLUMNS: Final = tuple(name for name in Issued.__dataclass_fields__ if name != "credited_by")


def _issued(
    connection: Connection, *, customer_id: str | None = None, month: Month | None = None, number: str = ""
) -> Iterator[Issued]:
    credit = invoice.alias("credit")
    query = select(*(invoice.c[name] for name in _COLUMNS), credit.c.number.label("credited_by"))
    query = query.outerjoin_from(invoice, credit, credit.c.corrects == invoice.c.number)
    if customer_id is not None:
        query = query.where(invoice.c.customer_id == customer_id)
    if month is not None:
        query = query.where(invoice.c.month == month.first_day)
    if number:
        query = query.where(invoice.c.number == number)
    for row in connection.execute(query.order_by(invoice.c.issued_on, invoice.c.number)).mappings():
        yield Issued(**row)


def _find(connection: Connection, number: str) -> Issued:
    found = next(_issued(connection, number=number or "-"), None)
    if found is None:
        raise InvoiceUnknown(f"invoice {number[:40]}", "there is none", "See `fernamt customer statement ID`")
    return found
