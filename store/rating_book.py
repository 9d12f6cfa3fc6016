"""What a transaction of rating writes: charges, corrections, the ledger's entries, the quarantine, quotas.

Everything here is done in the caller's transaction, which holds the customers' shares
(store/rating_shares.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from rating.charge import Charge, Unrated
from rating.price import Price
from rating.standing import QuotaStanding, Standing
from store.ledger import Account, EntryKind, Posting, post
from store.rating_rows import (
    CURRENCY,
    CUSTOMER,
    FACTS,
    MONTH,
    PRICE,
    TICKS,
    Facts,
    array_text,
    charge_line,
    copy_lines,
    copy_rows,
    price_of,
    price_row,
)

#: pg_advisory_xact_lock key of whoever adds prices: "price" in ASCII, as a number.
_PRICES_LOCK: Final = int.from_bytes(b"price")
_FACTS: Final = ", ".join(FACTS)
#: Charges in force: the last correction, else the charge itself.
_IN_FORCE: Final = f"""
SELECT DISTINCT ON (leg_id) number, {_FACTS} FROM (
    SELECT 0 AS number, {_FACTS} FROM charge WHERE {{where}}
    UNION ALL SELECT number, {_FACTS} FROM charge_correction WHERE {{where}}
) AS every ORDER BY leg_id, number DESC
"""  # noqa: S608
OF_MONTH: Final = _IN_FORCE.format(where="customer_id = %(customer)s AND month = %(month)s")
OF_LEGS: Final = _IN_FORCE.format(where="leg_id = ANY(%(legs)s)")
_QUARANTINE: Final = (
    "INSERT INTO rating_quarantine (leg_id, call_id, customer_id, month, why, sentence)"
    " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::text[], %s::text[])"
    " ON CONFLICT (leg_id) DO UPDATE"
    " SET why = EXCLUDED.why, sentence = EXCLUDED.sentence, tried_at = EXCLUDED.tried_at"
)
_PRICES: Final = ", ".join(PRICE)


@dataclass(frozen=True, slots=True)
class InForce:
    """A charge as it is now: `number` of its last correction, 0 for none."""

    number: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class Correction:
    """A charge in force and what takes its place."""

    before: InForce
    facts: Facts


@dataclass(slots=True)
class PriceNumbers:
    """Numbers of prices in `charged_price`; forgotten when a transaction failed."""

    by_object: dict[int, int] = field(default_factory=dict)
    _by_key: dict[tuple[Any, ...], int] = field(default_factory=dict)
    #: Keeps the objects, so that no other one gets the identity of one that is gone.
    _kept: list[Price] = field(default_factory=list)

    def forget(self) -> None:
        """After a rollback, and when another tariff came."""
        self.by_object.clear()
        self._by_key.clear()
        self._kept.clear()

    def learn(self, cursor: Any, charges: Iterable[Charge]) -> None:
        """Have a number for every price of these charges."""
        unknown: dict[int, Price] = {}
        known = self.by_object
        for charge in charges:
            for price in _prices(charge):
                if id(price) not in known:
                    unknown[id(price)] = price
        if unknown:
            # Two workers that add the same prices in another order would wait for each other.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_PRICES_LOCK,))
        for price in unknown.values():
            row = price_row(price)
            key = (row[0], row[1], row[3], row[4], row[14])
            number = self._by_key.get(key)
            if number is None:
                number = self._by_key[key] = _number(cursor, row)
            known[id(price)] = number
            self._kept.append(price)


def _prices(charge: Charge) -> Iterator[Price]:
    if charge.price is not None:
        yield charge.price
    for piece in charge.pieces:
        yield piece.price
    if charge.cost is not None:
        yield charge.cost.price


def _number(cursor: Any, row: tuple[Any, ...]) -> int:
    cursor.execute(
        f"INSERT INTO charged_price ({_PRICES}) VALUES ({', '.join(['%s'] * len(PRICE))})"  # noqa: S608
        " ON CONFLICT ON CONSTRAINT charged_price_once DO NOTHING RETURNING id",
        row,
    )
    found = cursor.fetchone()
    if found is None:
        cursor.execute(
            "SELECT id FROM charged_price WHERE list_id = %s AND version = %s AND prefix = %s AND exact = %s"
            " AND time_window = %s",
            (row[0], row[1], row[3], row[4], row[14]),
        )
        found = cursor.fetchone()
    return int(found[0])


def prices(cursor: Any, numbers: Sequence[int]) -> dict[int, Price]:
    """Prices by their number."""
    cursor.execute(f"SELECT id, {_PRICES} FROM charged_price WHERE id = ANY(%s)", (list(numbers),))  # noqa: S608
    return {row[0]: price_of(row[1:]) for row in cursor}


def in_force(cursor: Any, query: str, **values: Any) -> dict[str, InForce]:
    """Charges by leg: `query` is OF_MONTH or OF_LEGS."""
    cursor.execute(query, values)
    return {row[1]: InForce(row[0], tuple(row[1:])) for row in cursor}


def charged(cursor: Any, legs: Sequence[str]) -> dict[str, InForce]:
    """Those of the legs that have a charge: nearly always none, so they are looked for first."""
    cursor.execute("SELECT leg_id FROM charge WHERE leg_id = ANY(%s)", (list(legs),))
    found = [leg_id for (leg_id,) in cursor]
    return in_force(cursor, OF_LEGS, legs=found) if found else {}


def write_charges(connection: Connection, revision: int, rows: Sequence[Facts], reference: str) -> None:
    """New charges and their entry in the ledger."""
    if not rows:
        return
    entry = post(connection, EntryKind.USAGE, reference, _postings(rows))
    columns = (*FACTS, "tariff_revision", "entry_id")
    lines = (charge_line(row, revision, entry if row[TICKS] else None) for row in rows)
    copy_lines(connection.connection.cursor(), "charge", columns, lines)


def write_corrections(
    connection: Connection, revision: int, corrections: Sequence[Correction], reason: str, reference: str
) -> None:
    """Reversals with what takes their place, and their entry in the ledger."""
    if not corrections:
        return
    taken_back = [_negated(each.before.facts) for each in corrections]
    entry = post(
        connection, EntryKind.CORRECTION, reference, _postings([*taken_back, *(c.facts for c in corrections)])
    )
    columns = (
        "number", "reason", "reversed_ticks", "reversed_currency", *FACTS, "tariff_revision", "entry_id",
    )  # fmt: skip
    lines = (
        (
            each.before.number + 1, reason, each.before.facts[TICKS], each.before.facts[CURRENCY],
            *each.facts, revision, entry,
        )
        for each in corrections
    )  # fmt: skip
    copy_rows(connection.connection.cursor(), "charge_correction", columns, lines)


def _negated(facts: Facts) -> Facts:
    return (*facts[:TICKS], -facts[TICKS], *facts[TICKS + 1 :])


def _postings(rows: Iterable[Facts]) -> Iterator[Posting]:
    """What customers used against our revenue, summed up by customer, month and currency."""
    sums: defaultdict[tuple[str, date, str], int] = defaultdict(int)
    for row in rows:
        if row[TICKS]:
            sums[row[CUSTOMER], row[MONTH], row[CURRENCY]] += row[TICKS]
    ours: defaultdict[str, int] = defaultdict(int)
    for (customer_id, month, currency), ticks in sorted(sums.items()):
        ours[currency] -= ticks
        yield Posting(Account.UNBILLED, customer_id, month, currency, ticks)
    for currency, ticks in sorted(ours.items()):
        yield Posting(Account.USAGE, None, None, currency, ticks)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A leg without a charge."""

    call_id: str
    month: date
    result: Unrated


