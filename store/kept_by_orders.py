"""What of a customer's data only authorities' orders keep: what the deletions would have taken without them.

The conditions are those of the deletions (store/privacy_erasing.py, and the sweeps of messages, recordings
and cases of abuse). What an objection keeps is no order's affair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Select,
    Table,
    case,
    cast,
    func,
    or_,
    select,
    text,
    true,
)

from privacy import kinds
from privacy.periods import midnight_after
from privacy.plan import Plan
from rating.berlin import GERMANY
from store.abuse_cases import over_since
from store.abuse_tables import abuse_case
from store.claim_tables import bank_line, settlement
from store.emergency_tables import emergency_attempt
from store.every_table import every_table
from store.ledger_tables import invoice, invoice_item, invoice_item_use, ledger_entry, ledger_posting
from store.mailbox_tables import mailbox_message
from store.privacy_calls import calls_over
from store.privacy_customers import months_only_of, old_documents
from store.privacy_facts import holds_in, plan_in
from store.rating_tables import charge, charge_correction, rating_due, rating_quarantine
from store.recording_tables import recording
from store.tables import cdr
from store.unbilled_months import unbilled_months

_STATEMENT_LIMIT: Final = "300s"
#: Deepest chain of tables that refer to one another.
_DEEPEST: Final = 8
_Rows = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class OnlyByOrders:
    """`own`: rows by table; what refers to one of them is there only by orders too. `calls`: ids of calls.
    `months`: of whose charges the numbers and times are."""

    own: Mapping[Table, _Rows]
    calls: Select[str]
    months: Sequence[date] = ()

    def rows(self, table: Table, depth: int = 0) -> _Rows | None:
        """The condition for a table's rows; None: there can be none."""
        found = [self.own[table]] if table in self.own else []
        for column in table.c:
            for key in column.foreign_keys:
                parent = key.column.table
                if parent is table or depth > _DEEPEST:
                    continue
                if (gone := self.rows(parent, depth + 1)) is not None:
                    found.append(func.coalesce(column.in_(select(key.column).where(gone)), False))
        return or_(*found) if found else None

    def shown(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A column as it would be: a deletion leaves a charge without number and time."""
        for table in (charge, charge_correction):
            if column is table.c.called:
                return case((self._nameless(table), ""), else_=column).label(column.name)
            if column is table.c.begins_ms:
                began = func.timezone(GERMANY.key, cast(table.c.month, DateTime))
                begins = cast(func.extract("epoch", began) * 1000, BigInteger)
                return case((self._nameless(table), begins), else_=column).label(column.name)
        return column

    def _nameless(self, table: Table) -> _Rows:
        legs = select(cdr.c.leg_id).where(cdr.c.call_id.in_(self.calls))
        return or_(table.c.month.in_(self.months), table.c.leg_id.in_(legs))


def calls_by_others_orders(connection: Connection, customer_id: str, at: datetime, own: bool) -> OnlyByOrders:
    """Of a customer who may know what is kept: records of calls with somebody about whom there is an order.
    `own`: the customer's own order keeps all of its calls."""
    plan, held = _without_orders(connection, at)
    calls = _calls(customer_id, plan, held | ({customer_id} if own else frozenset()))
    return OnlyByOrders(_of_calls(calls), calls)


def only_by_orders(connection: Connection, customer_id: str, at: datetime) -> OnlyByOrders:
    """Of a customer who may not know of an order, at a moment. Raise what SQLAlchemy raises."""
    plan, held = _without_orders(connection, at)
    calls = _calls(customer_id, plan, held)
    own: dict[Table, _Rows] = {
        **_of_calls(calls),
        mailbox_message: mailbox_message.c.expires_at <= at,
        recording: or_(
            recording.c.erased_at.is_(None) & (recording.c.expires_at <= at),
            recording.c.erased_at < midnight_after(plan.cutoffs[kinds.RECORDING_NOTES.id]),
        ),
        emergency_attempt: emergency_attempt.c.at < midnight_after(plan.cutoffs[kinds.EMERGENCY.id]),
        abuse_case: abuse_case.c.released_at < over_since(connection, at),
    }
    documents = plan.cutoffs[kinds.DOCUMENTS.id]
    own[invoice] = old_documents(documents)
    own[charge] = charge.c.month.in_(_months_of_documents(connection, customer_id, documents))
    if any(each.customer_id == customer_id for each in plan.customers):
        own |= {every_table().tables[name]: true() for name in kinds.CUSTOMER.tables}
        if _out_of_books(connection, customer_id, midnight_after(plan.cutoffs[kinds.BOOKS.id])):
            own[ledger_posting] = true()
    own |= _loose(OnlyByOrders(own, calls), documents)
    months = tuple(each.month for each in plan.months if each.customer_id == customer_id)
    return OnlyByOrders({table: func.coalesce(rows, False) for table, rows in own.items()}, calls, months)


def _without_orders(connection: Connection, at: datetime) -> tuple[Plan, frozenset[str]]:
    """The day's plan, and whose calls are held all the same. From here on statements take as long as those
    of the deletions."""
    connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT}'"))
    holds = [each for each in holds_in(connection) if not each.everything]
    plan = plan_in(connection, at.astimezone(GERMANY).date(), holds)
    return plan, frozenset(each.customer_id for each in holds)


def _calls(customer_id: str, plan: Plan, held: frozenset[str]) -> Select[str]:
    months = [(each.customer_id, each.month) for each in plan.months]
    return calls_over(customer_id, months, midnight_after(plan.cutoffs[kinds.OTHER_TRAFFIC.id]), held)


def _of_calls(calls: Select[str]) -> dict[Table, _Rows]:
    return {table: table.c.call_id.in_(calls) for table in (cdr, rating_due, rating_quarantine)}


def _months_of_documents(connection: Connection, customer_id: str, until: date) -> list[date]:
    """Whose charges go with their documents, or with the years of those that never were."""
    mine = old_documents(until) & (invoice.c.customer_id == customer_id)
    months = [row.month for row in connection.execute(months_only_of(mine))]
    never = unbilled_months(connection, until, with_numbers=False)
    return months + [month for who, month in never if who == customer_id]


def _loose(gone: OnlyByOrders, until: date) -> dict[Table, _Rows]:
    """What goes when no document has it any more."""

    def stay(table: Table) -> Iterator[_Rows]:
        rows = gone.rows(table)
        if rows is not None:
            yield ~rows

    used = select(invoice_item_use.c.item_id).where(
        invoice_item_use.c.item_id == invoice_item.c.id, *stay(invoice_item_use)
    )
    settled = select(settlement.c.bank_line).where(
        settlement.c.bank_line == bank_line.c.key, *stay(settlement)
    )
    return {
        invoice_item: (invoice_item.c.done_on <= until) & ~used.exists(),
        bank_line: (bank_line.c.booked_on <= until) & ~settled.exists(),
    }


def _out_of_books(connection: Connection, customer_id: str, until: datetime) -> bool:
    """Whether a former customer's last entry is that old."""
    mine = select(ledger_posting.c.entry_id).where(ledger_posting.c.customer_id == customer_id)
    last = connection.scalar(select(func.max(ledger_entry.c.at)).where(ledger_entry.c.id.in_(mine)))
    return last is not None and last < until
