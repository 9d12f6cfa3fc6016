"""Months with charges that no invoice has: of customers who get none, such as the one that probes are made
for, and of those who left before theirs."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import Connection, text

#: One look into the index for each month of each customer, however many calls it has.
_UNBILLED: Final = """
WITH RECURSIVE rated (customer_id, month) AS (
    (SELECT customer_id, month FROM charge ORDER BY customer_id, month LIMIT 1)
    UNION ALL
    SELECT later.customer_id, later.month FROM rated, LATERAL (
        SELECT charge.customer_id, charge.month FROM charge
        WHERE (charge.customer_id, charge.month) > (rated.customer_id, rated.month)
        ORDER BY charge.customer_id, charge.month LIMIT 1
    ) AS later
)
SELECT customer_id, month FROM rated WHERE month <= :until AND NOT EXISTS (
    SELECT FROM invoice LEFT JOIN invoice_usage AS used USING (number)
    WHERE invoice.kind = 'invoice' AND invoice.customer_id = rated.customer_id
        AND coalesce(used.month, invoice.month) = rated.month
)
"""
#: Of which a number or a record is left.
_WITH_NUMBERS: Final = """
AND EXISTS (
    SELECT FROM charge WHERE charge.customer_id = rated.customer_id AND charge.month = rated.month
        AND (charge.called <> '' OR EXISTS (SELECT FROM cdr WHERE cdr.leg_id = charge.leg_id))
)
"""


def unbilled_months(
    connection: Connection, until: date, *, with_numbers: bool
) -> tuple[tuple[str, date], ...]:
    """(customer, first day) of those that began on this day or before. `with_numbers`: only those whose calls
    were not made anonymous yet."""
    query = f"{_UNBILLED}{_WITH_NUMBERS if with_numbers else ''} ORDER BY 1, 2"
    return tuple((row.customer_id, row.month) for row in connection.execute(text(query), {"until": until}))
