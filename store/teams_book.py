"""Our book of numbers at Microsoft, and the orders that move them, in PostgreSQL (A4)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping, insert, select, text, update

from numbering.e164 import E164
from numbering.life import State
from numbering.tenancy import AT_TENANT, Booked, Consent, Place, Problem, TenantFacts
from numbering.tenancy_orders import MOST_OF_ORDER, Kind, Order, OrderState, Refusal, Trouble
from numbering.tenancy_seen import CallSeen, ConsentSeen, NumberSeen
from store import audit
from store.foreign_errors import database_errors
from store.teams_calls import mark_reported, reported, unreported
from store.teams_consents import CONSENTS, end_trouble, hurry_troubles, note_trouble, troubles
from store.teams_tables import MAX_WORDS, teams_consent, teams_number, teams_order

#: pg_try_advisory_xact_lock key of whoever synchronises: "teams" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"teams")
#: How long the transaction that holds the lock may be idle while the work is done.
_LONGEST: Final = "1h"
#: Orders of one look.
_DUE: Final = 100
#: Numbers named in an entry of the audit.
_NAMED: Final = 20
_HERE: Final = "', '".join(each.value for each in AT_TENANT)
_ORDER_FIELDS: Final = tuple(field.name for field in fields(Order))


class TeamsBook:
    """All methods raise DatabaseError's children; each is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep other programs from synchronising; False while another one does."""
        with database_errors("beginning to synchronise with Microsoft"):
            connection = self._engine.connect()
        try:
            with database_errors("beginning to synchronise with Microsoft"):
                connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{_LONGEST}'"))
                mine = connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield bool(mine)
        finally:
            connection.close()

    def note_consents(self, seen: Sequence[ConsentSeen], at: datetime, actor: str) -> int:
        """All that Microsoft lists; tenants that are no longer listed become ABSENT. How many changed."""
        rows = [
            {"tenant_id": each.tenant_id, "consent": each.consent, "changed_at": each.changed_at.isoformat()}
            for each in seen
        ]
        with database_errors("writing the consents"), self._engine.begin() as connection:
            values = {"rows": json.dumps(rows), "at": at}
            changed = connection.execute(text(CONSENTS), values).mappings().all()
            for row in changed:
                audit.record(
                    connection,
                    actor=actor,
                    action="teams.consent",
                    object_kind="tenant",
                    object_id=row["tenant_id"],
                    details={
                        "consent": row["consent"],
                        "changed": row["changed_at"].isoformat(),
                        "customer": row["customer_id"],
                    },
                )
        return len(changed)

    def tenants(self, at: datetime, *, every: bool) -> Sequence[str]:
        """Tenants with something to do, by our book; `every`: all that have or had numbers."""
        query = _EVERY if every else _TO_DO
        with (
            database_errors("looking for tenants with something to do"),
            self._engine.connect() as connection,
        ):
            return connection.scalars(text(query), {} if every else {"at": at}).all()

    def facts(self, tenant_id: str) -> TenantFacts:
        """All about a tenant's numbers, of one moment."""
        with (
            database_errors(f"reading the numbers of tenant {tenant_id}"),
            self._engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        ):
            lives = connection.execute(text(_LIVES), {"tenant": tenant_id}).all()
            rows = connection.execute(text(_BOOK), {"tenant": tenant_id}).mappings()
            book = {E164(row["number"]): _booked(row) for row in rows}
            said = connection.scalar(
                select(teams_consent.c.consent).where(teams_consent.c.tenant_id == tenant_id)
            )
        return TenantFacts(
            tenant_id,
            Consent(said) if said is not None else Consent.ABSENT,
            {E164(row.number): row.customer_id for row in lives if row.state != State.RELEASED},
            book,
            frozenset(E164(row.number) for row in lives if row.state == State.RELEASED),
        )

    def note_listed(self, tenant_id: str, listed: Sequence[NumberSeen], changed: Sequence[Booked]) -> None:
        """Microsoft's list of a tenant, and what it changes in the book."""
        numbers = [each.number for each in listed]
        assigned = [each.assigned_to for each in listed]
        with (
            database_errors(f"writing the numbers of tenant {tenant_id}"),
            self._engine.begin() as connection,
        ):
            _write(connection, changed)
            connection.execute(
                text(_ASSIGNED), {"tenant": tenant_id, "numbers": numbers, "assigned": assigned}
            )

    def troubles(self) -> Mapping[str, Trouble]:
        """Tenants whose numbers Microsoft does not list, by their ids."""
        with database_errors("reading which tenants are in trouble"), self._engine.connect() as connection:
            return troubles(connection)

    def note_trouble(self, trouble: Trouble) -> None:
        """One more try without a list."""
        place = f"writing that tenant {trouble.tenant_id} is in trouble"
        with database_errors(place), self._engine.begin() as connection:
            note_trouble(connection, trouble)

    def end_trouble(self, tenant_id: str) -> None:
        """There is a list again, or nothing to ask for."""
        place = f"writing that tenant {tenant_id} is in trouble no more"
        with database_errors(place), self._engine.begin() as connection:
            end_trouble(connection, tenant_id)

    def plan(self, order: Order, numbers: Sequence[Booked], actor: str) -> None:
        """A new order with its numbers, before it is sent. RecordRefused where it would move a number to
        another tenant (A4)."""
        with database_errors(f"planning order {order.id}"), self._engine.begin() as connection:
            add_order(connection, order, len(numbers), actor)
            _write(connection, numbers)
            values = {"order": order.id, "numbers": [each.number for each in numbers]}
            connection.execute(text(_OF_ORDER), values)
            audit.record(
                connection,
                actor=actor,
                action=f"teams.{order.kind}",
                object_kind="tenant",
                object_id=order.tenant_id,
                details={
                    "order": order.id,
                    "customer": order.customer_id,
                    "count": len(numbers),
                    "numbers": [each.number for each in numbers[:_NAMED]],
                },
            )

    def retry(self, tenant_id: str | None, actor: str) -> int:
        """Numbers that were refused, and lists that were not to be had, are tried again by the next round, of
        one tenant or all; how many numbers."""
        with database_errors("trying refused numbers again"), self._engine.begin() as connection:
            waiting = update(teams_number).where(teams_number.c.retry_at.is_not(None)).values(retry_at=None)
            if tenant_id is not None:
                waiting = waiting.where(teams_number.c.tenant_id == tenant_id)
            count = connection.execute(waiting).rowcount
            hurry_troubles(connection, tenant_id)
            if count:
                audit.record(
                    connection,
                    actor=actor,
                    action="teams.retry",
                    object_kind="tenant",
                    object_id=tenant_id or "all",
                    details={"numbers": count},
                )
        return count

    def due(self, at: datetime, tenant_id: str | None = None) -> Sequence[Order]:
        """Open orders whose time has come, the longest due first, at most a hundred."""
        query = select(teams_order).where(
            teams_order.c.state.in_((OrderState.PLANNED, OrderState.ACCEPTED)), teams_order.c.next_at <= at
        )
        if tenant_id is not None:
            query = query.where(teams_order.c.tenant_id == tenant_id)
        query = query.order_by(teams_order.c.next_at, teams_order.c.id).limit(_DUE)
        with database_errors("looking for orders to Microsoft"), self._engine.connect() as connection:
            return [order_of(row) for row in connection.execute(query).mappings()]

    def numbers_of(self, order: Order) -> Mapping[E164, Booked]:
        """Its numbers, while it is open."""
        with (
            database_errors(f"reading the numbers of order {order.id}"),
            self._engine.connect() as connection,
        ):
            rows = connection.execute(
                select(teams_number).where(teams_number.c.order_id == order.id)
            ).mappings()
            return {E164(row["number"]): _booked(row) for row in rows}

    def settle(self, order: Order, numbers: Sequence[Booked], refused: Mapping[str, Refusal]) -> None:
        """The order after an answer; once it ended with its numbers and their outcomes. The calls of a report
        that was refused may be told again in another one."""
        with database_errors(f"writing order {order.id}"), self._engine.begin() as connection:
            values = {**_order_row(order), "why": order.why[:MAX_WORDS]}
            connection.execute(update(teams_order).where(teams_order.c.id == order.id).values(values))
            _write(connection, numbers)
            if numbers:
                outcomes = [_outcome(each.number, refused.get(each.number)) for each in numbers]
                connection.execute(text(_OUTCOMES), {"order": order.id, "rows": json.dumps(outcomes)})
            if order.kind is Kind.REPORT and order.state is OrderState.REFUSED:
                connection.execute(text("DELETE FROM teams_call WHERE order_id = :id"), {"id": order.id})

    def plan_reports(self, at: datetime, new_id: Callable[[], str], actor: str) -> int:
        """New orders for calls over Teams trunks that were not told of yet; how many orders."""
        with database_errors("planning reports of calls"), self._engine.begin() as connection:
            calls = unreported(connection, at)
            for (customer_id, tenant_id), legs in calls.items():
                for start in range(0, len(legs), MOST_OF_ORDER):
                    portion = legs[start : start + MOST_OF_ORDER]
                    order = Order(new_id(), Kind.REPORT, tenant_id, customer_id, at, at)
                    add_order(connection, order, len(portion), actor)
                    mark_reported(connection, order.id, portion)
        return sum(-(-len(legs) // MOST_OF_ORDER) for legs in calls.values())

    def calls_of(self, order: Order) -> Sequence[CallSeen]:
        """A report's calls; those whose record was deleted meanwhile are left out."""
        with (
            database_errors(f"reading the calls of order {order.id}"),
            self._engine.connect() as connection,
        ):
            return reported(connection, order.id)


def add_order(connection: Connection, order: Order, count: int, actor: str) -> None:
    """A new order in the caller's transaction."""
    connection.execute(insert(teams_order).values({**_order_row(order), "actor": actor, "count": count}))


def order_of(row: RowMapping) -> Order:
    """A row of teams_order."""
    values = {name: _utc(row[name]) for name in _ORDER_FIELDS}
    return Order(**{**values, "kind": Kind(row["kind"]), "state": OrderState(row["state"])})


def _order_row(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in _ORDER_FIELDS}


def _booked(row: RowMapping) -> Booked:
    problem = row["problem"]
    return Booked(
        E164(row["number"]),
        row["tenant_id"],
        row["customer_id"],
        Place(row["place"]),
        _utc(row["since"]),
        row["order_id"],
        Problem(problem) if problem is not None else None,
        row["what"],
        _utc(row["retry_at"]),
        bool(row.get("renewed", False)),
    )


def _utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _outcome(number: E164, refusal: Refusal | None) -> dict[str, str]:
    if refusal is None:
        return {"number": number, "outcome": "done", "what": ""}
    return {"number": number, "outcome": refusal.problem, "what": refusal.what[:MAX_WORDS]}


_COLUMNS: Final = (
    "number",
    "tenant_id",
    "customer_id",
    "place",
    "since",
    "order_id",
    "problem",
    "what",
    "retry_at",
)


def _write(connection: Connection, numbers: Sequence[Booked]) -> None:
    if not numbers:
        return
    rows = [
        {
            "number": each.number,
            "tenant_id": each.tenant_id,
            "customer_id": each.customer_id,
            "place": each.place,
            "since": each.since.isoformat(),
            "order_id": each.order_id,
            "problem": each.problem,
            "what": each.what[:MAX_WORDS],
            "retry_at": each.retry_at.isoformat() if each.retry_at is not None else None,
        }
        for each in numbers
    ]
    connection.execute(text(_UPSERT), {"rows": json.dumps(rows)})


#: What a number was linked at stays until it gets another tenant, which a trigger allows or not.
_UPSERT: Final = f"""
INSERT INTO teams_number ({", ".join(_COLUMNS)}, linked_event)
SELECT {", ".join(f"new.{name}" for name in _COLUMNS)},
    coalesce((SELECT max(id) FROM number_event AS event WHERE event.number = new.number), 0)
FROM jsonb_populate_recordset(NULL::teams_number, CAST(:rows AS jsonb)) AS new
ON CONFLICT (number) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS)},
    linked_event = CASE WHEN teams_number.tenant_id = EXCLUDED.tenant_id THEN teams_number.linked_event
        ELSE EXCLUDED.linked_event END,
    assigned_to = CASE WHEN EXCLUDED.place = 'away' THEN '' ELSE teams_number.assigned_to END
"""  # noqa: S608 - names of our columns
_OF_ORDER: Final = (
    "INSERT INTO teams_order_number (order_id, number) SELECT :order, unnest(CAST(:numbers AS text[]))"
)
_OUTCOMES: Final = """
UPDATE teams_order_number AS kept SET outcome = told.outcome, what = told.what
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(number text, outcome text, what text)
WHERE kept.order_id = :order AND kept.number = told.number
"""
_ASSIGNED: Final = """
UPDATE teams_number AS kept SET assigned_to = seen.assigned_to
FROM unnest(CAST(:numbers AS text[]), CAST(:assigned AS text[])) AS seen(number, assigned_to)
WHERE kept.number = seen.number AND kept.tenant_id = :tenant AND kept.assigned_to <> seen.assigned_to
"""
_EVERY: Final = """
SELECT DISTINCT tenant_id FROM number_state WHERE tenant_id IS NOT NULL
UNION SELECT DISTINCT tenant_id FROM teams_number ORDER BY 1
"""
_TO_DO: Final = f"""
SELECT life.tenant_id FROM number_state AS life LEFT JOIN teams_number AS known USING (number)
WHERE life.tenant_id IS NOT NULL AND (
    life.state IN ('{_HERE}') AND (known.number IS NULL OR known.tenant_id <> life.tenant_id
        OR known.place = 'away' AND coalesce(known.retry_at <= :at, true))
    OR life.state = 'released' AND known.place = 'away')
UNION
SELECT known.tenant_id FROM teams_number AS known LEFT JOIN number_state AS life USING (number)
WHERE known.place = 'uploaded' AND coalesce(known.retry_at <= :at, true)
    AND (life.number IS NULL OR life.state NOT IN ('{_HERE}')
        OR life.tenant_id IS DISTINCT FROM known.tenant_id)
ORDER BY 1
"""  # noqa: S608 - names of states
_LIVES: Final = f"""
SELECT number, customer_id, state FROM number_state
WHERE tenant_id = :tenant AND state IN ('{_HERE}', 'released')
"""  # noqa: S608 - names of states
_BOOK: Final = f"""
SELECT known.*, known.tenant_id <> :tenant AND EXISTS (
    SELECT FROM number_event AS event WHERE event.number = known.number AND event.id > known.linked_event
        AND event.to_state IN ('free', 'ported_out')) AS renewed
FROM teams_number AS known WHERE known.tenant_id = :tenant OR known.number IN (
    SELECT number FROM number_state WHERE tenant_id = :tenant AND state IN ('{_HERE}', 'released'))
"""  # noqa: S608 - names of states
