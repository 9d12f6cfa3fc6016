"""Customers and users who are blocked (A7): they reach 110 and 112 and nobody else; their fees go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, Engine, and_, func, insert, or_, select, text, update

from dialplan.limits.agreed import Throttle
from numbering.e164 import E164
from store import applied_parts, audit
from store.applied_parts import AppliedCustomer
from store.errors import AlreadyBlocked, CustomerUnknown, NotBlocked, RecordRefused
from store.foreign_errors import database_errors
from store.number_tables import block_counter, customer_block, number_state
from store.number_transitions import milliseconds
from store.throttles import throttles

#: Who lifts a block whose time is over.
CALENDAR: Final = "calendar"
_MAX_PAGE: Final = 10_000
_BLOCK_COLUMNS: Final = (
    "customer_id", "user_id", "since", "until", "actor", "reason", "lifted_at", "lifted_by", "lift_reason"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CustomerBlock:
    """A block of a whole customer (`user_id` "") or of one user. It is in force until lifted, or `until`."""

    customer_id: str
    user_id: str
    since: datetime
    until: datetime | None
    actor: str
    reason: str
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


@dataclass(frozen=True, slots=True)
class Blocked:
    """Everything that is blocked by operators, for the call path: look-ups in sets.

    `version` counts changes; `valid_until`: when the next block or throttle ends by itself. What the
    configuration blocks (`blocked: true`) is not in here. `throttled` customers are slowed down (B10).
    """

    version: int
    customers: frozenset[str] = frozenset()
    users: frozenset[tuple[str, str]] = frozenset()
    numbers: frozenset[E164] = frozenset()
    valid_until: datetime | None = None
    throttled: Mapping[str, Throttle] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class CustomerStanding:
    """A customer of the applied configuration: numbers by state, blocks in force (the newest first)."""

    customer: AppliedCustomer
    numbers: dict[str, int]
    blocks: tuple[CustomerBlock, ...]


class BlockedReader:
    """For controllers. Both methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def changed(self, known: Blocked | None, at: datetime) -> bool:
        """Whether `read` would give something else than `known`. Reads one row: poll as often as you like."""
        with database_errors("asking what is blocked"), self._engine.connect() as connection:
            version = connection.execute(select(block_counter.c.version)).scalar_one()
        if known is None or known.version != version:
            return True
        return known.valid_until is not None and known.valid_until <= at

    def read(self, at: datetime) -> Blocked:
        """All that is blocked at `at`."""
        with database_errors("reading what is blocked"), self._engine.connect() as connection:
            # The version first: a change that comes in between is in the sets, and read once more.
            version = connection.execute(select(block_counter.c.version)).scalar_one()
            blocks = connection.execute(select(customer_block).where(_in_force(at))).all()
            numbers = connection.scalars(
                select(number_state.c.number).where(number_state.c.state == "blocked")
            )
            throttled, first_end = throttles(connection, at)
            ends = [row.until for row in blocks if row.until] + ([first_end] if first_end else [])
            return Blocked(
                version,
                frozenset(row.customer_id for row in blocks if not row.user_id),
                frozenset((row.customer_id, row.user_id) for row in blocks if row.user_id),
                frozenset(map(E164, numbers)),
                min(ends, default=None),
                throttled,
            )


