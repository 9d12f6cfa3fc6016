"""Which sounds of a customer there are, for handing them over (F6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select

from store.foreign_errors import database_errors
from store.mailbox_tables import mailbox_message
from store.recording_tables import recording
from store.secret_orders import telling


def message_ids(engine: Engine, customer_id: str, at: datetime) -> tuple[str, ...]:
    """Messages in mailboxes that may be handed over at this moment, the oldest first. Raises DatabaseError's
    children."""
    message = mailbox_message.c
    with database_errors("listing messages"), engine.connect() as connection:
        told = telling(connection, customer_id, at).rows(mailbox_message)
        wanted = select(message.id).where(message.customer_id == customer_id, told)
        return tuple(connection.scalars(wanted.order_by(message.received_at, message.id)))


def recording_ids(engine: Engine, customer_id: str, at: datetime) -> tuple[str, ...]:
    """The same of recordings that are not erased."""
    mine = (recording.c.customer_id == customer_id) & recording.c.erased_at.is_(None)
    with database_errors("listing recordings"), engine.connect() as connection:
        told = telling(connection, customer_id, at).rows(recording)
        wanted = select(recording.c.id).where(mine, told)
        return tuple(connection.scalars(wanted.order_by(recording.c.started_at, recording.c.id)))
