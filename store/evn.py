"""What an itemised bill is made from: the charges that an invoice billed, and what is not shown of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Engine, insert, select, text

from rating.berlin import Month
from rating.evn import EvnCall
from rating.free import NEEDED_FOR_NO_BILL
from store import audit
from store.counselling_tables import counselling_list
from store.errors import RecordsGone
from store.foreign_errors import database_errors
from store.rating_book import prices
from store.rating_rows import FACTS, LEG, MONTH, Facts, charge_of

#: A month of one very large customer.
_STATEMENT_LIMIT_S: Final = 300
_FACTS: Final = ", ".join(FACTS)
#: All versions of the charges of some months, with the ledger's entry and the time of each.
_VERSIONS: Final = f"""
SELECT number, entry_id, rated_at, {_FACTS} FROM (
    SELECT 0 AS number, entry_id, rated_at, {_FACTS} FROM charge
    WHERE customer_id = %(customer)s AND month = ANY(%(months)s)
    UNION ALL SELECT number, entry_id, rated_at, {_FACTS} FROM charge_correction
    WHERE customer_id = %(customer)s AND month = ANY(%(months)s)
) AS every ORDER BY leg_id, number
"""  # noqa: S608
#: Invoices that billed calls of a month, in the ledger's order; `ended`: the entry of the note for the whole.
_CHAIN: Final = """
SELECT invoice.number, invoice.entry_id, entry.at, note.entry_id AS ended
FROM (SELECT DISTINCT number FROM invoice_usage WHERE month = %(month)s) AS used
JOIN invoice USING (number) JOIN ledger_entry AS entry ON entry.id = invoice.entry_id
LEFT JOIN invoice AS note ON note.corrects = invoice.number AND note.scope = 'whole'
WHERE invoice.customer_id = %(customer)s AND invoice.entry_id <= %(until)s
ORDER BY invoice.entry_id
"""
_MONTHS: Final = "SELECT DISTINCT month FROM invoice_usage WHERE number = %s"
#: The customer's own number of a leg: the caller's, or the one that was called and forwarded.
_OWN: Final = """
SELECT leg.leg_id, coalesce(CASE WHEN first.direction = 'in' THEN first.b_number ELSE leg.a_network END, '')
FROM cdr AS leg JOIN cdr AS first ON first.leg_id = leg.call_id WHERE leg.leg_id = ANY(%s)
"""
_NUMBERS_OF_PRICES: Final = (FACTS.index("price_id"), FACTS.index("cost_price_id"))
_PIECES: Final = FACTS.index("pieces")
_FREE: Final = FACTS.index("free")


@dataclass(frozen=True, slots=True)
class ImportedList:
    """A list of counselling lines as it was imported, UTC."""

    imported_at: datetime
    author: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Version:
    """A charge as it was made, or corrected for the `number`th time."""

    number: int
    entry_id: int | None
    rated_at: datetime
    facts: Facts

    @property
    def key(self) -> tuple[str, int]:
        return self.facts[LEG], self.number


@dataclass(frozen=True, slots=True)
class _Point:
    """An invoice in the ledger's order."""

    number: str
    entry_id: int
    at: datetime
    ended: int | None


