"""Numbers of invoices and credit notes that were given by a database that is lost (UStG § 14(4) no. 4).

A database that was restored from a backup does not know what was issued since, and would give its numbers
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, text

from rating.invoice import Kind
from store import audit
from store.errors import InvoiceBlocked
from store.foreign_errors import database_errors
from store.invoice_rows import next_number, numbers_up_to

#: The proof of a gap, kept as long as documents are: whoever examines them asks why numbers are missing.
NUMBERS_PASSED_OVER: Final = "invoice.numbers-passed-over"
#: Most numbers passed over at once: a typing error must not use up a year's.
MAX_PASSED: Final = 10_000
_LATEST: Final = """
SELECT kind, max(number) AS number, max(issued_on) AS issued_on FROM invoice GROUP BY kind ORDER BY kind DESC
"""


@dataclass(frozen=True, slots=True)
class Latest:
    """The greatest number of a kind of document that the database knows, and the newest day (ISO)."""

    kind: str
    number: str
    issued_on: str


class InvoiceNumbers:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(self) -> tuple[Latest, ...]:
        """Of invoices and of credit notes, where there are any."""
        with database_errors("reading the last numbers"), self._engine.connect() as connection:
            rows = connection.execute(text(_LATEST))
            return tuple(Latest(row.kind, row.number, row.issued_on.isoformat()) for row in rows)

    def pass_over(self, kind: Kind, year: int, last: int, *, actor: str, reason: str) -> tuple[str, ...]:
        """Never give the numbers up to `last` of a year; those that were not given yet, with an entry in the
        audit. Raises InvoiceBlocked for more than MAX_PASSED of them; none when all were given."""
        place = f"numbers of {year}"
        with database_errors(place), self._engine.begin() as connection:
            count = numbers_up_to(connection, kind, year, last)
            if count > MAX_PASSED:
                why = f"more than {MAX_PASSED} numbers would be passed over"
                raise InvoiceBlocked(place, why, "Look at the number again")
            # Each is taken as an invoice takes it: the database lets a sequence go on by one alone.
            passed = [next_number(connection, kind, year) for _ in range(count)]
            if passed:
                details = {"first": passed[0], "last": passed[-1], "reason": reason}
                audit.record(
                    connection, actor=actor, action=NUMBERS_PASSED_OVER, object_kind="numbers",
                    object_id=str(year), details=details,
                )  # fmt: skip
        return tuple(passed)
