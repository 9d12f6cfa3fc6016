"""The calendar's daily work on numbers, blocks and abuse cases, once a day however many programs offer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, insert, select, text

from privacy.trusted_day import MOST_DAYS
from store.abuse_cases import AbuseCases
from store.availability_book import AvailabilityBook
from store.customer_blocks import CustomerBlocks
from store.foreign_errors import database_errors
from store.number_inventory import NumberInventory
from store.number_tables import number_sweep

#: pg_try_advisory_xact_lock key of whoever sweeps: "sweep" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"sweep")
#: How long the transaction that holds the lock may be idle while others do the work.
_LONGEST: Final = "1h"
#: The year that a report is about, and the three in which somebody may ask for it (BGB § 195).
_PROBES_KEPT: Final = timedelta(days=4 * 366)

#: A day so much later counts for an earlier one as well; what lies further ahead is a mistake.
_AHEAD: Final = timedelta(days=MOST_DAYS)


@dataclass(frozen=True, slots=True)
class SweepRun:
    """A day's run: when it ended (UTC), numbers moved, blocks of customers that ended."""

    day: date
    at: datetime
    numbers: int
    blocks_lifted: int


class DailySweep:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def last(self, today: date) -> SweepRun | None:
        """The newest day's run. One that lies far ahead was a wrong clock's and is passed over."""
        query = select(number_sweep).where(number_sweep.c.day <= today + _AHEAD)
        query = query.order_by(number_sweep.c.day.desc()).limit(1)
        with database_errors("reading the last sweep"), self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return SweepRun(**row) if row is not None else None

    def run(self, day: date, at: datetime, actor: str) -> bool:
        """Sweep for this German day unless that was done. False while another program is at it.

        When it fails half-way, the day counts as not done: what is done is not done again.
        """
        with database_errors("sweeping numbers"), self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{_LONGEST}'"))
            if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}):
                return False
            done = select(number_sweep.c.day).where(number_sweep.c.day.between(day, day + _AHEAD))
            if connection.execute(done.limit(1)).one_or_none() is None:
                numbers = len(NumberInventory(self._engine).sweep(at, actor))
                lifted = CustomerBlocks(self._engine).sweep(at)
                AbuseCases(self._engine).sweep(at)
                AvailabilityBook(self._engine).forget(at - _PROBES_KEPT)
                row = {"day": day, "at": at, "numbers": numbers, "blocks_lifted": lifted}
                connection.execute(insert(number_sweep).values(row))
            return True

    def forget_ahead(self, today: date) -> None:
        """Forget the runs of days that have not come, after somebody said which day it is."""
        with database_errors("forgetting days ahead"), self._engine.begin() as connection:
            connection.execute(delete(number_sweep).where(number_sweep.c.day > today))
