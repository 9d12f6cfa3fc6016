"""The table of tokens for the HTTP interface, beside those of store.tables; store/migrations makes it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

_MILLISECONDS: Final = DateTime(timezone=True).with_variant(
    TIMESTAMP(timezone=True, precision=3), "postgresql"
)


def _length(column: str, most: int) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN 1 AND {most}", name=f"{column}_length")


#: A token's SHA-256, never the token: it is random, so nothing is gained by hashing it slowly.
api_token = Table(
    "api_token",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("agent_id", Text),
    Column("sha256", LargeBinary, nullable=False),
    Column("created_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("expires_at", _MILLISECONDS, nullable=False),
    Column("revoked_at", _MILLISECONDS),
    _length("customer_id", MAX_ID),
    _length("name", MAX_TEXT),
    _length("agent_id", MAX_ID),
    CheckConstraint("role IN ('agent', 'supervisor', 'admin')", name="role"),
    CheckConstraint("role <> 'agent' OR agent_id IS NOT NULL", name="agent_is_somebody"),
    CheckConstraint("octet_length(sha256) = 32", name="sha256_size"),
    CheckConstraint("expires_at > created_at", name="expires_after_creation"),
    UniqueConstraint("sha256"),
    Index(None, "customer_id", "id"),
)