class EvnStore:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def calls(self, customer_id: str, month: Month, invoice_number: str) -> tuple[EvnCall, ...]:
        """The calls whose charges this invoice billed, as rated then: the month's, and what came late of
        earlier ones, with charges of earlier invoices that it takes back.

        Raises RecordsGone when call records of them are deleted: an itemised bill names own numbers.
        """
        place = f"itemised bill {invoice_number[:40]} of {customer_id} for {month}"
        with database_errors(place), self._engine.connect() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT_S}s'"))
            cursor: Any = connection.connection.cursor()
            versions = _billed(cursor, customer_id, month, invoice_number)
            rows = [each.facts for each, _ in versions]
            known = prices(cursor, sorted(_price_numbers(rows)))
            cursor.execute(_OWN, ([row[LEG] for row in rows],))
            own = dict(cursor)
        gone = [row[LEG] for row in rows if row[LEG] not in own and row[_FREE] not in NEEDED_FOR_NO_BILL]
        if gone:
            raise RecordsGone(
                place, f"{len(gone)} of its {len(rows)} call records are deleted",
                "Itemised bills are made while the records are kept (TDDDG § 10)",
            )  # fmt: skip
        return tuple(
            EvnCall(charge_of(each.facts, known), own.get(each.facts[LEG], ""), back=back)
            for each, back in versions
        )

    def counselling(self) -> ImportedList | None:
        """The list in force; None when none was ever imported."""
        newest = select(counselling_list).order_by(counselling_list.c.id.desc()).limit(1)
        with database_errors("reading the counselling lines"), self._engine.connect() as connection:
            row = connection.execute(newest).mappings().one_or_none()
        return ImportedList(row["imported_at"], row["author"], bytes(row["content"])) if row else None

    def import_counselling(self, content: bytes, lines: int, at: datetime, actor: str) -> None:
        """Put a list in force at once (TDDDG § 11(6)), with its entry in the audit."""
        with database_errors("importing the counselling lines"), self._engine.begin() as connection:
            row = {"imported_at": at, "author": actor, "content": content}
            connection.execute(insert(counselling_list).values(row))
            audit.record(
                connection, actor=actor, action="evn.counselling", object_kind="evn", object_id="counselling",
                details={"lines": lines},
            )  # fmt: skip


def _billed(cursor: Any, customer_id: str, month: Month, invoice_number: str) -> list[tuple[_Version, bool]]:
    """Versions of charges that an invoice billed; with True those of earlier invoices that it took back."""
    cursor.execute(_MONTHS, (invoice_number,))
    months = sorted({month.first_day, *(day for (day,) in cursor)})
    cursor.execute(_VERSIONS, {"customer": customer_id, "months": months})
    by_month: dict[date, list[_Version]] = {day: [] for day in months}
    for number, entry_id, rated_at, *facts in cursor:
        by_month[facts[MONTH]].append(_Version(number, entry_id, rated_at, tuple(facts)))
    found: list[tuple[_Version, bool]] = []
    for day, versions in by_month.items():
        by_key = {each.key: each for each in versions}
        for key, times in _of_invoice(_points(cursor, customer_id, day, invoice_number), versions).items():
            found += [(by_key[key], times < 0)] * abs(times)
    return found


def _points(cursor: Any, customer_id: str, day: date, invoice_number: str) -> list[_Point]:
    """The invoices that billed calls of a month, up to this one."""
    cursor.execute("SELECT entry_id FROM invoice WHERE number = %s", (invoice_number,))
    (until,) = cursor.fetchone() or (None,)
    if until is None:
        return []  # over 0.00: it has no entry, and billed nothing that costs something
    cursor.execute(_CHAIN, {"customer": customer_id, "month": day, "until": until})
    return [_Point(*row) for row in cursor]


def _of_invoice(points: list[_Point], versions: list[_Version]) -> Counter[tuple[str, int]]:
    """What the last of these invoices billed: the charges then, less what those standing then had billed."""
    if not points:
        return Counter(_state(None, versions).values())
    billed: list[Counter[tuple[str, int]]] = []
    for index, point in enumerate(points):
        now = Counter(_state(point, versions).values())
        for before, done in zip(points[:index], billed, strict=True):
            if before.ended is None or before.ended > point.entry_id:
                now.subtract(done)
        billed.append(Counter({key: times for key, times in now.items() if times}))
    return billed[-1]


def _state(point: _Point | None, versions: list[_Version]) -> dict[str, tuple[str, int]]:
    """The version of each leg that was in force; versions of a leg come in their order."""
    return {
        each.facts[LEG]: each.key
        for each in versions
        if point is None
        or (each.rated_at <= point.at if each.entry_id is None else each.entry_id < point.entry_id)
    }


def _price_numbers(rows: list[Facts]) -> set[int]:
    found = {row[place] for row in rows for place in _NUMBERS_OF_PRICES if row[place]}
    return found | {number for row in rows for number, _ in row[_PIECES] or ()}