class CustomerBlocks:
    """All methods raise DatabaseError's children. Moments have a zone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def block(
        self,
        customer_id: str,
        at: datetime,
        actor: str,
        reason: str,
        *,
        user_id: str = "",
        until: datetime | None = None,
    ) -> None:
        """Block a customer, or one user, from `at` on. Raises CustomerUnknown, AlreadyBlocked, and
        RecordRefused without a reason or with an end that is not ahead."""
        _need_reason(reason)
        at = milliseconds(at)
        values = {
            "customer_id": customer_id,
            "user_id": user_id,
            "since": at,
            "until": milliseconds(until) if until else None,
            "actor": actor,
            "reason": reason,
        }
        who = _said(customer_id, user_id)
        with database_errors(f"blocking {who}"), self._engine.begin() as connection:
            _lock(connection)
            if applied_parts.customer(connection, customer_id) is None:
                raise _unknown(customer_id)
            _lift(connection, _over(at, customer_id))
            if _open(connection, customer_id, user_id):
                raise AlreadyBlocked(
                    who, "is blocked already", f"`fernamt customer show {customer_id}` says why"
                )
            connection.execute(insert(customer_block).values(values))
            _record(connection, actor, "customer.block", customer_id, user_id, reason)

    def unblock(self, customer_id: str, at: datetime, actor: str, reason: str, *, user_id: str = "") -> None:
        """Lift the block. Raises NotBlocked, and RecordRefused without a reason. A customer that is gone from
        the configuration can be unblocked too."""
        _need_reason(reason)
        at = milliseconds(at)
        who = _said(customer_id, user_id)
        with database_errors(f"unblocking {who}"), self._engine.begin() as connection:
            _lock(connection)
            _lift(connection, _over(at, customer_id))
            if not _open(connection, customer_id, user_id):
                raise NotBlocked(
                    who,
                    "is not blocked by an operator",
                    "`blocked: true` is lifted in the customer's file with `fernamt config apply`",
                )
            lift = update(customer_block).where(_is_open(customer_id, user_id))
            connection.execute(lift.values(lifted_at=at, lifted_by=actor, lift_reason=reason))
            _record(connection, actor, "customer.unblock", customer_id, user_id, reason)

    def sweep(self, at: datetime) -> int:
        """Lift the blocks whose time is over; how many. They were not in force any more before this."""
        with database_errors("lifting blocks"), self._engine.begin() as connection:
            return _lift(connection, _over(milliseconds(at)))

    def history(self, customer_id: str, limit: int = 100) -> tuple[CustomerBlock, ...]:
        """All blocks of a customer and its users, newest first, at most `limit`."""
        wanted = select(customer_block).where(customer_block.c.customer_id == customer_id)
        wanted = wanted.order_by(customer_block.c.id.desc()).limit(max(1, min(limit, _MAX_PAGE)))
        with database_errors(f"reading blocks of {customer_id}"), self._engine.connect() as connection:
            return tuple(_block(row) for row in connection.execute(wanted))

    def standing(self, customer_id: str, at: datetime) -> CustomerStanding:
        """One customer. Raises CustomerUnknown."""
        with database_errors(f"reading customer {customer_id}"), self._engine.connect() as connection:
            found = applied_parts.customer(connection, customer_id)
            if found is None:
                raise _unknown(customer_id)
            return _standings(connection, [found], at)[0]

    def standings(self, at: datetime, *, after: str = "", limit: int = 100) -> tuple[CustomerStanding, ...]:
        """Customers of the applied configuration whose id comes after `after`, in order, at most `limit`."""
        limit = max(1, min(limit, _MAX_PAGE))
        with database_errors("listing customers"), self._engine.connect() as connection:
            return _standings(connection, list(applied_parts.customers(connection, after, limit)), at)


def _standings(
    connection: Connection, found: Sequence[AppliedCustomer], at: datetime
) -> tuple[CustomerStanding, ...]:
    ids = [each.id for each in found]
    counts: dict[str, dict[str, int]] = {id_: {} for id_ in ids}
    for row in connection.execute(_COUNTS, {"ids": ids}):
        counts[row.customer_id][row.state] = row.numbers
    blocks: dict[str, list[CustomerBlock]] = {id_: [] for id_ in ids}
    wanted = select(customer_block).where(customer_block.c.customer_id.in_(ids), _in_force(at))
    for row in connection.execute(wanted.order_by(customer_block.c.id.desc())):
        blocks[row.customer_id].append(_block(row))
    return tuple(CustomerStanding(each, counts[each.id], tuple(blocks[each.id])) for each in found)


_COUNTS: Final = text(
    "SELECT customer_id, state, count(*) AS numbers FROM number_state WHERE customer_id = ANY(:ids)"
    " GROUP BY customer_id, state ORDER BY customer_id, state"
)
#: pg_advisory_xact_lock key of whoever blocks customers: "blocks" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"blocks")


def _lock(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _in_force(at: datetime) -> Any:
    until = customer_block.c.until
    return and_(customer_block.c.lifted_at.is_(None), or_(until.is_(None), until > at))


def _is_open(customer_id: str, user_id: str) -> Any:
    return and_(
        customer_block.c.customer_id == customer_id,
        customer_block.c.user_id == user_id,
        customer_block.c.lifted_at.is_(None),
    )


def _open(connection: Connection, customer_id: str, user_id: str) -> bool:
    count = select(func.count()).select_from(customer_block).where(_is_open(customer_id, user_id))
    return connection.execute(count).scalar_one() > 0


def _over(at: datetime, customer_id: str | None = None) -> Any:
    over = and_(customer_block.c.lifted_at.is_(None), customer_block.c.until <= at)
    return over if customer_id is None else and_(over, customer_block.c.customer_id == customer_id)


def _lift(connection: Connection, which: Any) -> int:
    lift = update(customer_block).where(which)
    lift = lift.values(lifted_at=customer_block.c.until, lifted_by=CALENDAR, lift_reason="its time is over")
    return connection.execute(lift).rowcount


def _record(
    connection: Connection, actor: str, action: str, customer_id: str, user_id: str, reason: str
) -> None:
    details = {"reason": reason, **({"user": user_id} if user_id else {})}
    audit.record(
        connection,
        actor=actor,
        action=action,
        object_kind="customer",
        object_id=customer_id,
        details=details,
    )


def _block(row: Any) -> CustomerBlock:
    return CustomerBlock(*(getattr(row, name) for name in _BLOCK_COLUMNS))


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise RecordRefused("block", "no reason is given", "Say why: --reason TEXT")


def _said(customer_id: str, user_id: str) -> str:
    return f"user {user_id} of customer {customer_id}" if user_id else f"customer {customer_id}"


def _unknown(customer_id: str) -> CustomerUnknown:
    return CustomerUnknown(
        f"customer {customer_id}",
        "the applied configuration has no such customer",
        "See `fernamt customer list`; new ones come with `fernamt config apply`",
    )
