"""What is to be billed of a customer's month, and what earlier months have become since their invoices.

Each invoice keeps what it billed (`invoice_usage`): month by month, by group, currency and rounding. Charges
in force less what invoices that stand have billed is what the next one bills. So a record that comes late,
and a month that is rated again, come onto the next invoice by themselves, and nothing is billed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, insert, text

from rating.berlin import DAY_MS, Month
from rating.invoice_facts import Group, Late, Usage
from rating.money import Mode, Rounding, Stage
from rating.price import Zone
from rating.totals import Total
from store.errors import DatabaseDefect
from store.ledger_tables import invoice_usage

#: What stands beside a sum: month, zone ("" for what is free), currency, rounding.
Key = tuple[date, str, str, str]
#: calls, seconds, bundle_s, paid_s, ticks, cost_ticks, without_cost.
Sums = tuple[int, ...]
SUMS: Final = ("calls", "seconds", "bundle_s", "paid_s", "ticks", "cost_ticks", "without_cost")
_TICKS: Final = SUMS.index("ticks")

#: What is added up of a charge.
_SUMMED: Final = (
    "month, price_id, cost_price_id, currency, rounding, seconds, bundle_s, billed_s, ticks, cost_ticks"
)
#: Charges in force of a customer's months, added up. A correction takes the place of what was before it;
#: there are few, so that charges need no sorting.
_IN_FORCE: Final = f"""
WITH corrected AS MATERIALIZED (
    SELECT DISTINCT ON (leg_id) leg_id, {_SUMMED} FROM charge_correction
    WHERE customer_id = :customer AND month = ANY(:months) ORDER BY leg_id, number DESC
)
SELECT now.month, coalesce(price.zone, ''), now.currency, now.rounding, count(*), sum(now.seconds)::bigint,
    sum(now.bundle_s)::bigint, sum(now.billed_s - now.bundle_s)::bigint, sum(now.ticks)::bigint,
    coalesce(sum(now.cost_ticks) FILTER (WHERE cost.currency = now.currency), 0)::bigint,
    count(*) FILTER (WHERE cost.currency IS DISTINCT FROM now.currency)
FROM (
    SELECT {_SUMMED} FROM charge WHERE customer_id = :customer AND month = ANY(:months)
        AND NOT EXISTS (SELECT FROM corrected WHERE corrected.leg_id = charge.leg_id)
    UNION ALL SELECT {_SUMMED} FROM corrected
) AS now
LEFT JOIN charged_price AS price ON price.id = now.price_id
LEFT JOIN charged_price AS cost ON cost.id = now.cost_price_id
GROUP BY 1, 2, 3, 4
"""  # noqa: S608
#: Invoices that are credited as a whole have billed nothing.
_STANDS: Final = """NOT EXISTS (
    SELECT FROM invoice AS credit WHERE credit.corrects = invoice.number AND credit.scope = 'whole'
)"""
_ADDED: Final = ", ".join(f"sum({each})::bigint" for each in SUMS)
_BILLED: Final = f"""
SELECT used.month, used.zone, used.currency, used.rounding, {_ADDED}
FROM invoice_usage AS used JOIN invoice USING (number)
WHERE invoice.customer_id = :customer AND used.month = ANY(:months) AND {_STANDS}
GROUP BY 1, 2, 3, 4
"""  # noqa: S608
#: Earlier months with an invoice that stands, and with money in the ledger that none has.
_LATE_MONTHS: Final = f"""
SELECT DISTINCT posting.month FROM (
    SELECT month FROM ledger_posting
    WHERE customer_id = :customer AND month < :month AND account = 'unbilled'
    GROUP BY month, currency HAVING sum(ticks) <> 0
) AS posting JOIN invoice ON invoice.month = posting.month
WHERE invoice.customer_id = :customer AND invoice.kind = 'invoice' AND {_STANDS}
ORDER BY 1
"""  # noqa: S608
_UNBILLED: Final = """
SELECT month, currency, sum(ticks)::bigint FROM ledger_posting
WHERE customer_id = :customer AND month = ANY(:months) AND account = 'unbilled'
GROUP BY 1, 2 HAVING sum(ticks) <> 0 ORDER BY 1, 2
"""
_WAITING: Final = """
SELECT leg_id FROM rating_quarantine
WHERE customer_id = :customer AND month = :month AND aside_why IS NULL
"""
_CUSTOMERS_LEGS: Final = """
cdr.customer_id = :customer AND cdr.started_at >= to_timestamp(:first_ms / 1000.0)
    AND cdr.started_at < to_timestamp(:end_ms / 1000.0)
