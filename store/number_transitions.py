"""Transitions of many numbers in the caller's transaction: lives read, moved by the pure table, written back.

Whoever moves numbers holds one lock until the end of the transaction, so the lives that were read are the
lives that are replaced, also those of free numbers, which have no row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, select, text

from numbering.e164 import E164
from numbering.errors import LifeCycleError
from numbering.life import FREE, Life, State
from numbering.life_cycle import Step
from store.number_records import LIFE_COLUMNS, event_row, life_of, state_row
from store.number_tables import number_state

#: Numbers of one round trip.
PORTION: Final = 5_000
#: pg_advisory_xact_lock key of whoever moves numbers: "numbers" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"numbers")

#: From a life to the steps that are to be made; raises LifeCycleError.
Plan = Callable[[Life], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order: the steps made (none: nothing to do), or why it was refused."""

    number: E164
    before: Life
    steps: tuple[Step, ...] = ()
    error: LifeCycleError | None = None


def lock_inventory(connection: Connection) -> None:
    """Until the end of the transaction nobody else moves numbers. Waits at most the lock timeout."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


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
        yield from move(connection, portion, lives, actor, details)


def move(
    connection: Connection,
    orders: Iterable[tuple[E164, Plan]],
    lives: dict[E164, Life],
    actor: str,
    details: Mapping[str, Any],
) -> list[Outcome]:
    """Move numbers whose lives were read, and write what became of them; `lives` goes with them."""
    touched: dict[E164, Life] = {}
    events: list[dict[str, Any]] = []
    outcomes: list[Outcome] = []
    for number, plan in orders:
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
    return outcomes


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
