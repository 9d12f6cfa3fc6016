"""Which rows belong to a customer, and which hang on others: read from the tables' own keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, Text, and_, delete, false, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONPATH
from sqlalchemy.sql.expression import cast, literal

from store.claim_tables import bank_line, settlement
from store.errors import DatabaseDefect
from store.every_table import every_table
from store.ledger_tables import invoice
from store.tables import audit, cdr, config_item

#: Deepest chain of tables that refer to one another.
_DEEPEST: Final = 8
#: A text of a JSON object that is one of these. Lists, as of all customers that a version changed, are
#: nobody's own.
_ANY_OF: Final = "strict $.* ? (@ == $ids[*])"
#: Actions on documents of many customers, under the number of the first.
_OF_MANY: Final = "invoice.export"


def of_customer(table: Table, customer_id: str, depth: int = 0) -> ColumnElement[bool]:
    """The condition for rows of a table that are about a customer; false where none can be."""
    if table is config_item:
        return and_(table.c.kind == "customer", table.c.id == customer_id)
    if table is audit:
        return or_(tells_of((customer_id,)), _about_invoices_of(customer_id))
    if "customer_id" in table.c:
        return table.c.customer_id == customer_id
    if table is bank_line:
        mine = of_customer(settlement, customer_id)
        return table.c.key.in_(select(settlement.c.bank_line).where(mine))
    if table.name == "rating_due":
        calls = select(cdr.c.call_id).where(cdr.c.customer_id == customer_id)
        return table.c.call_id.in_(calls)
    through = [
        column.in_(select(key.column).where(of_customer(key.column.table, customer_id, depth + 1)))
        for column in table.c
        for key in column.foreign_keys
        if depth < _DEEPEST and key.column.table not in (table, bank_line)
    ]
    return or_(*through) if through else false()


def tells_of(ids: Sequence[str]) -> ColumnElement[bool]:
    """The condition for entries of the audit that are about one of these, and do not only list it."""
    wanted = func.jsonb_build_object("ids", func.to_jsonb(cast(literal(list(ids), ARRAY(Text)), ARRAY(Text))))
    found = func.jsonb_path_exists(audit.c.details, cast(_ANY_OF, JSONPATH), wanted, True)
    return or_(audit.c.object_id.in_(ids), found)


def _about_invoices_of(customer_id: str) -> ColumnElement[bool]:
    """Entries about one of a customer's documents, which often name it by its number alone. Not of exports to
    the bookkeeping: they have those of many customers."""
    numbers = select(invoice.c.number).where(invoice.c.customer_id == customer_id)
    alone = ~audit.c.action.startswith(_OF_MANY)
    return and_(audit.c.object_kind == "invoice", alone, audit.c.object_id.in_(numbers))


def delete_with_children(
    connection: Connection, table: Table, which: ColumnElement[bool], depth: int = 0
) -> int:
    """Delete rows and, before them, all rows of other tables that refer to them; how many."""
    if depth > _DEEPEST:
        raise DatabaseDefect(table.name, "tables refer to one another in a circle", "Please report this")
    gone = 0
    for child in every_table().sorted_tables:
        for column in child.c:
            for key in column.foreign_keys:
                if key.column.table is table and child is not table:
                    refers = column.in_(select(key.column).where(which))
                    gone += delete_with_children(connection, child, refers, depth + 1)
    return gone + connection.execute(delete(table).where(which)).rowcount
