"""What an itemised bill is made from: the charges that an invoice billed, and what is not shown of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, text

from rating.berlin import Month
from rating.evn import EvnCall
from store import audit
from store.counselling_tables import counselling_list
from store.errors import RecordsGone
from store.foreign_errors import database_errors
from store.ledger_tables import invoice, ledger_entry
from store.rating_book import prices
from store.rating_rows import FACTS, LEG, Facts, charge_of

#: A month of one very large customer.
_STATEMENT_LIMIT_S: Final = 300
_FACTS: Final = ", ".join(FACTS)
#: Charges of the month as they were when the invoice was booked: later ones are on no line of it.
_BILLED: Final = f"""
SELECT DISTINCT ON (leg_id) {_FACTS} FROM (
    SELECT 0 AS number, entry_id, rated_at, {_FACTS} FROM charge
    WHERE customer_id = %(customer)s AND month = %(month)s
    UNION ALL SELECT number, entry_id, rated_at, {_FACTS} FROM charge_correction
    WHERE customer_id = %(customer)s AND month = %(month)s
) AS every
WHERE %(entry)s::bigint IS NULL
    OR CASE WHEN entry_id IS NULL THEN rated_at <= %(at)s ELSE entry_id < %(entry)s END
ORDER BY leg_id, number DESC
"""  # noqa: S608
#: The customer's own number of a leg: the caller's, or the one that was called and forwarded.
_OWN: Final = """
SELECT leg.leg_id, coalesce(CASE WHEN first.direction = 'in' THEN first.b_number ELSE leg.a_network END, '')
FROM cdr AS leg JOIN cdr AS first ON first.leg_id = leg.call_id WHERE leg.leg_id = ANY(%s)
"""
_NUMBERS_OF_PRICES: Final = (FACTS.index("price_id"), FACTS.index("cost_price_id"))
_PIECES: Final = FACTS.index("pieces")


@dataclass(frozen=True, slots=True)
class ImportedList:
    """A list of counselling lines as it was imported, UTC."""

    imported_at: datetime
    author: str
    content: bytes


class EvnStore:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def calls(self, customer_id: str, month: Month, invoice_number: str) -> tuple[EvnCall, ...]:
        """The month's calls with the charges that this invoice billed, as rated then.

        Raises RecordsGone when call records of the month are deleted: an itemised bill names own numbers.
        """
        place = f"itemised bill of {customer_id} for {month}"
        with database_errors(place), self._engine.connect() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT_S}s'"))
            entry, at = _booked(connection, invoice_number)
            cursor: Any = connection.connection.cursor()
            values = {"customer": customer_id, "month": month.first_day, "entry": entry, "at": at}
            cursor.execute(_BILLED, values)
            rows: list[Facts] = [tuple(row) for row in cursor]
            known = prices(cursor, sorted(_price_numbers(rows)))
            cursor.execute(_OWN, ([row[LEG] for row in rows],))
            own = dict(cursor)
        gone = [row[LEG] for row in rows if row[LEG] not in own]
        if gone:
            raise RecordsGone(
                place, f"{len(gone)} of its {len(rows)} call records are deleted",
                "Itemised bills are made while the records are kept (TDDDG § 10)",
            )  # fmt: skip
        return tuple(EvnCall(charge_of(row, known), own[row[LEG]]) for row in rows)

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


def _booked(connection: Connection, invoice_number: str) -> tuple[int | None, datetime | None]:
    """The ledger's entry of an invoice with its time; nothing of one over 0.00, which has none."""
    query = select(ledger_entry.c.id, ledger_entry.c.at).join(
        invoice, invoice.c.entry_id == ledger_entry.c.id
    )
    row = connection.execute(query.where(invoice.c.number == invoice_number)).one_or_none()
    return (row.id, row.at) if row else (None, None)


def _price_numbers(rows: list[Facts]) -> set[int]:
    found = {row[place] for row in rows for place in _NUMBERS_OF_PRICES if row[place]}
    return found | {number for row in rows for number, _ in row[_PIECES] or ()}
