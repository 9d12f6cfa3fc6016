"""The number inventory: what state of life each number is in, who brought it there, and why (A6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, func, not_, or_, select, text

from numbering.e164 import E164
from numbering.errors import InsideBlocks, LifeCycleError, OutsideBlocks
from numbering.life import FREE, Event, Life, Order, State, Terms, said
from numbering.life_cycle import Step, carry_out, keep_calendar
from numbering.plan import is_area_code
from store import audit
from store.applied_parts import our_blocks, our_terms
from store.errors import NumbersRefused
from store.foreign_errors import database_errors
from store.number_records import (
    NumberEvent,
    NumberFilter,
    NumberPage,
    NumberRecord,
    OurBlock,
    life_of,
)
from store.number_tables import number_event, number_state
from store.number_transitions import (
    PORTION,
    Outcome,
    Plan,
    carry,
    lock_inventory,
    milliseconds,
    portions,
    read_lives,
)

#: Most numbers of one page and of one history.
MAX_PAGE: Final = 10_000
#: Most orders of one call.
MAX_ORDERS: Final = 100_000
#: Numbers named in an entry of the audit; the events of each number are in its own history.
_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class NumberOrder:
    """An order for one number, with what its history shall show besides (`details`: JSON)."""

    number: E164
    order: Order
    details: Mapping[str, Any] = field(default_factory=dict)


class NumberInventory:
    """All methods raise DatabaseError's children. Moments have a zone; actors have 1 to 256 characters."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def show(self, number: E164) -> Life:
        """The number's life; a free one for a number that nobody touched."""
        with database_errors(f"reading {number}"), self._engine.connect() as connection:
            return read_lives(connection, [number]).get(number, FREE)

    def find(self, wanted: NumberFilter, *, after: E164 | None = None, limit: int = 100) -> NumberPage:
        """Numbers that fit and come after `after`, in order, at most `limit` (1 to MAX_PAGE).

        Free numbers are found for `state=FREE` with a block; they have no rows of their own.
        """
        limit = max(1, min(limit, MAX_PAGE))
        with database_errors("searching numbers"), self._engine.connect() as connection:
            if wanted.state is State.FREE:
                records = _free(connection, wanted, after, limit + 1)
            else:
                rows = connection.execute(_query(wanted, after).limit(limit + 1)).mappings()
                records = [NumberRecord(E164(row["number"]), life_of(row)) for row in rows]
        page = tuple(records[:limit])
        return NumberPage(page, page[-1].number if len(records) > limit else None)

    def history(self, number: E164, limit: int = 100) -> tuple[NumberEvent, ...]:
        """The number's transitions, newest first, at most `limit` (1 to MAX_PAGE)."""
        query = select(number_event).where(number_event.c.number == number)
        query = query.order_by(number_event.c.id.desc()).limit(max(1, min(limit, MAX_PAGE)))
        with database_errors(f"reading the history of {number}"), self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return tuple(NumberEvent(**{**row, "number": E164(row["number"])}) for row in rows)

    def blocks(self) -> tuple[OurBlock, ...]:
        """The blocks of the applied configuration, in order."""
        with database_errors("reading the number blocks"), self._engine.connect() as connection:
            return our_blocks(connection)

    def carry_out(
        self,
        orders: Sequence[NumberOrder],
        at: datetime,
        actor: str,
        *,
        keep_going: bool = False,
        dry_run: bool = False,
    ) -> tuple[Outcome, ...]:
        """Carry the orders out, one after the other, in one transaction; what became of each, in their order.

        If one is refused nothing is changed, unless `keep_going`: then the others are carried out. A
        `dry_run` changes nothing in any case. At most MAX_ORDERS (ValueError).
        """
        if len(orders) > MAX_ORDERS:
            raise ValueError(f"at most {MAX_ORDERS} orders at once")
        at = milliseconds(at)
        with (
            database_errors("moving numbers"),
            self._engine.connect() as connection,
            connection.begin() as transaction,
        ):
            lock_inventory(connection)
            plan = _planner(our_blocks(connection), at, our_terms(connection))
            outcomes = tuple(
                outcome
                for portion in portions(orders, PORTION)
                for outcome in _carry(connection, portion, plan, actor)
            )
            refused = any(outcome.error for outcome in outcomes)
            if dry_run or (refused and not keep_going):
                transaction.rollback()
            else:
                _audit(connection, outcomes, actor)
        return outcomes

    def carry_out_one(self, order: NumberOrder, at: datetime, actor: str) -> Outcome:
        """One order. Raises NumbersRefused when it may not be."""
        (outcome,) = self.carry_out([order], at, actor)
        if outcome.error is not None:
            raise NumbersRefused("number inventory", [(order.number, outcome.error)])
        return outcome

    def sweep(self, at: datetime, actor: str, *, dry_run: bool = False) -> tuple[Outcome, ...]:
        """Do what the calendar has brought: reservations and quarantines that are over, activations and last
        days that have come. A second time there is nothing to do. In portions, each a transaction; a dry run
        looks at the first MAX_ORDERS."""
        at = milliseconds(at)
        done: list[Outcome] = []
        while outcomes := self._sweep_portion(at, actor, dry_run):
            done += outcomes
            if dry_run:
                break
        return tuple(done)

    def _sweep_portion(self, at: datetime, actor: str, dry_run: bool) -> list[Outcome]:
        with (
            database_errors("sweeping numbers"),
            self._engine.connect() as connection,
            connection.begin() as transaction,
        ):
            lock_inventory(connection)
            terms = our_terms(connection)

            def plan(life: Life) -> tuple[Step, ...]:
                return keep_calendar(life, at, terms)

            orders = [(number, plan) for number in _due(connection, at, MAX_ORDERS if dry_run else PORTION)]
            outcomes = [each for each in carry(connection, orders, actor, {}) if each.steps]
            if dry_run:
                transaction.rollback()
            else:
                _audit(connection, outcomes, actor, "number.sweep")
            return outcomes


