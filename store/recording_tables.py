"""The tables of recorded conversations (C4)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.tables import MAX_ID, MAX_NOTE, MAX_TEXT, metadata

#: A part of a recording, with what sealing adds.
MAX_PART_BYTES: Final = (1 << 20) + 64
_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")


def _length(column: str, most: int, least: int = 0) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: A recorded conversation, with the caller's consent. What was erased keeps its row, without what was said:
#: when, by whom and why it was erased.
recording = Table(
    "recording",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("queue_id", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    # A program of the version before writes keys only.
    Column("consent_kind", Text, nullable=False, server_default="key"),
    Column("consent_key", Text),
    Column("consented_at", _MILLISECONDS, nullable=False),
    Column("started_at", _MILLISECONDS, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("expires_at", _MILLISECONDS, nullable=False),
    Column("erased_at", _MILLISECONDS),
    Column("erased_by", Text),
    Column("erased_why", Text),
    _length("id", MAX_ID, 1),
    _length("call_id", MAX_ID, 1),
    _length("customer_id", MAX_ID, 1),
    _length("queue_id", MAX_ID, 1),
    _length("agent_id", MAX_ID, 1),
    _length("consent_key", 4, 1),
    CheckConstraint("consent_kind IN ('key', 'spoken')", name="consent_kind"),
    CheckConstraint("(consent_kind = 'key') = (consent_key IS NOT NULL)", name="consent_has_key"),
    _length("erased_by", MAX_TEXT, 1),
    _length("erased_why", MAX_NOTE, 1),
    # DSK 2018: the caller agrees before anything is recorded.
    CheckConstraint("consented_at <= started_at", name="consent_first"),
    CheckConstraint("duration_ms >= 0", name="duration"),
    CheckConstraint("parts > 0", name="has_parts"),
    CheckConstraint("expires_at > started_at", name="expires_later"),
    CheckConstraint(
        "(erased_at IS NULL) = (erased_by IS NULL) AND (erased_at IS NULL) = (erased_why IS NULL)",
        name="erased_by_somebody",
    ),
    Index(None, "customer_id", "started_at"),
    Index(None, "call_id"),
    Index("recording_to_erase", "expires_at", postgresql_where="erased_at IS NULL"),
)

#: What was said, encrypted (store.sealed), in order.
recording_part = Table(
    "recording_part",
    metadata,
    Column("recording_id", Text, ForeignKey("recording.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("recording_id", "number"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint(f"octet_length(sealed) BETWEEN 1 AND {MAX_PART_BYTES}", name="sealed_size"),
)