"""
_DUE: Final = f"SELECT leg_id FROM rating_due JOIN cdr USING (call_id) WHERE {_CUSTOMERS_LEGS}"  # noqa: S608
#: The same from few due calls on; else all legs of a customer's month would be looked up for nothing.
_FEW: Final = 1_000
_FEW_DUE: Final = f"""
SELECT cdr.leg_id FROM (
    SELECT call_id FROM rating_due WHERE started_at < to_timestamp(:end_ms / 1000.0) LIMIT {_FEW + 1}
) AS due JOIN cdr ON cdr.call_id = due.call_id WHERE {_CUSTOMERS_LEGS}
"""  # noqa: S608
_HOW_MANY_DUE: Final = f"""
SELECT count(*) FROM (
    SELECT FROM rating_due WHERE started_at < to_timestamp(:end_ms / 1000.0) LIMIT {_FEW + 1}
) AS due
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Unbilled:
    """What no invoice has: the month's usage, that of earlier months, and both as they are kept."""

    usage: tuple[Usage, ...]
    late: tuple[Late, ...]
    rows: Mapping[Key, Sums]
    #: Ticks by month and currency in the ledger.
    ledger: Mapping[tuple[date, str], int]


def unbilled(connection: Connection, customer_id: str, month: Month) -> Unbilled:
    """Raise DatabaseDefect when charges and ledger differ: then no invoice may be made."""
    values = {"customer": customer_id, "month": month.first_day}
    late = list(connection.scalars(text(_LATE_MONTHS), values))
    months = {"customer": customer_id, "months": [month.first_day, *late]}
    rows = _sums(connection, _IN_FORCE, months)
    for key, sums in _sums(connection, _BILLED, months).items():
        before = rows.get(key, (0,) * len(SUMS))
        rows[key] = tuple(now - then for now, then in zip(before, sums, strict=True))
    rows = {key: rows[key] for key in sorted(rows) if any(rows[key])}
    ledger = {(day, code): int(ticks) for day, code, ticks in connection.execute(text(_UNBILLED), months)}
    _refuse_difference(customer_id, rows, ledger)
    found = [(key, _usage(key, sums)) for key, sums in rows.items()]
    return Unbilled(
        _in_order(usage for (day, *_), usage in found if day == month.first_day),
        tuple(
            Late(Month(day.year, day.month), usage)
            for day in late
            for usage in _in_order(one for (of, *_), one in found if of == day)
        ),
        rows,
        ledger,
    )


def write_billed(connection: Connection, number: str, billed: Unbilled) -> None:
    """Keep what an invoice has billed."""
    names = ("number", "month", "zone", "currency", "rounding", *SUMS)
    rows = [dict(zip(names, (number, *key, *sums), strict=True)) for key, sums in billed.rows.items()]
    if rows:
        connection.execute(insert(invoice_usage), rows)


def open_legs(connection: Connection, customer_id: str, month: Month) -> tuple[str, ...]:
    """Legs of the month that are not rated."""
    values = {
        "customer": customer_id, "month": month.first_day, "first_ms": month.start_ms - DAY_MS,
        "end_ms": month.end_ms,
    }  # fmt: skip
    few = connection.execute(text(_HOW_MANY_DUE), values).scalar_one() <= _FEW
    found = {*connection.scalars(text(_WAITING), values)}
    return tuple(sorted(found.union(connection.scalars(text(_FEW_DUE if few else _DUE), values))))


def _sums(connection: Connection, query: str, values: Mapping[str, Any]) -> dict[Key, Sums]:
    found: dict[Key, Sums] = {}
    for day, zone, currency, rounding, *sums in connection.execute(text(query), values):
        found[day, zone, currency, rounding] = tuple(int(each) for each in sums)
    return found


def _refuse_difference(
    customer_id: str, rows: Mapping[Key, Sums], ledger: Mapping[tuple[date, str], int]
) -> None:
    """Guarantee 5: what is billed is what the ledger says."""
    charged: dict[tuple[date, str], int] = {}
    for (day, _, currency, _), sums in rows.items():
        charged[day, currency] = charged.get((day, currency), 0) + sums[_TICKS]
    for key in {*charged, *ledger}:
        if charged.get(key, 0) != ledger.get(key, 0):
            day, currency = key
            raise DatabaseDefect(
                f"{customer_id}, {day:%Y-%m}, {currency}",
                f"charges are {charged.get(key, 0)} ticks, the ledger has {ledger.get(key, 0)}",
                "Nothing is invoiced until this is explained. Please report it",
            )


def _usage(key: Key, sums: Sums) -> Usage:
    _, zone, currency, rounding = key
    stage, mode, places = rounding.split()
    rule = Rounding(Stage(stage), Mode(mode), int(places))
    return Usage(Group(Zone(zone).value) if zone else Group.FREE, Total(currency, rule, *sums))


_ORDER: Final = list(Group)


def _place(usage: Usage) -> tuple[int, str, str]:
    return _ORDER.index(usage.group), usage.total.currency, str(usage.total.rounding)


def _in_order(usages: Iterator[Usage] | Sequence[Usage]) -> tuple[Usage, ...]:
    return tuple(sorted(usages, key=_place))
