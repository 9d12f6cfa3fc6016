"""Which sounds of a customer there are, for handing them over (F6)."""

from __future__ import annotations

from sqlalchemy import Engine, select

from store.foreign_errors import database_errors
from store.mailbox_tables import mailbox_message
from store.recording_tables import recording


def message_ids(engine: Engine, customer_id: str) -> tuple[str, ...]:
    """Messages in mailboxes, the oldest first. Raises DatabaseError's children."""
    message = mailbox_message.c
    wanted = select(message.id).where(message.customer_id == customer_id)
    with database_errors("listing messages"), engine.connect() as connection:
        return tuple(connection.scalars(wanted.order_by(message.received_at, message.id)))


def recording_ids(engine: Engine, customer_id: str) -> tuple[str, ...]:
    """Recordings that are not erased, the oldest first. Raises DatabaseError's children."""
    mine = (recording.c.customer_id == customer_id) & recording.c.erased_at.is_(None)
    wanted = select(recording.c.id).where(mine).order_by(recording.c.started_at, recording.c.id)
    with database_errors("listing recordings"), engine.connect() as connection:
        return tuple(connection.scalars(wanted))
