"""What an export to a customer leaves out while an order is open that its authority keeps secret.

Whoever must answer an authority may not tell the customer of it (TKG § 174(6)), and a request for all data is
answered without it (GDPR Art. 23). Left out are all orders about the customer, also released ones, the
audit's entries about them, and messages and recordings that are there only because one keeps them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, Select, Table, Text, case, cast, func, not_, or_, select, true

from store.foreign_errors import database_errors
from store.mailbox_tables import mailbox_message
from store.privacy_tables import privacy_hold
from store.recording_tables import recording, recording_part
from store.tables import audit

#: Of the audit: entries about a hold itself. Others name the order that kept something from deletion.
_ABOUT_HOLDS = ("privacy.hold", "privacy.release")
_in_force = privacy_hold.c.secret & privacy_hold.c.released_at.is_(None)


def _secret(customer_id: str) -> Select[int]:
    return select(privacy_hold.c.id).where(privacy_hold.c.customer_id == customer_id, _in_force)


def _every_order(customer_id: str) -> Select[int]:
    """Released ones and those of which the customer may know too: what they were opened for may be what a
    secret one goes on with."""
    of_customer = (privacy_hold.c.customer_id == customer_id) & (privacy_hold.c.kind == "order")
    return select(privacy_hold.c.id).where(of_customer)


def secret_orders(engine: Engine, customer_id: str) -> tuple[int, ...]:
    """The numbers of a customer's secret orders that are open. Raises DatabaseError's children."""
    with database_errors(f"reading orders about {customer_id}"), engine.connect() as connection:
        return tuple(connection.scalars(_secret(customer_id).order_by(privacy_hold.c.id)))


def may_be_told(table: Table, customer_id: str, at: datetime) -> ColumnElement[bool]:
    """The condition for the customer's rows of a table that an export of this moment may show."""
    told_of_orders = not_(_secret(customer_id).exists())
    if table is privacy_hold:
        return or_(privacy_hold.c.kind != "order", told_of_orders)
    if table is audit:
        about = case(
            (audit.c.action.in_(_ABOUT_HOLDS), audit.c.details["hold"].astext),
            else_=audit.c.details["kept_by_hold"].astext,
        )
        numbers = _every_order(customer_id).subquery()
        of_no_order = func.coalesce(about, "").not_in(select(cast(numbers.c.id, Text)))
        return or_(of_no_order, told_of_orders)
    if table is mailbox_message or table is recording:
        return or_(table.c.expires_at > at, told_of_orders)
    if table is recording_part:
        shown = select(recording.c.id).where(may_be_told(recording, customer_id, at))
        return recording_part.c.recording_id.in_(shown)
    return true()
