"""Holds: what keeps a customer's data beyond its time, opened and released by operators (F4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, func, insert, select, update

from privacy.plan import Hold
from store import audit
from store.foreign_errors import database_errors
from store.privacy_errors import HoldUnknown, UnderOrder
from store.privacy_tables import privacy_hold

#: Most holds read at once.
MAX_HOLDS: Final = 10_000


@dataclass(frozen=True, slots=True)
class StoredHold:
    """A hold, open until `released_at`. `kind`: "objection" or "order"; `month`: its first day, or all.
    `secret`: the customer is not told of it while it is open."""

    id: int
    customer_id: str
    kind: str
    month: date | None
    opened_at: datetime
    actor: str
    reason: str
    released_at: datetime | None
    released_by: str | None
    release_reason: str | None
    secret: bool

    def plain(self) -> Hold:
        """As the plan wants it."""
        why = f"hold {self.id} ({self.kind}): {self.reason}"
        return Hold(self.customer_id, self.month, self.kind == "order", why)


class PrivacyHolds:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(
        self, customer_id: str, kind: str, month: date | None, at: datetime, actor: str, reason: str,
        *, secret: bool = False,
    ) -> int:  # fmt: skip
        """Keep a customer's data from now on; the hold's number. `secret`: of an order alone."""
        row = {
            "customer_id": customer_id, "kind": kind, "month": month, "opened_at": at, "actor": actor,
            "reason": reason, "secret": secret,
        }  # fmt: skip
        with database_errors(f"holding data of {customer_id}"), self._engine.begin() as connection:
            made = connection.execute(insert(privacy_hold).values(row).returning(privacy_hold.c.id))
            number = int(made.scalar_one())
            details = {"hold": number, "kind": kind, "reason": reason, "secret": secret}
            _record(connection, actor, "privacy.hold", customer_id, details)
        return number

    def release(self, number: int, at: datetime, actor: str, reason: str) -> StoredHold:
        """Let the periods count again. Raises HoldUnknown for one that is not open."""
        mine = (privacy_hold.c.id == number) & privacy_hold.c.released_at.is_(None)
        values = {"released_at": at, "released_by": actor, "release_reason": reason}
        with database_errors(f"releasing hold {number}"), self._engine.begin() as connection:
            changed = update(privacy_hold).where(mine).values(values).returning(*privacy_hold.c)
            row = connection.execute(changed).mappings().first()
            if row is None:
                raise HoldUnknown(
                    f"hold {number}", "no hold of this number is open", "See `fernamt privacy hold list`"
                )
            found = StoredHold(**row)
            _record(connection, actor, "privacy.release", found.customer_id, {"hold": number})
        return found

    def holds(self, customer_id: str | None = None, *, released: bool = False) -> tuple[StoredHold, ...]:
        """The newest first: open ones, with `released` all."""
        wanted = select(privacy_hold).order_by(privacy_hold.c.id.desc()).limit(MAX_HOLDS)
        if customer_id is not None:
            wanted = wanted.where(privacy_hold.c.customer_id == customer_id)
        if not released:
            wanted = wanted.where(privacy_hold.c.released_at.is_(None))
        with database_errors("reading holds"), self._engine.connect() as connection:
            return tuple(StoredHold(**row) for row in connection.execute(wanted).mappings())


def open_holds(connection: Connection) -> tuple[StoredHold, ...]:
    """Every hold that is open."""
    wanted = (
        select(privacy_hold).where(privacy_hold.c.released_at.is_(None)).order_by(privacy_hold.c.id.desc())
    )
    return tuple(StoredHold(**row) for row in connection.execute(wanted).mappings())


def not_under_order(customer: ColumnElement[Any]) -> ColumnElement[bool]:
    """Rows of customers whose data no authority has ordered to be kept, by their column."""
    ordered = select(privacy_hold.c.id).where(
        privacy_hold.c.customer_id == customer,
        privacy_hold.c.kind == "order",
        privacy_hold.c.released_at.is_(None),
    )
    return ~ordered.exists()


def order_about(connection: Connection, customer_id: str) -> int | None:
    """The number of an open order of an authority to keep a customer's data; None where there is none."""
    wanted = select(func.min(privacy_hold.c.id)).where(
        privacy_hold.c.customer_id == customer_id,
        privacy_hold.c.kind == "order",
        privacy_hold.c.released_at.is_(None),
    )
    number: int | None = connection.execute(wanted).scalar_one()
    return number


def refuse_under_order(connection: Connection, customer_id: str, place: str) -> None:
    """Raises UnderOrder where an authority's order keeps what is to be deleted by hand."""
    number = order_about(connection, customer_id)
    if number is not None:
        raise UnderOrder(
            place,
            f"an authority's order keeps all data of customer {customer_id} (hold {number})",
            f"See `fernamt privacy hold list`; it can be deleted once hold {number} is released",
        )


def _record(
    connection: Connection, actor: str, action: str, customer_id: str, details: dict[str, Any]
) -> None:
    audit.record(
        connection, actor=actor, action=action, object_kind="customer", object_id=customer_id, details=details
    )
