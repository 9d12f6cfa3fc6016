"""The table of mailbox messages (C3)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

#: Ten minutes of 8 kHz WAV, with some room.
MAX_SEALED_BYTES: Final = 12 << 20
_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")


def _length(column: str, most: int, least: int = 0) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: A message; `sealed` is the WAV file, encrypted (store.sealed). `notify_at`: when the next e-mail is due,
#: NULL when none is.
mailbox_message = Table(
    "mailbox_message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("mailbox_id", Text, nullable=False),
    Column("caller", Text),
    Column("called", Text, nullable=False),
    Column("received_at", _MILLISECONDS, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", _MILLISECONDS, nullable=False),
    Column("notify", JSONB, nullable=False),
    Column("notify_at", _MILLISECONDS),
    Column("notify_attempts", Integer, nullable=False),
    Column("notify_error", Text),
    Column("notified_at", _MILLISECONDS),
    Column("heard_at", _MILLISECONDS),
    _length("id", MAX_ID, 1),
    _length("customer_id", MAX_ID, 1),
    _length("mailbox_id", MAX_ID, 1),
    _length("caller", MAX_TEXT, 1),
    _length("called", MAX_TEXT, 1),
    _length("notify_error", MAX_TEXT, 1),
    CheckConstraint("duration_ms >= 0", name="duration"),
    CheckConstraint(f"octet_length(sealed) BETWEEN 1 AND {MAX_SEALED_BYTES}", name="sealed_size"),
    CheckConstraint("expires_at > received_at", name="expires_later"),
    CheckConstraint("jsonb_typeof(notify) = 'array'", name="notify_is_array"),
    CheckConstraint("notify_attempts >= 0", name="notify_attempts"),
    Index(None, "customer_id", "mailbox_id", "received_at"),
    Index(None, "expires_at"),
    Index("mailbox_message_to_notify", "notify_at", postgresql_where="notify_at IS NOT NULL"),
)
