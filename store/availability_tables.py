"""Tables of the service's availability (F1), beside those of store.tables; no customer stands in them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

#: Longest reason in characters.
MAX_REASON: Final = 1_000
_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")


def _length(column: str, most: int) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN 1 AND {most}", name=f"{column}_length")


#: A synthetic call of a node over a trunk in a minute. `cause`: how it ended, by FreeSWITCH's name;
#: `took_ms`: from the command to the answer or the end.
trunk_probe = Table(
    "trunk_probe",
    metadata,
    Column("minute", _MILLISECONDS, nullable=False),
    Column("node", Text, nullable=False),
    Column("trunk_id", Text, nullable=False),
    Column("reached", Boolean, nullable=False),
    Column("cause", Text, nullable=False),
    Column("took_ms", Integer, nullable=False),
    PrimaryKeyConstraint("minute", "node", "trunk_id"),
    _length("node", MAX_ID),
    _length("trunk_id", MAX_ID),
    _length("cause", MAX_ID),
    CheckConstraint("date_trunc('minute', minute, 'UTC') = minute", name="whole_minute"),
    CheckConstraint("took_ms >= 0", name="took"),
)

#: Stretches of time that somebody entered; withdrawn ones stay. Maintenance is announced: entered ahead.
availability_entry = Table(
    "availability_entry",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("begin_at", _MILLISECONDS, nullable=False),
    Column("end_at", _MILLISECONDS, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("entered_at", _MILLISECONDS, nullable=False),
    Column("withdrawn_at", _MILLISECONDS),
    Column("withdrawn_by", Text),
    _length("reason", MAX_REASON),
    _length("actor", MAX_TEXT),
    _length("withdrawn_by", MAX_TEXT),
    CheckConstraint(
        "kind IN ('maintenance', 'customer', 'beyond-control', 'measurement', 'outage')", name="kind"
    ),
    CheckConstraint("end_at > begin_at", name="ends_after_begin"),
    CheckConstraint("kind <> 'maintenance' OR entered_at < begin_at", name="maintenance_is_announced"),
    CheckConstraint("num_nonnulls(withdrawn_at, withdrawn_by) IN (0, 2)", name="withdrawn_by_somebody"),
    Index(None, "begin_at"),
)
