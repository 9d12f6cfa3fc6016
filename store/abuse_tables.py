"""The table of abuse cases (B10), beside those of store.tables.

Triggers are in the migrations: an open case is never deleted, a released one never changed, and whatever
begins or ends a throttle counts up `block_counter`, which controllers ask.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

#: Longest sentence of a case and longest reason of a release, in characters.
MAX_SENTENCE: Final = 1000
_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")


def _length(column: str, most: int) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN 1 AND {most}", name=f"{column}_length")


#: One case for a customer and a rule until it is released; further sightings are counted in it.
abuse_case = Table(
    "abuse_case",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("opened_at", _MILLISECONDS, nullable=False),
    Column("last_seen_at", _MILLISECONDS, nullable=False),
    Column("sightings", Integer, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("call_ids", JSONB, nullable=False),
    Column("throttle_calls", Integer),
    Column("throttle_window_ms", Integer),
    Column("throttle_until", _MILLISECONDS),
    Column("released_at", _MILLISECONDS),
    Column("released_by", Text),
    Column("release_reason", Text),
    _length("customer_id", MAX_ID),
    _length("rule", MAX_ID),
    _length("sentence", MAX_SENTENCE),
    _length("released_by", MAX_TEXT),
    _length("release_reason", MAX_SENTENCE),
    CheckConstraint("action IN ('warn', 'throttle', 'block')", name="action"),
    CheckConstraint("last_seen_at >= opened_at", name="seen_after_opening"),
    CheckConstraint("released_at >= opened_at", name="released_after_opening"),
    CheckConstraint("sightings > 0", name="sightings"),
    CheckConstraint("jsonb_typeof(call_ids) = 'array'", name="call_ids_is_array"),
    CheckConstraint(
        "num_nonnulls(throttle_calls, throttle_window_ms, throttle_until) IN (0, 3)", name="throttle_is_whole"
    ),
    CheckConstraint("throttle_calls > 0 AND throttle_window_ms > 0", name="throttle"),
    CheckConstraint(
        "num_nonnulls(released_at, released_by, release_reason) IN (0, 3)",
        name="released_by_somebody_for_a_reason",
    ),
    Index("abuse_case_open", "customer_id", "rule", unique=True, postgresql_where="released_at IS NULL"),
    Index(None, "customer_id", "id"),
)
