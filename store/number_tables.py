"""The tables of the number inventory (A6) and of blocked customers (A7), beside those of store.tables.

A free number has no row in `number_state`. Triggers are in the migration: events are never changed, a row
goes only from a reservation or a quarantine that is over, whatever is blocked or unblocked counts up
`block_counter`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

#: Longest reason in characters.
MAX_REASON: Final = 1000
_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")
#: Sorts and compares by bytes, so that a prefix and a block are ranges of the index.
_NUMBER: Final = Text(collation="C")
_E164: Final = r"number ~ '^\+[1-9][0-9]{1,14}$'"


def _length(column: str, most: int, least: int = 0) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: numbering.life.Life of every number that is not free, field for field.
number_state = Table(
    "number_state",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", _MILLISECONDS, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("site", Text),
    Column("tenant_id", Text),
    Column("ported", Boolean, nullable=False),
    Column("configured", Boolean, nullable=False),
    Column("active_from", _MILLISECONDS),
    Column("active_until", _MILLISECONDS),
    Column("contract_end", Date),
    Column("until", _MILLISECONDS),
    Column("reason", Text, nullable=False),
    CheckConstraint(_E164, name="number_is_e164"),
    CheckConstraint(
        "state IN ('reserved', 'assigned', 'active', 'blocked', 'released', 'ported_in', 'ported_out', "
        "'quarantined')",
        name="state",
    ),
    CheckConstraint(
        "(until IS NOT NULL) = (state IN ('reserved', 'quarantined'))", name="until_where_it_ends"
    ),
    # TKG § 59(6): 31 days.
    CheckConstraint(
        "state <> 'quarantined' OR until - since >= interval '744 hours'", name="quarantine_is_long_enough"
    ),
    CheckConstraint(
        "state NOT IN ('assigned', 'active', 'blocked') OR active_from IS NOT NULL",
        name="assigned_has_activation",
    ),
    CheckConstraint("active_until >= active_from", name="ends_after_activation"),
    CheckConstraint("state <> 'blocked' OR reason <> ''", name="blocked_has_reason"),
    CheckConstraint(
        "NOT configured OR state IN ('assigned', 'active', 'blocked', 'ported_out')",
        name="configured_is_assigned",
    ),
    _length("customer_id", MAX_ID, 1),
    _length("site", MAX_ID, 1),
    _length("tenant_id", MAX_ID, 1),
    _length("reason", MAX_REASON),
    Index(None, "customer_id", "number"),
    Index(None, "customer_id", "state", "number"),
    Index(None, "state", "number"),
    Index("number_state_by_tenant", "tenant_id", postgresql_where=text("tenant_id IS NOT NULL")),
    Index("number_state_ends", "until", postgresql_where=text("until IS NOT NULL")),
    Index("number_state_to_activate", "active_from", postgresql_where=text("state = 'assigned'")),
    Index(
        "number_state_to_release",
        "active_until",
        postgresql_where=text("state IN ('assigned', 'active', 'blocked') AND active_until IS NOT NULL"),
    ),
)

#: Every transition, for ever. `at`: when it took effect; `recorded_at`: when we wrote it down.
number_event = Table(
    "number_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", _NUMBER, nullable=False),
    Column("at", _MILLISECONDS, nullable=False),
    Column("recorded_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("event", Text, nullable=False),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    Column("customer_id", Text),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    CheckConstraint(_E164, name="number_is_e164"),
    CheckConstraint("jsonb_typeof(details) = 'object'", name="details_is_object"),
    _length("event", MAX_ID, 1),
    _length("from_state", MAX_ID, 1),
    _length("to_state", MAX_ID, 1),
    _length("customer_id", MAX_ID, 1),
    _length("actor", MAX_TEXT, 1),
    _length("reason", MAX_REASON),
    Index(None, "number", "id"),
)

#: A customer, or one user of a customer, who may reach 110 and 112 only (A7). Lifted rows stay as history.
customer_block = Table(
    "customer_block",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("user_id", Text, nullable=False, server_default=""),
    Column("since", _MILLISECONDS, nullable=False),
    Column("until", _MILLISECONDS),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("lifted_at", _MILLISECONDS),
    Column("lifted_by", Text),
    Column("lift_reason", Text),
    _length("customer_id", MAX_ID, 1),
    _length("user_id", MAX_ID),
    _length("actor", MAX_TEXT, 1),
    _length("reason", MAX_REASON, 1),
    _length("lifted_by", MAX_TEXT, 1),
    _length("lift_reason", MAX_REASON, 1),
    CheckConstraint("until > since", name="ends_after_start"),
    CheckConstraint("lifted_at >= since", name="lifted_after_start"),
    CheckConstraint(
        "num_nonnulls(lifted_at, lifted_by, lift_reason) IN (0, 3)", name="lifted_by_somebody_for_a_reason"
    ),
    Index(
        "customer_block_open",
        "customer_id",
        "user_id",
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
    UniqueConstraint("customer_id", "user_id", "since"),
)

#: The days on which the calendar's work was done, each once.
number_sweep = Table(
    "number_sweep",
    metadata,
    Column("day", Date, primary_key=True),
    Column("at", _MILLISECONDS, nullable=False),
    Column("numbers", BigInteger, nullable=False),
    Column("blocks_lifted", BigInteger, nullable=False),
)

#: One row: counted up, in the same transaction, by every change to what is blocked. Not a sequence: those
#: count before the commit, and a poller between the two would miss the change for ever.
block_counter = Table(
    "block_counter",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
