"""Deleting what a plan says, kind by kind: each deletion is one transaction with its own record in it.

The database lets evidence go only in such a transaction (migration 0021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from privacy import kinds
from privacy.kinds import Kind
from privacy.periods import midnight_after
from privacy.plan import BilledMonth, Hold, Plan
from store import audit
from store.emergency_tables import emergency_attempt
from store.errors import DatabaseError, DatabaseUnavailable
from store.foreign_errors import database_errors
from store.invoice_numbers import NUMBERS_PASSED_OVER
from store.privacy_calls import erase_month, erase_others, first_call
from store.privacy_customers import erase_customer, erase_documents, erase_from_books
from store.privacy_facts import holds_in
from store.privacy_holds import not_under_order
from store.privacy_tables import privacy_erasure, privacy_hold
from store.recording_tables import recording
from store.row_graph import delete_with_children
from store.tables import audit as audit_table
from store.tables import cdr_quarantine

_STATEMENT_LIMIT: Final = "300s"
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


@dataclass(frozen=True, slots=True)
class _Part:
    """What one transaction deletes: `work` is told of the holds of that moment and says how many rows."""

    kind: Kind
    work: Callable[[Connection, Sequence[Hold]], int]
    customer_id: str | None = None
    month: date | None = None


class PrivacyErasing:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, plan: Plan, at: datetime, actor: str) -> tuple[Erasure, ...]:
        """Delete what is due. What fails leaves nothing half done; the rest is deleted all the same, and the
        first failure is raised at the end. Without a database the run ends at once."""
        since = self._last_number()
        failed = [
            error
            for part in self._parts(plan)
            if (error := self._carried_out(part, at, actor) if isinstance(part, _Part) else part)
        ]
        done = self._done_since(since)
        if done:
            rows: dict[str, int] = {}
            for each in done:
                rows[each.kind] = rows.get(each.kind, 0) + each.rows
            audit.write(self._engine, actor, "privacy.run", "privacy", plan.today.isoformat(), rows)
        if failed:
            raise failed[0]
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

    def _parts(self, plan: Plan) -> Iterator[_Part | DatabaseError]:
        """Each when the one before is done; instead of those that cannot be found, why."""
        for month in plan.months:
            yield _Part(month.kind, partial(_month, month), month.customer_id, month.month)
        over = midnight_after(plan.cutoffs[kinds.OTHER_TRAFFIC.id])
        day = _BEGINNING
        while (first := self._first_call(day, over)) is not None:
            if isinstance(first, DatabaseError):
                yield first
                break
            day = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            yield _Part(kinds.OTHER_TRAFFIC, partial(_others, day, over))
            day += _ONE_DAY
        for kind, work in _BY_AGE.items():
            yield _Part(kind, partial(work, plan.cutoffs[kind.id]))
        for customer in plan.customers:
            name = customer.customer_id
            yield _Part(kinds.CUSTOMER, partial(_customer, name), name)

    def _first_call(self, since: datetime, until: datetime) -> datetime | DatabaseError | None:
        """Looking through all calls takes long: as much time as deleting has, and a failure holds up nothing
        else."""
        try:
            with database_errors("looking for old calls"), self._engine.connect() as connection:
                connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT}'"))
                return first_call(connection, since, until)
        except DatabaseUnavailable:
            raise
        except DatabaseError as error:
            return error

    def _carried_out(self, part: _Part, at: datetime, actor: str) -> DatabaseError | None:
        """A transaction that may delete; what deleted nothing leaves no record. A hold is opened before it or
        after it."""
        row = {
            "at": at, "kind": part.kind.id, "customer_id": part.customer_id, "month": part.month, "rows": 0,
            "actor": actor,
        }  # fmt: skip
        try:
            with database_errors(f"deleting {part.kind.id}"), self._engine.connect() as connection:
                connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT}'"))
                connection.execute(text("LOCK TABLE privacy_hold IN SHARE MODE"))
                made = connection.execute(insert(privacy_erasure).values(row).returning(privacy_erasure.c.id))
                mine = privacy_erasure.c.id == made.scalar_one()
                rows = part.work(connection, holds_in(connection))
                if rows:
                    connection.execute(update(privacy_erasure).where(mine).values(rows=rows))
                    connection.commit()
        except DatabaseUnavailable:
            raise
        except DatabaseError as error:
            return error
        return None

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


def _month(month: BilledMonth, connection: Connection, holds: Sequence[Hold]) -> int:
    if any(each.holds_month(month.customer_id, month.month) for each in holds):
        return 0
    return erase_month(connection, month.customer_id, month.month, _held(holds))


def _others(day: datetime, over: datetime, connection: Connection, holds: Sequence[Hold]) -> int:
    return erase_others(connection, day, over, _held(holds))


def _customer(customer_id: str, connection: Connection, holds: Sequence[Hold]) -> int:
    return 0 if customer_id in _held(holds) else erase_customer(connection, customer_id)


def _held(holds: Sequence[Hold]) -> frozenset[str]:
    return frozenset(each.customer_id for each in holds)


def _unreadable(until: date, connection: Connection, _: Sequence[Hold]) -> int:
    settled = cdr_quarantine.c.resolved_at < midnight_after(until)
    return connection.execute(delete(cdr_quarantine).where(settled)).rowcount


def _emergency(until: date, connection: Connection, _: Sequence[Hold]) -> int:
    old = emergency_attempt.c.at < midnight_after(until)
    free = not_under_order(emergency_attempt.c.customer_id)
    return connection.execute(delete(emergency_attempt).where(old, free)).rowcount


def _recording_notes(until: date, connection: Connection, _: Sequence[Hold]) -> int:
    gone = recording.c.erased_at < midnight_after(until)
    return delete_with_children(connection, recording, gone & not_under_order(recording.c.customer_id))


def _documents(until: date, connection: Connection, _: Sequence[Hold]) -> int:
    of_numbers = audit_table.c.action == NUMBERS_PASSED_OVER
    old = delete(audit_table).where(of_numbers, audit_table.c.at < midnight_after(until))
    return erase_documents(connection, until) + connection.execute(old).rowcount


def _books(until: date, connection: Connection, holds: Sequence[Hold]) -> int:
    ordered = {each.customer_id for each in holds if each.everything}
    return erase_from_books(connection, midnight_after(until), ordered)


def _audit(until: date, connection: Connection, _: Sequence[Hold]) -> int:
    of_documents = audit_table.c.action == NUMBERS_PASSED_OVER
    old = delete(audit_table).where(~of_documents, audit_table.c.at < midnight_after(until))
    return connection.execute(old).rowcount


def _proof(until: date, connection: Connection, _: Sequence[Hold]) -> int:
    over = midnight_after(until)
    columns = (privacy_erasure.c.at, privacy_hold.c.released_at)
    return sum(connection.execute(delete(each.table).where(each < over)).rowcount for each in columns)


#: Kinds that go by their age alone, in this order, each by the newest day that is over.
_BY_AGE: Final[Mapping[Kind, Callable[[date, Connection, Sequence[Hold]], int]]] = {
    kinds.UNREADABLE: _unreadable,
    kinds.EMERGENCY: _emergency,
    kinds.RECORDING_NOTES: _recording_notes,
    kinds.DOCUMENTS: _documents,
    kinds.BOOKS: _books,
    kinds.AUDIT: _audit,
    kinds.PROOF: _proof,
}
