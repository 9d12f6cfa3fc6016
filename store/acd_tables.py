"""Tables of the contact centre's log (C9), beside those of store.tables; store/migrations makes them.

No caller's number stands in them. While a day's salt is there, `caller` is a hash that tells callers of that
day and customer apart; when the salt is gone, nobody can tell whose it was, or make the same one again. The
call's id leads to its record for as long as LINK_DAYS (store.acd_history).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from store.tables import MAX_ID, metadata

_MILLISECONDS: Final = DateTime(timezone=True).with_variant(
    TIMESTAMP(timezone=True, precision=3), "postgresql"
)


def _length(column: str) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN 1 AND {MAX_ID}", name=f"{column}_length")


#: A call in queues. `day`: German day of its first entry; `ended_at`: of the caller's leg.
acd_contact = Table(
    "acd_contact",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("call_id", Text),
    Column("day", Date, nullable=False),
    Column("caller", LargeBinary),
    Column("ended_at", _MILLISECONDS),
    _length("customer_id"),
    _length("call_id"),
    CheckConstraint("octet_length(caller) = 16", name="caller_size"),
    UniqueConstraint("customer_id", "call_id", name="acd_contact_once"),
    Index(None, "customer_id", "day"),
    Index("acd_contact_linked", "day", postgresql_where="call_id IS NOT NULL"),
)

#: What happened, by acd.effects.Logged's names. `run` and `number` are the owner's count: an entry that is
#: brought twice is there once.
acd_log = Table(
    "acd_log",
    metadata,
    Column("customer_id", Text, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at", _MILLISECONDS, nullable=False),
    Column("kind", Text, nullable=False),
    Column("contact_id", BigInteger, ForeignKey("acd_contact.id")),
    Column("agent_id", Text),
    Column("details", JSONB, nullable=False),
    PrimaryKeyConstraint("customer_id", "run", "number"),
    _length("customer_id"),
    _length("kind"),
    _length("agent_id"),
    CheckConstraint("run > 0 AND number > 0", name="numbered"),
    CheckConstraint("jsonb_typeof(details) = 'object'", name="details_is_object"),
    CheckConstraint("NOT details ?| array['member_id', 'at', 'is']", name="details_name_nobody"),
    Index(None, "customer_id", "at"),
    Index(None, "contact_id"),
    Index("acd_log_of_agents", "customer_id", "agent_id", "at", postgresql_where="contact_id IS NULL"),
)

#: Of a customer's day, until it is erased.
acd_salt = Table(
    "acd_salt",
    metadata,
    Column("customer_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    PrimaryKeyConstraint("customer_id", "day"),
    _length("customer_id"),
    CheckConstraint("octet_length(salt) = 32", name="salt_size"),
)
