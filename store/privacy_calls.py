"""Deleting call records: those of a billed month, and those that no invoice needs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Select, select, text

from rating.berlin import Month
from rating.free import NEEDED_FOR_NO_BILL
from store.tables import cdr

_BRIEF: Final = sorted(each.value for each in NEEDED_FOR_NO_BILL)
#: Calls of one statement.
_PORTION: Final = 5_000
#: Who was called and when goes, what was booked stays.
_REDACT: Final = (
    "UPDATE charge SET called = '', begins_ms = :begins WHERE customer_id = :customer AND month = :month",
    "UPDATE charge_correction SET called = '', begins_ms = :begins"
    " WHERE customer_id = :customer AND month = :month",
)
#: Calls of the month that no other customer's bill needs, that nobody's hold keeps, and that are rated: no
#: leg of them waits for somebody to say what it costs.
_OF_MONTH: Final = """
SELECT call_id FROM (
    SELECT DISTINCT call_id FROM charge WHERE customer_id = :customer AND month = :month
) AS billed WHERE EXISTS (SELECT FROM cdr WHERE cdr.call_id = billed.call_id)
    AND NOT EXISTS (SELECT FROM rating_due WHERE rating_due.call_id = billed.call_id)
    AND NOT EXISTS (SELECT FROM rating_quarantine AS waiting
        WHERE waiting.call_id = billed.call_id AND waiting.aside_why IS NULL)
    AND NOT EXISTS (
        SELECT FROM cdr LEFT JOIN charge USING (leg_id) WHERE cdr.call_id = billed.call_id
            AND (charge.called <> '' OR cdr.customer_id = ANY(:held))
    )
"""
#: Of the calls `old` those that ended before `over` and that nobody pays for. A call that was answered waits
#: until it was rated: only then is it known whether somebody does.
_FREE: Final = """
NOT EXISTS (
    SELECT FROM cdr AS leg WHERE leg.call_id = old.call_id AND (
        leg.ended_at >= :over OR leg.customer_id = ANY(:held)
        OR EXISTS (
            SELECT FROM charge LEFT JOIN charge_correction AS changed USING (leg_id) WHERE leg_id = leg.leg_id
                AND (charge.free IS NULL OR charge.free <> ALL(:brief) OR changed.leg_id IS NOT NULL)
        )
        OR EXISTS (SELECT FROM rating_quarantine AS waiting
            WHERE waiting.leg_id = leg.leg_id AND waiting.aside_why IS NULL)
        OR leg.billed_ms > 0 AND EXISTS (SELECT FROM rating_due WHERE rating_due.call_id = leg.call_id)
    )
)
"""
#: Calls that began in [since, until).
_OTHER: Final = f"""
SELECT call_id FROM (
    SELECT DISTINCT call_id FROM cdr WHERE started_at >= :since AND started_at < :until
) AS old WHERE {_FREE}
"""  # noqa: S608
#: A customer's calls that erase_others and erase_month would delete. Months whose numbers they would take
#: out: `whose` and `months`, one beside the other.
_OVER: Final = f"""
SELECT call_id FROM (SELECT DISTINCT call_id FROM cdr WHERE customer_id = :customer) AS old
WHERE {_FREE} OR (
    EXISTS (SELECT FROM charge WHERE charge.call_id = old.call_id AND (charge.customer_id, charge.month) IN (
        SELECT * FROM unnest(CAST(:whose AS text[]), CAST(:months AS date[]))))
    AND NOT EXISTS (SELECT FROM rating_due WHERE rating_due.call_id = old.call_id)
    AND NOT EXISTS (SELECT FROM rating_quarantine AS waiting
        WHERE waiting.call_id = old.call_id AND waiting.aside_why IS NULL)
    AND NOT EXISTS (
        SELECT FROM cdr LEFT JOIN charge USING (leg_id) WHERE cdr.call_id = old.call_id AND (
            cdr.customer_id = ANY(:held)
            OR charge.called <> '' AND (charge.customer_id, charge.month) NOT IN (
                SELECT * FROM unnest(CAST(:whose AS text[]), CAST(:months AS date[]))))
    )
)
"""  # noqa: S608
_FIRST: Final = "SELECT min(started_at) FROM cdr WHERE started_at >= :since AND started_at < :until"
#: What was rated as free for every bill.
_REDACT_FREE: Final = """
UPDATE charge
SET called = '',
    begins_ms = (extract(epoch FROM month::timestamp AT TIME ZONE 'Europe/Berlin') * 1000)::bigint
WHERE leg_id IN (SELECT leg_id FROM cdr WHERE call_id = ANY(:calls)) AND called <> ''
"""
#: In this order: each is needed to find what comes before it.
_DELETE: Final = (
    "DELETE FROM cdr_raw WHERE leg_id IN (SELECT leg_id FROM cdr WHERE call_id = ANY(:calls))",
    "DELETE FROM rating_quarantine WHERE call_id = ANY(:calls)",
    "DELETE FROM rating_due WHERE call_id = ANY(:calls)",
    "DELETE FROM cdr WHERE call_id = ANY(:calls)",
)


def erase_month(connection: Connection, customer_id: str, first_day: date, held: Collection[str]) -> int:
    """Take numbers and times out of a customer's charges, and delete the records of their calls; rows."""
    month = Month(first_day.year, first_day.month)
    values = {"customer": customer_id, "month": first_day, "begins": month.start_ms}
    rows = sum(connection.execute(text(each), values).rowcount for each in _REDACT)
    calls = connection.scalars(text(_OF_MONTH), {**values, "held": list(held)}).all()
    return rows + _delete(connection, calls)


def first_call(connection: Connection, since: datetime, until: datetime) -> datetime | None:
    """When the oldest call of a time began of which there is a record."""
    found: datetime | None = connection.scalar(text(_FIRST), {"since": since, "until": until})
    return found


def calls_over(
    customer_id: str, months: Collection[tuple[str, date]], over: datetime, held: Collection[str]
) -> Select[str]:
    """The ids of a customer's calls that nothing keeps: (customer, first day) of months that are over, the
    moment before which calls end that nobody pays for, and whose calls are held."""
    values = {
        "customer": customer_id, "whose": [who for who, _ in months], "months": [day for _, day in months],
        "over": over, "held": list(held), "brief": _BRIEF,
    }  # fmt: skip
    found = text(_OVER).bindparams(**values).columns(cdr.c.call_id).subquery()
    return select(found.c.call_id)


def erase_others(connection: Connection, since: datetime, over: datetime, held: Collection[str]) -> int:
    """Delete calls that nobody pays for, of one day from `since` on, that ended before `over`; rows."""
    values = {
        "since": since, "until": since + timedelta(days=1), "over": over, "held": list(held), "brief": _BRIEF,
    }  # fmt: skip
    calls = connection.scalars(text(_OTHER), values).all()
    if calls:
        connection.execute(text(_REDACT_FREE), {"calls": list(calls)})
    return _delete(connection, calls)


def _delete(connection: Connection, calls: Collection[str]) -> int:
    ids = list(calls)
    return sum(
        connection.execute(text(each), {"calls": ids[start : start + _PORTION]}).rowcount
        for start in range(0, len(ids), _PORTION)
        for each in _DELETE
    )
