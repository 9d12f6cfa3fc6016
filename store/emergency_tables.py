"""The table of emergency attempts, as SQLAlchemy Core sees it; store/migrations makes it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

#: Longest address, claimed location and the like in characters.
MAX_LONG_TEXT: Final = 16_384

_MILLISECONDS: Final = DateTime(timezone=True).with_variant(
    TIMESTAMP(timezone=True, precision=3), "postgresql"
)


def _length(column: str, most: int, least: int = 0) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: dialplan.emergency.attempt.EmergencyAttempt, field for field; never changed.
emergency_attempt = Table(
    "emergency_attempt",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("at", _MILLISECONDS, nullable=False),
    Column("node", Text, nullable=False),
    Column("customer_id", Text),
    Column("number", Text),
    Column("dialled", Text, nullable=False),
    Column("written", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason_id", Text, nullable=False),
    Column("config_version", BigInteger, nullable=False),
    Column("address", Text),
    Column("area_code", Text),
    Column("centre", Text),
    Column("sent", JSONB, nullable=False),
    Column("pre_empted", JSONB, nullable=False),
    Column("claimed_location", Text),
    Column("received_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    _length("call_id", MAX_ID, 1),
    _length("node", MAX_ID, 1),
    _length("customer_id", MAX_ID, 1),
    _length("number", MAX_TEXT),
    _length("written", MAX_TEXT),
    _length("reason_id", MAX_ID, 1),
    _length("address", MAX_LONG_TEXT),
    _length("claimed_location", MAX_LONG_TEXT),
    CheckConstraint("dialled IN ('110', '112')", name="dialled"),
    CheckConstraint("outcome IN ('route', 'refuse', 'announce')", name="outcome"),
    CheckConstraint("jsonb_typeof(sent) = 'array'", name="sent_is_array"),
    CheckConstraint("jsonb_typeof(pre_empted) = 'array'", name="pre_empted_is_array"),
    Index(None, "at"),
    Index(None, "customer_id", "at"),
)