def _carry(
    connection: Connection,
    orders: Sequence[NumberOrder],
    plan: Callable[[NumberOrder], Plan],
    actor: str,
) -> Iterator[Outcome]:
    """Runs of orders with the same details are one round trip."""
    start = 0
    for end in range(1, len(orders) + 1):
        if end == len(orders) or orders[end].details != orders[start].details:
            plans = [(each.number, plan(each)) for each in orders[start:end]]
            yield from carry(connection, plans, actor, orders[start].details)
            start = end


def _planner(blocks: Sequence[OurBlock], at: datetime, terms: Terms) -> Callable[[NumberOrder], Plan]:
    def plan_of(each: NumberOrder) -> Plan:
        def plan(life: Life) -> tuple[Step, ...]:
            refusal = _wrong_place(each, blocks)
            if refusal is not None:
                raise refusal
            return carry_out(life, each.order, at, terms)

        return plan

    return plan_of


def _wrong_place(each: NumberOrder, blocks: Sequence[OurBlock]) -> LifeCycleError | None:
    """Why the number cannot be reserved (not ours) or ported in (ours already)."""
    event = each.order.event
    if event is Event.RESERVE and not _inside(each.number, blocks):
        return OutsideBlocks(
            "the number is in no block of the applied configuration",
            "Reserve one of our own numbers, or port this one in: `fernamt number port-in`",
        )
    if event is Event.PORT_IN and _inside(each.number, blocks):
        return InsideBlocks(
            "the number is in a block of ours",
            "Reserve it instead: `fernamt number reserve`",
        )
    return None


def _inside(number: E164, blocks: Sequence[OurBlock]) -> bool:
    return any(number in block for block in blocks)


