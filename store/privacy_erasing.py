"""Deleting what a plan says, kind by kind: each deletion is one transaction with its own record in it.

The database lets evidence go only in such a transaction (migration 0021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from privacy import kinds
from privacy.kinds import Kind
from privacy.plan import Plan
from store import audit
from store.emergency_tables import emergency_attempt
from store.foreign_errors import database_errors
from store.privacy_calls import erase_month, erase_others, first_call
from store.privacy_customers import erase_customer, erase_documents, erase_from_books
from store.privacy_holds import not_under_order
from store.privacy_tables import privacy_erasure, privacy_hold
from store.recording_tables import recording
from store.row_graph import delete_with_children
from store.tables import audit as audit_table
from store.tables import cdr_quarantine

_STATEMENT_LIMIT: Final = "300s"
_GERMANY: Final = ZoneInfo("Europe/Berlin")
_ONE_DAY: Final = timedelta(days=1)
#: Before every call.
_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: pg_try_advisory_xact_lock key of whoever deletes: "privacy" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"privacy")
#: How long the transaction that holds the lock may be idle while others do the work.
_LONGEST: Final = "4h"
#: Most deletions read at once.
MAX_ERASURES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Erasure:
    """A deletion that was done. `rows`: deleted or made anonymous; customer and month where it has them."""

    at: datetime
    kind: str
    customer_id: str | None
    month: date | None
    rows: int
    actor: str


@dataclass(slots=True)
class _Transaction:
    connection: Connection
    rows: int = 0


class PrivacyErasing:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, plan: Plan, at: datetime, actor: str) -> tuple[Erasure, ...]:
        """Delete what is due. What fails leaves nothing half done, and the rest for the next run."""
        since = self._last_number()
        self._calls(plan, at, actor)
        self._by_age(plan, at, actor)
        for customer in plan.customers:
            with self._erasing(kinds.CUSTOMER, at, actor, customer.customer_id) as work:
                work.rows = erase_customer(work.connection, customer.customer_id)
        done = self._done_since(since)
        if done:
            rows: dict[str, int] = {}
            for each in done:
                rows[each.kind] = rows.get(each.kind, 0) + each.rows
            audit.write(self._engine, actor, "privacy.run", "privacy", plan.today.isoformat(), rows)
        return done

    def daily(self, plan: Callable[[], Plan], at: datetime, actor: str) -> bool:
        """Run unless another program is at it; whether it was done."""
        with database_errors("the day's deletions"), self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{_LONGEST}'"))
            if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}):
                return False
            self.run(plan(), at, actor)
            return True

    def erasures(self, customer_id: str | None = None, limit: int = 100) -> tuple[Erasure, ...]:
        """What was deleted, the newest first."""
        wanted = select(privacy_erasure).order_by(privacy_erasure.c.id.desc())
        if customer_id is not None:
            wanted = wanted.where(privacy_erasure.c.customer_id == customer_id)
        with database_errors("reading deletions"), self._engine.connect() as connection:
            rows = connection.execute(wanted.limit(max(1, min(limit, MAX_ERASURES)))).mappings()
            return tuple(_erasure(dict(row)) for row in rows)

    def _calls(self, plan: Plan, at: datetime, actor: str) -> None:
        for month in plan.months:
            with self._erasing(month.kind, at, actor, month.customer_id, month.month) as work:
                work.rows = erase_month(work.connection, month.customer_id, month.month, plan.held)
        over = _midnight_after(plan.cutoffs[kinds.OTHER_TRAFFIC.id])
        day = _BEGINNING
        while (first := self._first_call(day, over)) is not None:
            day = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            with self._erasing(kinds.OTHER_TRAFFIC, at, actor) as work:
                work.rows = erase_others(work.connection, day, over, plan.held)
            day += _ONE_DAY

    def _first_call(self, since: datetime, until: datetime) -> datetime | None:
        with database_errors("looking for old calls"), self._engine.connect() as connection:
            return first_call(connection, since, until)

    def _by_age(self, plan: Plan, at: datetime, actor: str) -> None:
        def until(kind: Kind) -> datetime:
            return _midnight_after(plan.cutoffs[kind.id])

        with self._erasing(kinds.UNREADABLE, at, actor) as work:
            settled = cdr_quarantine.c.resolved_at < until(kinds.UNREADABLE)
            work.rows = work.connection.execute(delete(cdr_quarantine).where(settled)).rowcount
        with self._erasing(kinds.EMERGENCY, at, actor) as work:
            old = emergency_attempt.c.at < until(kinds.EMERGENCY)
            free = not_under_order(emergency_attempt.c.customer_id)
            work.rows = work.connection.execute(delete(emergency_attempt).where(old, free)).rowcount
        with self._erasing(kinds.RECORDING_NOTES, at, actor) as work:
            gone = recording.c.erased_at < until(kinds.RECORDING_NOTES)
            which = gone & not_under_order(recording.c.customer_id)
            work.rows = delete_with_children(work.connection, recording, which)
        with self._erasing(kinds.DOCUMENTS, at, actor) as work:
            work.rows = erase_documents(work.connection, plan.cutoffs[kinds.DOCUMENTS.id])
        with self._erasing(kinds.BOOKS, at, actor) as work:
            work.rows = erase_from_books(work.connection, until(kinds.BOOKS), plan.ordered)
        with self._erasing(kinds.AUDIT, at, actor) as work:
            old = audit_table.c.at < until(kinds.AUDIT)
            work.rows = work.connection.execute(delete(audit_table).where(old)).rowcount
        with self._erasing(kinds.PROOF, at, actor) as work:
            for column in (privacy_erasure.c.at, privacy_hold.c.released_at):
                old = column < until(kinds.PROOF)
                work.rows += work.connection.execute(delete(column.table).where(old)).rowcount

    @contextmanager
    def _erasing(
        self, kind: Kind, at: datetime, actor: str, customer_id: str | None = None, month: date | None = None
    ) -> Iterator[_Transaction]:
        """A transaction that may delete; what deleted nothing leaves no record."""
        row = {
            "at": at,
            "kind": kind.id,
            "customer_id": customer_id,
            "month": month,
            "rows": 0,
            "actor": actor,
        }
        with database_errors(f"deleting {kind.id}"), self._engine.connect() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT}'"))
            made = connection.execute(insert(privacy_erasure).values(row).returning(privacy_erasure.c.id))
            mine = privacy_erasure.c.id == made.scalar_one()
            work = _Transaction(connection)
            yield work
            if work.rows:
                connection.execute(update(privacy_erasure).where(mine).values(rows=work.rows))
                connection.commit()

    def _last_number(self) -> int:
        newest = select(privacy_erasure.c.id).order_by(privacy_erasure.c.id.desc()).limit(1)
        with database_errors("reading deletions"), self._engine.connect() as connection:
            return connection.scalar(newest) or 0

    def _done_since(self, number: int) -> tuple[Erasure, ...]:
        wanted = select(privacy_erasure).where(privacy_erasure.c.id > number).order_by(privacy_erasure.c.id)
        with database_errors("reading deletions"), self._engine.connect() as connection:
            return tuple(_erasure(dict(row)) for row in connection.execute(wanted).mappings())


def _erasure(row: dict[str, object]) -> Erasure:
    del row["id"], row["made_in"]
    return Erasure(**row)  # type: ignore[arg-type]


def _midnight_after(day: date) -> datetime:
    """The end of a German day."""
    return datetime.combine(day + _ONE_DAY, time(), _GERMANY).astimezone(UTC)
