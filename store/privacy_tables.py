"""The tables of holds and of what was deleted (F4), beside those of store.tables.

Triggers are in the migration: what is otherwise never changed is deleted only by a transaction that wrote a
row of `privacy_erasure`; a hold is only released, a row of a deletion only goes with age.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")


def _length(column: str, most: int, least: int = 1) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: What keeps a customer's data. `month`: of the disputed invoice, NULL: all months. Open until released.
#: `secret`: an order that the customer is not told of while it is open.
privacy_hold = Table(
    "privacy_hold",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("month", Date),
    Column("opened_at", _MILLISECONDS, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("released_at", _MILLISECONDS),
    Column("released_by", Text),
    Column("release_reason", Text),
    Column("secret", Boolean, nullable=False, server_default=text("false")),
    _length("customer_id", MAX_ID),
    _length("actor", MAX_TEXT),
    _length("reason", 1000),
    _length("released_by", MAX_TEXT),
    _length("release_reason", 1000),
    CheckConstraint("kind IN ('objection', 'order')", name="kind"),
    CheckConstraint("extract(day FROM month) = 1", name="month"),
    CheckConstraint("month IS NULL OR kind = 'objection'", name="order_holds_all"),
    CheckConstraint("kind = 'order' OR NOT secret", name="only_orders_are_secret"),
    CheckConstraint(
        "num_nonnulls(released_at, released_by, release_reason) IN (0, 3)",
        name="released_by_somebody_for_a_reason",
    ),
    Index("privacy_hold_open", "customer_id", postgresql_where=text("released_at IS NULL")),
)

#: One deletion of one kind of data, whole in one transaction (`made_in`). `rows`: deleted or made anonymous.
privacy_erasure = Table(
    "privacy_erasure",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _MILLISECONDS, nullable=False),
    Column("kind", Text, nullable=False),
    Column("customer_id", Text),
    Column("month", Date),
    Column("rows", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("made_in", Text, nullable=False, server_default=text("(pg_current_xact_id())::text")),
    _length("kind", MAX_ID),
    _length("customer_id", MAX_ID),
    _length("actor", MAX_TEXT),
    CheckConstraint("rows >= 0", name="rows"),
    Index(None, "at"),
    Index(None, "made_in"),
)
