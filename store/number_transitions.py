"""Transitions of many numbers in the caller's transaction: lives read, moved by the pure table, written back.

Whoever moves numbers holds one lock until the end of the transaction, so the lives that were read are the
lives that are replaced, also those of free numbers, which have no row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, select, text

from numbering.e164 import E164
from numbering.errors import LifeCycleError
from numbering.life import FREE, TERMS, Assignment, Life, State, Terms
from numbering.life_cycle import Step, follow_configuration
from store.errors import NumbersRefused
from store.number_records import LIFE_COLUMNS, event_row, life_of, state_row
from store.number_tables import number_state

#: Numbers of one round trip.
PORTION: Final = 5_000
#: pg_advisory_xact_lock key of whoever moves numbers: "numbers" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"numbers")
#: Refusals collected before an apply gives up.
_MOST_REFUSALS: Final = 100
#: Lives remembered with what became of them: numbers of one entry share theirs.
_REMEMBERED: Final = 10_000

#: From a life to the steps that are to be made; raises LifeCycleError.
Plan = Callable[[Life], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order: the steps made (none: nothing to do), or why it was refused."""

    number: E164
    before: Life
    steps: tuple[Step, ...] = ()
    error: LifeCycleError | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What an applied version did to the inventory: how many numbers were moved, and by which events."""

    numbers: int
    events: Mapping[str, int]


def lock_inventory(connection: Connection) -> None:
    """Until the end of the transaction nobody else moves numbers. Waits at most the lock timeout."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def reconcile(
    connection: Connection,
    assigned_before: Collection[E164],
    assigned_now: Mapping[E164, Assignment],
    at: datetime,
    actor: str,
    terms: Terms = TERMS,
) -> Reconciled:
    """Let the inventory follow an applied version, in the transaction of the apply.

    Pass only numbers of parts that changed: `assigned_before` those that the changed parts assigned until now
    (a mapping will do), `assigned_now` those that they assign from now on, with their particulars. A number
    in both whose particulars did not change costs a look-up and changes nothing. `at` is the moment of the
    apply and has a zone. Takes 60 to 120 µs for a number that is moved, 20 µs where nothing changes.

    Raises NumbersRefused (a number that is kept for another customer, a second tenant, one that was ported
    out ...), then the whole apply must be undone; database errors are the caller's to map.
    """
    lock_inventory(connection)
    at = milliseconds(at)
    remembered: dict[tuple[Life, Assignment | None], tuple[Step, ...]] = {}

    def follow(life: Life, assignment: Assignment | None) -> tuple[Step, ...]:
        known = remembered.get((life, assignment))
        if known is None:
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
            known = remembered[life, assignment] = follow_configuration(life, assignment, at, terms)
        return known

    def plan(assignment: Assignment | None) -> Plan:
        return lambda life: follow(life, assignment)

    gone = (number for number in assigned_before if number not in assigned_now)
    orders = [
        *((number, plan(None)) for number in gone),
        *((number, plan(assignment)) for number, assignment in assigned_now.items()),
    ]
    moved, events = 0, Counter[str]()
    refusals: list[tuple[E164, LifeCycleError]] = []
    for outcome in carry(connection, orders, actor, {}):
        if outcome.error is not None:
            refusals.append((outcome.number, outcome.error))
            if len(refusals) >= _MOST_REFUSALS:
                break
        moved += bool(outcome.steps)
        events.update(str(step.event) for step in outcome.steps)
    if refusals:
        raise NumbersRefused("number inventory", refusals)
    return Reconciled(moved, dict(events))


def carry(
    connection: Connection,
    orders: Iterable[tuple[E164, Plan]],
    actor: str,
    details: Mapping[str, Any],
) -> Iterator[Outcome]:
    """Move the numbers in the order given, a number twice if it comes twice; refused ones stay as they are.

    Needs `lock_inventory`. Read it to its end: each portion is written when the next is asked for.
    """
    for portion in portions(orders):
        lives = read_lives(connection, [number for number, _ in portion])
        touched: dict[E164, Life] = {}
        events: list[dict[str, Any]] = []
        outcomes: list[Outcome] = []
        for number, plan in portion:
            before = lives.get(number, FREE)
            try:
                steps = plan(before)
            except LifeCycleError as error:
                outcomes.append(Outcome(number, before, error=error))
                continue
            outcomes.append(Outcome(number, before, steps))
            if steps:
                lives[number] = touched[number] = steps[-1].after
                events += [event_row(number, step, actor, details) for step in steps]
        _write(connection, touched, events)
        yield from outcomes


def read_lives(connection: Connection, numbers: Sequence[E164]) -> dict[E164, Life]:
    """The lives of those numbers that are not free."""
    wanted = select(number_state).where(number_state.c.number == text("ANY(:numbers)"))
    rows = connection.execute(wanted, {"numbers": list(numbers)}).mappings()
    return {E164(row["number"]): life_of(row) for row in rows}


def milliseconds(at: datetime) -> datetime:
    """The moment as the tables keep it. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


_COLUMNS: Final = ", ".join(("number", *LIFE_COLUMNS))
_UPSERT: Final = text(
    f"INSERT INTO number_state ({_COLUMNS}) SELECT {_COLUMNS} "  # noqa: S608 - names of a dataclass
    "FROM jsonb_populate_recordset(NULL::number_state, CAST(:rows AS jsonb)) "
    "ON CONFLICT (number) DO UPDATE SET " + ", ".join(f"{name} = EXCLUDED.{name}" for name in LIFE_COLUMNS)
)
_DELETE: Final = text("DELETE FROM number_state WHERE number = ANY(:numbers)")
_EVENT_COLUMNS: Final = "number, at, event, from_state, to_state, customer_id, actor, reason, details"
_EVENTS: Final = text(
    f"INSERT INTO number_event ({_EVENT_COLUMNS}) SELECT {_EVENT_COLUMNS} "  # noqa: S608 - constant
    "FROM jsonb_populate_recordset(NULL::number_event, CAST(:rows AS jsonb))"
)


def _write(connection: Connection, touched: Mapping[E164, Life], events: Sequence[Mapping[str, Any]]) -> None:
    kept = [state_row(number, life) for number, life in touched.items() if life.state is not State.FREE]
    freed = [number for number, life in touched.items() if life.state is State.FREE]
    if kept:
        connection.execute(_UPSERT, {"rows": json.dumps(kept)})
    if freed:
        connection.execute(_DELETE, {"numbers": freed})
    if events:
        connection.execute(_EVENTS, {"rows": json.dumps(events)})


_T = TypeVar("_T")


def portions(things: Iterable[_T], size: int = PORTION) -> Iterator[list[_T]]:
    """Lists of at most `size`."""
    source = iter(things)
    while portion := list(islice(source, size)):
        yield portion
