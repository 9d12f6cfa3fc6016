"""Which sounds of a customer there are, for handing them over (F6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select

from store.foreign_errors import database_errors
from store.mailbox_tables import mailbox_message
from store.recording_tables import recording
from store.secret_orders import may_be_told


def message_ids(engine: Engine, customer_id: str, at: datetime) -> tuple[str, ...]:
    """Messages in mailboxes that may be handed over at this moment, the oldest first. Raises DatabaseError's
    children."""
    message = mailbox_message.c
    mine = (message.customer_id == customer_id) & may_be_told(mailbox_message, customer_id, at)
    wanted = select(message.id).where(mine)
    with database_errors("listing messages"), engine.connect() as connection:
        return tuple(connection.scalars(wanted.order_by(message.received_at, message.id)))


def recording_ids(engine: Engine, customer_id: str, at: datetime) -> tuple[str, ...]:
    """The same of recordings that are not erased."""
    mine = (recording.c.customer_id == customer_id) & recording.c.erased_at.is_(None)
    wanted = select(recording.c.id).where(mine, may_be_told(recording, customer_id, at))
    with database_errors("listing recordings"), engine.connect() as connection:
        return tuple(connection.scalars(wanted.order_by(recording.c.started_at, recording.c.id)))
