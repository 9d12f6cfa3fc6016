"""Deleting a former customer's data, and the documents and books that outlive it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)

from privacy import kinds
from store.claim_tables import bank_line, objection, return_fee, sepa_collection, sepa_run, settlement
from store.every_table import every_table
from store.ledger_tables import invoice, invoice_item, invoice_item_use, invoice_usage
from store.number_tables import number_event, number_state
from store.privacy_holds import not_under_order
from store.rating_tables import charge
from store.row_graph import delete_with_children, of_customer, tells_of
from store.tables import audit
from store.unbilled_months import unbilled_months

#: Who stands where a customer stood and something must stay.
ERASED: Final = "erased"
#: Entries with one of these in a list, where others may stand too, are written again without it: the audit
#: knows no change. What else they say stays, as do their number and time.
_UNLISTED: Final = """
WITH listing AS (
    DELETE FROM audit WHERE jsonb_path_exists(
        details, 'strict $.* ? (@.type() == "array")[*] ? (@ == $ids[*])',
        jsonb_build_object('ids', to_jsonb(CAST(:ids AS text[]))), true
    ) RETURNING *
)
INSERT INTO audit (id, at, actor, action, object_kind, object_id, details) OVERRIDING SYSTEM VALUE
SELECT id, at, actor, action, object_kind, object_id, (
    SELECT jsonb_object_agg(key, CASE WHEN jsonb_typeof(value) <> 'array' THEN value ELSE (
        SELECT coalesce(jsonb_agg(each ORDER BY place), '[]')
        FROM jsonb_array_elements(value) WITH ORDINALITY AS listed (each, place)
        WHERE NOT to_jsonb(CAST(:ids AS text[])) @> each
    ) END) FROM jsonb_each(details)
) FROM listing
"""
_BOOKS_BEGIN: Final = "SELECT at FROM ledger_entry ORDER BY id LIMIT 1"
#: Customers that nothing else is left of, whose last entry is old.
_GONE: Final = f"""
SELECT posting.customer_id FROM ledger_posting AS posting JOIN ledger_entry AS entry ON entry.id = entry_id
WHERE posting.customer_id <> '{ERASED}' AND NOT EXISTS (
    SELECT FROM config_item WHERE kind = 'customer' AND config_item.id = posting.customer_id
) GROUP BY 1 HAVING max(entry.at) < :until
"""  # noqa: S608
_NAMELESS: Final = f"""
UPDATE ledger_posting SET customer_id = '{ERASED}' WHERE customer_id = ANY(:customers)
"""  # noqa: S608
_WITHOUT_REFERENCE: Final = f"""
UPDATE ledger_entry SET reference = '{ERASED}' WHERE at < :until AND reference <> '{ERASED}' AND id IN (
    SELECT entry_id FROM ledger_posting WHERE customer_id = ANY(:customers)
)
"""  # noqa: S608


def erase_customer(connection: Connection, customer_id: str) -> int:
    """Delete everything of the kind customer-data; rows."""
    numbers = list(
        connection.scalars(
            select(number_event.c.number).where(number_event.c.customer_id == customer_id).distinct()
        )
    )
    others = number_event.c.number.in_(numbers) & (number_event.c.customer_id != customer_id)
    shared = set(connection.scalars(select(number_event.c.number).where(others)))
    own = [customer_id, *(each for each in numbers if each not in shared)]
    about = or_(of_customer(audit, customer_id), tells_of(own))
    rows = connection.execute(delete(audit).where(about)).rowcount
    rows += connection.execute(text(_UNLISTED), {"ids": own}).rowcount
    nobodys = number_event.c.customer_id.is_(None) & number_event.c.number.in_(numbers)
    mine = number_event.c.customer_id == customer_id
    rows += connection.execute(delete(number_event).where(or_(mine, nobodys))).rowcount
    ported = update(number_state).where(number_state.c.customer_id == customer_id)
    nameless = {"customer_id": ERASED, "site": None, "tenant_id": None, "reason": ""}
    rows += connection.execute(ported.values(nameless)).rowcount
    for name in kinds.CUSTOMER.tables:
        table = every_table().tables[name]
        if table not in (audit, number_event, number_state):
            rows += delete_with_children(connection, table, of_customer(table, customer_id))
    return rows


def erase_documents(connection: Connection, until: date) -> int:
    """Delete invoices of up to this day with all that hangs on them, the charges that they billed, and those
    that none did; rows.

    An invoice stays as long as what was done about it, each with the years of its own day (AO § 147(4)): a
    credit note, a debit, a payment, a fee, an objection. Charges stay as long as any invoice of their month.
    """
    due = old_documents(until) & not_under_order(invoice.c.customer_id)
    months = connection.execute(months_only_of(due)).all()
    rows = 0
    for customer_id, month in (*months, *unbilled_months(connection, until, with_numbers=False)):
        rated = (charge.c.customer_id == customer_id) & (charge.c.month == month)
        rows += delete_with_children(connection, charge, rated & not_under_order(charge.c.customer_id))
    numbers = list(connection.scalars(select(invoice.c.number).where(due)))
    rows += delete_with_children(connection, invoice, invoice.c.number.in_(numbers))
    settled = exists().where(settlement.c.bank_line == bank_line.c.key)
    rows += connection.execute(delete(bank_line).where(bank_line.c.booked_on <= until, ~settled)).rowcount
    debited = exists().where(sepa_collection.c.run == sepa_run.c.name)
    rows += connection.execute(delete(sepa_run).where(sepa_run.c.due_on <= until, ~debited)).rowcount
    used = exists().where(invoice_item_use.c.item_id == invoice_item.c.id)
    spent = (invoice_item.c.done_on <= until) & not_under_order(invoice_item.c.customer_id) & ~used
    return rows + connection.execute(delete(invoice_item).where(spent)).rowcount


def old_documents(until: date) -> ColumnElement[bool]:
    """Invoices of up to this day that nothing younger hangs on."""
    return (invoice.c.issued_on <= until) & ~_worked_on_after(until)


def months_only_of(which: ColumnElement[bool]) -> CompoundSelect[tuple[str, date]]:
    """Customers and months that these invoices bill calls of, and no others."""
    return _months_of(which).except_(_months_of(~which))


def _worked_on_after(day: date) -> ColumnElement[bool]:
    """Something younger hangs on the invoice."""
    newer, mine = invoice.alias(), invoice.c.number
    debit = sepa_collection.c
    debited = func.greatest(debit.due_on, debit.credited_on, debit.back_on)
    disputed = func.greatest(objection.c.raised_on, objection.c.settled_on)
    return or_(
        exists().where(newer.c.corrects == mine, newer.c.issued_on > day),
        exists().where(debit.number == mine, debited > day),
        exists().where(settlement.c.number == mine, settlement.c.settled_on > day),
        exists().where(return_fee.c.number == mine, return_fee.c.raised_on > day),
        exists().where(
            return_fee.c.number == mine, return_fee.c.billed_by == newer.c.number, newer.c.issued_on > day
        ),
        exists().where(objection.c.number == mine, disputed > day),
    )


def _months_of(which: ColumnElement[bool]) -> Select[tuple[str, date]]:
    """Customers and months that these invoices bill calls of."""
    month = func.coalesce(invoice_usage.c.month, invoice.c.month).label("month")
    return select(invoice.c.customer_id, month).select_from(invoice.outerjoin(invoice_usage)).where(which)


def erase_from_books(connection: Connection, until: datetime, ordered: Collection[str]) -> int:
    """Take former customers out of entries that are all older than this; rows."""
    begin = connection.scalar(text(_BOOKS_BEGIN))
    if begin is None or begin >= until:
        return 0
    gone = [each for each in connection.scalars(text(_GONE), {"until": until}) if each not in ordered]
    values = {"until": until, "customers": gone}
    return sum(
        connection.execute(text(each), values).rowcount for each in (_WITHOUT_REFERENCE, _NAMELESS) if gone
    )
