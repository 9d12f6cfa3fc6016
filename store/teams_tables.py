"""The tables of Operator Connect (A4): consents, our book of numbers at Microsoft, orders with their numbers
and calls. In the migration only: a number never moves to another tenant within its life.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

#: Longest words of Microsoft that are kept.
MAX_WORDS: Final = 500
_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")
_NUMBER: Final = Text(collation="C")


def _length(column: str, most: int, least: int = 1) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: What Microsoft said last of a tenant's consent. `customer_id`: whose tenant it is in the configuration.
#: `trouble_*`: numbering.tenancy_orders.Trouble, while Microsoft does not list its numbers.
teams_consent = Table(
    "teams_consent",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("customer_id", Text),
    Column("consent", Text, nullable=False),
    Column("changed_at", _MILLISECONDS, nullable=False),
    Column("seen_at", _MILLISECONDS, nullable=False),
    Column("trouble_since", _MILLISECONDS),
    Column("trouble_next_at", _MILLISECONDS),
    Column("trouble_tries", Integer, nullable=False, server_default=text("0")),
    Column("trouble_why", Text, nullable=False, server_default=""),
    _length("tenant_id", MAX_ID),
    _length("customer_id", MAX_ID),
    CheckConstraint("consent IN ('signed', 'pending', 'declined', 'terminated', 'absent')", name="consent"),
    _length("trouble_why", MAX_WORDS, 0),
    CheckConstraint(
        "trouble_tries >= 0 AND (trouble_tries > 0) = (trouble_since IS NOT NULL)"
        " AND (trouble_tries > 0) = (trouble_next_at IS NOT NULL)",
        name="trouble",
    ),
)

#: numbering.tenancy_orders.Order, field for field, with who gave it and how many numbers or calls it has.
teams_order = Table(
    "teams_order",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("operation", Text),
    Column("made_at", _MILLISECONDS, nullable=False),
    Column("next_at", _MILLISECONDS, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("ended_at", _MILLISECONDS),
    Column("actor", Text, nullable=False),
    Column("count", Integer, nullable=False),
    _length("id", MAX_ID),
    _length("tenant_id", MAX_ID),
    _length("customer_id", MAX_ID),
    _length("operation", MAX_ID),
    _length("why", MAX_WORDS, 0),
    _length("actor", MAX_TEXT),
    CheckConstraint("kind IN ('upload', 'release', 'report')", name="kind"),
    CheckConstraint("state IN ('planned', 'accepted', 'ended', 'refused')", name="state"),
    CheckConstraint("(ended_at IS NOT NULL) = (state IN ('ended', 'refused'))", name="ended"),
    CheckConstraint("state <> 'accepted' OR operation IS NOT NULL", name="accepted_has_operation"),
    CheckConstraint("round >= 0 AND attempts >= 0 AND count > 0", name="counts"),
    Index(
        "teams_order_due", "next_at", postgresql_where=text("state IN ('planned', 'accepted')")
    ),
    Index(None, "tenant_id", "made_at"),
    Index(None, "customer_id"),
)  # fmt: skip

#: numbering.tenancy.Booked. `linked_event`: the last event of the number's history when it was linked to the
#: tenant; `assigned_to`: what it is used for there, as Microsoft listed it.
teams_number = Table(
    "teams_number",
    metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("since", _MILLISECONDS, nullable=False),
    Column("linked_event", BigInteger, nullable=False),
    Column("order_id", Text, ForeignKey("teams_order.id")),
    Column("problem", Text),
    Column("what", Text, nullable=False, server_default=""),
    Column("retry_at", _MILLISECONDS),
    Column("assigned_to", Text, nullable=False, server_default=""),
    CheckConstraint(r"number ~ '^\+[1-9][0-9]{1,14}$'", name="number_is_e164"),
    _length("tenant_id", MAX_ID),
    _length("customer_id", MAX_ID),
    _length("problem", MAX_ID),
    _length("what", MAX_WORDS, 0),
    _length("assigned_to", MAX_ID, 0),
    CheckConstraint("place IN ('away', 'uploading', 'uploaded', 'releasing')", name="place"),
    CheckConstraint(
        "(order_id IS NOT NULL) = (place IN ('uploading', 'releasing'))", name="order_under_way"
    ),
    Index(None, "tenant_id", "number"),
    Index(None, "customer_id"),
    Index(None, "order_id"),
)  # fmt: skip

#: The numbers of an order. `outcome`: "done" or the problem, NULL while it is open.
teams_order_number = Table(
    "teams_order_number",
    metadata,
    Column("order_id", Text, ForeignKey("teams_order.id"), nullable=False),
    Column("number", _NUMBER, nullable=False),
    Column("outcome", Text),
    Column("what", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("order_id", "number"),
    _length("outcome", MAX_ID),
    _length("what", MAX_WORDS, 0),
    Index(None, "number"),
)

#: The calls that were told to Microsoft, each once. They go with their records.
teams_call = Table(
    "teams_call",
    metadata,
    Column("leg_id", Text, ForeignKey("cdr.leg_id", ondelete="CASCADE"), primary_key=True),
    Column("order_id", Text, ForeignKey("teams_order.id"), nullable=False),
    Index(None, "order_id"),
)
