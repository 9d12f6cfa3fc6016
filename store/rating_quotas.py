"""How far quotas of a month are used up: what is rated, and what has ended and is not rated yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Engine, text

from rating.berlin import DAY_MS, Month
from rating.leg import BillableLeg
from rating.standing import Standing
from store.foreign_errors import database_errors
from store.rating_book import read_standings
from store.rating_legs import billable_legs

#: Most calls of a customer that have ended and are not rated: the worker is a few seconds behind.
MAX_UNRATED: Final = 10_000
_UNRATED: Final = text("""
    SELECT due.call_id FROM rating_due AS due JOIN cdr ON cdr.leg_id = due.call_id
    WHERE cdr.customer_id = :customer AND due.started_at >= to_timestamp(:first_ms / 1000.0)
        AND due.started_at < to_timestamp(:end_ms / 1000.0)
    ORDER BY due.started_at, due.call_id LIMIT :most
""")
_USED: Final = text("SELECT customer_id, used_s FROM rating_month WHERE month = :month ORDER BY customer_id")


@dataclass(frozen=True, slots=True)
class QuotaBook:
    """A customer's quotas as rated (None: nothing yet), and its legs that wait to be rated."""

    standing: Standing | None
    unrated: tuple[BillableLeg, ...]


class Quotas:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, customer_id: str, month: Month) -> QuotaBook:
        """Of one moment: what is being rated is in one of the two."""
        values = {
            "customer": customer_id, "first_ms": month.start_ms - DAY_MS, "end_ms": month.end_ms,
            "most": MAX_UNRATED,
        }  # fmt: skip
        with database_errors(f"reading the quotas of {customer_id}"), self._engine.connect() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            calls = list(connection.scalars(_UNRATED, values))
            cursor: Any = connection.connection.cursor()
            key = (customer_id, month.first_day)
            standing = read_standings(cursor, [key]).get(key)
            legs = [leg for _, leg in billable_legs(cursor, calls)] if calls else []
        mine = (leg for leg in legs if leg.customer_id == customer_id)
        return QuotaBook(
            standing, tuple(leg for leg in mine if month.start_ms <= leg.start_ms < month.end_ms)
        )

    def used(self, month: date) -> dict[str, tuple[int, ...]]:
        """Seconds rated of each quota of everybody who used some in a month."""
        with database_errors("reading quotas"), self._engine.connect() as connection:
            return {row.customer_id: tuple(row.used_s) for row in connection.execute(_USED, {"month": month})}