def write_quarantine(cursor: Any, waiting: Sequence[Waiting], rated: Sequence[str]) -> None:
    """Put legs into quarantine with their reason, and let those go that were rated."""
    if waiting:
        legs = [each.result.leg for each in waiting]
        cursor.execute(
            _QUARANTINE,
            (
                [leg.leg_id for leg in legs],
                [each.call_id for each in waiting],
                [leg.customer_id for leg in legs],
                [each.month for each in waiting],
                [each.result.why.value for each in waiting],
                [each.result.sentence[:1000] for each in waiting],
            ),
        )
    if rated and _any_quarantined(cursor):
        cursor.execute("DELETE FROM rating_quarantine WHERE leg_id = ANY(%s)", (list(rated),))


def _any_quarantined(cursor: Any) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM rating_quarantine)")
    return bool(cursor.fetchone()[0])


Months = Mapping[tuple[str, date], Standing]


def read_standings(cursor: Any, months: Iterable[tuple[str, date]]) -> dict[tuple[str, date], Standing]:
    """Quotas of customers' months so far; those that nobody touched yet are missing."""
    wanted = list(months)
    if not wanted:
        return {}
    cursor.execute(
        "SELECT customer_id, month, used_s, cut, last_ms, last_leg FROM rating_month"
        " JOIN unnest(%s::text[], %s::date[]) AS wanted (customer_id, month) USING (customer_id, month)",
        ([customer for customer, _ in wanted], [month for _, month in wanted]),
    )
    return {
        (customer, month): tuple(
            QuotaStanding(used, cut, (ms, leg))
            for used, cut, ms, leg in zip(used_s, cuts, last_ms, last_leg, strict=True)
        )
        for customer, month, used_s, cuts, last_ms, last_leg in cursor
    }


def write_standings(cursor: Any, months: Months) -> None:
    """Replace them."""
    rows = sorted(months.items())
    if rows:
        cursor.execute(
            "INSERT INTO rating_month (customer_id, month, used_s, cut, last_ms, last_leg)"
            " SELECT customer_id, month, used_s::bigint[], cut::boolean[], last_ms::bigint[],"
            " last_leg::text[]"
            " FROM unnest(%s::text[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " AS fresh (customer_id, month, used_s, cut, last_ms, last_leg)"
            " ON CONFLICT (customer_id, month) DO UPDATE SET used_s = EXCLUDED.used_s, cut = EXCLUDED.cut,"
            " last_ms = EXCLUDED.last_ms, last_leg = EXCLUDED.last_leg",
            (
                [customer_id for (customer_id, _), _ in rows],
                [month for (_, month), _ in rows],
                [array_text([each.used_s for each in standing]) for _, standing in rows],
                [array_text([each.cut for each in standing]) for _, standing in rows],
                [array_text([each.last[0] for each in standing]) for _, standing in rows],
                [array_text([each.last[1] for each in standing]) for _, standing in rows],
            ),
        )