def _audit(
    connection: Connection, outcomes: Sequence[Outcome], actor: str, action: str | None = None
) -> None:
    moved = [outcome for outcome in outcomes if outcome.steps]
    if not moved:
        return
    events = sorted({said(step.event) for outcome in moved for step in outcome.steps})
    one = moved[0].number if len(moved) == 1 else None
    audit.record(
        connection,
        actor=actor,
        action=action or "number.change",
        object_kind="number" if one else "numbers",
        object_id=one or f"{len(moved)} numbers",
        details={"events": events, "numbers": [outcome.number for outcome in moved[:_NAMED]]},
    )


def _query(wanted: NumberFilter, after: E164 | None) -> Select[Any]:
    column = number_state.c.number
    query = select(number_state).order_by(column)
    if after is not None:
        query = query.where(column > after)
    if wanted.first is not None and wanted.last is not None:
        query = query.where(column.between(wanted.first, wanted.last))
        query = query.where(func.char_length(column) == len(wanted.first))
    if wanted.customer_id is not None:
        query = query.where(number_state.c.customer_id == wanted.customer_id)
    if wanted.state is not None:
        query = query.where(number_state.c.state == wanted.state.value)
    if wanted.area_code is not None:
        prefix = f"+49{wanted.area_code}"
        query = query.where(column >= prefix, column < prefix + ":")  # ":" follows "9"
        longer = [wanted.area_code + digit for digit in "0123456789"]
        inside = [column.startswith(f"+49{each}", autoescape=True) for each in longer if is_area_code(each)]
        if inside:  # 212 (Solingen) and 2129 (Haan) are different places
            query = query.where(not_(or_(*inside)))
    return query


def _free(connection: Connection, wanted: NumberFilter, after: E164 | None, limit: int) -> list[NumberRecord]:
    """Numbers of the block without a row, found in portions of the block."""
    if wanted.first is None or wanted.last is None:
        raise ValueError("free numbers are looked for in a block")
    if wanted.customer_id is not None:
        return []
    start, last = int(wanted.first.digits), int(wanted.last.digits)
    if after is not None and after >= wanted.first:
        start = int(after.digits) + 1
    found: list[NumberRecord] = []
    while start <= last and len(found) < limit:
        end = min(start + PORTION - 1, last)
        ends = {"first": f"+{start}", "last": f"+{end}"}
        # Counting is far cheaper than fetching, and most blocks are full from their beginning.
        if connection.scalar(_COUNT_TAKEN, ends) <= end - start:
            taken = set(connection.scalars(_TAKEN, ends))
            free = (number for each in range(start, end + 1) if (number := f"+{each}") not in taken)
            fitting = (E164(number) for number in free if _in_area(number, wanted.area_code))
            found += [NumberRecord(number, FREE) for number in fitting]
        start = end + 1
    return found[:limit]


def _in_area(number: str, area_code: str | None) -> bool:
    return area_code is None or number.startswith(f"+49{area_code}")


_WITHIN: Final = "number BETWEEN :first AND :last AND char_length(number) = char_length(:first)"
_TAKEN: Final = text(f"SELECT number FROM number_state WHERE {_WITHIN}")  # noqa: S608 - constant
_COUNT_TAKEN: Final = text(f"SELECT count(*) FROM number_state WHERE {_WITHIN}")  # noqa: S608 - constant
_DUE: Final = text(
    "(SELECT number FROM number_state WHERE until <= :at ORDER BY until LIMIT :most) UNION "
    "(SELECT number FROM number_state WHERE state = 'assigned' AND active_from <= :at"
    " ORDER BY active_from LIMIT :most) UNION "
    "(SELECT number FROM number_state WHERE state IN ('assigned', 'active', 'blocked')"
    " AND active_until <= :at ORDER BY active_until LIMIT :most)"
)


def _due(connection: Connection, at: datetime, most: int) -> list[E164]:
    return [E164(number) for number in connection.scalars(_DUE, {"at": at, "most": most})]
