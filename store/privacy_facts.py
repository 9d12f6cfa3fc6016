"""What the deletion plan is made from: months with call records, former customers, holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, select, text

from privacy.plan import BilledMonth, FormerCustomer, Hold, Plan, never_invoiced, plan
from store.claim_tables import objection
from store.foreign_errors import database_errors
from store.privacy_holds import open_holds
from store.unbilled_months import unbilled_months

_STATEMENT_LIMIT: Final = "300s"
#: Months whose calls an invoice has, with the first dispatch of the last such invoice, as long as a number
#: or a record of them is left. An invoice that went by no e-mail was dispatched on its day.
_MONTHS: Final = """
SELECT customer_id, month, sent_on FROM (
    SELECT invoice.customer_id, coalesce(used.month, invoice.month) AS month, max(greatest(invoice.issued_on,
        (SELECT min((sent.at AT TIME ZONE 'Europe/Berlin')::date) FROM invoice_sent AS sent
         WHERE sent.number = invoice.number AND sent.way = 'email'))) AS sent_on
    FROM invoice LEFT JOIN invoice_usage AS used USING (number)
    WHERE invoice.kind = 'invoice' GROUP BY 1, 2
) AS billed WHERE EXISTS (
    SELECT FROM charge WHERE charge.customer_id = billed.customer_id AND charge.month = billed.month
        AND (charge.called <> '' OR EXISTS (SELECT FROM cdr WHERE cdr.leg_id = charge.leg_id))
) ORDER BY 1, 2
"""
#: Customers that are in no configuration in force, with the last day of what they had agreed, and what of
#: their numbers is not over (TKG § 59(6)).
_FORMER: Final = """
SELECT item.id, least((gone.applied_at AT TIME ZONE 'Europe/Berlin')::date,
    (item.content::jsonb #>> '{contract,end}')::date) AS ended_on,
    (SELECT count(*) FROM number_state WHERE customer_id = item.id AND state <> 'ported_out') AS numbers
FROM (
    SELECT DISTINCT ON (id) id, content, until_version FROM config_item WHERE kind = 'customer'
    ORDER BY id, from_version DESC
) AS item JOIN config_version AS gone ON gone.version = item.until_version ORDER BY 1
"""
#: Customers whose contract ended and that are in the configuration all the same.
_OVERDUE: Final = """
SELECT id, (content::jsonb #>> '{contract,end}')::date AS ended_on FROM config_item
WHERE kind = 'customer' AND until_version IS NULL
    AND (content::jsonb #>> '{contract,end}')::date < :today ORDER BY 1
"""


def plan_of(engine: Engine, today: date) -> Plan:
    """The plan of a German day. Raise DatabaseError's children."""
    with database_errors("planning what is deleted"), engine.connect() as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT}'"))
        return plan_in(connection, today, holds_in(connection))


def plan_in(connection: Connection, today: date, holds: Sequence[Hold]) -> Plan:
    """The plan as it is with these holds."""
    months = [BilledMonth(*row) for row in connection.execute(text(_MONTHS))]
    months += [never_invoiced(*each) for each in unbilled_months(connection, today, with_numbers=True)]
    return plan(today, months, _former(connection), holds)


def overdue_customers(engine: Engine, today: date) -> tuple[tuple[str, date], ...]:
    """(customer, last day of the contract) of those that must leave the configuration before anything of
    them can be deleted. Raise DatabaseError's children."""
    with database_errors("looking for ended contracts"), engine.connect() as connection:
        return tuple((row.id, row.ended_on) for row in connection.execute(text(_OVERDUE), {"today": today}))


def _former(connection: Connection) -> Iterator[FormerCustomer]:
    for row in connection.execute(text(_FORMER)):
        waits = f"{row.numbers} of its numbers are not out of quarantine (TKG § 59(6))" if row.numbers else ""
        yield FormerCustomer(row.id, row.ended_on, waits)


def holds_in(connection: Connection) -> list[Hold]:
    """Operators' holds, and every open objection. Calls that rang over midnight are billed with the next
    month: so an objection to a month keeps the one before it too."""
    disputed = select(objection.c.customer_id, objection.c.month, objection.c.number).where(
        objection.c.settled_on.is_(None)
    )
    found = [each.plain() for each in open_holds(connection)]
    for row in connection.execute(disputed):
        why = f"the objection to {row.number} is open"
        before = (row.month - timedelta(days=1)).replace(day=1)
        found += [Hold(row.customer_id, month, False, why) for month in (row.month, before)]
    return found
