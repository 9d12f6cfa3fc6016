"""What an export to a customer leaves out while an order is open that its authority keeps secret.

Whoever must answer an authority may not tell the customer of it (TKG § 174(6)), and a request for all data is
answered without it (GDPR Art. 23). Left out are all orders about the customer, also released ones, the
audit's entries about them, and what is there only because an order keeps it (store/kept_by_orders.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    case,
    cast,
    exists,
    func,
    select,
    true,
)

from store.foreign_errors import database_errors
from store.kept_by_orders import OnlyByOrders, calls_by_others_orders, only_by_orders
from store.mailbox_tables import mailbox_message
from store.privacy_holds import order_about
from store.privacy_tables import privacy_hold
from store.recording_tables import recording
from store.tables import audit

#: Of the audit: entries about a hold itself. Others name the order that kept something from deletion.
_ABOUT_HOLDS = ("privacy.hold", "privacy.release")
_in_force = privacy_hold.c.secret & privacy_hold.c.released_at.is_(None)


@dataclass(frozen=True, slots=True)
class Telling:
    """What of a customer's rows may be told. `secret`: an order about the customer is; `kept`: what is there
    only by orders, None where none is secret."""

    customer_id: str
    secret: bool
    kept: OnlyByOrders | None

    def rows(self, table: Table) -> ColumnElement[bool]:
        """The condition for a table's rows that may be shown."""
        if self.secret and table is privacy_hold:
            return privacy_hold.c.kind != "order"
        told = self._not_kept(table)
        return told & self._of_no_order() if self.secret and table is audit else told

    def _not_kept(self, table: Table) -> ColumnElement[bool]:
        gone = self.kept.rows(table) if self.kept is not None else None
        return ~gone if gone is not None else true()

    def _of_no_order(self) -> ColumnElement[bool]:
        """Entries of the audit. Released orders count, and those of which the customer may know: what they
        were opened for may be what a secret one goes on with. Who heard what only an order keeps may have
        heard it for the authority."""
        about = case(
            (audit.c.action.in_(_ABOUT_HOLDS), audit.c.details["hold"].astext),
            else_=audit.c.details["kept_by_hold"].astext,
        )
        orders = select(cast(privacy_hold.c.id, Text)).where(
            privacy_hold.c.customer_id == self.customer_id, privacy_hold.c.kind == "order"
        )
        told: ColumnElement[bool] = func.coalesce(about, "").not_in(orders)
        for table in (mailbox_message, recording):
            kept = select(table.c.id).where(table.c.customer_id == self.customer_id, ~self._not_kept(table))
            told &= ~((audit.c.object_kind == table.name) & audit.c.object_id.in_(kept))
        return told

    def shown(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A column as it may be shown."""
        return self.kept.shown(column) if self.kept is not None else column


def telling(connection: Connection, customer_id: str, at: datetime) -> Telling:
    """For an export of this moment, as it is in the transaction. Raises what SQLAlchemy raises."""
    if not connection.scalar(select(exists().where(_in_force))):
        return Telling(customer_id, secret=False, kept=None)
    if connection.scalar(select(_secret(customer_id).exists())):
        return Telling(customer_id, secret=True, kept=only_by_orders(connection, customer_id, at))
    own = order_about(connection, customer_id) is not None
    return Telling(customer_id, secret=False, kept=calls_by_others_orders(connection, customer_id, at, own))


def secret_orders(engine: Engine, customer_id: str) -> tuple[int, ...]:
    """The numbers of a customer's secret orders that are open. Raises DatabaseError's children."""
    with database_errors(f"reading orders about {customer_id}"), engine.connect() as connection:
        return tuple(connection.scalars(_secret(customer_id).order_by(privacy_hold.c.id)))


def _secret(customer_id: str) -> Select[int]:
    return select(privacy_hold.c.id).where(privacy_hold.c.customer_id == customer_id, _in_force)
